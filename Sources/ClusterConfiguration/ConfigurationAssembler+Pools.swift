import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses

extension ConfigurationAssembler {
  /// Returns the pools by the names of the objects that stand for them.
  mutating func acceptPools(
    of sources: ConfigurationSources, _ legacy: LegacySource?,
    communities: [String: BGPCommunity], _ assessment: inout ConfigurationAssessment
  ) -> [String: AcceptedPool] {
    var candidates: [Candidate<PoolVersion>] = []
    if let legacy {
      candidates = legacy.document.pools.map {
        Candidate($0, objectName: legacy.poolNames[$0.name] ?? $0.name, in: legacy.configMap)
      }
      candidates += legacy.faulty(.legacyPool, known: pools, present: candidates)
    }
    candidates += sources.addressPools.ranked.map { Candidate($0) }
    candidates += sources.ipAddressPools.ranked.map { Candidate($0) }

    var accepted = AcceptedPools(
      namespaces: NamespaceSelection(sources.namespaces), communities: communities)
    assessment.problems += pools.accept(candidates, concernsPools: true) { version, object in
      accepted.offer(version, object)
    }
    assessment.warnings += accepted.warnings
    return accepted.pools
  }

  /// Gives legacy pools the advertisements that they stand for.
  func announceLegacyPools(
    _ pools: inout [String: AcceptedPool], communities: [String: BGPCommunity],
    _ assessment: inout ConfigurationAssessment
  ) {
    for (name, pool) in pools.sorted(by: { $0.key < $1.key }) where !pool.isDeparted {
      pools[name]?.announceItself(communities: communities, &assessment)
    }
  }

  /// A pool whose entry departed is announced as the entry said until an advertisement selects it: that one may be seen
  /// a moment later than the pool.
  mutating func announceDepartedPools(
    _ pools: inout [String: AcceptedPool], communities: [String: BGPCommunity],
    _ assessment: inout ConfigurationAssessment
  ) {
    for (name, pool) in pools.sorted(by: { $0.key < $1.key }) where pool.isDeparted {
      if pool.configured.l2Advertisements.isEmpty, pool.configured.bgpAdvertisements.isEmpty {
        pools[name]?.announceItself(communities: communities, &assessment)
      } else {
        self.pools.forgetDeparted { $0.version.objectName == name }
      }
    }
  }
}

/// A pool that was taken.
struct AcceptedPool {
  /// The addresses; where several say the same, those of the lowest rank.
  var version: PoolVersion
  var configured: ConfiguredPool
  /// What says who announces the pool, and where that stands; nil where only advertisements do.
  var legacy: (pool: LegacyPool, source: ConfigurationObject)?
  /// Whether `legacy` is only remembered, and an IPAddressPool has taken its place.
  var isDeparted = false

  /// Whether advertisements may select it. A legacy pool says itself who announces it.
  var isSelectable: Bool { version.legacy == nil }

  /// Whether this is the legacy form, which an advertisement that says the same takes the place of.
  func isAnnouncedByEntry(_ source: ConfigurationObject) -> Bool { legacy?.source == source }

  fileprivate mutating func announceItself(
    communities: [String: BGPCommunity], _ assessment: inout ConfigurationAssessment
  ) {
    guard let legacy else { return }
    let announcements = LegacyAnnouncements(
      legacy.pool, of: version.pool, source: legacy.source, communities: communities)
    configured.l2Advertisements = announcements.l2
    configured.bgpAdvertisements = announcements.bgp
    assessment.problems += announcements.faults.map {
      ConfigurationProblem(
        object: legacy.source, fault: $0, consequence: .excluded, concernsPools: false)
    }
  }
}

/// The pools taken so far, in rank order.
private struct AcceptedPools {
  /// By the names of the objects that stand for them.
  private(set) var pools: [String: AcceptedPool] = [:]
  private(set) var warnings: [ConfigurationWarning] = []
  private var space = AddressSpace()
  /// The keys of `pools`, by the names that are in force.
  private var keys: [String: String] = [:]
  private var namespaces: NamespaceSelection
  private let communities: [String: BGPCommunity]

  init(namespaces: NamespaceSelection, communities: [String: BGPCommunity]) {
    self.namespaces = namespaces
    self.communities = communities
  }

  mutating func offer(
    _ version: PoolVersion, _ object: ConfigurationObject
  ) -> ConfigurationFault? {
    let (key, pool) = (version.objectName, version.pool)
    if let holder = keys[pool.name], holder != key { return duplicate(pool, of: holder) }
    if let other = pools[key] {
      if object.isConfigMap { return remember(version, object, for: other) }
      guard let entry = other.legacy, !other.isSelectable else { return duplicate(pool, of: key) }
      if let difference = difference(of: version, from: other) {
        return difference.fault(owner: entry.source)
      }
      warnings.append(.saidTwice(by: entry.source, and: object))
      keys[other.configured.name] = nil
    } else {
      for (index, range) in pool.ranges.enumerated() {
        guard let other = space.overlap(with: range) else { continue }
        return overlap(of: pool, index, with: other)
      }
      for (range, notation) in zip(pool.ranges, pool.notations) {
        space.insert(AddressSpace.Claim(range: range, notation: notation, pool: key))
      }
    }
    keys[pool.name] = key
    let legacy = version.legacy.map { (pool: $0, source: object) } ?? pools[key]?.legacy
    pools[key] = AcceptedPool(
      version: version, configured: pool.configured(source: object, &namespaces), legacy: legacy)
    return nil
  }

  /// An entry of the ConfigMap in second place: it departed.
  private mutating func remember(
    _ version: PoolVersion, _ object: ConfigurationObject, for other: AcceptedPool
  ) -> ConfigurationFault? {
    guard other.isSelectable, other.version.pool.difference(from: version.pool) == nil,
      let legacy = version.legacy
    else { return duplicate(version.pool, of: version.objectName) }
    pools[version.objectName]?.legacy = (legacy, object)
    pools[version.objectName]?.isDeparted = true
    return nil
  }

  private func difference(
    of version: PoolVersion, from entry: AcceptedPool
  ) -> EntryDifference? {
    if let difference = version.pool.difference(from: entry.version.pool) { return difference }
    guard let own = version.legacy, let (others, source) = entry.legacy else { return nil }
    let announcements = [own, others].map {
      LegacyAnnouncements($0, of: version.pool, source: source, communities: communities)
    }
    if own.protocol != others.protocol {
      return EntryDifference(field: "spec.protocol", entry: others.protocol.rawValue)
    }
    guard !announcements[0].isSame(as: announcements[1]) else { return nil }
    return EntryDifference(field: "spec.bgpAdvertisements", entry: "something else")
  }

  private func duplicate(_ pool: ParsedPool, of key: String) -> ConfigurationFault {
    let owner = pools[key].map { "\($0.configured.source)" } ?? key
    return ConfigurationFault(
      .duplicateName, field: "metadata.name",
      "pool \"\(pool.name)\" already exists as \(owner): rename one of them")
  }

  private func overlap(
    of pool: ParsedPool, _ index: Int, with claim: AddressSpace.Claim
  ) -> ConfigurationFault {
    let other = pools[claim.pool]
    let owner = other.map { ", \($0.configured.source)" } ?? ""
    return ConfigurationFault(
      .overlappingAddresses, field: "spec.addresses[\(index)]",
      "CIDR \"\(pool.notations[index])\" in pool \"\(pool.name)\" overlaps with already defined CIDR \"\(claim.notation)\" of pool \"\(other?.configured.name ?? claim.pool)\"\(owner): remove the addresses from one of them"
    )
  }
}
