internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import NetworkAddresses
internal import NetworkLab
private import Synchronization

/// One Pod on its node, from the moment that it is bound until nothing of it is left: network and
/// volumes, containers with restarts and probes, status, and the end.
final class PodRuntime: Sendable {
  let uid: String
  private let node: NodeContext
  private let state: Mutex<State>
  /// The status may have changed.
  private let statusWake = Wake()
  /// The Pod or what its volumes show may have changed.
  private let volumeWake = Wake()
  private let deletionWake = Wake()

  private struct State {
    /// As the API server has it; `nil` once it is gone there.
    var pod: Pod?
    var podIP: String?
    var startTime = Timestamp.now
    var initContainers: [ContainerReport]
    var containers: [ContainerReport]
    var processes: [String: LabProcess] = [:]
    var isEnding = false
  }

  private let original: Pod

  init(pod: Pod, node: NodeContext) {
    self.node = node
    uid = pod.metadata.uid ?? ""
    original = pod.withServiceAccountVolume
    func reports(_ containers: [Container]?, _ statuses: [ContainerStatus]?) -> [ContainerReport] {
      (containers ?? []).map { container in
        var report = ContainerReport(name: container.name, image: container.image ?? "")
        // A Pod that ran here before the node lost power is on its next start.
        let old = statuses?.first { $0.name == container.name }
        if let old, old.containerID != nil { report.restartCount = old.restartCount + 1 }
        return report
      }
    }
    state = Mutex(
      State(
        pod: pod,
        initContainers: reports(pod.spec?.initContainers, pod.status?.initContainerStatuses),
        containers: reports(pod.spec?.containers, pod.status?.containerStatuses)))
  }

  /// Takes in the Pod as the API server has it now; `nil` when it is gone.
  func update(_ pod: Pod?) {
    state.withLock { $0.pod = pod }
    if pod?.isTerminating ?? true { deletionWake.signal() }
    statusWake.signal()
  }

  /// Something that a volume may show has changed.
  func refreshVolumes() { volumeWake.signal() }

