import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import LegacyConfiguration
import Logging
import MetalLBAPI
import OperatorRendering
import Synchronization

/// Brings the cluster in line with the MetalLB object: renders what it asks for, applies what differs,
/// removes what is left over, and says in its status how far that is. Without the object nothing is
/// asked for, so everything is left over.
final class InstallationReconciler: Sendable {
  private let context: OperatorContext
  private let predecessor: PredecessorObjects
  /// What the last attempt to write the ConfigMap `config` ran into.
  private let configFailure = Mutex<String?>(nil)

  init(_ context: OperatorContext) {
    self.context = context
    predecessor = PredecessorObjects(
      client: context.client, platform: context.facts.platform, logger: context.logger)
  }

  /// The ConfigMap is written elsewhere; its failures show in the same status.
  func note(configFailure failure: String?) {
    let isNews = configFailure.withLock { current in
      defer { current = failure }
      return current != failure
    }
    if isNews { context.queue.add(.installation) }
  }

  func reconcile() async throws {
    guard let metalLB = context.metalLB else {
      try await context.objects.prune { _ in false }
      try await predecessor.removeLeftovers(namespace: context.namespace, keeping: [])
      return
    }
    let invalid = MetalLBValidation.problems(
      in: metalLB.spec ?? MetalLB.Spec(), environment: context.environment)
    guard invalid.isEmpty else {
      let text = invalid.map(\.description).joined(separator: "; ")
      try await report(
        metalLB, .running(try readiness()), .init(reason: .invalidSpec, message: text))
      return
    }
    let backend: BGPBackend
    do {
      backend = BGPBackend.effective(
        for: metalLB, environment: context.environment, speaker: try await runningSpeaker())
      try await bringInLine(metalLB, backend)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      await reportFailure(of: metalLB, error)
      throw error
    }
    try await report(metalLB, .running(try readiness()), problem(with: backend))
  }

  private func bringInLine(_ metalLB: MetalLB, _ backend: BGPBackend) async throws {
    let objects = try Workloads.render(
      RenderingInput(
        metalLB: metalLB, environment: context.environment, platform: context.facts.platform,
        backend: backend, apiServerPorts: context.facts.apiServerPorts,
        namespaceOwner: context.facts.namespaceOwner))
    var failures: [any Error] = []
    // One object that is refused does not keep the others from their work.
    for object in objects {
      do {
        try await context.objects.apply(object)
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        failures.append(error)
      }
    }
    if let first = failures.first { throw first }
    let rendered = Set(objects.map { ObjectKey($0) } + [context.configKey])
    try await context.objects.prune { rendered.contains($0) }
    // What upstream runs for a backend that we do not have is not a leftover.
    if backend.isAvailable {
      try await predecessor.removeLeftovers(namespace: context.namespace, keeping: rendered)
    }
  }

  private func speaker() throws -> DaemonSet? {
    try context.objects.object(ComponentName.speaker, namespace: context.namespace)
  }

  /// The speakers that run, made by this operator or by another one before it.
  private func runningSpeaker() async throws -> DaemonSet? {
    if let own = try speaker() { return own }
    return try await context.client.find(
      DaemonSet.self, ComponentName.speaker, namespace: context.namespace)
  }

  private func readiness() throws -> Readiness {
    Readiness(
      controller: try context.objects.object(
        ComponentName.controller, namespace: context.namespace),
      speaker: try speaker())
  }

  private func problem(with backend: BGPBackend) -> MetalLBConditions.Problem? {
    if let failure = configFailure.withLock({ $0 }) {
      return .init(reason: .failedToSync, message: failure)
    }
    guard !backend.isAvailable else { return nil }
    let available = BGPBackend.available.map(\.rawValue).sorted().joined(separator: ", ")
    return .init(
      reason: .backendUnavailable,
      message: """
        this version has no BGP backend \(backend.rawValue): Services are announced over layer 2 \
        only; set spec.bgpBackend to \(available)
        """)
  }

  /// The error at hand is the one to retry and to log, also when it cannot even be reported.
  private func reportFailure(of metalLB: MetalLB, _ error: any Error) async {
    let reason = MetalLBReason.failedToSync
    let problem = MetalLBConditions.Problem(
      reason: reason, message: "\(reason.rawValue): \(error)")
    do {
      try await report(metalLB, .unknown, problem)
    } catch {
      context.logger.debug("cannot write status", metadata: ["error": "\(error)"])
    }
  }

  private func report(
    _ metalLB: MetalLB, _ workloads: MetalLBConditions.Workloads,
    _ problem: MetalLBConditions.Problem?
  ) async throws {
    let conditions = MetalLBConditions(
      workloads: workloads, problem: problem, platform: context.platformVerdict(for: metalLB))
    let change = try await context.status.update(metalLB, conditions: metalLB.status?.conditions) {
      conditions.conditions(
        generation: metalLB.metadata.generation, previous: $0, now: context.time.wall)
    }
    guard let change else { return }
    if let degraded = change.news(of: "Degraded"), degraded.status == "True" {
      context.recorder.record(.warning, reason: degraded.reason, degraded.message, on: metalLB)
    }
    if let platform = change.news(of: "PlatformSupported"), platform.status != "True" {
      context.recorder.record(.warning, reason: platform.reason, platform.message, on: metalLB)
    }
    if let available = change.news(of: "Available"), available.status == "True" {
      context.recorder.record(
        .normal, reason: "Available", "controller and speakers are running", on: metalLB)
    }
    context.logger.info(
      "wrote status",
      metadata: [
        "conditions":
          "\(change.conditions.filter { $0.status == "True" }.map(\.type).joined(separator: ","))"
      ])
  }
}

extension OperatorContext {
  /// The ConfigMap that AddressPools become.
  var configKey: ObjectKey {
    ObjectKey(
      ConfigMap.resource,
      NamespacedName(namespace: namespace, name: LegacyDocument.configMapName))
  }
}
