import ClusterConfiguration
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI

/// The current kinds in the operator's namespace. It reads them to know whether they say all that a user's ConfigMap
/// says, and never writes any. An installation may lack each of them.
struct CurrentObjects: Sendable {
  let ipAddressPools: Informer<IPAddressPool>
  private let l2Advertisements: Informer<L2Advertisement>
  private let bgpAdvertisements: Informer<BGPAdvertisement>
  private let bgpPeers: Informer<BGPPeer>
  private let bfdProfiles: Informer<BFDProfile>
  private let communities: Informer<Community>

  init(client: APIClient, namespace: String, time: TimeSource, logger: Logger) {
    func informer<R: KubernetesResource>(_ type: R.Type) -> Informer<R> {
      Informer(
        client: client, type, namespace: namespace, isOptional: true, time: time, logger: logger)
    }
    ipAddressPools = informer(IPAddressPool.self)
    l2Advertisements = informer(L2Advertisement.self)
    bgpAdvertisements = informer(BGPAdvertisement.self)
    bgpPeers = informer(BGPPeer.self)
    bfdProfiles = informer(BFDProfile.self)
    communities = informer(Community.self)
  }

  var informers: [any OperatorInformer] {
    [ipAddressPools, l2Advertisements, bgpAdvertisements, bgpPeers, bfdProfiles, communities]
  }

  /// Queues a key when what an object says may be another thing: their status changes with every Service.
  func enqueue(into queue: WorkQueue<OperatorKey>, _ key: OperatorKey) {
    ipAddressPools.enqueueSpecifications(into: queue, key)
    l2Advertisements.enqueueSpecifications(into: queue, key)
    bgpAdvertisements.enqueueSpecifications(into: queue, key)
    bgpPeers.enqueueSpecifications(into: queue, key)
    bfdProfiles.enqueueSpecifications(into: queue, key)
    communities.enqueueSpecifications(into: queue, key)
  }

  /// Passwords in Secrets are not read.
  func sources(addressPools: [AddressPool]) -> ConfigurationSources {
    ConfigurationSources(
      ipAddressPools: ipAddressPools.store.values, l2Advertisements: l2Advertisements.store.values,
      bgpAdvertisements: bgpAdvertisements.store.values, bgpPeers: bgpPeers.store.values,
      bfdProfiles: bfdProfiles.store.values, communities: communities.store.values,
      addressPools: addressPools)
  }
}

extension Informer {
  fileprivate func enqueueSpecifications(
    into queue: WorkQueue<OperatorKey>, _ key: OperatorKey
  ) {
    enqueue(into: queue) { change in
      let isNew =
        change.isGenerationChange || change.old?.metadata.labels != change.new?.metadata.labels
      return isNew ? key : nil
    }
  }
}
