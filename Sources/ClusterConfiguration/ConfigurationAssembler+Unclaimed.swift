import KubernetesAPI
import LegacyConfiguration

extension ConfigurationAssembler {
  /// What is in force because the ConfigMap says so and no object does, and what of it cannot be used.
  func unclaimed(
    _ legacy: LegacySource, pools: [String: AcceptedPool], peers: [ConfiguredPeer],
    profiles: [String: ConfiguredBFDProfile], communities: AcceptedCommunities,
    problems: [ConfigurationProblem]
  ) -> [UnclaimedEntry] {
    var entries: [UnclaimedEntry] = []
    for pool in legacy.document.pools {
      let name = legacy.poolNames[pool.name] ?? pool.name
      guard let accepted = pools[name] else { continue }
      if accepted.configured.source.isConfigMap {
        entries.append(
          UnclaimedEntry(
            entry: "pool \"\(pool.name)\"",
            obstacle: problems.obstacle(["AddressPool", "IPAddressPool"], name)))
      } else if accepted.isAnnouncedByConfigMap {
        entries.append(UnclaimedEntry(entry: "who announces pool \"\(pool.name)\""))
      }
    }
    for peer in legacy.document.peers {
      guard
        let accepted = peers.first(where: { $0.source == legacy.object("peers[\(peer.index)]") })
      else { continue }
      entries.append(
        UnclaimedEntry(
          entry: peer.description,
          obstacle: problems.obstacle(["BGPPeer"], accepted.name)
            ?? peers.lazy.filter { !$0.source.isConfigMap && $0.endpoint == accepted.endpoint }
            .compactMap { other in
              other.difference(from: accepted).map {
                "\(other.source): \($0.fault(owner: accepted.source))"
              }
            }.first))
    }
    for profile in legacy.document.bfdProfiles {
      let name = legacy.profileNames[profile.name] ?? profile.name
      guard let accepted = profiles[profile.name], accepted.source.isConfigMap else { continue }
      if let other = profiles[name], other.difference(from: accepted) == nil,
        !other.source.isConfigMap
      {
        continue
      }
      entries.append(
        UnclaimedEntry(
          entry: "BFD profile \"\(profile.name)\"",
          obstacle: problems.obstacle(["BFDProfile"], name)))
    }
    for community in legacy.document.communities
    where communities.owners[community.name]?.isConfigMap == true {
      entries.append(
        UnclaimedEntry(
          entry: "community \"\(community.name)\"",
          obstacle: problems.first {
            $0.fault.reason == .duplicateCommunity
              && $0.fault.message.contains("\"\(community.name)\"")
          }.map { "\($0.object): \($0.fault)" }))
    }
    entries += problems.filter(\.object.isConfigMap).map {
      UnclaimedEntry(entry: $0.object.entry ?? "the text", obstacle: "\($0.fault)")
    }
    return entries
  }
}

extension AcceptedPool {
  fileprivate var isAnnouncedByConfigMap: Bool {
    configured.l2Advertisements.contains { $0.source.isConfigMap }
      || configured.bgpAdvertisements.contains { $0.source.isConfigMap }
  }
}

extension [ConfigurationProblem] {
  /// What is wrong with an object of this name and one of these kinds.
  fileprivate func obstacle(_ kinds: Set<String>, _ name: String) -> String? {
    first { kinds.contains($0.object.reference.kind ?? "") && $0.object.reference.name == name }
      .map { "\($0.object): \($0.fault)" }
  }
}
