import KubernetesAPI

/// Major and minor version of the API server.
struct KubernetesVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  var major: Int
  var minor: Int

  /// What this version of the operator is made for.
  static let oldestSupported = KubernetesVersion(major: 1, minor: 26)

  init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads the document at `/version`. Vendors add signs to the minor version: `27+`.
  init?(_ document: JSONValue) {
    let numbers = ["major", "minor"].compactMap { key in
      document[key]?.stringValue.flatMap { Int($0.prefix { "0"..."9" ~= $0 }) }
    }
    guard numbers.count == 2 else { return nil }
    self.init(major: numbers[0], minor: numbers[1])
  }

  var description: String { "\(major).\(minor)" }

  static func < (left: Self, right: Self) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
