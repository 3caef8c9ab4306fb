import Synchronization

/// What must be true before a process may serve, by name.
///
/// Shells report; ``HealthEndpoint`` answers `/readyz` from it. All checks fail until they are first reported ready,
/// so a process that has only just started is never ready by accident.
package final class Readiness: Sendable {
  /// A check that fails, with what is known about why.
  package struct Failure: Sendable, Hashable {
    package var check: String
    package var detail: String
  }

  private let failures: Mutex<[String: String]>
  private let questions = Mutex<[String: @Sendable () -> String?]>([:])

  /// - Parameter checks: the names of all checks; each starts as failing.
  package init(_ checks: [String]) {
    failures = Mutex(Dictionary(checks.map { ($0, "not yet") }) { first, _ in first })
  }

  package func markReady(_ check: String) {
    failures.withLock { $0[check] = nil }
  }

  package func markFailing(_ check: String, _ detail: String) {
    failures.withLock { $0[check] = detail }
  }

  /// Asks instead of being told: `failure` answers, whenever `/readyz` is read, why the check fails, or nil.
  package func check(_ check: String, failure: @escaping @Sendable () -> String?) {
    markReady(check)
    questions.withLock { $0[check] = failure }
  }

  /// The failing checks by name; empty when ready.
  package var failing: [Failure] {
    let answers = questions.withLock { $0 }.compactMapValues { $0() }
    return failures.withLock { $0 }
      .merging(answers) { told, _ in told }
      .map { Failure(check: $0.key, detail: $0.value) }
      .sorted { $0.check < $1.check }
  }
}
