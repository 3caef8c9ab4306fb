package import ClusterConfiguration

/// Warnings: objects that belong together are rarely created in one moment.
package typealias WarningPatience = Patience<ConfigurationWarning>

/// Problems that end by themselves where all is well (`ConfigurationFault.isPassing`).
package typealias ProblemPatience = Patience<ConfigurationProblem>

/// Decides when users are told of what may not last: when it is still true after ``delay``, and once.
package struct Patience<News: Hashable & Sendable>: Sendable {
  package static var delay: Duration { .seconds(10) }

  /// When each present thing was first seen; nil once it was told.
  private var seen: [News: ContinuousClock.Instant?] = [:]

  package init() {}

  /// - Parameter news: all that are true at the moment.
  /// - Returns: those to tell now.
  package mutating func due(_ news: [News], now: ContinuousClock.Instant) -> [News] {
    var present: [News: ContinuousClock.Instant?] = [:]
    var due: [News] = []
    for item in news where present[item] == nil {
      let since = seen[item] ?? now
      if let since, since.duration(to: now) >= Self.delay {
        due.append(item)
        present.updateValue(nil, forKey: item)
      } else {
        present.updateValue(since, forKey: item)
      }
    }
    seen = present
    return due
  }

  /// Whether something was not told yet: then ask again after ``delay``.
  package var isWaiting: Bool { seen.values.contains { $0 != nil } }
}
