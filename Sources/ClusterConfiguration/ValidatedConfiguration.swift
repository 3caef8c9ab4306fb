package import NetworkAddresses

/// What a cluster's configuration means, whoever wrote it and in which form.
///
/// ```
/// the kinds of metallb.io ─────────┐  one kind at a time     ranking of conflicts
/// ConfigMap `config` (any era) ────┼─▶ Validation/… ───▶ ConfigurationAssembler ──▶ ValidatedConfiguration
/// Namespaces, Secrets ─────────────┘  faults of one object   problems, warnings
/// ```
///
/// A `ConfigurationAssembler` turns ``ConfigurationSources`` into a ``ConfigurationAssessment``: this value, and all that
/// is wrong with what was not taken. One bad object never takes another with it. Controller, speakers, operator and
/// webhooks use the same rules. Selectors of nodes stay selectors, so that a node that comes or goes is not a new
/// configuration; nodes are looked at only to tell whether two objects meet on one.
///
/// Pools do not overlap, names are unique, and every selector, address and interface list is well formed.
package struct ValidatedConfiguration: Sendable, Hashable {
  /// Sorted by name.
  package let pools: [ConfiguredPool]
  /// Sorted by name.
  package let peers: [ConfiguredPeer]
  /// First addresses of all ranges in ascending order, with the pool that each belongs to.
  private let ranges: [(range: AddressRange, pool: Int)]

  /// - Parameter pools: with unique names and without overlaps, in any order.
  package init(pools: [ConfiguredPool] = [], peers: [ConfiguredPeer] = []) {
    self.peers = peers.sorted { $0.name < $1.name }
    let sorted = pools.sorted { $0.name < $1.name }
    self.pools = sorted
    ranges = sorted.indices
      .flatMap { index in sorted[index].ranges.map { ($0, index) } }
      .sorted { $0.0.first < $1.0.first }
  }

  package func pool(named name: String) -> ConfiguredPool? {
    pools.partitioningElement { $0.name < name }.flatMap { $0.name == name ? $0 : nil }
  }

  /// The pool that holds the address. Takes a binary search.
  package func pool(containing address: IPAddress) -> ConfiguredPool? {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].range.first <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, ranges[low - 1].range.contains(address) else { return nil }
    return pools[ranges[low - 1].pool]
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.pools == right.pools && left.peers == right.peers
  }
  package func hash(into hasher: inout Hasher) {
    hasher.combine(pools)
    hasher.combine(peers)
  }
}

extension Array {
  /// The first element for which `isBefore` is false, in an array that is sorted by it.
  fileprivate func partitioningElement(_ isBefore: (Element) -> Bool) -> Element? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low < count ? self[low] : nil
  }
}
