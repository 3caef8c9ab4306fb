import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import ServiceLifecycle

/// Everything that the leader reads.
struct Informers: Sendable {
  let services: Informer<KubernetesAPI.Service>
  let pools: Informer<IPAddressPool>
  let advertisements: Informer<L2Advertisement>
  let configMaps: Informer<ConfigMap>
  let namespaces: Informer<Namespace>
  let states: Informer<ConfigurationState>
  private let client: APIClient
  private let options: ControllerOptions
  private let time: TimeSource

  init(
    client: APIClient, options: ControllerOptions, time: TimeSource, logger: Logger
  ) {
    self.client = client
    self.options = options
    self.time = time
    let namespace = options.namespace
    services = Informer(client: client, time: time, logger: logger) { $0.dropUnread() }
    pools = Informer(client: client, namespace: namespace, time: time, logger: logger)
    // Kinds that some installations lack, or forbid us to read. Pools are none of them: no answer must never look like
    // no pools.
    advertisements = Informer(
      client: client, namespace: namespace, isOptional: true, time: time, logger: logger)
    configMaps = Informer(
      client: client, namespace: namespace,
      fieldSelector: "metadata.name=\(options.configMapName)", isOptional: true, time: time,
      logger: logger)
    namespaces = Informer(client: client, time: time, logger: logger) {
      $0.metadata.annotations = [:]
      $0.status = nil
    }
    states = Informer(
      client: client, namespace: namespace,
      fieldSelector: "metadata.name=\(ConfigurationStateReporter.objectName)", isOptional: true,
      time: time, logger: logger)
  }

  var all: [any ServiceLifecycle.Service] {
    [services, pools, advertisements, configMaps, namespaces, states]
  }

  var configurationStores: ConfigurationReconciler.Stores {
    ConfigurationReconciler.Stores(
      ipAddressPools: pools.store, l2Advertisements: advertisements.store,
      configMaps: configMaps.store, namespaces: namespaces.store)
  }

  /// Returns once every source of the configuration and all Services are known.
  func waitForSync() async throws {
    try await services.waitForSync()
    try await pools.waitForSync()
    try await advertisements.waitForSync()
    try await namespaces.waitForSync()
    try await configMaps.waitForSync()
    try await confirmConfigMaps()
  }

  /// ConfigMaps that may not be read count as absent. Where that was so only until a role came into force, going on
  /// would take all of its pools away.
  private func confirmConfigMaps() async throws {
    while configMaps.unavailable != nil {
      do {
        _ = try await client.list(ConfigMap.self, namespace: options.namespace)
      } catch let error as KubernetesError where error.isForbidden {
        return
      }
      try await time.sleep(for: .seconds(1))
    }
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
