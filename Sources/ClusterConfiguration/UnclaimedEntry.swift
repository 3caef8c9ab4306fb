/// Something that a user's ConfigMap says and no object does: it would be lost with the ConfigMap.
package struct UnclaimedEntry: Sendable, Hashable {
  /// `pool "gold"`, `peer 192.0.2.1 (AS 64513)`
  package var entry: String
  /// The object that should say it, and where it says something else, if there is one; or what is wrong with the entry.
  package var obstacle: String?
}

extension UnclaimedEntry: CustomStringConvertible {
  package var description: String { obstacle.map { "\(entry) (\($0))" } ?? entry }
}
