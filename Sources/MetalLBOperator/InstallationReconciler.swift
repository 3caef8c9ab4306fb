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
  private let sweep: FRRConfigurationSweep
  private let webhookServer: WebhookServerSettings
  /// What the last attempt to write the ConfigMap `config` ran into.
  private let configFailure = Mutex<String?>(nil)

  init(_ context: OperatorContext) {
    self.context = context
    predecessor = PredecessorObjects(
      client: context.client, platform: context.facts.platform, logger: context.logger)
    sweep = FRRConfigurationSweep(
      client: context.client, namespace: context.namespace,
      external: context.environment.externalFRRK8sNamespace, logger: context.logger)
    webhookServer = WebhookServerSettings(context)
  }

  /// The ConfigMap is written elsewhere; its failures show in the same status.
  func note(configFailure failure: String?) {
    let isNews = configFailure.withLock { current in
      defer { current = failure }
      return current != failure
    }
    if isNews { context.queue.add(.installation) }
  }

  func reconcile() async throws -> ReconcileResult {
    guard let metalLB = context.metalLB else { return try await removeAll() }
    let spec = metalLB.spec ?? MetalLB.Spec()
    let invalid = MetalLBValidation.problems(in: spec, environment: context.environment)
    guard invalid.isEmpty else {
      let text = invalid.map(\.description).joined(separator: "; ")
      try await report(
        metalLB, .running(try readiness(of: nil)), .init(reason: .invalidSpec, message: text))
      return .done
    }
    do {
      let running = try await runningSpeaker()
      let backend = BGPBackend.effective(
        for: metalLB, environment: context.environment, speaker: running)
      let contradictions = context.environment.problems(of: spec, backend: backend)
      guard contradictions.isEmpty else {
        let text = contradictions.joined(separator: "; ")
        try await report(
          metalLB, .running(try readiness(of: backend)),
          .init(reason: .invalidEnvironment, message: text))
        return .done
      }
      let problem = try await bringInLine(metalLB, backend, running: running)
      let readiness = try readiness(of: backend)
      if readiness == .ready { try await sweep.finish(for: backend) }
      try await report(metalLB, .running(readiness), problem)
      // Nothing tells that a kind appears that was not there.
      return problem?.reason == .monitorsUnavailable ? .requeue(after: .seconds(60)) : .done
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      await reportFailure(of: metalLB, error)
      throw error
    }
  }

  /// Brings the cluster in line with the absence of the MetalLB object.
  private func removeAll() async throws -> ReconcileResult {
    let speaker = try await runningSpeaker()
    try await webhookServer.bringInLine()
    try await context.objects.prune { self.context.isInstallations($0) }
    try await predecessor.removeLeftovers(namespace: context.namespace, keeping: [])
    // Speakers of another MetalLB may tell the same frr-k8s what to do, under the same names.
    let isOurs = speaker?.metadata.ownerReferences.contains { $0.kind == "MetalLB" } ?? true
    guard isOurs, context.platform.facts.otherMetalLB == nil else { return .done }
    let pods = try await context.client.list(
      Pod.self, namespace: context.namespace,
      options: ListOptions(labelSelector: Self.speakerPods))
    try await sweep.runWithoutBackend(
      leaving: speaker, namespace: context.namespace, isLast: pods.items.isEmpty)
    return pods.items.isEmpty ? .done : .requeue(after: .seconds(5))
  }

  private static let speakerPods = "app=metallb,component=speaker"

  /// - Parameter running: the speakers before anything is changed.
  /// - Returns: what keeps the installation from being all that was asked for.
  private func bringInLine(
    _ metalLB: MetalLB, _ backend: BGPBackend, running: DaemonSet?
  ) async throws -> MetalLBConditions.Problem? {
    try await webhookServer.bringInLine()
    let environment = context.currentEnvironment
    let target = environment.frrK8sNamespace(
      of: metalLB.spec ?? MetalLB.Spec(), backend: backend)
    try await sweep.run(
      leaving: running, for: backend, telling: target, namespace: context.namespace)
    let objects = try Workloads.render(
      RenderingInput(
        metalLB: metalLB, environment: environment,
        platform: context.facts.platform, backend: backend,
        apiServerPorts: context.facts.apiServerPorts,
        namespaceOwner: context.facts.namespaceOwner))
    var failures: [any Error] = []
    var unknownKinds: Set<String> = []
    // One object that is refused does not keep the others from their work.
    for object in objects {
      guard context.objects.isServed(object.resource) else {
        unknownKinds.insert(object.resource.kind)
        continue
      }
      do {
        try await context.objects.apply(object)
      } catch is CancellationError {
        throw CancellationError()
      } catch let error as KubernetesError
        where error.isNotFound && object.resource.group == Monitors.group
      {
        unknownKinds.insert(object.resource.kind)
      } catch {
        failures.append(error)
      }
    }
    if let first = failures.first { throw first }
    let rendered = Set(objects.map { ObjectKey($0) } + [context.configKey])
    try await context.objects.prune {
      rendered.contains($0) || self.context.isInstallations($0)
    }
    // What upstream runs for a backend that we do not have is not a leftover.
    if backend.isAvailable(with: context.environment.images) {
      try await predecessor.removeLeftovers(namespace: context.namespace, keeping: rendered)
    }
    return try await problem(with: backend, unknownKinds: unknownKinds.sorted())
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

  private func readiness(of backend: BGPBackend?) throws -> Readiness {
    func object<R: KubernetesResource>(_ name: String) throws -> R? {
      try context.objects.object(name, namespace: context.namespace)
    }
    var workloads: [Readiness.Workload] = [
      .deployment(ComponentName.controller, try object(ComponentName.controller)),
      .daemonSet(ComponentName.speaker, try speaker()),
    ]
    // Nobody waits for what no speaker uses.
    if backend == .frrK8s, BGPBackend.frrK8s.isAvailable(with: context.environment.images) {
      workloads += [
        .daemonSet(ComponentName.frrK8s, try object(ComponentName.frrK8s)),
        .deployment(ComponentName.statusCleaner, try object(ComponentName.statusCleaner)),
      ]
    }
    return Readiness(workloads)
  }

  private func problem(
    with backend: BGPBackend, unknownKinds: [String]
  ) async throws -> MetalLBConditions.Problem? {
    if let failure = configFailure.withLock({ $0 }) {
      return .init(reason: .failedToSync, message: failure)
    }
    let images = context.environment.images
    guard backend.isAvailable(with: images) else {
      let available = BGPBackend.available.map(\.rawValue).sorted().joined(separator: ", ")
      let isOneImage = images.controller.repository == images.speaker.repository
      let hint =
        isOneImage ? "" : ", or start the operator with UPSTREAM_IMAGES=true where they are"
      return .init(
        reason: .backendUnavailable,
        message: """
          this version has no BGP backend \(backend.rawValue): Services are announced over layer 2 \
          only; set spec.bgpBackend to \(available)\(hint)
          """)
    }
    if let problem = try await handOver(to: backend) { return problem }
    guard unknownKinds.isEmpty else {
      return .init(
        reason: .monitorsUnavailable,
        message: """
          this cluster does not know \(unknownKinds.joined(separator: ", ")) (\(Monitors.group)): \
          install the Prometheus operator, or start this operator without DEPLOY_SERVICEMONITORS, \
          DEPLOY_PODMONITORS and DEPLOY_PROMETHEUSRULES
          """)
    }
    return nil
  }

  /// Makes OpenShift's network operator run frr-k8s, where that is its job.
  private func handOver(to backend: BGPBackend) async throws -> MetalLBConditions.Problem? {
    let environment = context.environment
    guard backend == .frrK8sExternal, environment.usesFRRK8sOfNetworkOperator,
      let openShift = context.openShift
    else { return nil }
    switch openShift.capability(minimum: environment.minimumNetworkOperatorVersion) {
    case .tooOld(let text), .unknown(let text):
      return .init(reason: .waitingForNetworkOperator, message: text)
    case .capable: break
    }
    switch openShift.network {
    case .missing:
      return .init(
        reason: .waitingForNetworkOperator,
        message: "there is no Network \(NetworkOperator.networkName) to ask for FRR")
    case .asked: return nil
    case .unasked(let patch):
      _ = try await context.client.patch(
        NetworkOperator.networkResource, NetworkOperator.networkName, .merge(patch),
        options: WriteOptions(fieldManager: FieldManager.objects))
      context.logger.info("asked the network operator for FRR")
      return nil
    }
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
  /// The environment with what the cluster's administrators decided since the operator started.
  var currentEnvironment: OperatorEnvironment {
    var current = environment
    if let tls = openShift?.tls { current.tls = tls }
    return current
  }

  /// Whether an object goes with the operator, not with a MetalLB object.
  func isInstallations(_ key: ObjectKey) -> Bool {
    key.resource == ConfigMap.resource && key.name.name == ObjectName.tlsSettings
  }

  /// The ConfigMap that AddressPools become.
  var configKey: ObjectKey {
    ObjectKey(
      ConfigMap.resource,
      NamespacedName(namespace: namespace, name: LegacyDocument.configMapName))
  }
}
