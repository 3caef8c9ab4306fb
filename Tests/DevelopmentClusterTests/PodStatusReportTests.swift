import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct PodStatusReportTests {
  let start = Timestamp(seconds: 1000)
  let later = Timestamp(seconds: 2000)

  func container(_ state: ContainerReport.State, ready: Bool = false) -> ContainerReport {
    var report = ContainerReport(name: "main", image: "x")
    report.state = state
    report.isReady = ready
    return report
  }

  func report(
    _ containers: [ContainerReport], initContainers: [ContainerReport] = [],
    restartPolicy: String = "Always"
  ) -> PodStatusReport {
    PodStatusReport(
      hostIP: "172.29.0.11", podIP: "10.0.1.2", startTime: start,
      initContainers: initContainers, containers: containers, restartPolicy: restartPolicy)
  }

  func ended(_ code: Int32) -> ContainerReport.State {
    .terminated(.init(exitCode: code, startedAt: start, finishedAt: later))
  }

  @Test func `A Pod with a running, ready container is ready`() {
    let status = report([container(.running(since: start), ready: true)])
      .status(replacing: nil, wall: later)
    #expect(status.phase == "Running")
    #expect(status.podIP == "10.0.1.2")
    #expect(status.podIPs == [.init(ip: "10.0.1.2")])
    #expect(status.conditions?.map(\.status) == ["True", "True", "True", "True"])
    #expect(
      status.containerStatuses?.first?.state == ["running": ["startedAt": "1970-01-01T00:16:40Z"]])
  }

  @Test func `Transition times change with the status alone, and foreign conditions stay`() {
    var old = PodStatus()
    old.conditions = [
      PodCondition(type: "PodScheduled", status: "True", lastTransitionTime: start),
      PodCondition(type: "Initialized", status: "True", lastTransitionTime: start),
      PodCondition(type: "Ready", status: "True", lastTransitionTime: start),
    ]
    let status = report([container(.running(since: start))]).status(replacing: old, wall: later)
    let conditions = Dictionary(
      uniqueKeysWithValues: (status.conditions ?? []).map { ($0.type, $0) })
    #expect(conditions["PodScheduled"]?.lastTransitionTime == start)
    #expect(conditions["Initialized"]?.lastTransitionTime == start)
    #expect(conditions["Ready"]?.lastTransitionTime == later)
    #expect(
      conditions["Ready"]?.message == "containers with unready status: [main]")
  }

  @Test func `Phases`() {
    let creating = container(.waiting(reason: "ContainerCreating", message: ""))
    #expect(report([creating]).phase == "Pending")
    var crashed = container(.waiting(reason: "CrashLoopBackOff", message: ""))
    crashed.restartCount = 1
    #expect(report([crashed]).phase == "Running")
    #expect(report([container(ended(1))]).phase == "Pending")
    #expect(report([container(ended(1))], restartPolicy: "Never").phase == "Failed")
    #expect(report([container(ended(0))], restartPolicy: "Never").phase == "Succeeded")
    #expect(report([container(ended(0))], restartPolicy: "OnFailure").phase == "Succeeded")
    #expect(
      report([creating], initContainers: [container(ended(1))], restartPolicy: "Never").phase
        == "Failed")
  }

  @Test func `Waiting containers say why`() {
    let status = report(
      [container(.waiting(reason: "ImagePullBackOff", message: "no image x"))],
      initContainers: [container(.running(since: start))]
    ).status(replacing: nil, wall: later)
    #expect(
      status.containerStatuses?.first?.state
        == ["waiting": ["reason": "ImagePullBackOff", "message": "no image x"]])
    #expect(status.conditions?.first { $0.type == "Initialized" }?.status == "False")
  }
}
