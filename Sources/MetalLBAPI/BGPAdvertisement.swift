package import KubernetesAPI

/// `metallb.io/v1beta1 BGPAdvertisement`: announces the addresses of pools to BGP peers.
package struct BGPAdvertisement: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "BGPAdvertisement", plural: "bgpadvertisements")

  package var metadata: ObjectMeta
  /// Absent means all pools to all peers from all nodes.
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    /// Absent means 32.
    package var aggregationLength: Int32?
    /// Absent means 128.
    package var aggregationLengthV6: Int32?
    /// Absent and 0 mean that none is set.
    package var localPref: UInt32?
    /// Literals or names of `Community` entries.
    package var communities: [String]?
    package var ipAddressPools: [String]?
    package var ipAddressPoolSelectors: [LabelSelector]?
    package var nodeSelectors: [LabelSelector]?
    package var peers: [String]?
    package var serviceSelectors: [LabelSelector]?

    package init() {}
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}
