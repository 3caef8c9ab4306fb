import KubernetesAPI
import MetalLBAPI
import NetworkAddresses

extension ConfigurationAssembler {
  mutating func attachL2Advertisements(
    of sources: ConfigurationSources, to pools: inout [String: AcceptedPool],
    _ nodes: inout NodeSelection, _ assessment: inout ConfigurationAssessment
  ) {
    // They never conflict, so that their order shows only in which of two equal ones is kept.
    let candidates = sources.l2Advertisements.sorted { $0.namespacedName < $1.namespacedName }
      .map { advertisement in
        Candidate(advertisement, .l2Advertisement) { (advertisement) throws(ConfigurationFault) in
          try ParsedL2Advertisement(advertisement)
        }
      }
    let storedPools = Set(sources.ipAddressPools.map(\.metadata.name))
    var warnings: [ConfigurationWarning] = []
    assessment.problems += l2Advertisements.accept(candidates) { parsed, object in
      let configured = parsed.configured(source: object)
      let selected = parsed.selection.pools(of: pools)
      for name in selected {
        guard let pool = pools[name] else { continue }
        if let index = pool.configured.l2Advertisements.firstIndex(where: configured.isRedundant) {
          // The object stays when the entry goes.
          guard pool.isAnnouncedByEntry(pool.configured.l2Advertisements[index].source) else {
            continue
          }
          pools[name]?.configured.l2Advertisements[index] = configured
        } else {
          pools[name]?.configured.l2Advertisements.append(configured)
        }
      }
      warnings += parsed.selection.warnings(object, selected: selected, pools, stored: storedPools)
      warnings += nodes.warnings(object, configured.nodeSelectors)
      return nil
    }
    assessment.warnings += warnings
  }

  mutating func attachBGPAdvertisements(
    of sources: ConfigurationSources, to pools: inout [String: AcceptedPool],
    communities: [String: BGPCommunity], peers: [ConfiguredPeer], _ nodes: inout NodeSelection,
    _ assessment: inout ConfigurationAssessment
  ) {
    let candidates = sources.bgpAdvertisements.ranked.map { advertisement in
      Candidate(advertisement, .bgpAdvertisement) { (advertisement) throws(ConfigurationFault) in
        try ParsedBGPAdvertisement(advertisement, communities: communities)
      }
    }
    // FRR's BFD sends no echo packets for IPv6.
    let echoing = sources.backend == .frr ? peers.filter { $0.bfdProfile?.echoMode == true } : []
    let peerNames = Set(peers.map(\.name))
    let storedPeers = sources.bgpPeers.map { Set($0.map(\.metadata.name)) }
    let storedPools = Set(sources.ipAddressPools.map(\.metadata.name))
    var warnings: [ConfigurationWarning] = []
    var exceptions: [ConfigurationProblem] = []
    assessment.problems += bgpAdvertisements.accept(candidates) { parsed, object in
      var configured = parsed.configured
      configured.source = object
      let selected = parsed.selection.pools(of: pools).sorted()
      for name in selected {
        guard let pool = pools[name]?.configured else { continue }
        if let fault = Self.localPrefConflict(of: configured, on: pool, &nodes) { return fault }
      }
      for name in selected {
        guard let pool = pools[name] else { continue }
        let fault =
          AggregationLength.fault(of: configured, on: pool.version.pool)
          ?? Self.echoFault(of: configured, on: pool.configured, echoing)
        if let fault {
          exceptions.append(
            ConfigurationProblem(
              object: object, fault: fault, consequence: .exceptPool(name), concernsPools: false))
        } else if let index = pool.configured.bgpAdvertisements.firstIndex(where: {
          pool.isAnnouncedByEntry($0.source) && $0.announcesSame(as: configured)
        }) {
          pools[name]?.configured.bgpAdvertisements[index] = configured
        } else {
          pools[name]?.configured.bgpAdvertisements.append(configured)
        }
      }
      warnings += parsed.selection.warnings(object, selected: selected, pools, stored: storedPools)
      warnings += nodes.warnings(object, configured.nodeSelectors)
      if let storedPeers {
        for name in configured.peers where !peerNames.contains(name) && !storedPeers.contains(name)
        {
          warnings.append(
            ConfigurationWarning(
              object: object, reason: .unknownPeer,
              "there is no peer \"\(name)\": correct the name in spec.peers, or create the BGPPeer")
          )
        }
        if peerNames.isEmpty, storedPeers.isEmpty {
          warnings.append(
            ConfigurationWarning(
              object: object, reason: .noPeer,
              "there is no BGPPeer, so nobody hears of the addresses: create one"))
        }
      }
      return nil
    }
    assessment.problems += exceptions
    assessment.warnings += warnings
  }

  /// Advertisements with service selectors are compared for each Service, by who announces.
  private static func localPrefConflict(
    of advertisement: ConfiguredBGPAdvertisement, on pool: ConfiguredPool,
    _ nodes: inout NodeSelection
  ) -> ConfigurationFault? {
    guard advertisement.serviceSelectors.isEmpty else { return nil }
    let families = pool.families
    for other in pool.bgpAdvertisements where other.serviceSelectors.isEmpty {
      let isCompatible = advertisement.hasCompatibleLocalPref(with: other, families: families) {
        // Where nodes are not known, the selectors may well choose different ones.
        nodes.meet(advertisement.nodeSelectors, other.nodeSelectors) != true
      }
      if !isCompatible {
        return ConfigurationFault(
          .conflictingLocalPref, field: "spec.localPref",
          "localPref \(advertisement.localPref ?? 0) conflicts with \(other.localPref ?? 0) of \(other.source) for pool \"\(pool.name)\": make them equal, or the peers, nodes or aggregation lengths different"
        )
      }
    }
    return nil
  }

  private static func echoFault(
    of advertisement: ConfiguredBGPAdvertisement, on pool: ConfiguredPool,
    _ echoing: [ConfiguredPeer]
  ) -> ConfigurationFault? {
    guard !echoing.isEmpty, pool.families.contains(.ipv6),
      let peer = echoing.first(where: { advertisement.selectsPeer($0.name) })
    else { return nil }
    return ConfigurationFault(
      .echoWithIPv6, field: "spec.peers",
      "pool \"\(pool.name)\" has IPv6 addresses, and BFD echo, which FRR has for IPv4 only, is on for peer \"\(peer.name)\": turn echoMode off, or leave the peer out"
    )
  }
}

extension PoolSelection {
  /// The names of the pools that the selection is for.
  fileprivate func pools(of pools: [String: AcceptedPool]) -> [String] {
    // Names alone need no look at every pool.
    let candidates = !names.isEmpty && selectors.isEmpty ? names : Array(pools.keys)
    return candidates.filter { name in
      guard let pool = pools[name], pool.isSelectable else { return false }
      return selects(name: name, labels: pool.version.pool.labels)
    }
  }
}
