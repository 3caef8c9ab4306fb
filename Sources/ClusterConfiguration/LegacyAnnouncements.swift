import LegacyConfiguration
import NetworkAddresses

/// Who announces a pool that says so itself: an entry of the ConfigMap, or an AddressPool.
struct LegacyAnnouncements {
  private(set) var l2: [ConfiguredL2Advertisement] = []
  private(set) var bgp: [ConfiguredBGPAdvertisement] = []
  /// Of advertisements that are left out; the addresses are given out all the same.
  private(set) var faults: [ConfigurationFault] = []

  /// - Parameters:
  ///   - pool: the addresses of `legacy`.
  ///   - source: where it stands.
  init(
    _ legacy: LegacyPool, of pool: ParsedPool, source: ConfigurationObject,
    communities: [String: BGPCommunity]
  ) {
    switch (legacy.protocol, legacy.advertisements) {
    case (.layer2, _): l2 = [ConfiguredL2Advertisement(source: source)]
    case (.bgp, .standard): bgp = [ConfiguredBGPAdvertisement(source: source)]
    case (.bgp, .none): break
    case (.bgp, .listed(let entries)):
      for (index, entry) in entries.enumerated() {
        do throws(ConfigurationFault) {
          let field = "bgp-advertisements[\(index)]"
          let configured = try ConfiguredBGPAdvertisement(
            entry, field: field, of: pool, source: source, communities: communities)
          if bgp.contains(configured) {
            throw ConfigurationFault(
              .invalidAdvertisement, field: field,
              "says the same as another one: remove one of them")
          }
          bgp.append(configured)
        } catch {
          faults.append(error)
        }
      }
    }
  }

  func isSame(as other: Self) -> Bool {
    l2.isEmpty == other.l2.isEmpty && bgp.count == other.bgp.count
      && bgp.allSatisfy { own in other.bgp.contains { $0.announcesSame(as: own) } }
  }
}

extension ConfiguredBGPAdvertisement {
  /// - Throws: for a bad length or an unknown community.
  fileprivate init(
    _ entry: LegacyAdvertisement, field: String, of pool: ParsedPool, source: ConfigurationObject,
    communities: [String: BGPCommunity]
  ) throws(ConfigurationFault) {
    let lengths = (entry.aggregationLength ?? 32, entry.aggregationLengthV6 ?? 128)
    try AggregationLength.check(lengths.0, .ipv4, field: "\(field).aggregation-length")
    try AggregationLength.check(lengths.1, .ipv6, field: "\(field).aggregation-length-v6")
    self.init(
      source: source, aggregationLength: Int(lengths.0), aggregationLengthV6: Int(lengths.1),
      localPref: entry.localPref.flatMap { $0 == 0 ? nil : $0 },
      communities: try ParsedBGPAdvertisement.resolve(
        entry.communities, among: communities, field: "\(field).communities"))
    if let fault = AggregationLength.fault(of: self, on: pool) {
      throw ConfigurationFault(
        fault.reason, field: fault.field.replacing("spec.", with: "\(field)."), fault.message)
    }
  }
}
