import Announcement
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import NetworkAddresses

/// A cluster with Nodes, a speaker Pod on each, one pool, and a Service with one endpoint.
struct Scene {
  let cluster: TestCluster
  /// The names of the Nodes.
  let nodes: [String]
  /// Led by the first Node, as long as all are members.
  let address: IPAddress

  var client: APIClient { cluster.client }
  var namespace: String { cluster.namespace }
  /// Leaves the Services of other tests alone, and they this one's.
  var loadBalancerClass: String { "test.metallb.io/\(namespace)" }
  var service: NamespacedName { NamespacedName(namespace: namespace, name: "web") }

  /// Runs `body` in a scene with `count` Nodes, all ready, with ready speakers.
  static func with(
    nodes count: Int = 2, advertisement: L2Advertisement.Spec? = L2Advertisement.Spec(),
    _ body: (Scene) async throws -> Void
  ) async throws {
    try await withTestCluster { cluster in
      for (_, text) in CustomResourceDefinitions.yaml { try await cluster.installCRDs(yaml: text) }
      let nodes = (0..<count).map { _ in cluster.uniqueName("node") }
      let candidates = nodes.map { Layer2Election.Candidate(node: $0) }
      let address = (0..<256 as Range<UInt128>).lazy
        .compactMap { IPAddress(family: .ipv4, number: 0xcb00_7100 + $0) }
        .first { Layer2Election.leader(of: $0, among: candidates) == nodes.first }
      let scene = Scene(
        cluster: cluster, nodes: nodes, address: address ?? .v4(.unspecified))
      do {
        try await scene.build(advertisement)
        try await body(scene)
        try await scene.removeNodes()
      } catch {
        try? await scene.removeNodes()
        throw error
      }
    }
  }

  private func build(_ advertisement: L2Advertisement.Spec?) async throws {
    for node in nodes {
      _ = try await client.create(Node(metadata: ObjectMeta(name: node)))
      try await setNode(node, ready: true)
      _ = try await client.create(speakerPod(on: node))
      try await setSpeaker(on: node, ready: true)
    }
    _ = try await client.create(
      IPAddressPool(
        metadata: ObjectMeta(name: "gold", namespace: namespace),
        spec: IPAddressPool.Spec(addresses: ["203.0.113.0/24"])))
    if let advertisement {
      _ = try await client.create(
        L2Advertisement(
          metadata: ObjectMeta(name: "gold", namespace: namespace), spec: advertisement))
    }
    try await createService()
  }

  func createService() async throws {
    var spec = Service.Spec(type: "LoadBalancer")
    spec.ports = [Service.Port(port: 80)]
    spec.loadBalancerClass = loadBalancerClass
    let created = try await client.create(
      Service(metadata: ObjectMeta(name: service.name, namespace: namespace), spec: spec))
    try await setAddresses([address], of: created)
    _ = try await client.create(
      EndpointSlice(
        metadata: ObjectMeta(
          name: "web-1", namespace: namespace,
          labels: [EndpointSlice.serviceNameLabel: service.name]),
        addressType: "IPv4", endpoints: [.init(addresses: ["10.1.0.1"], nodeName: nodes.first)]))
  }

  func setAddresses(_ addresses: [IPAddress], of service: Service) async throws {
    var service = service
    service.status = Service.Status(
      loadBalancer: .init(ingress: addresses.map { .init(ip: $0.description) }))
    _ = try await client.updateStatus(service)
  }

  func speakerPod(on node: String) -> Pod {
    var spec = PodSpec()
    spec.nodeName = node
    spec.containers = [Container(name: "speaker", image: "speaker")]
    return Pod(
      metadata: ObjectMeta(
        name: "speaker-\(node)", namespace: namespace, labels: ["component": "speaker"]),
      spec: spec)
  }

  func setNode(_ name: String, ready: Bool) async throws {
    try await client.retryingConflicts {
      var node = try await client.get(Node.self, name)
      var status = node.status ?? Node.Status()
      status.conditions = [NodeCondition(type: "Ready", status: ready ? "True" : "Unknown")]
      node.status = status
      _ = try await client.updateStatus(node)
    }
  }

  func label(_ node: String, _ labels: [String: String]) async throws {
    try await client.retryingConflicts {
      var object = try await client.get(Node.self, node)
      object.metadata.labels.merge(labels) { $1 }
      _ = try await client.update(object)
    }
  }

  func setSpeaker(on node: String, ready: Bool) async throws {
    try await client.retryingConflicts {
      var pod = try await client.get(Pod.self, "speaker-\(node)", namespace: namespace)
      var status = pod.status ?? PodStatus()
      status.conditions = [PodCondition(type: "Ready", status: ready ? "True" : "False")]
      pod.status = status
      _ = try await client.updateStatus(pod)
    }
  }

  private func removeNodes() async throws {
    for node in nodes { try await client.delete(Node.self, node) }
  }

  /// The objects that speak about the Service, once they satisfy the condition.
  func statuses(
    _ what: String, where condition: ([ServiceL2Status]) -> Bool
  ) async throws -> [ServiceL2Status] {
    let kind = ServiceL2Status.resource
    while true {
      let list = try await client.list(ServiceL2Status.self, namespace: namespace)
      if condition(list.items) { return list.items }
      let events = try await client.watch(
        kind, namespace: namespace,
        options: WatchOptions(resourceVersion: list.metadata.resourceVersion))
      for try await event in events {
        if case .bookmark = event { continue }
        break
      }
    }
  }
}

extension APIClient {
  fileprivate func retryingConflicts(_ body: () async throws -> Void) async throws {
    while true {
      do {
        return try await body()
      } catch let error as KubernetesError where error.isConflict {
        continue
      }
    }
  }
}
