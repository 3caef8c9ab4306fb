internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import NetworkAddresses
internal import NetworkLab
private import Synchronization

/// What runs on a node: registration, heartbeats, its Pods and the proxy. One life of it lasts as
/// long as the node has power.
final class NodeAgent: Sendable {
  let node: NodeContext
  /// Pods, or what they depend on, may have changed.
  let podWake = Wake()
  let proxyWake = Wake()
  private let runtimes = Mutex<[String: PodRuntime]>([:])

  init(node: NodeContext) { self.node = node }

  /// Runs until cancellation; then every process of the node is dead.
  func run() async {
    do {
      try await node.view.waitForSync()
      try await register()
    } catch {
      node.logger.warning("the node cannot start", metadata: ["error": "\(error)"])
      return
    }
    let proxyReady = Wake()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.sendHeartbeats() }
      group.addTask {
        await KubeProxy(node: self.node, wake: self.proxyWake).run { proxyReady.signal() }
      }
      // Containers would find no API server before.
      await proxyReady.wait()
      await self.keepPods()
      group.cancelAll()
    }
    runtimes.withLock { $0 = [:] }
  }

  func refreshVolumes() {
    for runtime in runtimes.withLock({ Array($0.values) }) { runtime.refreshVolumes() }
  }

  // MARK: Pods

  private func keepPods() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        for runtime in takeNewRuntimes() {
          group.addTask {
            await runtime.run()
            _ = self.runtimes.withLock { $0.removeValue(forKey: runtime.uid) }
            self.podWake.signal()
          }
        }
        await podWake.wait()
      }
      group.cancelAll()
    }
  }

  /// Tells every Pod that runs what the API server has of it, and returns those that are new.
  private func takeNewRuntimes() -> [PodRuntime] {
    if node.isCut { return [] }
    let pods = node.view.pods.store.values.filter { $0.spec?.nodeName == node.name }
    let byUID = Dictionary(pods.map { ($0.metadata.uid ?? "", $0) }) { first, _ in first }
    return runtimes.withLock { runtimes in
      for (uid, runtime) in runtimes { runtime.update(byUID[uid]) }
      var new: [PodRuntime] = []
      for (uid, pod) in byUID where runtimes[uid] == nil && Self.isOurs(pod) {
        let runtime = PodRuntime(pod: pod, node: node)
        runtimes[uid] = runtime
        new.append(runtime)
      }
      return new
    }
  }

  /// Whether there is something to do for a Pod that is not known yet: not for those that ended,
  /// nor for those that the node has let go and that somebody else's finalizer holds.
  private static func isOurs(_ pod: Pod) -> Bool {
    pod.isTerminating ? pod.metadata.deletionGracePeriodSeconds != 0 : pod.isActive
  }

  // MARK: Registration and heartbeats

  private func register() async throws {
    let labels: JSONValue = [
      "kubernetes.io/hostname": .string(node.name), "kubernetes.io/os": "linux",
      "kubernetes.io/arch": .string(Self.architecture),
    ]
    let object: JSONValue = [
      "apiVersion": "v1", "kind": "Node",
      "metadata": ["name": .string(node.name), "labels": labels],
      "spec": [
        "podCIDR": .string(node.plan.pods.description),
        "podCIDRs": [.string(node.plan.pods.description)],
        "taints": [["key": .string(NodeHealth.notReady), "effect": "NoSchedule"]],
      ],
    ]
    do {
      _ = try await node.client.create(object, Node.resource)
    } catch let error as KubernetesError where error.isAlreadyExists {
      let patch: JSONValue = ["metadata": ["labels": labels]]
      _ = try await node.client.patch(Node.resource, node.name, .merge(patch))
    }
    try await renewLease()
    try await postStatus()
  }

  private static var architecture: String {
    #if arch(arm64)
      "arm64"
    #else
      "amd64"
    #endif
  }

  private func postStatus() async throws {
    let now = JSONValue.string(Timestamp.now.rfc3339)
    func condition(_ type: String, _ status: String, _ reason: String) -> JSONValue {
      [
        "type": .string(type), "status": .string(status), "reason": .string(reason), "message": "",
        "lastHeartbeatTime": now, "lastTransitionTime": now,
      ]
    }
    let resources: JSONValue = [
      "cpu": "2", "memory": "4Gi", "pods": "110", "ephemeral-storage": "10Gi",
    ]
    let status: JSONValue = [
      "addresses": [
        ["type": "InternalIP", "address": .string(node.hostIP)],
        ["type": "Hostname", "address": .string(node.name)],
      ],
      "conditions": [
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID"),
        condition("Ready", "True", "KubeletReady"),
      ],
      "capacity": resources, "allocatable": resources,
      "nodeInfo": [
        "architecture": .string(Self.architecture), "operatingSystem": "linux",
        "kubeletVersion": "v1.36.2-lab", "kubeProxyVersion": "",
        "containerRuntimeVersion": "lab://1",
        "osImage": "lab", "kernelVersion": "", "machineID": "", "systemUUID": "", "bootID": "",
      ],
    ]
    _ = try await node.client.patch(
      Node.resource, node.name, .merge(["status": status]), subresource: "status")
  }

  private func sendHeartbeats() async {
    while !Task.isCancelled {
      let next = ContinuousClock.now.advanced(by: node.settings.heartbeat)
      do {
        if node.isCut { throw CutLink() }
        try await renewLease()
        // Somebody thought this node lost while it could not be heard.
        let known = node.view.nodes.store[NamespacedName(name: node.name)]
        if known?.condition("Ready") != "True" { try await postStatus() }
      } catch {
        node.logger.debug("no heartbeat", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(until: next)
    }
  }

  /// The reason why nothing reaches the API server while the link is cut.
  private struct CutLink: Error {}

  private func renewLease() async throws {
    var spec = Lease.Spec()
    spec.holderIdentity = node.name
    spec.leaseDurationSeconds = Int(node.settings.nodeGracePeriod.components.seconds)
    spec.renewTime = MicroTime(.now)
    let body = try JSONValue(encoding: spec)
    let client = node.client.timeout(.seconds(4))
    do {
      _ = try await client.patch(
        Lease.resource, node.name, namespace: ClusterView.leaseNamespace,
        .merge(["spec": body]))
    } catch let error as KubernetesError where error.isNotFound {
      let metadata = ObjectMeta(name: node.name, namespace: ClusterView.leaseNamespace)
      _ = try await client.create(Lease(metadata: metadata, spec: spec))
    }
  }
}
