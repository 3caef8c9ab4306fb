internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
private import Synchronization

/// Watches heartbeats and tells the cluster which nodes are lost, as `NodeHealth` says; evicts Pods
/// from nodes that stay lost; removes those of nodes that are no more.
final class NodeLifecycleController: Sendable {
  private let view: ClusterView
  private let health: Mutex<NodeHealth>
  /// Nodes that were there at some time.
  private let known = Mutex<Set<String>>([])
  private let events: EventRecorder

  init(view: ClusterView, gracePeriod: Duration, events: EventRecorder) {
    self.view = view
    self.events = events
    health = Mutex(NodeHealth(gracePeriod: gracePeriod))
  }

  func controller(logger: Logger) -> Controller<String> {
    let queue = WorkQueue<String>(maximumDelay: .seconds(1))
    view.nodes.enqueue(into: queue) { $0.key.name }
    view.leases.onChange { [self] change in
      let version = change.new?.spec?.renewTime.map { "\($0.time.microseconds)" }
      health.withLock { $0.observe(change.key.name, leaseVersion: version, now: .now) }
      let node = view.nodes.store[NamespacedName(name: change.key.name)]
      if node?.condition("Ready") != "True" { queue.add(change.key.name) }
    }
    view.pods.enqueue(into: queue) { change in
      // Where a Pod is bound to, it may have to be evicted from.
      change.old == nil || change.old?.spec?.nodeName != change.new?.spec?.nodeName
        ? change.new?.spec?.nodeName : nil
    }
    return Controller(name: "nodelifecycle", queue: queue, logger: logger, ready: view.waitForSync)
    { try await self.reconcile($0) }
  }

  private func reconcile(_ name: String) async throws -> ReconcileResult {
    guard let node = view.nodes.store[NamespacedName(name: name)] else {
      health.withLock { $0.forget(name) }
      // A node that was never there may still be coming.
      guard known.withLock({ $0.remove(name) }) != nil else { return .done }
      for pod in pods(on: name) {
        try await view.client.deleteIfPresent(pod, gracePeriodSeconds: 0)
      }
      return .done
    }
    known.withLock { _ = $0.insert(name) }
    let now = ContinuousClock.now
    let (isSilent, deadline) = health.withLock { health in
      if health.deadline(name) == nil { health.observe(name, leaseVersion: nil, now: now) }
      return (health.isSilent(name, now: now), health.deadline(name) ?? now)
    }
    var current = node
    if isSilent,
      let conditions = NodeHealth.conditionsOfSilentNode(
        node.status?.conditions ?? [], wall: .now)
    {
      let body = try JSONValue(encoding: conditions)
      current = try await view.client.patch(
        Node.self, name, .merge(["status": ["conditions": body]]), subresource: "status")
      events.record(
        .normal, reason: "NodeNotReady", "Node \(name) status is now: NodeNotReady", on: node)
    }
    if let taints = NodeHealth.taints(of: current, wall: .now) {
      let body = try JSONValue(encoding: taints)
      current = try await view.client.patch(Node.self, name, .merge(["spec": ["taints": body]]))
    }
    var next: Duration? = isSilent ? nil : max(.milliseconds(1), deadline - now)
    if current.condition("Ready") != "True" {
      for pod in pods(on: name) { try await markLost(pod) }
    }
    if let eviction = try await evict(from: current) { next = min(next ?? eviction, eviction) }
    return next.map { .requeue(after: $0) } ?? .done
  }

  private func pods(on node: String) -> [Pod] {
    view.pods.store.values.filter { $0.spec?.nodeName == node }
  }

  private func markLost(_ pod: Pod) async throws {
    guard let conditions = NodeHealth.conditionsOfLostPod(pod, wall: .now) else { return }
    var status = pod.status ?? PodStatus()
    status.conditions = conditions
    do {
      try await view.client.writeStatus(of: pod, status, replacing: pod.status)
    } catch let error as KubernetesError where error.isNotFound {}
  }

  /// Deletes the Pods whose time on a tainted node is over, and returns when the next one's is.
  private func evict(from node: Node) async throws -> Duration? {
    let taints = node.spec?.taints ?? []
    let since = taints.filter { $0.effect == "NoExecute" }.compactMap(\.timeAdded).min()
    var next: Duration?
    for pod in pods(on: node.metadata.name) where !pod.isTerminating {
      guard let stay = NodeHealth.stay(of: pod, taints: taints) else { continue }
      let left = stay - Timestamp.now.duration(since: since ?? .now)
      if left <= .zero {
        events.record(.normal, reason: "TaintManagerEviction", "Marking for deletion", on: pod)
        try await view.client.deleteIfPresent(pod)
      } else {
        next = min(next ?? left, left)
      }
    }
    return next
  }
}
