internal import KubernetesAPI
internal import KubernetesClient
internal import NetworkAddresses
internal import NetworkLab
internal import Synchronization

/// Containers: from what the Pod says to a process, again and again.
extension PodRuntime {
  func runInitContainers(
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
  func keepRunning(
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
}
