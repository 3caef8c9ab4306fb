import KubernetesAPI
import Testing

@testable import MetalLBOperator

@Suite struct ReadinessTests {
  private static func deployment(
    generation: Int64 = 2, observed: Int64? = 2, replicas: Int? = nil, ready: Int? = 1,
    updated: Int? = 1
  ) -> Deployment {
    var spec = Deployment.Spec(
      selector: LabelSelector(),
      template: PodTemplateSpec(metadata: ObjectMeta(), spec: PodSpec()))
    spec.replicas = replicas
    var deployment = Deployment(
      metadata: ObjectMeta(name: "controller", generation: generation), spec: spec)
    var status = Deployment.Status()
    status.observedGeneration = observed
    status.readyReplicas = ready
    status.updatedReplicas = updated
    deployment.status = status
    return deployment
  }

  private static func daemonSet(
    generation: Int64 = 2, observed: Int64? = 2, desired: Int = 3, current: Int = 3,
    ready: Int = 3, updated: Int? = 3
  ) -> DaemonSet {
    var daemonSet = DaemonSet(
      metadata: ObjectMeta(name: "speaker", generation: generation))
    var status = DaemonSet.Status(
      currentNumberScheduled: current, numberMisscheduled: 0, desiredNumberScheduled: desired,
      numberReady: ready)
    status.observedGeneration = observed
    status.updatedNumberScheduled = updated
    daemonSet.status = status
    return daemonSet
  }

  struct Row: CustomTestStringConvertible {
    var testDescription: String
    var controller: Deployment? = ReadinessTests.deployment()
    var speaker: DaemonSet? = ReadinessTests.daemonSet()
    var waiting: String?
  }

  @Test(arguments: [
    Row(testDescription: "all ready"),
    Row(testDescription: "two replicas", controller: deployment(replicas: 2, ready: 2, updated: 2)),
    Row(
      testDescription: "no nodes",
      speaker: daemonSet(desired: 0, current: 0, ready: 0, updated: nil)),
    Row(
      testDescription: "no Deployment", controller: nil,
      waiting: "Deployment controller does not exist yet"),
    Row(
      testDescription: "no DaemonSet", speaker: nil,
      waiting: "DaemonSet speaker does not exist yet"),
    Row(
      testDescription: "old generation of the Deployment", controller: deployment(observed: 1),
      waiting: "Deployment controller: its newest version is not acted upon yet"),
    Row(
      testDescription: "old generation of the DaemonSet", speaker: daemonSet(observed: nil),
      waiting: "DaemonSet speaker: its newest version is not acted upon yet"),
    Row(
      testDescription: "no replica ready", controller: deployment(ready: nil),
      waiting: "Deployment controller: of 1 Pods 0 ready, 1 of the newest version"),
    Row(
      testDescription: "a replica of an old version",
      controller: deployment(replicas: 2, ready: 2, updated: 1),
      waiting: "Deployment controller: of 2 Pods 2 ready, 1 of the newest version"),
    Row(
      testDescription: "not scheduled everywhere", speaker: daemonSet(current: 2),
      waiting: "DaemonSet speaker: of 3 Pods 2 scheduled, 3 ready, 3 of the newest version"),
    Row(
      testDescription: "a speaker not ready", speaker: daemonSet(ready: 2),
      waiting: "DaemonSet speaker: of 3 Pods 3 scheduled, 2 ready, 3 of the newest version"),
    Row(
      testDescription: "a speaker of an old version", speaker: daemonSet(updated: 2),
      waiting: "DaemonSet speaker: of 3 Pods 3 scheduled, 3 ready, 2 of the newest version"),
  ])
  func `Says what is awaited`(row: Row) {
    let expected: Readiness = row.waiting.map { .waiting($0) } ?? .ready
    let workloads: [Readiness.Workload] = [
      .deployment("controller", row.controller), .daemonSet("speaker", row.speaker),
    ]
    #expect(Readiness(workloads) == expected)
  }
}
