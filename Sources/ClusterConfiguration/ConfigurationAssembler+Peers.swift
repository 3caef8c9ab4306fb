import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses

extension ConfigurationAssembler {
  mutating func acceptProfiles(
    of sources: ConfigurationSources, _ legacy: LegacySource?,
    _ assessment: inout ConfigurationAssessment
  ) -> [String: ConfiguredBFDProfile] {
    var candidates: [Candidate<ConfiguredBFDProfile>] = []
    if let legacy {
      candidates = legacy.document.bfdProfiles.map { profile in
        let object = legacy.object("bfd-profile \"\(profile.name)\"")
        return Candidate(
          key: CandidateKey(kind: .legacyBFDProfile, name: profile.name), object: object,
          version: Result { () throws(ConfigurationFault) in
            try ConfiguredBFDProfile(profile, source: object)
          })
      }
      candidates += legacy.faulty(.legacyBFDProfile, known: profiles, present: candidates)
    }
    candidates += sources.bfdProfiles.ranked.map { profile in
      Candidate(profile, .bfdProfile) { (profile) throws(ConfigurationFault) in
        try ConfiguredBFDProfile(profile)
      }
    }
    var accepted: [String: ConfiguredBFDProfile] = [:]
    var warnings: [ConfigurationWarning] = []
    assessment.problems += profiles.accept(candidates) { profile, object in
      // An entry in second place departed: an object of the name that the converter gives it stands for it.
      let name = object.isConfigMap ? LegacyDocument.objectName(profile.name) : nil
      if let other = accepted[profile.name]
        ?? name.flatMap({ accepted[$0] }).flatMap({ $0.source.isConfigMap ? nil : $0 })
      {
        guard other.source.isConfigMap, !object.isConfigMap else {
          return ConfigurationFault(
            .duplicateName, field: "metadata.name",
            "BFD profile \"\(profile.name)\" already exists as \(other.source): rename one of them")
        }
        if let difference = profile.difference(from: other) {
          return difference.fault(owner: other.source)
        }
        warnings.append(.saidTwice(by: other.source, and: object))
      }
      accepted[profile.name] = profile
      return nil
    }
    assessment.warnings += warnings
    return accepted
  }

  mutating func acceptCommunities(
    of sources: ConfigurationSources, _ legacy: LegacySource?,
    _ assessment: inout ConfigurationAssessment
  ) -> AcceptedCommunities {
    var candidates: [Candidate<CommunityNames>] = []
    if let legacy, !legacy.document.communities.isEmpty {
      candidates.append(
        Candidate(
          key: CandidateKey(kind: .legacyCommunities, name: ""),
          object: legacy.object("bgp-communities"),
          version: Result { () throws(ConfigurationFault) in
            try CommunityNames(legacy.document.communities)
          }))
    }
    if let legacy {
      candidates += legacy.faulty(.legacyCommunities, known: communities, present: candidates)
    }
    candidates += sources.communities.ranked.map { community in
      Candidate(community, .community) { (community) throws(ConfigurationFault) in
        try CommunityNames(community)
      }
    }
    var accepted = AcceptedCommunities()
    assessment.problems += communities.accept(candidates) { accepted.offer($0, $1) }
    assessment.warnings += accepted.warnings
    return accepted
  }

  mutating func acceptPeers(
    of sources: ConfigurationSources, _ legacy: LegacySource?,
    _ profiles: [String: ConfiguredBFDProfile], _ nodes: inout NodeSelection,
    _ assessment: inout ConfigurationAssessment
  ) -> [ConfiguredPeer] {
    let references = ConfiguredPeer.References(profiles: profiles, secrets: sources.secrets)
    var candidates: [Candidate<ConfiguredPeer>] = []
    if let legacy {
      candidates = legacy.document.peers.map { peer in
        let name = LegacySource.peerName(peer.index)
        let object = legacy.object("peers[\(peer.index)]")
        return Candidate(
          key: CandidateKey(kind: .legacyPeer, name: name), object: object,
          version: Result { () throws(ConfigurationFault) in
            try ConfiguredPeer(peer, name: name, source: object, references)
          })
      }
      candidates += legacy.faulty(.legacyPeer, known: peers, present: candidates)
    }
    let hasEntries = !candidates.isEmpty
    candidates += (sources.bgpPeers ?? []).ranked.map { peer in
      Candidate(peer, .bgpPeer) { (peer) throws(ConfigurationFault) in
        try ConfiguredPeer(peer, references)
      }
    }
    var accepted: [ConfiguredPeer] = []
    var byName: [String: ConfigurationObject] = [:]
    var rules = FRRPeerRules()
    var warnings: [ConfigurationWarning] = []
    assessment.problems += peers.accept(candidates) { peer, object in
      // Entries have no names: the object that says the same may have any.
      let twin =
        hasEntries && !object.isConfigMap
        ? accepted.firstIndex { $0.source.isConfigMap && peer.difference(from: $0) == nil } : nil
      if let other = byName[peer.name], other != twin.map({ accepted[$0].source }) {
        if other.isConfigMap, !object.isConfigMap,
          let entry = accepted.first(where: { $0.source == other }),
          let difference = peer.difference(from: entry)
        {
          return difference.fault(owner: other)
        }
        return .duplicatePeer(peer.name, of: other)
      }
      // An entry in second place departed: whatever an object says about the same router goes first.
      if object.isConfigMap,
        let other = accepted.first(where: {
          !$0.source.isConfigMap && $0.endpoint == peer.endpoint && $0.vrf == peer.vrf
        })
      {
        return .duplicatePeer(peer.name, of: other.source)
      }
      if let twin {
        let other = accepted[twin]
        warnings.append(.saidTwice(by: other.source, and: object))
        byName[other.name] = nil
        accepted.remove(at: twin)
      } else if sources.backend == .frr {
        if let conflict = rules.conflict(of: peer, &nodes) { return conflict }
        rules.insert(peer)
      }
      byName[peer.name] = object
      accepted.append(peer)
      return nil
    }
    assessment.warnings += warnings
    return accepted
  }
}

