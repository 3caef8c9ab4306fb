internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging

/// Turns Deployments into ReplicaSets, one per template, and rolls from one to the next as
/// `RolloutPlan` says.
struct DeploymentController: Sendable {
  let view: ClusterView

  static let hashLabel = "pod-template-hash"

  func controller(logger: Logger) -> Controller<NamespacedName> {
    let queue = WorkQueue<NamespacedName>(maximumDelay: .seconds(5))
    view.deployments.enqueue(into: queue) { $0.key }
    view.replicaSets.enqueue(into: queue) { ($0.new ?? $0.old)?.controllerKey(kind: "Deployment") }
    return Controller(name: "deployment", queue: queue, logger: logger, ready: view.waitForSync) {
      try await reconcile($0)
    }
  }

  private func reconcile(_ key: NamespacedName) async throws -> ReconcileResult {
    guard let deployment = view.deployments.store[key], let spec = deployment.spec,
      deployment.metadata.deletionTimestamp == nil
    else { return .done }
    let hash = try TemplateHash.hash(spec.template)
    var owned = try await view.client.list(ReplicaSet.self, namespace: key.namespace).items
      .filter { set in
        set.metadata.ownerReferences.contains {
          $0.controller == true && $0.uid == deployment.metadata.uid
        }
      }
    let name = "\(key.name)-\(hash)"
    if !owned.contains(where: { $0.metadata.name == name }) {
      owned.append(try await create(name, hash, for: deployment))
    }
    owned.sort {
      ($0.metadata.creationTimestamp ?? .now) < ($1.metadata.creationTimestamp ?? .now)
    }
    if let current = owned.first(where: { $0.metadata.name == name }) {
      try await number(current, among: owned, of: deployment)
    }
    if spec.paused != true { try await roll(deployment, spec, current: name, owned) }
    try await report(deployment, spec, current: name, owned)
    return .done
  }

  private func create(
    _ name: String, _ hash: String, for deployment: Deployment
  ) async throws -> ReplicaSet {
    var selector = deployment.spec?.selector ?? LabelSelector()
    selector.matchLabels = (selector.matchLabels ?? [:]).merging([Self.hashLabel: hash]) { $1 }
    var template = deployment.spec?.template ?? PodTemplateSpec(metadata: .init(), spec: .init())
    template.metadata.labels[Self.hashLabel] = hash
    var spec = ReplicaSet.Spec(selector: selector, template: template)
    spec.replicas = 0
    let replicaSet = ReplicaSet(
      metadata: ObjectMeta(
        name: name, namespace: deployment.metadata.namespace, labels: template.metadata.labels,
        ownerReferences: [deployment.ownerReference(controller: true, blockOwnerDeletion: true)]),
      spec: spec)
    return try await view.client.create(replicaSet)
  }

  /// Writes the number of the present generation to it and to the Deployment.
  private func number(
    _ current: ReplicaSet, among owned: [ReplicaSet], of deployment: Deployment
  ) async throws {
    var wanted = [
      RolloutRevision.annotation: String(RolloutRevision.number(of: current, among: owned))
    ]
    let isNumbered = deployment.metadata.annotations.merging(wanted) { $1 }
    if isNumbered != deployment.metadata.annotations {
      try await annotate(Deployment.resource, deployment.metadata, wanted)
    }
    wanted[RolloutRevision.cause] = deployment.metadata.annotations[RolloutRevision.cause]
    if current.metadata.annotations.merging(wanted, uniquingKeysWith: { $1 })
      != current.metadata.annotations
    {
      try await annotate(ReplicaSet.resource, current.metadata, wanted)
    }
  }

  private func annotate(
    _ kind: ResourceKind, _ object: ObjectMeta, _ annotations: [String: String]
  ) async throws {
    _ = try await view.client.patch(
      kind, object.name, namespace: object.namespace,
      .merge(["metadata": ["annotations": .strings(annotations)]]))
  }

  private func roll(
    _ deployment: Deployment, _ spec: Deployment.Spec, current name: String, _ owned: [ReplicaSet]
  ) async throws {
    let desired = spec.replicas ?? 1
    let generations = owned.map {
      RolloutPlan.Generation(
        name: $0.metadata.name, replicas: $0.spec?.replicas ?? 1,
        available: $0.status?.availableReplicas ?? 0)
    }
    guard let current = generations.first(where: { $0.name == name }) else { return }
    let plan = RolloutPlan(
      desired: desired, strategy: .init(spec.strategy, desired: desired), current: current,
      old: generations.filter { $0.name != name })
    for (name, replicas) in plan.changes.sorted(by: { $0.key < $1.key }) {
      _ = try await view.client.patch(
        ReplicaSet.resource, name, namespace: deployment.metadata.namespace,
        .merge(["spec": ["replicas": .integer(Int64(replicas))]]))
    }
    let finished = owned.filter {
      $0.metadata.name != name && $0.spec?.replicas == 0 && ($0.status?.replicas ?? 0) == 0
    }
    for replicaSet in finished.dropLast(max(0, spec.revisionHistoryLimit ?? 10)) {
      try await view.client.deleteIfPresent(replicaSet)
    }
  }

  private func report(
    _ deployment: Deployment, _ spec: Deployment.Spec, current name: String, _ owned: [ReplicaSet]
  ) async throws {
    let desired = spec.replicas ?? 1
    let current = owned.first { $0.metadata.name == name }
    var status = Deployment.Status()
    status.observedGeneration = deployment.metadata.generation
    let replicas = owned.reduce(0) { $0 + ($1.status?.replicas ?? 0) }
    let updated = current?.status?.replicas ?? 0
    let ready = owned.reduce(0) { $0 + ($1.status?.readyReplicas ?? 0) }
    // Numbers of zero are left out, as the API server writes them.
    status.replicas = replicas == 0 ? nil : replicas
    status.updatedReplicas = updated == 0 ? nil : updated
    status.readyReplicas = ready == 0 ? nil : ready
    status.availableReplicas = status.readyReplicas
    status.unavailableReplicas = desired > ready ? desired - ready : nil
    let strategy = RolloutPlan.Strategy(spec.strategy, desired: desired)
    var unavailable = desired
    if case .rollingUpdate(_, let allowed) = strategy { unavailable = allowed }
    let isAvailable = ready >= desired - unavailable
    let isComplete = updated == desired && replicas == desired && ready == desired
    status.conditions = [
      condition(
        "Available", isAvailable ? "True" : "False",
        isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable", deployment),
      condition(
        "Progressing", "True", isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
        deployment),
    ]
    guard status != deployment.status else { return }
    var body: JSONValue = [:]
    // A merge patch removes what it names as null.
    var values = try JSONValue(encoding: status)
    for key in [
      "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas",
    ] where values[key] == nil { values[key] = .null }
    body["status"] = values
    _ = try await view.client.patch(
      Deployment.resource, deployment.metadata.name, namespace: deployment.metadata.namespace,
      .merge(body), subresource: "status")
  }

  private func condition(
    _ type: String, _ status: String, _ reason: String, _ deployment: Deployment
  ) -> JSONValue {
    let old = deployment.status?.conditions?.first { $0["type"]?.stringValue == type }
    if old?["status"]?.stringValue == status, old?["reason"]?.stringValue == reason, let old {
      return old
    }
    let now = JSONValue.string(Timestamp.now.rfc3339)
    let transition = old?["status"]?.stringValue == status ? old?["lastTransitionTime"] : nil
    return [
      "type": .string(type), "status": .string(status), "reason": .string(reason), "message": "",
      "lastUpdateTime": now, "lastTransitionTime": transition ?? now,
    ]
  }
}
