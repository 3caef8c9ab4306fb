/// Interfaces that are left alone because of their name: any of the regular expressions is found in it, anywhere
/// unless anchored.
///
/// Not sendable, as regular expressions are not: whoever needs one makes it where it is used.
package struct InterfaceExclusion {
  /// A regular expression that does not compile.
  package struct InvalidPattern: Error, Hashable, Sendable, CustomStringConvertible {
    package let pattern: String
    package let reason: String

    package var description: String {
      "invalid regular expression \"\(pattern)\" for interfaces to exclude: \(reason)"
    }
  }

  /// What is excluded where nothing is configured: interfaces of container runtimes and network plugins, virtual
  /// machines, tunnels, and the loopback.
  package static let defaultPatterns = [
    "^docker.*", "^cbr.*", "^dummy.*", "^virbr.*", "^lxcbr.*", "^veth.*", "^lo$", "^cali.*",
    "^tunl.*", "^flannel.*", "^kube-ipvs.*", "^cni.*", "^nodelocaldns.*", "^lxc.*",
  ]

  private let expressions: [Regex<AnyRegexOutput>]

  package init(_ patterns: [String] = defaultPatterns) throws(InvalidPattern) {
    var expressions: [Regex<AnyRegexOutput>] = []
    for pattern in patterns {
      do {
        expressions.append(try Regex(pattern))
      } catch {
        throw InvalidPattern(pattern: pattern, reason: "\(error)")
      }
    }
    self.expressions = expressions
  }

  package func excludes(_ name: String) -> Bool {
    expressions.contains { name.contains($0) }
  }
}
