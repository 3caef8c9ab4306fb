import KubernetesAPI
import MetalLBAPI
import NetworkAddresses

/// A `BGPAdvertisement` that is valid when seen alone, with its communities resolved.
struct ParsedBGPAdvertisement: Sendable, Hashable {
  var selection: PoolSelection
  var configured: ConfiguredBGPAdvertisement

  /// - Parameter communities: the names that may stand for communities.
  /// - Throws: the first fault, in the order of the fields.
  init(
    _ advertisement: BGPAdvertisement, communities: [String: BGPCommunity]
  ) throws(ConfigurationFault) {
    let spec = advertisement.spec ?? BGPAdvertisement.Spec()
    let lengths = (spec.aggregationLength ?? 32, spec.aggregationLengthV6 ?? 128)
    try AggregationLength.check(lengths.0, .ipv4, field: "spec.aggregationLength")
    try AggregationLength.check(lengths.1, .ipv6, field: "spec.aggregationLengthV6")
    try Self.checkUnique(spec.communities ?? [], "community", field: "spec.communities")
    let resolved = try Self.resolve(
      spec.communities ?? [], among: communities, field: "spec.communities")
    selection = try PoolSelection(
      names: spec.ipAddressPools ?? [], selectors: spec.ipAddressPoolSelectors ?? [])
    try SelectorValidation.check(spec.nodeSelectors, field: "spec.nodeSelectors")
    try Self.checkUnique(spec.peers ?? [], "peer", field: "spec.peers")
    try SelectorValidation.check(spec.serviceSelectors, field: "spec.serviceSelectors")
    guard (spec.serviceSelectors ?? []).isEmpty || lengths == (32, 128) else {
      throw ConfigurationFault(
        .invalidAggregationLength, field: "spec.serviceSelectors",
        "serviceSelectors and aggregationLength are mutually exclusive: remove one of them")
    }
    configured = ConfiguredBGPAdvertisement(
      source: ConfigurationObject(advertisement), aggregationLength: Int(lengths.0),
      aggregationLengthV6: Int(lengths.1), localPref: spec.localPref.flatMap { $0 == 0 ? nil : $0 },
      communities: resolved, nodeSelectors: spec.nodeSelectors ?? [], peers: spec.peers ?? [],
      serviceSelectors: spec.serviceSelectors ?? [])
  }

  /// Names come before literals.
  /// - Throws: for the first text that is neither.
  static func resolve(
    _ texts: [String], among names: [String: BGPCommunity], field: String
  ) throws(ConfigurationFault) -> [BGPCommunity] {
    var communities: [BGPCommunity] = []
    for (index, text) in texts.enumerated() {
      if let community = names[text] {
        communities.append(community)
        continue
      }
      do {
        communities.append(try BGPCommunity(text))
      } catch .format where !text.contains(":") {
        throw ConfigurationFault(
          .unknownCommunity, field: "\(field)[\(index)]",
          "\"\(text)\" is neither a community nor a name of one: correct it, or add the name to a Community object"
        )
      } catch {
        throw ConfigurationFault(
          .invalidCommunity, field: "\(field)[\(index)]", "\"\(text)\": \(error)")
      }
    }
    return communities
  }

  private static func checkUnique(
    _ items: [String], _ what: String, field: String
  ) throws(ConfigurationFault) {
    var seen: Set<String> = []
    for (index, item) in items.enumerated() where !seen.insert(item).inserted {
      throw ConfigurationFault(
        .duplicateEntry, field: "\(field)[\(index)]",
        "duplicate definition of \(what) \"\(item)\": remove one of them")
    }
  }
}

/// Which pools an advertisement is for.
package struct PoolSelection: Sendable, Hashable {
  /// As written.
  var names: [String]
  var selectors: [LabelSelector]

  /// - Throws: for a name or selector that stands there twice, and for a malformed selector.
  init(names: [String], selectors: [LabelSelector]) throws(ConfigurationFault) {
    var seen: Set<String> = []
    for (index, name) in names.enumerated() where !seen.insert(name).inserted {
      throw ConfigurationFault(
        .duplicatePool, field: "spec.ipAddressPools[\(index)]",
        "duplicate definition of pool \"\(name)\": remove one of them")
    }
    try SelectorValidation.check(selectors, field: "spec.ipAddressPoolSelectors")
    self.names = names
    self.selectors = selectors
  }

  /// Neither names nor selectors.
  var isAll: Bool { names.isEmpty && selectors.isEmpty }

  func selects(name: String, labels: [String: String]) -> Bool {
    isAll || names.contains(name) || selectors.contains { $0.matches(labels) }
  }
}

/// The rules for the prefix lengths that addresses are rolled up to.
enum AggregationLength {
  static func check(
    _ length: Int32, _ family: AddressFamily, field: String
  ) throws(ConfigurationFault) {
    guard 1...family.bitWidth ~= Int(length) else {
      throw ConfigurationFault(
        .invalidAggregationLength, field: field,
        "invalid aggregation length \(length) for \(family): write a number from 1 to \(family.bitWidth)"
      )
    }
  }

  /// A length that is shorter than the largest block of an entry would announce addresses beyond the pool.
  static func fault(
    of advertisement: ConfiguredBGPAdvertisement, on pool: ParsedPool
  ) -> ConfigurationFault? {
    guard advertisement.aggregationLength < 32 || advertisement.aggregationLengthV6 < 128 else {
      return nil
    }
    for (range, notation) in zip(pool.ranges, pool.notations) {
      let length = advertisement.aggregationLength(for: range.family)
      guard let shortest = range.blocks.map(\.prefixLength).min(), length < shortest else {
        continue
      }
      return ConfigurationFault(
        .invalidAggregationLength,
        field: range.family == .ipv4 ? "spec.aggregationLength" : "spec.aggregationLengthV6",
        "invalid aggregation length \(length): prefix \(shortest) of \(notation) in pool \"\(pool.name)\" is longer: write at least \(shortest)"
      )
    }
    return nil
  }
}
