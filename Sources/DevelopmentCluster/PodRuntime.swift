internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import NetworkAddresses
internal import NetworkLab
internal import Synchronization

/// One Pod on its node, from the moment that it is bound until nothing of it is left: network and
/// volumes, containers with restarts and probes, status, and the end.
final class PodRuntime: Sendable {
  let uid: String
  let node: NodeContext
  let state: Mutex<State>
  /// The status may have changed.
  let statusWake = Wake()
  /// The Pod or what its volumes show may have changed.
  let volumeWake = Wake()
  let deletionWake = Wake()

  struct State {
    /// As the API server has it; `nil` once it is gone there.
    var pod: Pod?
    var podIP: String?
    var startTime = Timestamp.now
    var initContainers: [ContainerReport]
    var containers: [ContainerReport]
    var processes: [String: LabProcess] = [:]
    var isEnding = false
  }

  /// As it came, with its service account's volume.
  let original: Pod

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

  var isEnding: Bool { state.withLock { $0.isEnding } }

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
}
