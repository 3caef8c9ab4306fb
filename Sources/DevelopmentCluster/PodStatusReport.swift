package import KubernetesAPI

/// What a node knows about one container of a Pod.
package struct ContainerReport: Sendable, Hashable {
  package enum State: Sendable, Hashable {
    case waiting(reason: String, message: String)
    case running(since: Timestamp)
    case terminated(Termination)
  }

  package struct Termination: Sendable, Hashable {
    package var exitCode: Int32
    package var signal: Int32?
    /// `Completed` or `Error`.
    package var reason: String
    package var startedAt: Timestamp
    package var finishedAt: Timestamp

    package init(
      exitCode: Int32, signal: Int32? = nil, startedAt: Timestamp, finishedAt: Timestamp
    ) {
      self.exitCode = exitCode
      self.signal = signal
      reason = exitCode == 0 ? "Completed" : "Error"
      self.startedAt = startedAt
      self.finishedAt = finishedAt
    }
  }

  package var name: String
  package var image: String
  package var state: State
  package var lastTermination: Termination?
  package var restartCount = 0
  /// Set by the startup probe, or at once without one.
  package var isStarted = false
  /// Set by the readiness probe, or with the start without one.
  package var isReady = false
  package var containerID: String?

  package init(name: String, image: String) {
    self.name = name
    self.image = image
    state = .waiting(reason: "ContainerCreating", message: "")
  }

  var isRunning: Bool { if case .running = state { true } else { false } }

  var hasSucceeded: Bool {
    if case .terminated(let end) = state { end.exitCode == 0 } else { false }
  }
}

/// The status of a Pod as its node reports it: a pure function of the containers' states.
package struct PodStatusReport: Sendable, Hashable {
  package var hostIP: String
  /// `nil` before the Pod has a network.
  package var podIP: String?
  package var startTime: Timestamp
  package var initContainers: [ContainerReport]
  package var containers: [ContainerReport]
  package var restartPolicy: String

  package init(
    hostIP: String, podIP: String? = nil, startTime: Timestamp,
    initContainers: [ContainerReport] = [], containers: [ContainerReport],
    restartPolicy: String = "Always"
  ) {
    self.hostIP = hostIP
    self.podIP = podIP
    self.startTime = startTime
    self.initContainers = initContainers
    self.containers = containers
    self.restartPolicy = restartPolicy
  }

  private var isInitialized: Bool { initContainers.allSatisfy(\.hasSucceeded) }
  private var unready: [String] { containers.filter { !$0.isReady }.map(\.name) }

  var phase: String {
    if containers.allSatisfy({ if case .terminated = $0.state { true } else { false } }) {
      let allSucceeded = containers.allSatisfy(\.hasSucceeded)
      switch restartPolicy {
      case "Never": return allSucceeded ? "Succeeded" : "Failed"
      case "OnFailure" where allSucceeded: return "Succeeded"
      default: break
      }
    }
    let failedInit = initContainers.contains {
      if case .terminated(let end) = $0.state { end.exitCode != 0 } else { false }
    }
    if failedInit, restartPolicy == "Never" { return "Failed" }
    let hasStarted = containers.contains {
      $0.isRunning || $0.restartCount > 0 || $0.lastTermination != nil
    }
    return hasStarted ? "Running" : "Pending"
  }

  /// - Parameters:
  ///   - old: what the API server has; conditions that are not the node's are kept, and times of
  ///     transitions where the status is the same.
  package func status(replacing old: PodStatus?, wall: Timestamp) -> PodStatus {
    var status = PodStatus()
    status.phase = phase
    status.hostIP = hostIP
    status.hostIPs = [.init(ip: hostIP)]
    status.podIP = podIP
    status.podIPs = podIP.map { [.init(ip: $0)] }
    status.startTime = startTime
    status.qosClass = old?.qosClass ?? "BestEffort"
    status.containerStatuses = containers.map(Self.status)
    if !initContainers.isEmpty { status.initContainerStatuses = initContainers.map(Self.status) }
    let own = conditions
    let names = Set(own.map(\.type))
    let kept = (old?.conditions ?? []).filter { !names.contains($0.type) }
    status.conditions =
      kept
      + own.map { condition in
        var condition = condition
        let before = old?.conditions?.first { $0.type == condition.type }
        condition.lastTransitionTime =
          before?.status == condition.status ? before?.lastTransitionTime ?? wall : wall
        return condition
      }
    return status
  }

  private var conditions: [PodCondition] {
    func condition(_ type: String, _ holds: Bool, _ reason: String, _ message: String = "")
      -> PodCondition
    {
      PodCondition(
        type: type, status: holds ? "True" : "False", reason: holds ? nil : reason,
        message: holds || message.isEmpty ? nil : message)
    }
    let ended = phase == "Succeeded" || phase == "Failed"
    let message = "containers with unready status: [\(unready.joined(separator: " "))]"
    let isReady = unready.isEmpty && !ended
    let reason = ended ? "PodCompleted" : "ContainersNotReady"
    let uninitialized = initContainers.filter { !$0.hasSucceeded }.map(\.name)
    return [
      condition("PodReadyToStartContainers", podIP != nil, "NoSandbox"),
      condition(
        "Initialized", isInitialized, "ContainersNotInitialized",
        "containers with incomplete status: [\(uninitialized.joined(separator: " "))]"),
      condition("Ready", isReady, reason, ended ? "" : message),
      condition("ContainersReady", isReady, reason, ended ? "" : message),
    ]
  }

  private static func status(_ report: ContainerReport) -> ContainerStatus {
    var status = ContainerStatus(
      name: report.name, image: report.image, ready: report.isReady,
      restartCount: report.restartCount)
    status.started = report.isStarted
    status.containerID = report.containerID
    status.imageID = ""
    switch report.state {
    case .waiting(let reason, let message):
      var waiting: JSONValue = ["reason": .string(reason)]
      if !message.isEmpty { waiting["message"] = .string(message) }
      status.state = ["waiting": waiting]
    case .running(let since):
      status.state = ["running": ["startedAt": .string(since.rfc3339)]]
    case .terminated(let end): status.state = ["terminated": json(end)]
    }
    if let last = report.lastTermination { status.lastState = ["terminated": json(last)] }
    return status
  }

  private static func json(_ end: ContainerReport.Termination) -> JSONValue {
    var value: JSONValue = [
      "exitCode": .integer(Int64(end.exitCode)), "reason": .string(end.reason),
      "startedAt": .string(end.startedAt.rfc3339), "finishedAt": .string(end.finishedAt.rfc3339),
    ]
    if let signal = end.signal { value["signal"] = .integer(Int64(signal)) }
    return value
  }
}
