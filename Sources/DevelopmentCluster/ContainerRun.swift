internal import KubernetesAPI
internal import NetworkLab
private import Synchronization

/// One life of a container's process, with its probes.
struct ContainerRun: Sendable {
  let command: LabCommand
  let startup: ProbePlan?
  let liveness: ProbePlan?
  let readiness: ProbePlan?
  /// How long the process has for its own end when a probe finds it dead.
  let gracePeriod: Duration
  let node: LabNamespace

  /// What happens while the container runs.
  enum Event: Sendable {
    case started(LabProcess)
    case startupPassed
    case readiness(Bool)
    case unhealthy(String)
  }

  /// Runs until the process has ended. Cancellation kills it.
  func run(_ report: @escaping @Sendable (Event) async -> Void) async throws -> Tool.Status {
    try await withThrowingTaskGroup(of: Tool.Status?.self) { group in
      let (processes, start) = AsyncStream.makeStream(of: LabProcess.self)
      group.addTask {
        defer { start.finish() }
        return try await command.run { start.yield($0) }
      }
      group.addTask {
        for await process in processes {
          await report(.started(process))
          await probe(process, report)
        }
        return nil
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let status = result { return status }
      }
      throw CancellationError()
    }
  }

  /// Probes until a probe says that the process has to end, or until cancellation.
  private func probe(
    _ process: LabProcess, _ report: @escaping @Sendable (Event) async -> Void
  ) async {
    let prober = Prober(node: node) { [command] in
      process.id.map { command.enterCommand(process: $0) }
    }
    if let startup {
      var state = ProbeState(startup, isPassing: false)
      let passed = await repeating(startup, prober) { success in
        guard state.record(success) else { return nil }
        return state.isPassing
      }
      guard let passed else { return }
      if !passed {
        await end(process, "Startup", report)
        return
      }
    }
    await report(.startupPassed)
    await withTaskGroup(of: Void.self) { group in
      if let readiness {
        group.addTask {
          var state = ProbeState(readiness, isPassing: false)
          var last: Bool?
          _ = await repeating(readiness, prober) { success -> Bool? in
            if state.record(success), last != state.isPassing {
              last = state.isPassing
              await report(.readiness(state.isPassing))
            }
            return nil
          }
        }
      } else {
        await report(.readiness(true))
      }
      if let liveness {
        group.addTask {
          var state = ProbeState(liveness, isPassing: true)
          let dead = await repeating(liveness, prober) { success -> Bool? in
            state.record(success) && !state.isPassing ? true : nil
          }
          if dead == true { await end(process, "Liveness", report) }
        }
      }
    }
  }

  /// Checks at the probe's pace until `decide` has an answer; `nil` when cancelled before.
  private func repeating(
    _ plan: ProbePlan, _ prober: Prober, _ decide: (Bool) async -> Bool?
  ) async -> Bool? {
    guard (try? await Task.sleep(for: plan.initialDelay)) != nil else { return nil }
    while !Task.isCancelled {
      let next = ContinuousClock.now.advanced(by: plan.period)
      let success = await prober.check(plan)
      if Task.isCancelled { return nil }
      if let answer = await decide(success) { return answer }
      guard (try? await Task.sleep(until: next)) != nil else { return nil }
    }
    return nil
  }

  private func end(
    _ process: LabProcess, _ kind: String, _ report: @Sendable (Event) async -> Void
  ) async {
    await report(.unhealthy("\(kind) probe failed"))
    process.send(.terminate)
    try? await Task.sleep(for: gracePeriod)
    if !Task.isCancelled { process.send(.kill) }
  }
}