extension ConfigurationFault {
  fileprivate static func duplicatePeer(_ name: String, of other: ConfigurationObject) -> Self {
    ConfigurationFault(
      .duplicateName, field: "metadata.name",
      "peer \"\(name)\" already exists as \(other): rename one of them")
  }
}

/// Names for communities that were taken so far, in rank order.
struct AcceptedCommunities {
  private(set) var values: [String: BGPCommunity] = [:]
  private(set) var owners: [String: ConfigurationObject] = [:]
  fileprivate private(set) var warnings: [ConfigurationWarning] = []

  fileprivate mutating func offer(
    _ names: CommunityNames, _ object: ConfigurationObject
  ) -> ConfigurationFault? {
    if object.isConfigMap {
      // In second place it departed: what others say goes first.
      let rest = names.names.filter { owners[$0] == nil }
      guard !rest.isEmpty else {
        return CommunityNames.duplicate(
          names.names.first ?? "", field: "bgp-communities", of: "")
      }
      for name in rest { owners[name] = object }
      values.merge(names.values) { first, _ in first }
      return nil
    }
    var entry: ConfigurationObject?
    for (index, name) in names.names.enumerated() {
      guard let owner = owners[name] else { continue }
      let isSame = values[name] == names.values[name]
      guard owner.isConfigMap, isSame else {
        let value = values[name].map { isSame ? "" : " as \($0)" } ?? ""
        return CommunityNames.duplicate(
          name, field: "spec.communities[\(index)]", of: ", which \(owner) has\(value) too")
      }
      entry = owner
    }
    if let entry { warnings.append(.saidTwice(by: entry, and: object)) }
    for name in names.names { owners[name] = object }
    values.merge(names.values) { first, _ in first }
    return nil
  }
}

/// What FRR cannot have on one node: two router IDs, two sessions with one address in one VRF, two local AS numbers in
/// one VRF.
private struct FRRPeerRules {
  private struct Session: Hashable {
    var vrf: String
    var endpoint: ConfiguredPeer.Endpoint
  }

  private var peers: [ConfiguredPeer] = []
  /// All router IDs so far, and all local AS numbers of each VRF: mostly there is one, and nobody to compare with.
  private var routerIDs: Set<IPv4Address?> = []
  private var localASNs: [String: Set<UInt32>] = [:]
  private var sessions: [Session: [ConfiguredPeer]] = [:]

  mutating func insert(_ peer: ConfiguredPeer) {
    peers.append(peer)
    routerIDs.insert(peer.routerID)
    localASNs[peer.vrf, default: []].insert(peer.myASN)
    sessions[Session(vrf: peer.vrf, endpoint: peer.endpoint), default: []].append(peer)
  }

  func conflict(of peer: ConfiguredPeer, _ nodes: inout NodeSelection) -> ConfigurationFault? {
    for other in sessions[Session(vrf: peer.vrf, endpoint: peer.endpoint)] ?? []
    where meet(peer, other, &nodes) {
      return ConfigurationFault(
        .conflictingPeers, field: "spec.peerAddress",
        "a session with this peer already exists, by \(other.source), on a node of both: FRR has one for each address and VRF"
      )
    }
    guard
      !routerIDs.isSubset(of: [peer.routerID])
        || !localASNs[peer.vrf, default: []].isSubset(of: [peer.myASN])
    else { return nil }
    for other in peers {
      if other.routerID != peer.routerID, meet(peer, other, &nodes) {
        return ConfigurationFault(
          .conflictingPeers, field: "spec.routerID",
          "\(other.source) has another router ID, on a node of both: FRR has one for each node")
      }
      if other.myASN != peer.myASN, other.vrf == peer.vrf, meet(peer, other, &nodes) {
        return ConfigurationFault(
          .conflictingPeers, field: "spec.myASN",
          "\(other.source) has the local AS number \(other.myASN), on a node of both: FRR has one for each VRF; localASN shows another one to a peer"
        )
      }
    }
    return nil
  }

  /// Nodes that are not known count as shared.
  private func meet(
    _ left: ConfiguredPeer, _ right: ConfiguredPeer, _ nodes: inout NodeSelection
  ) -> Bool {
    nodes.meet(left.nodeSelectors, right.nodeSelectors) ?? true
  }
}

extension Array where Element: KubernetesResource {
  /// In rank order.
  var ranked: [Element] { sorted { $0.metadata.outranks($1.metadata) } }
}

extension Result where Failure == ConfigurationFault {
  init(_ body: () throws(ConfigurationFault) -> Success) {
    do {
      self = .success(try body())
    } catch {
      self = .failure(error)
    }
  }
}
