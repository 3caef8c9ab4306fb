package import KubernetesAPI
package import MetalLBAPI

/// An `L2Advertisement` that is valid when seen alone.
package struct ParsedL2Advertisement: Sendable, Hashable {
  package var selection: PoolSelection
  package var nodeSelectors: [LabelSelector]
  package var interfaces: [String]
  package var serviceSelectors: [LabelSelector]
  package var preferredNodes: [ConfiguredL2Advertisement.PreferredNodes]
  package var detectsDuplicates: Bool
  package var refreshInterval: Duration?
  package var drainTriggers: Set<ConfiguredL2Advertisement.DrainTrigger>

  /// Checks everything about an advertisement that does not depend on other objects.
  /// - Throws: the first fault, in the order of the fields.
  package init(_ advertisement: L2Advertisement) throws(ConfigurationFault) {
    let spec = advertisement.spec ?? L2Advertisement.Spec()
    selection = try PoolSelection(
      names: spec.ipAddressPools ?? [], selectors: spec.ipAddressPoolSelectors ?? [])
    nodeSelectors = spec.nodeSelectors ?? []
    interfaces = Set(spec.interfaces ?? []).sorted()
    serviceSelectors = spec.serviceSelectors ?? []
    preferredNodes = []
    // The schema allows no other values; those of a newer version mean nothing here.
    let extensions = spec.extensions
    detectsDuplicates = extensions?.duplicateAddressDetection != "Disabled"
    refreshInterval = extensions?.gratuitousRefreshSeconds.map { .seconds(max(10, Int64($0))) }
    drainTriggers = Set(
      (extensions?.drainOn ?? []).compactMap(ConfiguredL2Advertisement.DrainTrigger.init))

    try SelectorValidation.check(nodeSelectors, field: "spec.nodeSelectors")
    try SelectorValidation.check(serviceSelectors, field: "spec.serviceSelectors")
    for (index, preferred) in (spec.preferredNodeSelectors ?? []).enumerated() {
      let field = "spec.preferredNodeSelectors[\(index)]"
      guard 1...100 ~= preferred.weight else {
        throw ConfigurationFault(
          .invalidWeight, field: "\(field).weight",
          "\(preferred.weight) is not a weight: write a number from 1 to 100")
      }
      try SelectorValidation.check(preferred.preference, field: "\(field).preference")
      preferredNodes.append(.init(weight: Int(preferred.weight), selector: preferred.preference))
    }
  }

  func configured(source: ConfigurationObject) -> ConfiguredL2Advertisement {
    var configured = ConfiguredL2Advertisement(
      source: source, nodeSelectors: nodeSelectors, interfaces: interfaces,
      serviceSelectors: serviceSelectors, preferredNodes: preferredNodes)
    configured.detectsDuplicates = detectsDuplicates
    configured.refreshInterval = refreshInterval
    configured.drainTriggers = drainTriggers
    return configured
  }
}
