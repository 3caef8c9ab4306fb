internal import DevelopmentCluster
internal import KubernetesAPI
internal import KubernetesClient
internal import NetworkAddresses
internal import NetworkLab
private import Glibc
private import Synchronization

/// Takes an address from its node again and again, and measures from packets at the client.
///
/// The client fetches all the time, one connection after the other, each with a tenth of a second to connect. Lost is what
/// did not come back within that time. When another node takes over is when its first gratuitous ARP packet reaches the client.
extension Journey {
  /// How much longer a speaker stands still after another one has taken over.
  private static let pause = Duration.seconds(4)

  /// Installs MetalLB, exposes a Service, and takes its address away `rounds` times by each cause.
  package func measureFailovers(
    rounds: Int, causes: [FailoverFigures.Cause] = FailoverFigures.Cause.allCases
  ) async throws -> FailoverFigures {
    var summary = JourneySummary()
    try await awaitNodes()
    try await installOperator()
    _ = try await createMetalLB(&summary)
    try await addPool()
    try await startEcho()
    let (address, assigned) = try await expose(&summary)
    let owner = try await reach(address, since: assigned, &summary)
    try await awaitSpeakers()
    var figures = FailoverFigures()
    for cause in causes {
      for round in 1...max(1, rounds) {
        let trial = try await timeline.step("\(cause.rawValue) \(round) of \(rounds)") {
          let trial = try await self.trial(cause, address, owner)
          return (
            trial,
            .init(
              "announced after \(trial.announced.millisecondsText), answered after \(trial.answered.millisecondsText); of \(trial.attempts) fetches \(trial.losses.text); on return \(trial.lossesOnReturn.text)"
            )
          )
        }
        figures.trials.append(trial)
      }
    }
    return figures
  }

