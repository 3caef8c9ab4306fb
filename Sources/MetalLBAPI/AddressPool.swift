package import KubernetesAPI

/// `metallb.io/v1beta1 AddressPool` (v1alpha1 has the same shape): addresses together with the
/// protocol that announces them, as operators of the ConfigMap era took them.
package struct AddressPool: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "AddressPool", plural: "addresspools")

  package var metadata: ObjectMeta
  package var spec: Spec
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    /// `layer2` or `bgp`.
    package var `protocol`: String
    /// Addresses, CIDRs, or ranges with a hyphen.
    package var addresses: [String]
    /// Absent means true.
    package var autoAssign: Bool?
    package var bgpAdvertisements: [BGPAdvertisement]?

    package init(protocol: String, addresses: [String], autoAssign: Bool? = nil) {
      self.protocol = `protocol`
      self.addresses = addresses
      self.autoAssign = autoAssign
    }
  }

  package struct BGPAdvertisement: Codable, Sendable, Hashable {
    /// Absent means 32.
    package var aggregationLength: Int32?
    /// Absent means 128.
    package var aggregationLengthV6: Int32?
    package var localPref: UInt32?
    /// `16bit:16bit` each.
    package var communities: [String]?

    package init() {}
  }

  package struct Status: Codable, Sendable, Hashable {
    /// One condition, `Accepted`.
    package var conditions: [Condition]?

    package init(conditions: [Condition]? = nil) { self.conditions = conditions }
  }

  package init(metadata: ObjectMeta, spec: Spec) {
    self.metadata = metadata
    self.spec = spec
  }
}
