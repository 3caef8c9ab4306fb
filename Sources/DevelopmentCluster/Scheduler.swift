internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
private import Synchronization

/// Binds Pods to nodes; the choice is made by `Scheduling`.
final class Scheduler: Sendable {
  private let view: ClusterView
  private let events: EventRecorder
  /// Pods that were bound and that the store still shows unbound, by uid.
  private let assumed = Mutex<[String: String]>([:])

  init(view: ClusterView, events: EventRecorder) {
    self.view = view
    self.events = events
  }

  func controller(logger: Logger) -> Controller<NamespacedName> {
    let queue = WorkQueue<NamespacedName>(maximumDelay: .seconds(5))
    view.pods.enqueue(into: queue) { change in
      change.new.map(Self.isWaiting) == true ? change.key : nil
    }
    // A node that comes, goes or changes may make room.
    view.nodes.onChange { [view] change in
      guard
        change.old?.spec != change.new?.spec
          || change.old?.metadata.labels != change.new?.metadata.labels
      else { return }
      for (key, pod) in view.pods.store.snapshot where Self.isWaiting(pod) { queue.add(key) }
    }
    return Controller(name: "scheduler", queue: queue, logger: logger, ready: view.waitForSync) {
      try await self.schedule($0)
    }
  }

  static func isWaiting(_ pod: Pod) -> Bool {
    (pod.spec?.nodeName ?? "").isEmpty && !pod.isTerminating && pod.isActive
      && (pod.spec?.schedulerName ?? "default-scheduler") == "default-scheduler"
  }

  private func schedule(_ key: NamespacedName) async throws -> ReconcileResult {
    guard let pod = view.pods.store[key], Self.isWaiting(pod) else { return .done }
    let bound = boundPods()
    guard !bound.contains(where: { $0.metadata.uid == pod.metadata.uid }) else { return .done }
    switch Scheduling.decide(pod, nodes: view.nodes.store.values, bound: bound) {
    case .node(let node):
      try await bind(pod, to: node)
      return .done
    case .unschedulable(let message):
      try await report(pod, message)
      return .done
    }
  }

  /// Bound Pods as the store shows them, with those that were bound since.
  private func boundPods() -> [Pod] {
    let pods = view.pods.store.values
    return assumed.withLock { assumed in
      var result: [Pod] = []
      var waiting: Set<String> = []
      for pod in pods {
        let uid = pod.metadata.uid ?? ""
        if !(pod.spec?.nodeName ?? "").isEmpty {
          result.append(pod)
        } else if let node = assumed[uid] {
          var copy = pod
          copy.spec?.nodeName = node
          result.append(copy)
          waiting.insert(uid)
        }
      }
      assumed = assumed.filter { waiting.contains($0.key) }
      return result
    }
  }

  private func bind(_ pod: Pod, to node: String) async throws {
    let name = JSONValue.string(pod.metadata.name)
    let binding: JSONValue = [
      "apiVersion": "v1", "kind": "Binding",
      "metadata": [
        "name": name, "namespace": .string(pod.metadata.namespace ?? ""),
        "uid": .string(pod.metadata.uid ?? ""),
      ],
      "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
    ]
    do {
      _ = try await view.client.create(binding, Pod.resource, subresource: "binding")
    } catch let error as KubernetesError where error.isNotFound {
      return
    }
    assumed.withLock { $0[pod.metadata.uid ?? ""] = node }
    events.record(
      .normal, reason: "Scheduled",
      "Successfully assigned \(pod.namespacedName) to \(node)", on: pod)
  }

  private func report(_ pod: Pod, _ message: String) async throws {
    var conditions = pod.status?.conditions ?? []
    let old = conditions.first { $0.type == "PodScheduled" }
    guard old?.message != message else { return }
    conditions.removeAll { $0.type == "PodScheduled" }
    conditions.append(
      PodCondition(
        type: "PodScheduled", status: "False", reason: "Unschedulable", message: message,
        lastTransitionTime: old?.status == "False" ? old?.lastTransitionTime : .now))
    var status = pod.status ?? PodStatus()
    status.conditions = conditions
    try await view.client.writeStatus(of: pod, status, replacing: pod.status)
    events.record(.warning, reason: "FailedScheduling", message, on: pod)
  }
}
