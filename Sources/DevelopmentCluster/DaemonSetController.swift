internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging

/// Keeps one Pod of a DaemonSet on every node that it is for, as `DaemonSetPlan` says.
struct DaemonSetController: Sendable {
  let view: ClusterView

  func controller(logger: Logger) -> Controller<NamespacedName> {
    let queue = WorkQueue<NamespacedName>(maximumDelay: .seconds(5))
    view.daemonSets.enqueue(into: queue) { $0.key }
    view.pods.enqueue(into: queue) { ($0.new ?? $0.old)?.controllerKey(kind: "DaemonSet") }
    view.nodes.onChange { [view] change in
      guard
        change.old?.spec != change.new?.spec
          || change.old?.metadata.labels != change.new?.metadata.labels
      else { return }
      for key in view.daemonSets.store.keys { queue.add(key) }
    }
    return Controller(name: "daemonset", queue: queue, logger: logger, ready: view.waitForSync) {
      try await reconcile($0)
    }
  }

  private func reconcile(_ key: NamespacedName) async throws -> ReconcileResult {
    guard let daemonSet = view.daemonSets.store[key], let spec = daemonSet.spec,
      daemonSet.metadata.deletionTimestamp == nil
    else { return .done }
    let hash = try TemplateHash.hash(spec.template)
    let pods = try await view.pods(ownedBy: daemonSet.metadata.uid, namespace: key.namespace)
    let plan = DaemonSetPlan(
      daemonSet, nodes: view.nodes.store.values, pods: pods, hash: hash)
    for name in plan.surplus {
      if let pod = pods.first(where: { $0.metadata.name == name }) {
        try await view.client.deleteIfPresent(pod)
      }
    }
    for node in plan.missing {
      _ = try await view.client.create(DaemonSetPlan.pod(of: daemonSet, on: node, hash: hash))
    }
    try await view.client.writeStatus(of: daemonSet, plan.status, replacing: daemonSet.status)
    return .done
  }
}
