package import KubernetesAPI
package import KubernetesClient
package import Logging
internal import ServiceLifecycle

/// The three durations of a lease; each is longer than the next.
package struct LeaseTiming: Sendable, Hashable {
  /// How long others leave a lease alone that is not renewed.
  package var duration: Duration
  /// How long a leader that cannot renew goes on before it gives up.
  package var renewDeadline: Duration
  /// How long to wait between attempts.
  package var retryPeriod: Duration

  package init(
    duration: Duration = .seconds(15), renewDeadline: Duration = .seconds(10),
    retryPeriod: Duration = .seconds(2)
  ) {
    self.duration = duration
    self.renewDeadline = renewDeadline
    self.retryPeriod = retryPeriod
  }
}

package enum LeaderElectionError: Error, Sendable, CustomStringConvertible {
  /// The lease could not be renewed in time, or somebody else holds it. The process should end.
  case lost(lease: NamespacedName)
  /// This process is not the leader now: nothing may be written.
  case notLeading(lease: NamespacedName)
  /// The server does not let this identity use Leases; the caller may decide to go on unelected.
  case forbidden(lease: NamespacedName, KubernetesError)

  package var description: String {
    switch self {
    case .lost(let lease): "lost the lease \(lease)"
    case .notLeading(let lease): "does not hold the lease \(lease)"
    case .forbidden(let lease, let error): "may not use the lease \(lease): \(error)"
    }
  }
}

/// Holds a `Lease` so that one of several processes acts.
///
/// ``run()`` acquires the lease, renews it, and gives it up on graceful shutdown. Its end by
/// `LeaderElectionError.lost` is meant to end the process. Between renewals leadership is a deadline
/// on the monotonic clock: pass ``checkDeadline()`` to `KubernetesClient.guardingWrites`, and no
/// write leaves after it, whatever the reason for the delay.
package final class LeaderElector: ServiceLifecycle.Service {
  package let lease: NamespacedName
  package let identity: String

  /// - Parameters:
  ///   - identity: unique among the candidates: Pod name and a random part.
  ///   - mayRunUnelected: asked when the server forbids Leases: `true` makes this process the
  ///     leader without one for as long as it runs; `false` throws `LeaderElectionError.forbidden`.
  package init(
    client: KubernetesClient, lease: NamespacedName, identity: String,
    timing: LeaseTiming = LeaseTiming(), time: TimeSource = .system, logger: Logger,
    mayRunUnelected: @escaping @Sendable () async throws -> Bool = { false }
  ) {
    self.lease = lease
    self.identity = identity
  }

  /// Whether this process leads at the given moment of the monotonic clock.
  package func isLeader(at instant: ContinuousClock.Instant) -> Bool { false }

  /// Whether this process leads now.
  package var isLeader: Bool { false }

  /// Throws unless this process leads now. To be called right before every write.
  package func checkDeadline() throws(LeaderElectionError) {
    throw .notLeading(lease: lease)
  }

  /// Returns once this process leads; throws `CancellationError`.
  package func waitForLeadership() async throws {
  }

  package func run() async throws {
  }
}
