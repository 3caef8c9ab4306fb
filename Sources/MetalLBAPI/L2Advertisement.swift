package import KubernetesAPI

/// `metallb.io/v1beta1 L2Advertisement`: announces the addresses of pools with ARP and NDP.
package struct L2Advertisement: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "L2Advertisement", plural: "l2advertisements")

  package var metadata: ObjectMeta
  /// Absent means all pools, all nodes, all interfaces.
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    package var ipAddressPools: [String]?
    package var ipAddressPoolSelectors: [LabelSelector]?
    package var nodeSelectors: [LabelSelector]?
    package var interfaces: [String]?
    package var serviceSelectors: [LabelSelector]?
    package var preferredNodeSelectors: [PreferredNodeSelector]?
    /// What upstream does not have; absent means its behaviour, except where a field says otherwise.
    package var extensions: Extensions?

    package init() {}
  }

  package struct Extensions: Codable, Sendable, Hashable {
    /// `Enabled`, also when absent, or `Disabled`: whether an address that is given out for the first time is
    /// announced only when nobody else on the link has it.
    package var duplicateAddressDetection: String?
    /// 10 to 86400: how often the network is told again who has an address, after it was told at first. Absent: never.
    package var gratuitousRefreshSeconds: Int32?
    /// `Cordoned`, `OutOfService`: what makes a node leave its addresses to others that may announce them. Counts once
    /// all speakers of the cluster know it.
    package var drainOn: [String]?

    package init() {}
  }

  package struct PreferredNodeSelector: Codable, Sendable, Hashable {
    /// 1 to 100; the weights of all entries that match a node add up.
    package var weight: Int32
    package var preference: LabelSelector

    package init(weight: Int32, preference: LabelSelector) {
      self.weight = weight
      self.preference = preference
    }
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}