  /// Lives the Pod's life. Returns when the Pod is gone from the API server; when cancelled, which
  /// is how a node loses power, all processes are dead and nothing was said.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.reportStatus() }
      if let network = await self.setUpNetwork() {
        await self.live(in: network)
        await network.remove(of: self.original, from: self.node)
      }
      group.cancelAll()
    }
    if Task.isCancelled { return }
    try? LabFiles.remove(node.folder(of: original))
    await finish()
  }

  private func live(in network: PodNetwork) async {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        await self.work(in: network)
        return false
      }
      group.addTask {
        await self.awaitDeletion()
        if Task.isCancelled { return true }
        await self.endProcesses()
        return true
      }
      // Containers that have ended by themselves wait for the Pod's deletion; after the deletion,
      // whichever comes first: the end of all processes, or of their time.
      for await isDeleted in group where isDeleted || self.isEnding { break }
      group.cancelAll()
    }
  }

  private var isEnding: Bool { state.withLock { $0.isEnding } }

  private func awaitDeletion() async {
    while !Task.isCancelled {
      let isOver = state.withLock { $0.pod?.isTerminating ?? true }
      if isOver { return }
      await deletionWake.wait()
    }
  }

  /// Asks all processes to end, and waits for as long as they may take.
  private func endProcesses() async {
    let (processes, grace) = state.withLock { state in
      state.isEnding = true
      let seconds = state.pod?.metadata.deletionGracePeriodSeconds ?? 0
      return (Array(state.processes.values), Duration.seconds(seconds))
    }
    for process in processes { process.send(.terminate) }
    if processes.isEmpty { return }
    try? await Task.sleep(for: grace)
  }

  // MARK: Network and volumes

  private func setUpNetwork() async -> PodNetwork? {
    while !Task.isCancelled {
      if state.withLock({ $0.pod?.isTerminating ?? true }) { return nil }
      do {
        let network = try await PodNetwork.make(for: original, on: node)
        state.withLock { $0.podIP = network.address.description }
        statusWake.signal()
        return network
      } catch {
        warn("FailedCreatePodSandBox", "Failed to create pod sandbox: \(error)")
        await deletionWake.wait(atMost: .seconds(1))
      }
    }
    return nil
  }

  private func work(in network: PodNetwork) async {
    var volumes = PodVolumes(pod: original, node: node, podIP: network.address.description)
    guard let folders = await setUp(&volumes) else { return }
    let ready = volumes
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.keepUp(ready) }
      if await self.runInitContainers(network, folders) {
        await withTaskGroup(of: Void.self) { containers in
          for (index, container) in (self.original.spec?.containers ?? []).enumerated() {
            containers.addTask {
              await self.keepRunning(container, index, isInit: false, network, folders)
            }
          }
        }
      }
      group.cancelAll()
    }
  }

  /// Waits for everything that the volumes need; `nil` when the Pod ends before.
  private func setUp(_ volumes: inout PodVolumes) async -> [String: String]? {
    var said = ""
    while !Task.isCancelled, !isEnding {
      do {
        return try await volumes.write()
      } catch {
        let message = "MountVolume.SetUp failed: \(error)"
        if message != said { warn("FailedMount", message) }
        said = message
        await volumeWake.wait(atMost: .seconds(1))
      }
    }
    return nil
  }

  /// Follows changes of Secrets and ConfigMaps and renews tokens, until cancelled.
  private func keepUp(_ volumes: PodVolumes) async {
    var volumes = volumes
    while !Task.isCancelled {
      let pause = volumes.nextRenewal.map { $0 - .now } ?? .seconds(600)
      await volumeWake.wait(atMost: max(.seconds(1), pause))
      if Task.isCancelled { return }
      do {
        _ = try await volumes.write()
      } catch {
        // What is mounted stays as it was, as with a real kubelet.
        node.logger.debug("volumes not updated", metadata: ["error": "\(error)"])
      }
    }
  }

  // MARK: Containers

  private func runInitContainers(
    _ network: PodNetwork, _ folders: [String: String]
  ) async -> Bool {
    for (index, container) in (original.spec?.initContainers ?? []).enumerated() {
      await keepRunning(container, index, isInit: true, network, folders)
      let report = state.withLock { $0.initContainers[index] }
      guard report.hasSucceeded, !isEnding, !Task.isCancelled else { return false }
    }
    return true
  }

  /// Runs a container again and again, as the restart policy says.
  private func keepRunning(
    _ container: Container, _ index: Int, isInit: Bool, _ network: PodNetwork,
    _ folders: [String: String]
  ) async {
    let policy = original.spec?.restartPolicy ?? "Always"
    var delay = node.settings.restartDelay
    var isFirst = true
    while !Task.isCancelled, !isEnding {
      if !isFirst { change(index, isInit) { $0.restartCount += 1 } }
      isFirst = false
      guard let run = await prepare(container, index, isInit, network, folders) else { return }
      let begin = ContinuousClock.now
      let startedAt = Timestamp.now
      change(index, isInit) { report in
        report.state = .running(since: startedAt)
        report.containerID = "lab://\(self.uid)-\(container.name)-\(report.restartCount)"
      }
      let status = await end(of: run, container, index, isInit)
      state.withLock { $0.processes[container.name] = nil }
      if Task.isCancelled { return }
      let end = Self.termination(status, startedAt: startedAt)
      change(index, isInit) { report in
        report.state = .terminated(end)
        report.isReady = isInit && end.exitCode == 0
        report.isStarted = false
      }
      if end.exitCode == 0, isInit || policy != "Always" { return }
      if policy == "Never" || isEnding { return }
      if ContinuousClock.now - begin > .seconds(600) { delay = node.settings.restartDelay }
      change(index, isInit) { report in
        report.lastTermination = end
        report.state = .waiting(
          reason: "CrashLoopBackOff", message: "back-off \(delay) restarting failed container")
      }
      warn("BackOff", "Back-off restarting failed container \(container.name)")
      try? await Task.sleep(for: delay)
      delay = min(delay * 2, .seconds(300))
    }
  }

  private func end(
    of run: ContainerRun, _ container: Container, _ index: Int, _ isInit: Bool
  ) async -> Tool.Status {
    do {
      return try await run.run { await self.note($0, container, index, isInit) }
    } catch {
      if !Task.isCancelled { warn("Failed", "Error: \(error)") }
      // As for a command that cannot be run.
      return .exited(128)
    }
  }

  /// Waits until the container can be run at all; `nil` when the Pod ends before.
  private func prepare(
    _ container: Container, _ index: Int, _ isInit: Bool, _ network: PodNetwork,
    _ folders: [String: String]
  ) async -> ContainerRun? {
    var said = ""
    while !Task.isCancelled, !isEnding {
      let problem: (reason: String, message: String)
      do {
        if let image = node.images.image(named: container.image ?? "") {
          return try makeRun(container, image, network, folders)
        }
        problem = (
          "ImagePullBackOff", "no program of this lab stands for \(container.image ?? "")"
        )
      } catch {
        problem = ("CreateContainerConfigError", "\(error)")
      }
      change(index, isInit) {
        $0.state = .waiting(reason: problem.reason, message: problem.message)
      }
      if problem.message != said { warn("Failed", "Error: \(problem.message)") }
      said = problem.message
      try? await Task.sleep(for: .seconds(1))
    }
    return nil
  }

  private func makeRun(
    _ container: Container, _ image: ImageCatalog.Image, _ network: PodNetwork,
    _ folders: [String: String]
  ) throws -> ContainerRun {
    let address = network.address.description
    let environment = node.environment(of: original, podIP: address)
    let variables = try environment.variables(of: container)
    let hostname = environment.hostname
    let log = node.logPath(of: original, container: container.name)
    let sandbox = try ContainerSandbox.make(
      container, of: original, image: image,
      root: "\(node.folder(of: original))/roots/\(container.name)", volumes: folders,
      hosts: "127.0.0.1\tlocalhost\n::1\tlocalhost\n\(address)\t\(hostname)\n"
    ).adapted(users: try .users(), groups: try .groups(), maySetGroups: UserMap.maySetGroups())
    var command = LabCommand(
      in: network.namespace,
      environment.command(of: container, image: image, variables: variables),
      environment: variables, sandbox: sandbox, logPath: log)
    command.workingDirectory = container.workingDir
    func plan(_ probe: Probe?) -> ProbePlan? {
      probe.flatMap { ProbePlan($0, container: container, address: address) }
    }
    return ContainerRun(
      command: command, startup: plan(container.startupProbe),
      liveness: plan(container.livenessProbe), readiness: plan(container.readinessProbe),
      gracePeriod: .seconds(original.spec?.terminationGracePeriodSeconds ?? 30),
      node: node.namespace)
  }

  private func note(
    _ event: ContainerRun.Event, _ container: Container, _ index: Int, _ isInit: Bool
  ) async {
    switch event {
    case .started(let process):
      let isEnding = state.withLock { state in
        state.processes[container.name] = process
        return state.isEnding
      }
      if isEnding { process.send(.terminate) }
    case .startupPassed: change(index, isInit) { $0.isStarted = true }
    case .readiness(let isReady): change(index, isInit) { $0.isReady = isReady }
    case .unhealthy(let message):
      warn("Unhealthy", message)
      change(index, isInit) { $0.isReady = false }
    }
  }

  private static func termination(
    _ status: Tool.Status, startedAt: Timestamp
  ) -> ContainerReport.Termination {
    switch status {
    case .exited(let code): .init(exitCode: code, startedAt: startedAt, finishedAt: .now)
    case .signaled(let signal):
      // As shells count it.
      .init(exitCode: 128 + signal, signal: signal, startedAt: startedAt, finishedAt: .now)
    }
  }

  // MARK: Status

  private func change(
    _ index: Int, _ isInit: Bool, _ body: (inout ContainerReport) -> Void
  ) {
    state.withLock { state in
      if isInit { body(&state.initContainers[index]) } else { body(&state.containers[index]) }
    }
    statusWake.signal()
  }

  private func warn(_ reason: String, _ message: String) {
    node.events.record(.warning, reason: reason, message, on: original)
  }

  /// Writes the status whenever it differs from what the API server has.
  private func reportStatus() async {
    while !Task.isCancelled {
      await statusWake.wait()
      if Task.isCancelled { return }
      if node.isCut {
        try? await Task.sleep(for: .milliseconds(200))
        statusWake.signal()
        continue
      }
      do {
        try await writeStatus()
      } catch let error as KubernetesError where error.isNotFound {
        continue
      } catch {
        node.logger.debug("status not written", metadata: ["error": "\(error)"])
        try? await Task.sleep(for: .milliseconds(200))
        statusWake.signal()
      }
    }
  }

  private func writeStatus() async throws {
    let (pod, report) = state.withLock { state in
      (
        state.pod,
        PodStatusReport(
          hostIP: node.hostIP, podIP: state.podIP, startTime: state.startTime,
          initContainers: state.initContainers, containers: state.containers,
          restartPolicy: original.spec?.restartPolicy ?? "Always")
      )
    }
    guard let pod else { return }
    let status = report.status(replacing: pod.status, wall: .now)
    guard status != pod.status else { return }
    var body: JSONValue = [:]
    body["status"] = try JSONValue(encoding: status)
    body[path: ["metadata", "uid"]] = .string(uid)
    let written: Pod = try await node.client.patch(
      Pod.self, pod.metadata.name, namespace: pod.metadata.namespace, .merge(body),
      subresource: "status")
    state.withLock { state in
      // The store may have brought a newer one meanwhile; the next round compares with that.
      if state.pod?.metadata.resourceVersion == pod.metadata.resourceVersion {
        state.pod?.status = written.status
      }
    }
  }

  /// Tells the API server that nothing of the Pod is left here.
  private func finish() async {
    while !Task.isCancelled {
      guard let pod = state.withLock({ $0.pod }) else { return }
      do {
        while node.isCut { try await Task.sleep(for: .milliseconds(200)) }
        try await node.client.deleteIfPresent(pod, gracePeriodSeconds: 0)
        return
      } catch {
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
  }
}
