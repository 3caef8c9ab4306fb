package import ClusterConfiguration

/// Decides when users are told of warnings. Objects that belong together are rarely created in one moment: a warning is given
/// when it is still true after ``delay``, and once.
package struct WarningPatience: Sendable {
  package static let delay = Duration.seconds(10)

  /// When each present warning was first seen; nil once it was given.
  private var seen: [ConfigurationWarning: ContinuousClock.Instant?] = [:]

  package init() {}

  /// - Parameter warnings: all that are true at the moment.
  /// - Returns: those to give now.
  package mutating func due(
    _ warnings: [ConfigurationWarning], now: ContinuousClock.Instant
  ) -> [ConfigurationWarning] {
    var present: [ConfigurationWarning: ContinuousClock.Instant?] = [:]
    var due: [ConfigurationWarning] = []
    for warning in warnings where present[warning] == nil {
      let since = seen[warning] ?? now
      if let since, since.duration(to: now) >= Self.delay {
        due.append(warning)
        present.updateValue(nil, forKey: warning)
      } else {
        present.updateValue(since, forKey: warning)
      }
    }
    seen = present
    return due
  }

  /// Whether some warning was not given yet: then ask again after ``delay``.
  package var isWaiting: Bool { seen.values.contains { $0 != nil } }
}
