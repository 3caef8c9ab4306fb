import ConfigurationWatch
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import ServiceLifecycle

/// Everything that the leader reads.
struct Informers: Sendable {
  let services: Informer<KubernetesAPI.Service>
  let configuration: ConfigurationInformers
  let states: Informer<ConfigurationState>
  /// Their labels tell which selectors match none, and which objects meet. Upstream's rights forbid to watch them.
  let nodes: Informer<Node>
  /// What speakers found on the link.
  let layer2Statuses: Informer<ServiceL2Status>
  /// Without its content; nil where no name is configured.
  let memberlistSecret: Informer<Secret>?

  init(
    client: APIClient, options: ControllerOptions, time: TimeSource, logger: Logger
  ) {
    services = Informer(client: client, time: time, logger: logger) { $0.dropUnread() }
    var extent = ConfigurationInformers.Extent()
    extent.namespaces = true
    configuration = ConfigurationInformers(
      client: client, namespace: options.namespace, configMapName: options.configMapName,
      extent: extent, time: time, logger: logger)
    states = Informer(
      client: client, namespace: options.namespace,
      fieldSelector: "metadata.name=\(ConfigurationStateWriter.Component.controller.name)",
      isOptional: true,
      time: time, logger: logger)
    nodes = Informer(client: client, isOptional: true, time: time, logger: logger) { node in
      node = Node(
        metadata: ObjectMeta(
          name: node.metadata.name, uid: node.metadata.uid,
          resourceVersion: node.metadata.resourceVersion, labels: node.metadata.labels))
    }
    layer2Statuses = Informer(
      client: client, namespace: options.namespace, isOptional: true, time: time, logger: logger
    ) { $0.dropUnread() }
    let secretName = options.memberlistSecretName
    memberlistSecret =
      secretName.isEmpty
      ? nil
      : Informer(
        client: client, namespace: options.namespace,
        fieldSelector: "metadata.name=\(secretName)", isOptional: true, time: time, logger: logger
      ) { $0.data = nil }
  }

  var all: [any ServiceLifecycle.Service] {
    let secrets: [any ServiceLifecycle.Service] = memberlistSecret.map { [$0] } ?? []
    return [services, states, nodes, layer2Statuses] + configuration.all + secrets
  }

  /// Returns once every source of the configuration and all Services are known.
  func waitForSync() async throws {
    try await services.waitForSync()
    try await configuration.waitForSync()
  }

  /// The labels of all nodes; nil while they are not known. No address waits for them.
  var nodeLabels: [[String: String]]? {
    guard nodes.hasSynced, nodes.unavailable == nil else { return nil }
    return nodes.store.values.map(\.metadata.labels)
  }
}

extension ServiceL2Status {
  /// Keeps only what was found before an address was announced, and the Service.
  fileprivate mutating func dropUnread() {
    metadata.annotations = [:]
    metadata.ownerReferences = []
    let conflicts = status?.extensions?.conflicts?.filter { !$0.announced } ?? []
    status?.interfaces = nil
    status?.extensions = conflicts.isEmpty ? nil : Extensions(conflicts: conflicts)
  }

  /// The Service that the object is about.
  var service: NamespacedName? {
    guard let name = status?.serviceName, let namespace = status?.serviceNamespace else {
      return nil
    }
    return NamespacedName(namespace: namespace, name: name)
  }
}

extension KubernetesAPI.Service {
  /// Drops what is not read here. Metadata and status stay whole, because they are written back; the API server takes
  /// no part of the spec from a status write.
  mutating func dropUnread() {
    guard let full = spec else { return }
    var spec = Spec(type: full.type)
    if full.type == "LoadBalancer" {
      spec.selector = full.externalTrafficPolicy == "Local" ? full.selector : nil
      spec.ports = full.ports?.map { Port(protocol: $0.protocol, port: $0.port) }
      spec.clusterIP = full.clusterIP
      spec.clusterIPs = full.clusterIPs
      spec.ipFamilyPolicy = full.ipFamilyPolicy
      spec.ipFamilies = full.ipFamilies
      spec.loadBalancerIP = full.loadBalancerIP
      spec.externalTrafficPolicy = full.externalTrafficPolicy
    }
    spec.loadBalancerClass = full.loadBalancerClass
    self.spec = spec
  }
}
