package import ClusterConfiguration
package import KubernetesAPI
package import KubernetesClient
import LegacyConfiguration
import MetalLBAPI

/// What decides about addresses in a live cluster, read at one moment.
package struct ClusterState: Sendable {
  package var sources: ConfigurationSources
  package var services: [Service]
  /// The class of Services that the controller serves.
  package var loadBalancerClass: String

  /// Kinds that the cluster lacks count as empty.
  ///
  /// - Parameter namespace: MetalLB's own.
  package init(reading client: APIClient, namespace: String) async throws {
    async let pools = client.list(IPAddressPool.self, namespace: namespace).items
    async let l2Advertisements = client.listed(L2Advertisement.self, namespace)
    async let bgpAdvertisements = client.listed(BGPAdvertisement.self, namespace)
    async let peers = client.listed(BGPPeer.self, namespace)
    async let profiles = client.listed(BFDProfile.self, namespace)
    async let communities = client.listed(Community.self, namespace)
    async let addressPools = client.listed(AddressPool.self, namespace)
    async let configMap = client.find(
      ConfigMap.self, LegacyDocument.configMapName, namespace: namespace)
    async let namespaces = client.list(Namespace.self).items
    async let nodes = client.list(Node.self).items
    async let metalLBs = client.listed(MetalLB.self, namespace)
    async let services = client.list(Service.self).items
    let metalLB = try await metalLBs.first { $0.metadata.name == MetalLB.singletonName }
    // What the operator rendered into the ConfigMap are the AddressPools.
    let legacy = try await configMap.flatMap {
      $0.metadata.labels[LegacyDocument.renderedByLabel] == nil ? $0 : nil
    }
    sources = try await ConfigurationSources(
      ipAddressPools: pools, l2Advertisements: l2Advertisements,
      bgpAdvertisements: bgpAdvertisements, bgpPeers: peers, bfdProfiles: profiles,
      communities: communities, legacy: legacy, addressPools: addressPools,
      namespaces: namespaces, nodes: nodes.map(\.metadata.labels),
      backend: metalLB?.spec?.bgpBackend?.hasPrefix("frr") == true ? .frr : .native)
    self.services = try await services
    loadBalancerClass = metalLB?.spec?.loadBalancerClass ?? ""
  }
}

extension APIClient {
  fileprivate func listed<R: KubernetesResource>(
    _ type: R.Type, _ namespace: String
  ) async throws -> [R] {
    do {
      return try await list(type, namespace: namespace).items
    } catch let error as KubernetesError where error.isNotFound {
      return []
    }
  }
}
