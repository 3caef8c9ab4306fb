import ClusterConfiguration
import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

/// What one look at all AddressPools amounts to: each judged beside the others, and the text of the ConfigMap.
enum RenderedPools {
  /// Pools of a range, a network and an IPv6 range each, none of which overlap.
  static func make(_ count: Int) -> [AddressPool] {
    (0..<count).map { index in
      let (high, low) = (index / 256, index % 256)
      return AddressPool(
        metadata: ObjectMeta(name: "pool-\(index)", namespace: "metallb-system"),
        spec: AddressPool.Spec(
          protocol: "layer2",
          addresses: [
            "10.\(high).\(low).10-10.\(high).\(low).99", "172.\(16 + high).\(low).0/28",
            "fd00:\(index)::10-fd00:\(index)::99",
          ]))
    }
  }

  static func text(_ pools: [AddressPool]) throws -> String {
    try AddressPoolAdmission(pools: pools, ipAddressPools: [], rendered: []).document.yamlText()
  }
}
