package import ClusterConfiguration
import KubernetesAPI
package import KubernetesClient
import LegacyConfiguration
import MetalLBAPI

extension ConfigurationSources {
  /// Everything that configures the cluster, as it stands at this moment. Kinds that an installation lacks or forbids us to
  /// read count as empty, but for pools: what is judged without knowing them is not judged.
  package init(reading client: APIClient, options: ControllerOptions) async throws {
    let namespace = options.namespace
    async let pools = client.list(IPAddressPool.self, namespace: namespace).items
    async let l2Advertisements = client.listIfReadable(L2Advertisement.self, namespace)
    async let bgpAdvertisements = client.listIfReadable(BGPAdvertisement.self, namespace)
    async let peers = client.listIfReadable(BGPPeer.self, namespace)
    async let profiles = client.listIfReadable(BFDProfile.self, namespace)
    async let communities = client.listIfReadable(Community.self, namespace)
    async let addressPools = client.listIfReadable(AddressPool.self, namespace)
    async let configMaps = client.listIfReadable(
      ConfigMap.self, namespace, fieldSelector: "metadata.name=\(options.configMapName)")
    async let nodes = client.listIfReadable(Node.self, nil)
    async let metalLBs = client.listIfReadable(MetalLB.self, namespace)
    // What the operator rendered into the ConfigMap are the AddressPools.
    let legacy = try await configMaps?.first {
      $0.metadata.labels[LegacyDocument.renderedByLabel] == nil
    }
    let metalLB = try await metalLBs?.first { $0.metadata.name == MetalLB.singletonName }
    let backend = try await Backend(metalLB, bgpType: options.bgpType, reading: client, namespace)
    try await self.init(
      ipAddressPools: pools, l2Advertisements: l2Advertisements ?? [],
      bgpAdvertisements: bgpAdvertisements ?? [], bgpPeers: peers, bfdProfiles: profiles ?? [],
      communities: communities ?? [], legacy: legacy, addressPools: addressPools ?? [],
      nodes: nodes?.map(\.metadata.labels),
      backend: backend)
  }
}

extension ConfigurationSources.Backend {
  /// The backend that a MetalLB object names, else that of this process, else that of the speakers that run: an operator
  /// that takes a cluster over keeps it.
  fileprivate init(
    _ metalLB: MetalLB?, bgpType: String, reading client: APIClient, _ namespace: String
  ) async throws {
    var type = bgpType
    if bgpType.isEmpty, (metalLB?.spec?.bgpBackend ?? "").isEmpty {
      do {
        let speaker = try await client.find(DaemonSet.self, "speaker", namespace: namespace)
        let container = speaker?.spec?.template.spec.containers?.first { $0.name == "speaker" }
        type = container?.env?.first { $0.name == "METALLB_BGP_TYPE" }?.value ?? ""
      } catch let error as KubernetesError where error.isForbidden {
        type = ""
      }
    }
    self.init(metalLB, bgpType: type)
  }

  /// The backend that a MetalLB object names, else that of this process.
  ///
  /// - Parameter bgpType: the value of `METALLB_BGP_TYPE`.
  init(_ metalLB: MetalLB?, bgpType: String) {
    let named = metalLB?.spec?.bgpBackend ?? ""
    let backend = named.isEmpty ? bgpType : named
    self = backend.hasPrefix("frr") ? .frr : .native
  }
}

extension APIClient {
  /// `nil` where the kind is unknown or may not be read.
  func listIfReadable<R: KubernetesResource>(
    _ type: R.Type, _ namespace: String?, fieldSelector: String? = nil
  ) async throws -> [R]? {
    do {
      return try await list(
        type, namespace: namespace, options: ListOptions(fieldSelector: fieldSelector)
      ).items
    } catch let error as KubernetesError where error.isNotFound || error.isForbidden {
      return nil
    }
  }
}
