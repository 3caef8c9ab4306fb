/// The daemons of FRR that MetalLB depends on.
package enum FRRDaemons {
  /// All of them have to run.
  package static let needed: Set<String> = ["bfdd", "bgpd", "staticd", "watchfrr", "zebra"]

  /// Those that do not run.
  ///
  /// - Parameter answer: to `show daemons`: their names, separated by spaces.
  package static func missing(in answer: String) -> Set<String> {
    needed.subtracting(answer.split(whereSeparator: \.isWhitespace).map(String.init))
  }
}
