import KubernetesAPI
package import MetalLBAPI
package import NetworkAddresses

/// An `IPAddressPool` that is valid when seen alone.
package struct ParsedPool: Sendable, Hashable {
  package var name: String
  package var labels: [String: String]
  package var ranges: [AddressRange]
  /// How each range is written.
  package var notations: [String]
  package var autoAssign: Bool
  package var avoidBuggyIPs: Bool
  package var serviceAllocation: IPAddressPool.ServiceAllocation?

  /// Checks everything about a pool that does not depend on other objects.
  /// - Throws: the first fault, in the order of the fields.
  package init(_ pool: IPAddressPool) throws(ConfigurationFault) {
    guard !pool.metadata.name.isEmpty else {
      throw ConfigurationFault(
        .missingName, field: "metadata.name", "the pool has no name: add one")
    }
    guard !pool.spec.addresses.isEmpty else {
      throw ConfigurationFault(
        .noAddresses, field: "spec.addresses",
        "the pool has no addresses: add a CIDR such as 192.0.2.0/24, or a range")
    }
    name = pool.metadata.name
    labels = pool.metadata.labels
    ranges = []
    notations = pool.spec.addresses
    autoAssign = pool.spec.autoAssign ?? true
    avoidBuggyIPs = pool.spec.avoidBuggyIPs ?? false
    serviceAllocation = pool.spec.serviceAllocation

    var space = AddressSpace()
    for (index, text) in pool.spec.addresses.enumerated() {
      let field = "spec.addresses[\(index)]"
      let range: AddressRange
      do {
        range = try AddressRange(notation: text)
      } catch {
        throw ConfigurationFault(
          .invalidAddress, field: field,
          "invalid CIDR or range \"\(text)\": \(error)")
      }
      if let other = space.overlap(with: range) {
        throw ConfigurationFault(
          .overlappingAddresses, field: field,
          "CIDR \"\(text)\" in pool \"\(name)\" overlaps with already defined CIDR \"\(other.notation)\" of the same pool: remove one of them"
        )
      }
      space.insert(AddressSpace.Claim(range: range, notation: text, pool: name))
      ranges.append(range)
    }
    if let serviceAllocation { try Self.check(serviceAllocation) }
  }

  private static func check(
    _ allocation: IPAddressPool.ServiceAllocation
  ) throws(ConfigurationFault) {
    let field = "spec.serviceAllocation"
    var namespaces: Set<String> = []
    for (index, namespace) in (allocation.namespaces ?? []).enumerated() {
      guard namespaces.insert(namespace).inserted else {
        throw ConfigurationFault(
          .duplicateNamespace, field: "\(field).namespaces[\(index)]",
          "duplicate definition of namespace \"\(namespace)\": remove one of them")
      }
    }
    try SelectorValidation.check(
      allocation.namespaceSelectors, field: "\(field).namespaceSelectors")
    try SelectorValidation.check(allocation.serviceSelectors, field: "\(field).serviceSelectors")
  }

  /// The pool in a cluster with these Namespaces; advertisements are attached later.
  func configured(
    source: ConfigurationObject, _ namespaces: inout NamespaceSelection
  ) -> ConfiguredPool {
    ConfiguredPool(
      name: name, source: source, ranges: ranges, autoAssign: autoAssign,
      avoidBuggyIPs: avoidBuggyIPs,
      serviceAllocation: serviceAllocation.map { $0.resolved(in: &namespaces) })
  }
}

extension IPAddressPool.ServiceAllocation {
  fileprivate func resolved(
    in existing: inout NamespaceSelection
  ) -> ConfiguredPool.ServiceAllocation {
    var names: Set<String>?
    let (named, selectors) = (namespaces ?? [], namespaceSelectors ?? [])
    if !selectors.isEmpty { names = existing.names(selectors) }
    if !named.isEmpty { names = (names ?? []).union(named) }
    return ConfiguredPool.ServiceAllocation(
      priority: priority ?? 0, namespaces: names, serviceSelectors: serviceSelectors ?? [])
  }
}
