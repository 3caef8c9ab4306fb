import ClusterConfiguration
import KubernetesAPI
import MetalLBAPI

/// A large and valid configuration, of every kind something, in the shapes that users write.
enum SampleConfiguration {
  private static let namespace = "metallb-system"

  private static func metadata(
    _ name: String, _ index: Int, labels: [String: String] = [:]
  ) -> ObjectMeta {
    ObjectMeta(
      name: "\(name)-\(index)", namespace: namespace, uid: "\(name)-\(index)",
      creationTimestamp: Timestamp(seconds: Int64(index)), labels: labels)
  }

  /// 40 % pools, 20 % L2 and 20 % BGP advertisements, 10 % peers, 5 % BFD profiles and 5 % communities of `count`.
  static func sources(_ count: Int, backend: ConfigurationSources.Backend) -> ConfigurationSources {
    let pools = (0..<count * 4 / 10).map(pool)
    let nodes = (0..<100).map { ["kubernetes.io/hostname": "node-\($0)", "rack": "\($0 % 10)"] }
    return ConfigurationSources(
      ipAddressPools: pools,
      l2Advertisements: (0..<count * 2 / 10).map { l2Advertisement($0, pools: pools.count) },
      bgpAdvertisements: (0..<count * 2 / 10).map {
        bgpAdvertisement($0, pools: pools.count, peers: count / 10)
      },
      bgpPeers: (0..<count / 10).map { peer($0, profiles: count / 20) },
      bfdProfiles: (0..<count / 20).map { index in
        var profile = BFDProfile(metadata: metadata("fast", index), spec: BFDProfile.Spec())
        profile.spec?.receiveInterval = 300
        return profile
      },
      communities: (0..<count / 20).map { index in
        Community(
          metadata: metadata("names", index),
          spec: Community.Spec(communities: [
            .init(name: "name-\(index)", value: "\(1000 + index):7")
          ]))
      },
      namespaces: (0..<500).map {
        Namespace(metadata: ObjectMeta(name: "team-\($0)", labels: ["stage": "\($0 % 5)"]))
      }, nodes: nodes, backend: backend)
  }

  /// A /24 as a block and a part of another one as a range; each third is for certain namespaces.
  static func pool(_ index: Int) -> IPAddressPool {
    let (high, low) = (index / 128, index % 128)
    return IPAddressPool(
      metadata: metadata("pool", index, labels: ["tier": "\(index % 20)"]),
      spec: IPAddressPool.Spec(
        addresses: [
          "10.\(high).\(low).0/24", "10.\(high).\(low + 128).10-10.\(high).\(low + 128).99",
          "2001:db8:\(String(index, radix: 16))::/64",
        ],
        serviceAllocation: index % 3 == 0
          ? .init(
            namespaces: ["team-\(index % 500)"],
            namespaceSelectors: [LabelSelector(matchLabels: ["stage": "\(index % 5)"])])
          : nil))
  }

  private static func l2Advertisement(_ index: Int, pools: Int) -> L2Advertisement {
    var spec = L2Advertisement.Spec()
    spec.ipAddressPools = ["pool-\(index * 2 % pools)", "pool-\((index * 2 + 1) % pools)"]
    if index % 100 == 0 {
      spec.ipAddressPools = nil
      spec.ipAddressPoolSelectors = [LabelSelector(matchLabels: ["tier": "\(index / 100 % 20)"])]
    }
    spec.nodeSelectors = [LabelSelector(matchLabels: ["rack": "\(index % 10)"])]
    return L2Advertisement(metadata: metadata("l2", index), spec: spec)
  }

  private static func bgpAdvertisement(
    _ index: Int, pools: Int, peers: Int
  ) -> BGPAdvertisement {
    var spec = BGPAdvertisement.Spec()
    spec.ipAddressPools = ["pool-\(index * 2 % pools)", "pool-\((index * 2 + 1) % pools)"]
    spec.communities = ["64512:\(index % 100)", "name-\(index % (peers / 2))"]
    spec.peers = ["peer-\(index % peers)"]
    return BGPAdvertisement(metadata: metadata("bgp", index), spec: spec)
  }

  private static func peer(_ index: Int, profiles: Int) -> BGPPeer {
    var spec = BGPPeer.Spec(
      myASN: 64512, peerASN: 64513, peerAddress: "172.16.\(index / 250).\(index % 250 + 1)")
    spec.bfdProfile = "fast-\(index % profiles)"
    spec.nodeSelectors = [LabelSelector(matchLabels: ["rack": "\(index % 10)"])]
    return BGPPeer(metadata: metadata("peer", index), spec: spec)
  }
}
