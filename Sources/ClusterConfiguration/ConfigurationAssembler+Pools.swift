import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses

extension ConfigurationAssembler {
  mutating func acceptPools(
    of sources: ConfigurationSources, _ legacy: LegacySource?,
    _ assessment: inout ConfigurationAssessment
  ) -> [String: AcceptedPool] {
    var candidates: [Candidate<PoolVersion>] = []
    if let legacy {
      candidates = legacy.document.pools.map { Candidate($0, in: legacy.configMap) }
      candidates += legacy.faulty(.legacyPool, known: pools, present: candidates)
    }
    candidates += sources.addressPools.ranked.map { Candidate($0) }
    candidates += sources.ipAddressPools.ranked.map { Candidate($0) }

    var accepted: [String: AcceptedPool] = [:]
    var space = AddressSpace()
    var namespaces = NamespaceSelection(sources.namespaces)
    assessment.problems += pools.accept(candidates, concernsPools: true) { version, object in
      let pool = version.pool
      if let other = accepted[pool.name] {
        return ConfigurationFault(
          .duplicateName, field: "metadata.name",
          "pool \"\(pool.name)\" already exists as \(other.configured.source): rename one of them")
      }
      for (index, range) in pool.ranges.enumerated() {
        guard let other = space.overlap(with: range) else { continue }
        let owner = accepted[other.pool].map { ", \($0.configured.source)" } ?? ""
        return ConfigurationFault(
          .overlappingAddresses, field: "spec.addresses[\(index)]",
          "CIDR \"\(pool.notations[index])\" in pool \"\(pool.name)\" overlaps with already defined CIDR \"\(other.notation)\" of pool \"\(other.pool)\"\(owner): remove the addresses from one of them"
        )
      }
      for (range, notation) in zip(pool.ranges, pool.notations) {
        space.insert(AddressSpace.Claim(range: range, notation: notation, pool: pool.name))
      }
      accepted[pool.name] = AcceptedPool(
        version: version,
        configured: pool.configured(source: object, &namespaces))
      return nil
    }
    return accepted
  }

  /// Gives legacy pools the advertisements that they stand for. One that cannot be used is left out and named; the
  /// addresses are given out all the same.
  func announceLegacyPools(
    _ pools: inout [String: AcceptedPool], communities: [String: BGPCommunity],
    _ assessment: inout ConfigurationAssessment
  ) {
    for (name, pool) in pools.sorted(by: { $0.key < $1.key }) {
      guard let legacy = pool.version.legacy else { continue }
      let source = pool.configured.source
      switch (legacy.protocol, legacy.advertisements) {
      case (.layer2, _):
        pools[name]?.configured.l2Advertisements = [ConfiguredL2Advertisement(source: source)]
      case (.bgp, .standard):
        pools[name]?.configured.bgpAdvertisements = [ConfiguredBGPAdvertisement(source: source)]
      case (.bgp, .none): break
      case (.bgp, .listed(let entries)):
        for (index, entry) in entries.enumerated() {
          do throws(ConfigurationFault) {
            let configured = try ConfiguredBGPAdvertisement(
              entry, field: "bgp-advertisements[\(index)]", of: pool, communities: communities)
            if pools[name]?.configured.bgpAdvertisements.contains(configured) == true {
              throw ConfigurationFault(
                .invalidAdvertisement, field: "bgp-advertisements[\(index)]",
                "says the same as another one: remove one of them")
            }
            pools[name]?.configured.bgpAdvertisements.append(configured)
          } catch {
            assessment.problems.append(
              ConfigurationProblem(
                object: source, fault: error, consequence: .excluded, concernsPools: false))
          }
        }
      }
    }
  }
}

extension ConfiguredBGPAdvertisement {
  /// - Throws: for a bad length or an unknown community.
  fileprivate init(
    _ entry: LegacyAdvertisement, field: String, of pool: AcceptedPool,
    communities: [String: BGPCommunity]
  ) throws(ConfigurationFault) {
    let lengths = (entry.aggregationLength ?? 32, entry.aggregationLengthV6 ?? 128)
    try AggregationLength.check(lengths.0, .ipv4, field: "\(field).aggregation-length")
    try AggregationLength.check(lengths.1, .ipv6, field: "\(field).aggregation-length-v6")
    self.init(
      source: pool.configured.source, aggregationLength: Int(lengths.0),
      aggregationLengthV6: Int(lengths.1),
      localPref: entry.localPref.flatMap { $0 == 0 ? nil : $0 },
      communities: try ParsedBGPAdvertisement.resolve(
        entry.communities, among: communities, field: "\(field).communities"))
    if let fault = AggregationLength.fault(of: self, on: pool.version.pool) {
      throw ConfigurationFault(
        fault.reason, field: fault.field.replacing("spec.", with: "\(field)."), fault.message)
    }
  }
}
