package import KubernetesAPI

/// `metallb.io/v1beta1 IPAddressPool`: addresses that Services may get.
package struct IPAddressPool: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "IPAddressPool", plural: "ipaddresspools")

  package var metadata: ObjectMeta
  package var spec: Spec
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    /// CIDRs, or ranges with a hyphen.
    package var addresses: [String]
    /// Absent means true.
    package var autoAssign: Bool?
    /// Absent means false.
    package var avoidBuggyIPs: Bool?
    package var serviceAllocation: ServiceAllocation?

    package init(
      addresses: [String], autoAssign: Bool? = nil, avoidBuggyIPs: Bool? = nil,
      serviceAllocation: ServiceAllocation? = nil
    ) {
      self.addresses = addresses
      self.autoAssign = autoAssign
      self.avoidBuggyIPs = avoidBuggyIPs
      self.serviceAllocation = serviceAllocation
    }
  }

  /// Pins a pool to Services.
  package struct ServiceAllocation: Codable, Sendable, Hashable {
    /// Lower positive numbers come first; absent and 0 come last.
    package var priority: Int?
    package var namespaces: [String]?
    package var namespaceSelectors: [LabelSelector]?
    package var serviceSelectors: [LabelSelector]?

    package init(
      priority: Int? = nil, namespaces: [String]? = nil, namespaceSelectors: [LabelSelector]? = nil,
      serviceSelectors: [LabelSelector]? = nil
    ) {
      self.priority = priority
      self.namespaces = namespaces
      self.namespaceSelectors = namespaceSelectors
      self.serviceSelectors = serviceSelectors
    }
  }

  /// Counts of distinct addresses; "available" is what is left.
  package struct Status: Codable, Sendable, Hashable {
    package var assignedIPv4: Int64
    package var assignedIPv6: Int64
    package var availableIPv4: Int64
    package var availableIPv6: Int64

    package init(
      assignedIPv4: Int64, assignedIPv6: Int64, availableIPv4: Int64, availableIPv6: Int64
    ) {
      self.assignedIPv4 = assignedIPv4
      self.assignedIPv6 = assignedIPv6
      self.availableIPv4 = availableIPv4
      self.availableIPv6 = availableIPv6
    }
  }

  package init(metadata: ObjectMeta, spec: Spec) {
    self.metadata = metadata
    self.spec = spec
  }
}
