import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

extension ConfigurationAssembler {
  /// What is wrong with pools only in the eye of who meant something else.
  func warnings(
    about pools: [String: AcceptedPool], peers: [ConfiguredPeer], _ sources: ConfigurationSources
  ) -> [ConfigurationWarning] {
    let hasPeers = !peers.isEmpty || sources.bgpPeers?.isEmpty != true
    return pools.values.sorted { $0.configured.name < $1.configured.name }.compactMap { pool in
      let configured = pool.configured
      let isSilent = configured.l2Advertisements.isEmpty && configured.bgpAdvertisements.isEmpty
      if pool.isSelectable, isSilent {
        return ConfigurationWarning(
          object: configured.source, reason: .poolNotAdvertised,
          "no advertisement selects the pool, so nobody announces its addresses: add an L2Advertisement or a BGPAdvertisement"
        )
      }
      if pool.isSelectable, let entry = pool.legacy?.source,
        pool.sources.allSatisfy({ $0 == entry })
      {
        return ConfigurationWarning(
          object: configured.source, reason: .poolNotAdvertised,
          "only \(entry) says who announces the pool: before that goes, add an L2Advertisement or a BGPAdvertisement"
        )
      }
      if let legacy = pool.legacy?.pool, legacy.protocol == .bgp, !isSilent, !hasPeers {
        return ConfigurationWarning(
          object: configured.source, reason: .noPeer,
          "there is no peer, so nobody hears of the addresses: add one")
      }
      return nil
    }
  }
}

extension AcceptedPool {
  /// What announces the pool.
  fileprivate var sources: [ConfigurationObject] {
    configured.l2Advertisements.map(\.source) + configured.bgpAdvertisements.map(\.source)
  }
}

extension PoolSelection {
  /// Names that are no pool's, and selectors that match none.
  ///
  /// - Parameter stored: names of all IPAddressPools, also of those that are not taken.
  func warnings(
    _ object: ConfigurationObject, selected: [String], _ pools: [String: AcceptedPool],
    stored: Set<String>
  ) -> [ConfigurationWarning] {
    var warnings: [ConfigurationWarning] = []
    for name in names {
      if let pool = pools[name] {
        guard !pool.isSelectable else { continue }
        warnings.append(
          ConfigurationWarning(
            object: object, reason: .unknownPool,
            "pool \"\(name)\" comes from \(pool.configured.source), which says itself who announces it: remove the name"
          ))
      } else if !stored.contains(name) {
        warnings.append(
          ConfigurationWarning(
            object: object, reason: .unknownPool,
            "there is no pool \"\(name)\": correct the name in spec.ipAddressPools, or create the pool"
          ))
      }
    }
    if selected.isEmpty, !selectors.isEmpty {
      warnings.append(
        ConfigurationWarning(
          object: object, reason: .noPoolSelected,
          "spec.ipAddressPoolSelectors match no pool: correct them, or label a pool"))
    }
    return warnings
  }
}

extension NodeSelection {
  /// Node selectors of an advertisement that match none.
  mutating func warnings(
    _ object: ConfigurationObject, _ selectors: [LabelSelector]
  ) -> [ConfigurationWarning] {
    guard isEmpty(selectors) else { return [] }
    return [
      ConfigurationWarning(
        object: object, reason: .noNodeSelected,
        "spec.nodeSelectors match no node, so nobody announces for it: correct them, or label a node"
      )
    ]
  }
}

extension ValidatedConfiguration {
  /// Advertisements that name interfaces which a node that they select does not have, or cannot announce on.
  ///
  /// - Parameters:
  ///   - node: its name, for the message.
  ///   - labels: of the node.
  ///   - interfaces: all interfaces of the node that are not excluded.
  ///   - unusable: why one of these cannot be used, by name.
  package func unknownInterfaces(
    node: String, labels: [String: String], interfaces: Set<String>,
    unusable: [String: String] = [:]
  ) -> [ConfigurationWarning] {
    var warnings: [ConfigurationWarning] = []
    var seen: Set<ConfigurationObject> = []
    for advertisement in pools.lazy.flatMap(\.l2Advertisements) {
      let missing = advertisement.interfaces.filter { !interfaces.contains($0) }
      var reasons = advertisement.interfaces.compactMap { unusable[$0] }
      let isHopeless = missing.count + reasons.count == advertisement.interfaces.count
      if !missing.isEmpty {
        let names = missing.map { "\"\($0)\"" }.joined(separator: ", ")
        reasons.insert("it has no interface \(names)", at: 0)
      }
      guard !reasons.isEmpty, advertisement.selectsNode(labels: labels),
        seen.insert(advertisement.source).inserted
      else { continue }
      let reason = reasons.joined(separator: ", and ")
      warnings.append(
        ConfigurationWarning(
          object: advertisement.source, reason: isHopeless ? .noInterface : .unknownInterface,
          isHopeless
            ? "node \(node) announces nothing for it, as \(reason): correct spec.interfaces, or select other nodes"
            : "node \(node) cannot use all its interfaces, as \(reason): correct spec.interfaces, unless other nodes can"
        ))
    }
    return warnings
  }
}