  private func trial(
    _ cause: FailoverFigures.Cause, _ address: String, _ owner: String
  ) async throws -> FailoverFigures.Trial {
    let hardware = try await self.owner(of: address).hardware
    return try await host.watchingARP { capture in
      guard let capture else {
        throw JourneyError.failed("failovers are measured from captured packets, which needs root")
      }
      let load = FetchLoad()
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { [host] in try await load.run(host, address) }
        try await load.answers()
        let speaker = try await self.speaker(on: owner)
        let (wall, begin) = (Self.wallTime, ContinuousClock.now)
        switch cause {
        case .crash: try await session.cluster.crash(owner)
        case .termination: kill(speaker, SIGTERM)
        case .pause: kill(speaker, SIGSTOP)
        }
        let announced = try await announcement(of: address, in: capture, after: wall) {
          $0 != hardware
        }
        try await load.answers()
        let answered = load.lastAnswer - begin
        var (attempts, losses) = load.takeCounts()
        switch cause {
        // Until then the Service leads to the dead echo Pod too, whoever has the address.
        case .crash: try await awaitEchoes { !$0.contains(owner) }
        // What would be lost when the old owner stops.
        case .termination: try await awaitEnd(of: speaker)
        case .pause: try await Task.sleep(for: Self.pause)
        }
        try await load.answers()
        let late = load.takeCounts()
        if cause != .crash { (attempts, losses) = (attempts + late.attempts, losses + late.losses) }
        let back = Self.wallTime
        switch cause {
        case .crash: try await session.cluster.restart(owner)
        case .termination: try await replaceSpeaker(on: owner)
        case .pause: kill(speaker, SIGCONT)
        }
        _ = try await announcement(of: address, in: capture, after: back) { $0 == hardware }
        try await awaitSpeakers()
        if cause == .crash { try await awaitEchoes { $0.contains(owner) } }
        // The others take a moment to leave the address to its owner, and must not be asked back in between.
        try await Task.sleep(for: .seconds(2))
        try await load.answers()
        let lossesOnReturn = load.takeCounts().losses
        group.cancelAll()
        let repliers = try await host.resolve(address)
        guard repliers == [hardware] else {
          throw JourneyError.failed(
            "\(address) is answered for by \(repliers.map(\.description).sorted()) instead of \(hardware) alone"
          )
        }
        return FailoverFigures.Trial(
          cause: cause, announced: announced - wall, answered: answered, attempts: attempts,
          losses: losses, lossesOnReturn: lossesOnReturn)
      }
    }
  }

  /// When a host that fits first told the network that it has the address.
  private func announcement(
    of address: String, in capture: PacketCapture, after wall: Duration,
    by fits: @escaping @Sendable (MACAddress) -> Bool
  ) async throws -> Duration {
    let frame = try await withThrowingTaskGroup(of: CapturedFrame?.self) { group in
      group.addTask {
        await capture.first { frame in
          guard frame.time >= wall, let packet = ObservedARP(frame: frame.bytes) else {
            return false
          }
          return packet.isGratuitous && packet.senderAddress.description == address
            && fits(packet.senderHardware)
        }
      }
      group.addTask {
        try await Task.sleep(for: .seconds(60))
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let frame else {
      throw JourneyError.timedOut(
        what: "\(address) is announced by its next node", after: .seconds(60), last: "silence")
    }
    return frame.time
  }

  /// Waits for the nodes to which the Service leads.
  private func awaitEchoes(_ fit: (Set<String>) -> Bool) async throws {
    for _ in 0..<600 {
      let slices = try await client.list(EndpointSlice.self, namespace: JourneyObjects.namespace)
      let ready = slices.items.flatMap { $0.endpoints ?? [] }.filter {
        $0.conditions?.ready != false
      }
      if fit(Set(ready.compactMap(\.nodeName))) {
        // The proxies read the same slices.
        try await Task.sleep(for: .milliseconds(200))
        return
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw JourneyError.timedOut(
      what: "the Service leads to other nodes", after: .seconds(60), last: "its endpoints stay")
  }

  // MARK: Speakers

  /// The process.
  private func speaker(on node: String) async throws -> Int32 {
    for process in try await session.cluster.processes(on: node) {
      let arguments = (try? LabFiles.read("/proc/\(process)/cmdline")) ?? ""
      guard arguments.split(separator: "\0").first == "/speaker" else { continue }
      return process
    }
    throw JourneyError.failed("no speaker runs on \(node)")
  }

  private func awaitEnd(of process: Int32) async throws {
    for _ in 0..<1500 {
      guard let stat = try? LabFiles.read("/proc/\(process)/stat"), !stat.contains(") Z ") else {
        return
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw JourneyError.timedOut(
      what: "the speaker ends", after: .seconds(30), last: "process \(process) runs")
  }

  /// Has the DaemonSet make a new Pod, so that no delay grows with the number of restarts.
  private func replaceSpeaker(on node: String) async throws {
    let pods = try await client.list(Pod.self, namespace: objects.operatorNamespace).items
    for pod in pods
    where pod.spec?.nodeName == node && pod.metadata.labels["component"] == "speaker" {
      try await client.delete(pod)
    }
  }

  private func awaitSpeakers() async throws {
    let wanted = session.topology.nodes.count
    _ = try await client.wait(
      for: DaemonSet.self, "speaker", namespace: objects.operatorNamespace,
      until: "is ready on all nodes"
    ) { $0?.status?.numberReady == wanted }
  }
}

/// A client that fetches all the time.
private final class FetchLoad: Sendable {
  private struct State {
    var attempts = 0
    var losses = FailoverFigures.Losses()
    var lastAnswer = ContinuousClock.now
    var waiters: [(after: ContinuousClock.Instant, gate: CheckedContinuation<Void, Never>)] = []
    var hasEnded = false
  }

  private let state = Mutex(State())

  /// Fetches until the task is cancelled.
  func run(_ host: ClientHost, _ address: String) async throws {
    defer { end() }
    while !Task.isCancelled {
      let begin = ContinuousClock.now
      let outcome = (try? await host.attempt(address)) ?? .unanswered
      if Task.isCancelled { return }
      let ready: [CheckedContinuation<Void, Never>] = state.withLock { state in
        state.attempts += 1
        switch outcome {
        case .answered: break
        case .broken:
          state.losses.broken += 1
          return []
        case .unanswered:
          state.losses.unanswered += 1
          return []
        }
        state.lastAnswer = .now
        defer { state.waiters.removeAll { $0.after <= begin } }
        return state.waiters.filter { $0.after <= begin }.map(\.gate)
      }
      for gate in ready { gate.resume() }
    }
  }

  private func end() {
    let waiters = state.withLock { state in
      state.hasEnded = true
      defer { state.waiters = [] }
      return state.waiters.map(\.gate)
    }
    for gate in waiters { gate.resume() }
  }

  /// Returns once a fetch that began after this call was answered.
  func answers() async throws {
    let now = ContinuousClock.now
    await withCheckedContinuation { gate in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.waiters.append((now, gate)) }
        return state.hasEnded
      }
      if hasEnded { gate.resume() }
    }
    try Task.checkCancellation()
  }

  var lastAnswer: ContinuousClock.Instant { state.withLock { $0.lastAnswer } }

  /// Fetches since the last call, and what was lost of them.
  func takeCounts() -> (attempts: Int, losses: FailoverFigures.Losses) {
    state.withLock { state in
      defer { (state.attempts, state.losses) = (0, .init()) }
      return (state.attempts, state.losses)
    }
  }
}
