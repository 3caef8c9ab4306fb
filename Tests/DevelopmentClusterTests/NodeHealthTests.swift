import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct NodeHealthTests {
  let start = ContinuousClock.now
  let wall = Timestamp(seconds: 1_000_000)

  @Test func `A node is silent once its Lease has not changed for the grace period`() {
    var health = NodeHealth(gracePeriod: .seconds(3))
    #expect(!health.isSilent("a", now: start))
    health.observe("a", leaseVersion: "1", now: start)
    health.observe("a", leaseVersion: "1", now: start.advanced(by: .seconds(2)))
    #expect(!health.isSilent("a", now: start.advanced(by: .milliseconds(2999))))
    #expect(health.isSilent("a", now: start.advanced(by: .seconds(3))))
    health.observe("a", leaseVersion: "2", now: start.advanced(by: .seconds(3)))
    #expect(!health.isSilent("a", now: start.advanced(by: .seconds(5))))
    #expect(health.deadline("a") == start.advanced(by: .seconds(6)))
  }

  @Test func `What a silent node said is unknown`() throws {
    let before = [
      NodeCondition(type: "MemoryPressure", status: "False"),
      NodeCondition(type: "Ready", status: "True"),
    ]
    let after = try #require(NodeHealth.conditionsOfSilentNode(before, wall: wall))
    #expect(after.map(\.status) == ["Unknown", "Unknown"])
    #expect(after.map(\.lastTransitionTime) == [wall, wall])
    #expect(NodeHealth.conditionsOfSilentNode(after, wall: wall) == nil)
  }

  @Test func `Taints follow the condition and leave others alone`() throws {
    let other = Taint(key: "k", effect: "NoSchedule")
    let ready = Fixture.node("a", taints: [other])
    #expect(NodeHealth.taints(of: ready, wall: wall) == nil)
    let lost = Fixture.node("a", taints: [other], ready: "Unknown")
    let taints = try #require(NodeHealth.taints(of: lost, wall: wall))
    #expect(taints.map(\.key) == ["k", NodeHealth.unreachable, NodeHealth.unreachable])
    #expect(taints.map(\.effect) == ["NoSchedule", "NoSchedule", "NoExecute"])
    #expect(taints.map(\.timeAdded) == [nil, nil, wall])
    let tainted = Fixture.node("a", taints: taints, ready: "Unknown")
    #expect(NodeHealth.taints(of: tainted, wall: wall.advanced(by: .seconds(9))) == nil)
    let back = Fixture.node("a", taints: taints)
    #expect(NodeHealth.taints(of: back, wall: wall) == [other])
    let unready = Fixture.node("a", taints: taints, ready: "False")
    #expect(NodeHealth.taints(of: unready, wall: wall)?.last?.key == NodeHealth.notReady)
  }

  @Test func `A ready Pod on a lost node is not ready any more`() {
    let conditions = NodeHealth.conditionsOfLostPod(Fixture.pod("a"), wall: wall)
    #expect(conditions?.first?.status == "False")
    #expect(NodeHealth.conditionsOfLostPod(Fixture.pod("a", ready: false), wall: wall) == nil)
  }

  @Test func `Pods stay on tainted nodes as long as they tolerate it`() {
    let lost = [Taint(key: NodeHealth.unreachable, effect: "NoExecute")]
    #expect(NodeHealth.stay(of: Fixture.pod("a"), taints: lost) == .seconds(300))
    let patient = Fixture.pod("a") {
      $0.tolerations = [Toleration(key: NodeHealth.unreachable, operator: "Exists")]
    }
    #expect(NodeHealth.stay(of: patient, taints: lost) == nil)
    let limited = Fixture.pod("a") {
      $0.tolerations = [Toleration(operator: "Exists", tolerationSeconds: 5)]
    }
    #expect(NodeHealth.stay(of: limited, taints: lost) == .seconds(5))
    let custom = [Taint(key: "k", effect: "NoExecute"), Taint(key: "k", effect: "NoSchedule")]
    #expect(NodeHealth.stay(of: Fixture.pod("a"), taints: custom) == .zero)
    #expect(NodeHealth.stay(of: Fixture.pod("a"), taints: []) == nil)
  }
}
