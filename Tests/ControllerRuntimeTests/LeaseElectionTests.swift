import KubernetesAPI
import Testing

@testable import ControllerRuntime

@Suite struct LeaseElectionTests {
  private let start = ContinuousClock.now
  private let wall = Timestamp(seconds: 1_800_000_000)
  private let name = NamespacedName(namespace: "ns", name: "lease")

  private func election(_ identity: String) -> LeaseElection {
    LeaseElection(lease: name, identity: identity, timing: LeaseTiming())
  }

  private func lease(
    holder: String, seconds: Int = 15, renewed: Int64 = 0, transitions: Int = 3
  ) -> Lease {
    var spec = Lease.Spec()
    spec.holderIdentity = holder
    spec.leaseDurationSeconds = seconds
    spec.acquireTime = MicroTime(Timestamp(seconds: 1_700_000_000))
    spec.renewTime = MicroTime(Timestamp(seconds: 1_700_000_000 + renewed))
    spec.leaseTransitions = transitions
    return Lease(
      metadata: ObjectMeta(name: "lease", namespace: "ns", resourceVersion: "1"), spec: spec)
  }

  private func after(_ seconds: Int) -> ContinuousClock.Instant {
    start.advanced(by: .seconds(seconds))
  }

  @Test func `a lease that does not exist is made`() {
    var election = election("a")
    guard case .create(let lease) = election.next(nil, now: start, wall: wall) else {
      Issue.record("no creation")
      return
    }
    #expect(lease.namespacedName == name)
    #expect(lease.spec?.holderIdentity == "a")
    #expect(lease.spec?.leaseDurationSeconds == 15)
    #expect(lease.spec?.leaseTransitions == 0)
    #expect(lease.spec?.acquireTime == MicroTime(wall))
    #expect(lease.spec?.renewTime == MicroTime(wall))
    #expect(!election.isLeader(at: start))
    election.written(lease, sentAt: start)
    #expect(election.isLeader(at: start))
    #expect(election.holder == "a")
  }

  @Test func `leadership ends ten seconds after the renewal was sent`() {
    var election = election("a")
    election.written(lease(holder: "a"), sentAt: start)
    #expect(election.isLeader(at: after(9)))
    #expect(!election.isLeader(at: after(10)))
    election.written(lease(holder: "a", renewed: 8), sentAt: after(8))
    #expect(election.isLeader(at: after(17)))
    #expect(!election.isLeader(at: after(18)))
    // Nobody else takes over before fifteen.
    #expect(LeaseTiming().requestTimeout + LeaseTiming().renewDeadline < LeaseTiming().duration)
  }

  @Test func `a renewal keeps what it does not change`() {
    var election = election("a")
    let held = lease(holder: "a")
    guard case .update(let renewed) = election.next(held, now: start, wall: wall) else {
      Issue.record("no renewal")
      return
    }
    #expect(renewed.spec?.acquireTime == held.spec?.acquireTime)
    #expect(renewed.spec?.leaseTransitions == 3)
    #expect(renewed.spec?.renewTime == MicroTime(wall))
    #expect(renewed.metadata.resourceVersion == "1")
  }

  @Test func `a lease of somebody else is left alone while it changes`() {
    var election = election("b")
    for round in 0..<10 {
      let held = lease(holder: "a", renewed: Int64(round))
      #expect(election.next(held, now: after(round * 10), wall: wall) == .wait)
    }
    #expect(election.holder == "a")
  }

  @Test func `a lease that nobody renews is taken over after its duration`() {
    var election = election("b")
    let held = lease(holder: "a", seconds: 20)
    // Its clock may be years off: only our own counts.
    #expect(election.next(held, now: start, wall: wall) == .wait)
    #expect(election.next(held, now: after(19), wall: wall) == .wait)
    guard case .update(let taken) = election.next(held, now: after(20), wall: wall) else {
      Issue.record("not taken over")
      return
    }
    #expect(taken.spec?.holderIdentity == "b")
    #expect(taken.spec?.leaseTransitions == 4)
    #expect(taken.spec?.leaseDurationSeconds == 15)
    #expect(taken.spec?.acquireTime == MicroTime(wall))
  }

  @Test func `a lease without a holder is taken at once`() {
    var election = election("b")
    guard case .update(let taken) = election.next(lease(holder: ""), now: start, wall: wall)
    else {
      Issue.record("not taken")
      return
    }
    #expect(taken.spec?.holderIdentity == "b")
    var empty = lease(holder: "")
    empty.spec = nil
    guard case .update = election.next(empty, now: start, wall: wall) else {
      Issue.record("not taken")
      return
    }
  }

  @Test func `giving up frees the lease for others`() {
    var election = election("a")
    let held = lease(holder: "a")
    election.written(held, sentAt: start)
    let released = election.release(held, wall: wall)
    #expect(released?.spec?.holderIdentity == "")
    #expect(released?.spec?.leaseDurationSeconds == 1)
    #expect(released?.spec?.leaseTransitions == 3)
    #expect(!election.isLeader(at: start))
    #expect(election.release(lease(holder: "b"), wall: wall) == nil)
    var next = self.election("b")
    if let released, case .update = next.next(released, now: start, wall: wall) {
    } else {
      Issue.record("not taken over")
    }
  }
}
