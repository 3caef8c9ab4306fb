package import KubernetesAPI
package import NetworkAddresses

/// A pool of addresses and who announces them.
package struct ConfiguredPool: Sendable, Hashable {
  package var name: String
  /// The object that configures the pool.
  package var source: ConfigurationObject
  /// As written, in that order. They overlap neither each other nor those of another pool.
  package var ranges: [AddressRange]
  /// Whether Services that ask for nothing get addresses of this pool.
  package var autoAssign: Bool
  /// Never give out IPv4 addresses that end in `.0` or `.255`.
  package var avoidBuggyIPs: Bool
  /// Which Services the pool is for; nil for a general pool.
  package var serviceAllocation: ServiceAllocation?
  /// Who announces the addresses on layer 2. Empty: nobody.
  package var l2Advertisements: [ConfiguredL2Advertisement]
  /// Who announces the addresses over BGP. Empty: nobody.
  package var bgpAdvertisements: [ConfiguredBGPAdvertisement]

  /// Which Services a pool is pinned to.
  package struct ServiceAllocation: Sendable, Hashable {
    /// Lower comes first; 0 comes last.
    package var priority: Int
    /// The namespaces that the pool serves; nil for all. An empty set serves none: selectors that match no
    /// namespace do not open a pool to every namespace.
    package var namespaces: Set<String>?
    /// Selectors of which one must match the Service's labels; empty for no restriction.
    package var serviceSelectors: [LabelSelector]

    package init(
      priority: Int = 0, namespaces: Set<String>? = nil, serviceSelectors: [LabelSelector] = []
    ) {
      self.priority = priority
      self.namespaces = namespaces
      self.serviceSelectors = serviceSelectors
    }
  }

  package init(
    name: String, source: ConfigurationObject, ranges: [AddressRange], autoAssign: Bool = true,
    avoidBuggyIPs: Bool = false, serviceAllocation: ServiceAllocation? = nil,
    l2Advertisements: [ConfiguredL2Advertisement] = [],
    bgpAdvertisements: [ConfiguredBGPAdvertisement] = []
  ) {
    self.name = name
    self.source = source
    self.ranges = ranges
    self.autoAssign = autoAssign
    self.avoidBuggyIPs = avoidBuggyIPs
    self.serviceAllocation = serviceAllocation
    self.l2Advertisements = l2Advertisements
    self.bgpAdvertisements = bgpAdvertisements
  }

  package var families: Set<AddressFamily> { Set(ranges.map(\.family)) }

  package func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }
}
