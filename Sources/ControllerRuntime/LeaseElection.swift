internal import KubernetesAPI
internal import KubernetesClient

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

  /// For each request about the lease, so that a write that was sent right before the deadline
  /// cannot arrive after the lease ran out: 4 s of the usual 10 s.
  var requestTimeout: Duration { renewDeadline * 2 / 5 }
}

/// Who holds a `Lease`, decided without waiting and without a clock of its own.
///
/// Clocks of different machines are not compared: a candidate remembers when it saw the lease change
/// last, on its own monotonic clock, and takes the lease over when `leaseDurationSeconds` of the record
/// have passed since then without a change. A leader counts from the moment at which it sent the
/// renewal, not from the answer, and stops `duration - renewDeadline` before anybody else may begin.
struct LeaseElection {
  typealias Instant = ContinuousClock.Instant

  enum Step: Sendable, Equatable {
    /// Nobody has made the lease yet.
    case create(Lease)
    case update(Lease)
    /// Somebody else holds it.
    case wait
  }

  private struct Observation {
    var record: Lease.Spec
    var at: Instant
  }

  let lease: NamespacedName
  let identity: String
  let timing: LeaseTiming
  private var observation: Observation?
  /// Until when this process leads.
  private(set) var deadline: Instant?

  init(lease: NamespacedName, identity: String, timing: LeaseTiming) {
    self.lease = lease
    self.identity = identity
    self.timing = timing
  }

  func isLeader(at instant: Instant) -> Bool { deadline.map { instant < $0 } ?? false }

  /// Who holds the lease as far as this process knows; empty for nobody.
  var holder: String { observation?.record.holderIdentity ?? "" }

  /// What to do about the lease as it is now; `current` is `nil` when there is none.
  mutating func next(_ current: Lease?, now: Instant, wall: Timestamp) -> Step {
    guard var lease = current else {
      var spec = Lease.Spec()
      spec.leaseTransitions = 0
      take(&spec, wall: wall)
      return .create(
        Lease(
          metadata: ObjectMeta(name: self.lease.name, namespace: self.lease.namespace), spec: spec))
    }
    var spec = lease.spec ?? Lease.Spec()
    if observation?.record != spec { observation = Observation(record: spec, at: now) }
    let holder = spec.holderIdentity ?? ""
    if !holder.isEmpty, holder != identity, let observation {
      let duration = Duration.seconds(spec.leaseDurationSeconds ?? 0)
      guard observation.at.advanced(by: duration) <= now else { return .wait }
    }
    if holder == identity {
      spec.renewTime = MicroTime(wall)
      spec.leaseDurationSeconds = durationSeconds
    } else {
      spec.leaseTransitions = (spec.leaseTransitions ?? 0) + 1
      take(&spec, wall: wall)
    }
    lease.spec = spec
    return .update(lease)
  }

  private func take(_ spec: inout Lease.Spec, wall: Timestamp) {
    spec.holderIdentity = identity
    spec.leaseDurationSeconds = durationSeconds
    spec.acquireTime = MicroTime(wall)
    spec.renewTime = MicroTime(wall)
  }

  /// The API takes whole seconds, at least one.
  private var durationSeconds: Int { max(1, Int(timing.duration.components.seconds)) }

  /// The server stored our record; the request was sent at `sentAt`.
  mutating func written(_ lease: Lease, sentAt: Instant) {
    observation = lease.spec.map { Observation(record: $0, at: sentAt) }
    deadline = sentAt.advanced(by: timing.renewDeadline)
  }

  /// Gives leadership up. The answer is the record that tells others at once, `nil` if this process
  /// does not lead.
  mutating func release(_ current: Lease, wall: Timestamp) -> Lease? {
    deadline = nil
    guard current.spec?.holderIdentity == identity else { return nil }
    var lease = current
    lease.spec?.holderIdentity = ""
    // Zero is not valid; nobody waits for a lease without a holder.
    lease.spec?.leaseDurationSeconds = 1
    lease.spec?.renewTime = MicroTime(wall)
    return lease
  }

  /// Somebody else holds the lease although we thought to lead.
  mutating func lose() { deadline = nil }
}
