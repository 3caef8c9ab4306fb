package import ClusterConfiguration
package import ControllerRuntime
import KubernetesAPI
package import KubernetesClient
package import Logging
package import MetalLBAPI
package import ServiceLifecycle

/// Watches every object that configures MetalLB, and puts them together as the sources of one configuration. Controller
/// and speakers read them in the same way.
package struct ConfigurationInformers: Sendable {
  /// What a component reads beside the kinds that all read.
  package struct Extent: Sendable, Hashable {
    /// Namespaces, for pools that select them.
    package var namespaces = false
    /// Secrets of MetalLB's namespace, for passwords.
    package var secrets = false
    /// Whether the advertisements must be readable. Who announces has to wait for them; who only warns has not.
    package var requiresAdvertisements = false

    package init() {}
  }

  package let ipAddressPools: Informer<IPAddressPool>
  package let l2Advertisements: Informer<L2Advertisement>
  private let bgpAdvertisements: Informer<BGPAdvertisement>
  private let bgpPeers: Informer<BGPPeer>
  private let bfdProfiles: Informer<BFDProfile>
  private let communities: Informer<Community>
  private let configMaps: Informer<ConfigMap>
  private let namespaces: Informer<Namespace>?
  private let secrets: Informer<Secret>?
  private let client: APIClient
  private let namespace: String
  private let time: TimeSource

  /// - Parameter namespace: MetalLB's own.
  package init(
    client: APIClient, namespace: String, configMapName: String, extent: Extent = Extent(),
    time: TimeSource, logger: Logger
  ) {
    self.client = client
    self.namespace = namespace
    self.time = time
    let isOptional = !extent.requiresAdvertisements
    // Pools are never optional: no answer must never look like no pools.
    ipAddressPools = Informer(client: client, namespace: namespace, time: time, logger: logger)
    l2Advertisements = Informer(
      client: client, namespace: namespace, isOptional: isOptional, time: time, logger: logger)
    // Kinds that some installations lack, or forbid us to read.
    bgpAdvertisements = Informer(
      client: client, namespace: namespace, isOptional: true, time: time, logger: logger)
    bgpPeers = Informer(
      client: client, namespace: namespace, isOptional: true, time: time, logger: logger)
    bfdProfiles = Informer(
      client: client, namespace: namespace, isOptional: true, time: time, logger: logger)
    communities = Informer(
      client: client, namespace: namespace, isOptional: true, time: time, logger: logger)
    configMaps = Informer(
      client: client, namespace: namespace, fieldSelector: "metadata.name=\(configMapName)",
      isOptional: true, time: time, logger: logger)
    namespaces =
      extent.namespaces
      ? Informer(client: client, time: time, logger: logger) {
        $0.metadata.annotations = [:]
        $0.status = nil
      } : nil
    secrets =
      extent.secrets
      ? Informer(
        client: client, namespace: namespace, isOptional: true, time: time, logger: logger
      ) { secret in
        secret.metadata.annotations = [:]
        secret.data = secret.data?.filter { $0.key == "password" }
      } : nil
  }

  package var all: [any ServiceLifecycle.Service] {
    [
      ipAddressPools, l2Advertisements, bgpAdvertisements, bgpPeers, bfdProfiles, communities,
      configMaps,
    ] + (namespaces.map { [$0] } ?? []) + (secrets.map { [$0] } ?? [])
  }

  /// Returns once every source is known.
  package func waitForSync() async throws {
    try await ipAddressPools.waitForSync()
    try await l2Advertisements.waitForSync()
    try await bgpAdvertisements.waitForSync()
    try await bgpPeers.waitForSync()
    try await bfdProfiles.waitForSync()
    try await communities.waitForSync()
    try await namespaces?.waitForSync()
    try await secrets?.waitForSync()
    try await configMaps.waitForSync()
    try await confirmConfigMaps()
  }

  /// ConfigMaps that may not be read count as absent. Where that was so only until a role came into force, going on
  /// would take all of its pools away.
  private func confirmConfigMaps() async throws {
    while configMaps.unavailable != nil {
      do {
        _ = try await client.list(ConfigMap.self, namespace: namespace)
      } catch let error as KubernetesError where error.isForbidden {
        return
      }
      try await time.sleep(for: .seconds(1))
    }
  }

  /// Calls the handler whenever the sources may amount to something else: status writes and the like do not count.
  package func onChange(_ handler: @escaping @Sendable () -> Void) {
    ipAddressPools.onSpecificationChange(handler)
    l2Advertisements.onSpecificationChange(handler)
    bgpAdvertisements.onSpecificationChange(handler)
    bgpPeers.onSpecificationChange(handler)
    bfdProfiles.onSpecificationChange(handler)
    communities.onSpecificationChange(handler)
    configMaps.onChange { _ in handler() }
    secrets?.onChange { _ in handler() }
    namespaces?.onChange { change in
      // Only names and labels matter.
      if let old = change.old, let new = change.new, old.metadata.labels == new.metadata.labels {
        return
      }
      handler()
    }
  }

  /// The sources as the stores have them.
  ///
  /// - Parameter nodes: the labels of all nodes, where they are known.
  package func sources(
    nodes: [[String: String]]? = nil, backend: ConfigurationSources.Backend = .native
  ) -> ConfigurationSources {
    ConfigurationSources(
      ipAddressPools: ipAddressPools.store.values,
      l2Advertisements: l2Advertisements.store.values,
      bgpAdvertisements: bgpAdvertisements.store.values,
      bgpPeers: bgpPeers.unavailable == nil ? bgpPeers.store.values : nil,
      bfdProfiles: bfdProfiles.store.values, communities: communities.store.values,
      legacy: configMaps.store.values.first, namespaces: namespaces?.store.values ?? [],
      secrets: secrets.map { informer in
        Dictionary(informer.store.values.map { ($0.metadata.name, $0) }) { first, _ in first }
      }, nodes: nodes, backend: backend)
  }
}

extension Informer {
  fileprivate func onSpecificationChange(_ handler: @escaping @Sendable () -> Void) {
    onChange { change in
      guard
        change.isGenerationChange || change.old?.metadata.labels != change.new?.metadata.labels
      else { return }
      handler()
    }
  }
}
