import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

/// Turns sources into one configuration, again and again as they change.
///
/// Conflicts are decided by rank: entries of the ConfigMap in their order, then the older object, then by name. The
/// lower rank is left out whole and named. An object that is at fault, alone or by its rank, is kept at the last version
/// that was taken, as far as that one does not conflict either. The memory is this value's: a fresh assembler knows the
/// present versions only.
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

  package init() {}

  package mutating func assemble(_ sources: ConfigurationSources) -> ConfigurationAssessment {
    let legacy = LegacySource(sources.legacy, rendered: &rendered)
    var assessment = ConfigurationAssessment()
    var nodes = NodeSelection(nodes: sources.nodes)
    if let legacy {
      let hidesEntries = pools.lastValid.keys.contains { key in
        key.kind == .legacyPool && !legacy.document.pools.contains { $0.name == key.name }
      }
      assessment.problems += legacy.documentProblems(hidesEntries: hidesEntries)
    }
    let profiles = acceptProfiles(of: sources, legacy, &assessment)
    let names = acceptCommunities(of: sources, legacy, &assessment)
    let peers = acceptPeers(of: sources, legacy, profiles, &nodes, &assessment)
    var pools = acceptPools(of: sources, legacy, &assessment)
    announceLegacyPools(&pools, communities: names, &assessment)
    attachL2Advertisements(of: sources, to: &pools, &nodes, &assessment)
    attachBGPAdvertisements(
      of: sources, to: &pools, communities: names, peers: peers, &nodes, &assessment)
    assessment.configuration = ValidatedConfiguration(
      pools: pools.values.map(\.configured), peers: peers)
    assessment.warnings += warnings(about: pools, peers: peers, sources)
    return assessment
  }
}

/// A pool that was taken.
struct AcceptedPool {
  var version: PoolVersion
  var configured: ConfiguredPool

  /// Whether advertisements may select it. A legacy pool says itself who announces it.
  var isSelectable: Bool { version.legacy == nil }
}
