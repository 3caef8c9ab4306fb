import Announcement
import ConfigurationWatch
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import ServiceLifecycle

/// Everything that a speaker reads, stripped to what it needs.
struct SpeakerInformers: Sendable {
  /// Looks up what belongs to a Service, by `namespace/name`.
  static let serviceIndex = "service"

  let services: Informer<KubernetesAPI.Service>
  let endpointSlices: Informer<EndpointSlice>
  let nodes: Informer<Node>
  /// The speakers' Pods; none where every Node counts as having one.
  let speakers: SpeakerPods?
  let configuration: ConfigurationInformers
  let statuses: Informer<ServiceL2Status>
  /// This speaker's own.
  let states: Informer<ConfigurationState>

  init(
    client: APIClient, options: SpeakerOptions, time: TimeSource, logger: Logger
  ) {
    let namespace = options.namespace
    services = Informer(client: client, time: time, logger: logger) { $0.dropUnread() }
    endpointSlices = Informer(
      client: client,
      indexes: [StoreIndex(name: Self.serviceIndex) { $0.service.map { ["\($0)"] } ?? [] }],
      time: time, logger: logger
    ) { $0.dropUnread() }
    nodes = Informer(client: client, time: time, logger: logger) { $0.dropUnread() }
    // With gossip they only say where others may be found, as often as upstream asks for that. Else who is there follows
    // from them, and from the Nodes, which are watched in any case.
    speakers =
      options.speakerLabels.isEmpty
      ? nil
      : SpeakerPods(
        client: client, namespace: namespace, labels: options.speakerLabels,
        interval: options.gossip == nil ? .seconds(10) : .seconds(60), time: time, logger: logger)
    var extent = ConfigurationInformers.Extent()
    extent.requiresAdvertisements = true
    configuration = ConfigurationInformers(
      client: client, namespace: namespace, configMapName: options.configMapName, extent: extent,
      time: time, logger: logger)
    statuses = Informer(
      client: client, namespace: namespace,
      indexes: [StoreIndex(name: Self.serviceIndex) { $0.service.map { ["\($0)"] } ?? [] }],
      isOptional: true, time: time, logger: logger)
    let state = ConfigurationStateWriter.Component.speaker(node: options.nodeName).name
    states = Informer(
      client: client, namespace: namespace, fieldSelector: "metadata.name=\(state)",
      isOptional: true, time: time, logger: logger)
  }

  var all: [any ServiceLifecycle.Service] {
    [services, endpointSlices, nodes, statuses, states] + configuration.all
      + (speakers.map { [$0] } ?? [])
  }

  /// Returns once everything that decides about announcing is known.
  func waitForSync() async throws {
    try await services.waitForSync()
    try await endpointSlices.waitForSync()
    try await nodes.waitForSync()
    try await speakers?.waitUntilKnown()
    try await configuration.waitForSync()
  }
}

extension KubernetesAPI.Service {
  fileprivate mutating func dropUnread() {
    var kept = Spec(type: spec?.type)
    kept.loadBalancerClass = spec?.loadBalancerClass
    kept.externalTrafficPolicy = spec?.externalTrafficPolicy
    spec = kept
    metadata.annotations = metadata.annotations.filter { $0.key.hasSuffix("/allow-shared-ip") }
    metadata.ownerReferences = []
    if status?.loadBalancer?.ingress?.isEmpty ?? true { status = nil }
    status?.conditions = nil
  }
}

extension EndpointSlice {
  /// The Service that the slice belongs to.
  var service: NamespacedName? {
    guard let name = metadata.labels[Self.serviceNameLabel], let namespace = metadata.namespace
    else { return nil }
    return NamespacedName(namespace: namespace, name: name)
  }

  fileprivate mutating func dropUnread() {
    metadata.labels = metadata.labels.filter { $0.key == Self.serviceNameLabel }
    metadata.annotations = [:]
    metadata.ownerReferences = []
    ports = nil
    endpoints = endpoints?.map {
      Endpoint(addresses: [], conditions: $0.conditions, nodeName: $0.nodeName)
    }
  }
}

extension Node {
  fileprivate mutating func dropUnread() {
    metadata.annotations = [:]
    var keptSpec = Spec()
    keptSpec.unschedulable = spec?.unschedulable
    keptSpec.taints = spec?.taints?.filter { $0.key == NodeFacts.outOfServiceTaint }
    spec = keptSpec
    var kept = Status()
    // Frames of the node may come from any of them.
    kept.addresses = status?.addresses?.filter {
      $0.type == "InternalIP" || $0.type == "ExternalIP"
    }
    kept.conditions = status?.conditions?
      .filter { $0.type == "Ready" || $0.type == "NetworkUnavailable" }
      .map { NodeCondition(type: $0.type, status: $0.status) }
    status = kept
  }
}
