package import KubernetesAPI
package import KubernetesClient
package import Logging
internal import ServiceLifecycle
internal import Synchronization

package enum LeaderElectionError: Error, Sendable, Hashable, CustomStringConvertible {
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
/// on the monotonic clock: pass ``checkDeadline()`` to `APIClient.guardingWrites`, and no
/// write leaves after it, whatever the reason for the delay.
package final class LeaderElector: ServiceLifecycle.Service {
  package let lease: NamespacedName
  package let identity: String
  private let client: APIClient
  private let timing: LeaseTiming
  private let time: TimeSource
  private let logger: Logger
  private let owner: @Sendable () async throws -> OwnerReference?
  private let mayRunUnelected: @Sendable () async throws -> Bool
  private let leading = Gate()
  private let state: Mutex<State>

  private struct State {
    var election: LeaseElection
    /// The record as it was last read or written.
    var record: Lease?
    /// The server forbids Leases and the caller wants to go on.
    var isUnelected = false
  }

  /// - Parameters:
  ///   - client: without a guard of its writes.
  ///   - identity: unique among the candidates: Pod name and a random part.
  ///   - owner: asked before the lease is created: with what it shall go away.
  ///   - mayRunUnelected: asked when the server forbids Leases: `true` makes this process the
  ///     leader without one for as long as it runs; `false` throws `LeaderElectionError.forbidden`.
  package init(
    client: APIClient, lease: NamespacedName, identity: String,
    timing: LeaseTiming = LeaseTiming(), time: TimeSource = .system, logger: Logger,
    owner: @escaping @Sendable () async throws -> OwnerReference? = { nil },
    mayRunUnelected: @escaping @Sendable () async throws -> Bool = { false }
  ) {
    self.client = client.timeout(timing.requestTimeout)
    self.lease = lease
    self.identity = identity
    self.timing = timing
    self.time = time
    var logger = logger
    logger[metadataKey: "lease"] = "\(lease)"
    self.logger = logger
    self.owner = owner
    self.mayRunUnelected = mayRunUnelected
    state = Mutex(
      State(election: LeaseElection(lease: lease, identity: identity, timing: timing)))
  }

  /// Whether this process leads at the given moment of the monotonic clock.
  package func isLeader(at instant: ContinuousClock.Instant) -> Bool {
    state.withLock { $0.isUnelected || $0.election.isLeader(at: instant) }
  }

  /// Whether this process leads now.
  package var isLeader: Bool { isLeader(at: time.now) }

  /// Throws unless this process leads now. To be called right before every write.
  package func checkDeadline() throws(LeaderElectionError) {
    guard isLeader else { throw .notLeading(lease: lease) }
  }

  /// Who holds the lease as far as is known; `nil` for nobody.
  package var holder: String? {
    let holder = state.withLock { $0.election.holder }
    return holder.isEmpty ? nil : holder
  }

  /// Returns once this process has become the leader; throws `CancellationError`.
  package func waitForLeadership() async throws { try await leading.wait() }

  /// Runs for election, then leads, until graceful shutdown (the lease is given up) or cancellation.
  /// Throws `LeaderElectionError`.
  package func run() async throws {
    do {
      try await cancelWhenGracefulShutdown {
        try await self.acquire()
        self.leading.open()
        try await self.lead()
      }
    } catch is CancellationError {
      await release()
    } catch {
      state.withLock { $0.election.lose() }
      throw error
    }
  }

  private func acquire() async throws {
    while true {
      do {
        if try await attempt() {
          logger.info("became the leader", metadata: ["identity": "\(identity)"])
          return
        }
        logger.debug("somebody else leads", metadata: ["holder": "\(holder ?? "")"])
      } catch let error as KubernetesError where error.isForbidden {
        guard try await mayRunUnelected() else {
          throw LeaderElectionError.forbidden(lease: lease, error)
        }
        state.withLock { $0.isUnelected = true }
        logger.warning(
          "leader election is forbidden; leading without it", metadata: ["error": "\(error)"])
        return
      } catch let error as KubernetesError {
        logger.warning("cannot reach for the lease", metadata: ["error": "\(error)"])
      }
      // Candidates that start together spread out: between one and 2.2 periods.
      try await time.sleep(for: timing.retryPeriod * Double.random(in: 1...2.2))
    }
  }

  private func lead() async throws {
    if state.withLock({ $0.isUnelected }) {
      while true { try await time.sleep(for: .seconds(3600)) }
    }
    while let deadline = state.withLock({ $0.election.deadline }) {
      try await time.sleep(until: min(deadline, time.now.advanced(by: timing.retryPeriod)))
      guard time.now < deadline else { break }
      let remaining = time.now.duration(to: deadline)
      do {
        // An attempt that outlives the deadline is of no use.
        guard try await time.limit(remaining, { try await self.attempt() }) ?? true else { break }
      } catch let error as KubernetesError {
        logger.warning(
          "cannot renew the lease",
          metadata: ["error": "\(error)", "remaining": "\(remaining)"])
      }
    }
    throw LeaderElectionError.lost(lease: lease)
  }

  /// Takes or renews the lease if that is possible now; says whether this process holds it.
  private func attempt() async throws -> Bool {
    do {
      // A leader knows its record and spends one request.
      if let record = state.withLock({ $0.election.deadline == nil ? nil : $0.record }) {
        return try await write(record)
      }
    } catch let error as KubernetesError where error.isConflict || error.isNotFound {
      state.withLock { $0.record = nil }
    }
    let current = try await client.find(Lease.self, lease.name, namespace: lease.namespace)
    do {
      return try await write(current)
    } catch let error as KubernetesError where error.isConflict || error.isAlreadyExists {
      return false
    }
  }

  private func write(_ current: Lease?) async throws -> Bool {
    let sentAt = time.now
    let wall = time.wall
    let stored: Lease
    switch state.withLock({ $0.election.next(current, now: sentAt, wall: wall) }) {
    case .create(var lease):
      lease.metadata.ownerReferences = try await owner().map { [$0] } ?? []
      stored = try await client.create(lease)
    case .update(let lease): stored = try await client.update(lease)
    case .wait:
      state.withLock { $0.election.lose() }
      return false
    }
    state.withLock { state in
      state.record = stored
      state.election.written(stored, sentAt: sentAt)
    }
    return true
  }

  /// Tells the others that they need not wait. Runs in a task of its own because this one is
  /// cancelled; the timeouts of its requests bound it.
  private func release() async {
    let wasLeading = state.withLock { state in
      defer { state.election.lose() }
      return state.election.deadline != nil
    }
    guard wasLeading else { return }
    let outcome = await Task {
      // A renewal that was under way may have arrived or not: the record is read anew.
      try await retryOnConflict {
        let current = try await client.get(Lease.self, lease.name, namespace: lease.namespace)
        let wall = time.wall
        guard let record = state.withLock({ $0.election.release(current, wall: wall) }) else {
          return
        }
        _ = try await client.update(record)
      }
    }.result
    switch outcome {
    case .success: logger.info("gave the lease up")
    case .failure(let error):
      logger.info("could not give the lease up", metadata: ["error": "\(error)"])
    }
  }
}
