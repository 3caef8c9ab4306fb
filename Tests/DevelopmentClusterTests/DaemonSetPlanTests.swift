import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct DaemonSetPlanTests {
  static func daemonSet(
    maxUnavailable: Int? = nil, _ change: (inout PodSpec) -> Void = { _ in }
  ) -> DaemonSet {
    var spec = PodSpec()
    spec.containers = [Container(name: "main", image: "x")]
    change(&spec)
    var daemonSet = DaemonSet(
      metadata: ObjectMeta(name: "d", namespace: "default", uid: "uid-d", generation: 4),
      spec: .init(
        selector: LabelSelector(matchLabels: ["app": "d"]),
        template: PodTemplateSpec(metadata: ObjectMeta(labels: ["app": "d"]), spec: spec)))
    if let maxUnavailable {
      daemonSet.spec?.updateStrategy = [
        "rollingUpdate": ["maxUnavailable": .integer(Int64(maxUnavailable))]
      ]
    }
    return daemonSet
  }

  static func pod(
    _ name: String, on node: String, hash: String = "h", ready: Bool = true,
    phase: String = "Running", terminating: Bool = false
  ) -> Pod {
    Fixture.pod(
      name, labels: ["app": "d", DaemonSetPlan.hashLabel: hash], on: node, ready: ready,
      phase: phase, owner: "d", terminating: terminating)
  }

  let nodes = [Fixture.node("a"), Fixture.node("b")]

  func plan(_ pods: [Pod], maxUnavailable: Int? = nil, nodes: [Node]? = nil) -> DaemonSetPlan {
    DaemonSetPlan(
      Self.daemonSet(maxUnavailable: maxUnavailable), nodes: nodes ?? self.nodes, pods: pods,
      hash: "h")
  }

  @Test func `Every node gets a Pod`() {
    let plan = plan([])
    #expect(plan.missing == ["a", "b"])
    #expect(plan.surplus.isEmpty)
    #expect(plan.status.desiredNumberScheduled == 2)
    #expect(plan.status.currentNumberScheduled == 0)
    #expect(plan.status.numberUnavailable == 2)
    #expect(plan.status.observedGeneration == 4)
  }

  @Test func `A complete set is left alone`() {
    let plan = plan([Self.pod("1", on: "a"), Self.pod("2", on: "b")])
    #expect(plan.missing.isEmpty && plan.surplus.isEmpty)
    #expect(plan.status.numberReady == 2)
    #expect(plan.status.updatedNumberScheduled == 2)
    #expect(plan.status.numberUnavailable == 0)
  }

  @Test func `Of two Pods on a node the ready one stays`() {
    let plan = plan([
      Self.pod("1", on: "a", ready: false), Self.pod("2", on: "a"), Self.pod("3", on: "b"),
    ])
    #expect(plan.surplus == ["1"])
  }

  @Test func `A new Pod waits until the old one is gone`() {
    let plan = plan([Self.pod("1", on: "a", terminating: true), Self.pod("2", on: "b")])
    #expect(plan.missing.isEmpty)
    #expect(plan.status.currentNumberScheduled == 1)
  }

  @Test func `An ended Pod is removed and replaced`() {
    let plan = plan([Self.pod("1", on: "a", phase: "Failed"), Self.pod("2", on: "b")])
    #expect(plan.surplus == ["1"])
    #expect(plan.missing == ["a"])
  }

  @Test func `An update replaces one ready Pod at a time`() {
    let old = [Self.pod("1", on: "a", hash: "old"), Self.pod("2", on: "b", hash: "old")]
    #expect(plan(old).surplus == ["1"])
    #expect(plan(old, maxUnavailable: 2).surplus == ["1", "2"])
    #expect(plan([Self.pod("3", on: "a", ready: false), old[1]]).surplus.isEmpty)
    #expect(plan(old).status.updatedNumberScheduled == 0)
  }

  @Test func `An update replaces unready Pods without asking`() {
    let old = [
      Self.pod("1", on: "a", hash: "old", ready: false),
      Self.pod("2", on: "b", hash: "old", ready: false),
    ]
    #expect(plan(old).surplus == ["1", "2"])
  }

  @Test func `On a node that cannot be reached its Pod stays and is not counted as wanted`() {
    let lost = Fixture.node(
      "b",
      taints: [
        Taint(key: NodeHealth.unreachable, effect: "NoSchedule"),
        Taint(key: NodeHealth.unreachable, effect: "NoExecute"),
      ])
    let plan = plan(
      [Self.pod("1", on: "a"), Self.pod("2", on: "b", ready: false)], nodes: [nodes[0], lost])
    #expect(plan.surplus.isEmpty && plan.missing.isEmpty)
    #expect(plan.status.desiredNumberScheduled == 1)
    #expect(plan.status.numberMisscheduled == 1)
  }

  @Test func `A node that no longer fits loses its Pod`() {
    let plan = plan(
      [Self.pod("1", on: "a"), Self.pod("2", on: "gone")],
      nodes: [Fixture.node("a", taints: [Taint(key: "k", effect: "NoExecute")])])
    #expect(plan.surplus == ["1", "2"])
  }

  @Test func `Pods are meant for their node and tolerate its troubles`() throws {
    let pod = DaemonSetPlan.pod(
      of: Self.daemonSet { $0.hostNetwork = true }, on: "b", hash: "h")
    #expect(DaemonSetPlan.node(of: pod) == "b")
    #expect(pod.metadata.labels == ["app": "d", DaemonSetPlan.hashLabel: "h"])
    #expect(pod.metadata.ownerReferences.first?.controller == true)
    #expect(pod.metadata.name.hasPrefix("d-"))
    #expect(Scheduling.decide(pod, nodes: nodes, bound: []) == .node("b"))
    let spec = try #require(pod.spec)
    let cordoned = Fixture.node("b", unschedulable: true)
    #expect(DaemonSetPlan.shouldRun(spec, on: cordoned))
  }

  @Test func `Equal templates have equal names whatever their order`() throws {
    let one = try TemplateHash.hash(
      PodTemplateSpec(metadata: ObjectMeta(labels: ["a": "1", "b": "2"]), spec: PodSpec()))
    let same = try TemplateHash.hash(
      PodTemplateSpec(metadata: ObjectMeta(labels: ["b": "2", "a": "1"]), spec: PodSpec()))
    let other = try TemplateHash.hash(
      PodTemplateSpec(metadata: ObjectMeta(labels: ["a": "1", "b": "3"]), spec: PodSpec()))
    #expect(one == same)
    #expect(one != other)
    #expect(one.utf8.count == 9)
  }
}
