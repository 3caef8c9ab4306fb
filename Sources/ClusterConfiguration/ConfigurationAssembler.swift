import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

/// Turns sources into one configuration, again and again as they change.
///
/// Conflicts are decided by rank: entries of the ConfigMap in their order, then the older object, then by name. The
/// lower rank is left out whole and named, unless it is an object that says the same as an entry (`EntryDifference`):
/// then both are one, so that a ConfigMap can go when objects stand for all of it. An object that is at fault, alone or
/// by its rank, is kept at the last version that was taken, as far as that one does not conflict either. The memory is
/// this value's: a fresh assembler knows the present versions only.
///
/// Nothing is concluded from the absence of the ConfigMap. What a user's one said stays in force, in the last rank,
/// until objects stand for it: they may be seen a moment later than its deletion, and who deletes it by mistake loses
/// nothing as long as this process runs. Who wants nothing of it writes `{}`.
///
/// What others refer to comes first: BFD profiles, names of communities, peers, pools, advertisements.
package struct ConfigurationAssembler: Sendable {
  var profiles = Ledger<ConfiguredBFDProfile>()
  var communities = Ledger<CommunityNames>()
  var peers = Ledger<ConfiguredPeer>()
  var pools = Ledger<PoolVersion>()
  var l2Advertisements = Ledger<ParsedL2Advertisement>()
  var bgpAdvertisements = Ledger<ParsedBGPAdvertisement>()
  /// The ConfigMap that the operator rendered last, to notice that it is gone.
  private var rendered: ConfigMap?
  /// The ConfigMap of a user, as long as it is there.
  private var users: ConfigMap?
  /// The ConfigMap of a user that is gone, as long as something of it is in force.
  private var departed: ConfigMap?

  package init() {}

  package mutating func assemble(_ sources: ConfigurationSources) -> ConfigurationAssessment {
    let legacy = LegacySource(sources.legacy, rendered: &rendered)
    follow(legacy)
    var assessment = ConfigurationAssessment()
    var nodes = NodeSelection(nodes: sources.nodes)
    if let legacy {
      let hidesEntries = pools.lastValid.keys.contains { key in
        key.kind == .legacyPool && !legacy.document.pools.contains { $0.name == key.name }
      }
      assessment.problems += legacy.documentProblems(hidesEntries: hidesEntries)
    }
    let profiles = acceptProfiles(of: sources, legacy, &assessment)
    let communities = acceptCommunities(of: sources, legacy, &assessment)
    let names = communities.values
    let peers = acceptPeers(of: sources, legacy, profiles, &nodes, &assessment)
    var pools = acceptPools(of: sources, legacy, communities: names, &assessment)
    announceLegacyPools(&pools, communities: names, &assessment)
    attachL2Advertisements(of: sources, to: &pools, &nodes, &assessment)
    attachBGPAdvertisements(
      of: sources, to: &pools, communities: names, peers: peers, &nodes, &assessment)
    announceDepartedPools(&pools, communities: names, &assessment)
    if let legacy, legacy.isUsers {
      assessment.unclaimed = unclaimed(
        legacy, pools: pools, peers: peers, profiles: profiles, communities: communities,
        problems: assessment.problems)
    }
    assessment.problems += departureProblems()
    assessment.configuration = ValidatedConfiguration(
      pools: pools.values.map(\.configured), peers: peers)
    assessment.warnings += warnings(about: pools, peers: peers, sources)
    return assessment
  }

  /// Notices that the ConfigMap of a user is deleted or taken over, or there again.
  private mutating func follow(_ legacy: LegacySource?) {
    if let legacy, legacy.isUsers {
      users = legacy.configMap
      departed = nil
      profiles.forgetDeparted()
      communities.forgetDeparted()
      peers.forgetDeparted()
      pools.forgetDeparted()
      return
    }
    guard let configMap = users else { return }
    users = nil
    departed = configMap
    profiles.depart(.legacyBFDProfile) { $1.source }
    communities.depart(.legacyCommunities) { _, _ in
      ConfigurationObject(configMap, entry: "bgp-communities")
    }
    peers.depart(.legacyPeer) { $1.source }
    pools.depart(.legacyPool, except: Set((legacy?.document.pools ?? []).map(\.name))) { key, _ in
      ConfigurationObject(configMap, pool: key.name)
    }
  }

  /// Says what stays in force of a user's ConfigMap that is gone.
  private mutating func departureProblems() -> [ConfigurationProblem] {
    guard let configMap = departed else { return [] }
    let objects =
      pools.departed.map(\.object) + peers.departed.map(\.object)
      + profiles.departed.map(\.object) + communities.departed.map(\.object)
    guard !objects.isEmpty else {
      departed = nil
      return []
    }
    let entries = objects.compactMap(\.entry).joined(separator: ", ")
    return [
      ConfigurationProblem(
        object: ConfigurationObject(configMap),
        fault: ConfigurationFault(
          .configMapGone, field: "",
          "the ConfigMap is gone, and no object says what it said about \(entries): add the objects that metallb convert prints, or put it back, with the text {} if nothing of it should stay"
        ), consequence: .lastValidVersion, concernsPools: !pools.departed.isEmpty)
    ]
  }
}
