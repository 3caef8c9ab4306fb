internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging

/// Keeps the number of a ReplicaSet's Pods.
struct ReplicaSetController: Sendable {
  let view: ClusterView

  func controller(logger: Logger) -> Controller<NamespacedName> {
    let queue = WorkQueue<NamespacedName>(maximumDelay: .seconds(5))
    view.replicaSets.enqueue(into: queue) { $0.key }
    view.pods.enqueue(into: queue) { ($0.new ?? $0.old)?.controllerKey(kind: "ReplicaSet") }
    return Controller(name: "replicaset", queue: queue, logger: logger, ready: view.waitForSync) {
      try await reconcile($0)
    }
  }

  private func reconcile(_ key: NamespacedName) async throws -> ReconcileResult {
    guard let replicaSet = view.replicaSets.store[key], let spec = replicaSet.spec,
      let template = spec.template, replicaSet.metadata.deletionTimestamp == nil
    else { return .done }
    let pods = try await view.pods(ownedBy: replicaSet.metadata.uid, namespace: key.namespace)
    for pod in pods where !pod.isActive && !pod.isTerminating {
      try await view.client.deleteIfPresent(pod)
    }
    let live = pods.filter { $0.isActive && !$0.isTerminating }
    let wanted = spec.replicas ?? 1
    let missing = max(0, wanted - live.count)
    for _ in 0..<missing {
      let pod = Pod(
        metadata: ObjectMeta(
          name: "\(key.name)-\(TemplateHash.randomSuffix())", namespace: key.namespace,
          labels: template.metadata.labels, annotations: template.metadata.annotations,
          ownerReferences: [
            replicaSet.ownerReference(controller: true, blockOwnerDeletion: true)
          ]), spec: template.spec)
      _ = try await view.client.create(pod)
    }
    let surplus = live.sorted(by: Self.goesFirst).prefix(max(0, live.count - wanted))
    for pod in surplus { try await view.client.deleteIfPresent(pod) }

    let kept = live.filter { pod in !surplus.contains { $0.metadata.uid == pod.metadata.uid } }
    var status = ReplicaSet.Status(replicas: kept.count + missing)
    status.fullyLabeledReplicas = status.replicas
    status.readyReplicas = kept.count(where: \.isReady)
    status.availableReplicas = status.readyReplicas
    status.observedGeneration = replicaSet.metadata.generation
    try await view.client.writeStatus(of: replicaSet, status, replacing: replicaSet.status)
    return .done
  }

  /// Pods that do nobody any good go first: not bound, then not ready, then the youngest.
  static func goesFirst(_ left: Pod, _ right: Pod) -> Bool {
    func rank(_ pod: Pod) -> Int {
      (pod.spec?.nodeName ?? "").isEmpty ? 0 : pod.isReady ? 2 : 1
    }
    if rank(left) != rank(right) { return rank(left) < rank(right) }
    let (a, b) = (left.metadata.creationTimestamp, right.metadata.creationTimestamp)
    if let a, let b, a != b { return a > b }
    return left.metadata.name < right.metadata.name
  }
}

extension KubernetesResource {
  /// The key of the object that controls this one, if it is of the kind.
  func controllerKey(kind: String) -> NamespacedName? {
    let owner = metadata.ownerReferences.first { $0.controller == true && $0.kind == kind }
    return owner.map { NamespacedName(namespace: metadata.namespace ?? "", name: $0.name) }
  }
}
