package import KubernetesAPI
package import NetworkAddresses

/// How the addresses of a pool are announced over BGP. The pools are those it is attached to.
package struct ConfiguredBGPAdvertisement: Sendable, Hashable {
  /// The object that asks for it.
  package var source: ConfigurationObject
  /// 1 to 32: the prefix that an IPv4 address is rolled up to.
  package var aggregationLength: Int
  /// 1 to 128.
  package var aggregationLengthV6: Int
  /// LOCAL_PREF, of iBGP sessions; nil sets none.
  package var localPref: UInt32?
  /// Sorted, each once.
  package var communities: [BGPCommunity]
  /// The nodes that announce: those that match any selector, and all of them when there is none.
  package var nodeSelectors: [LabelSelector]
  /// Names of peers, sorted, each once; all peers when empty.
  package var peers: [String]
  /// The Services it is for: those that match any selector, and all of them when there is none.
  package var serviceSelectors: [LabelSelector]

  package init(
    source: ConfigurationObject, aggregationLength: Int = 32, aggregationLengthV6: Int = 128,
    localPref: UInt32? = nil, communities: [BGPCommunity] = [],
    nodeSelectors: [LabelSelector] = [], peers: [String] = [],
    serviceSelectors: [LabelSelector] = []
  ) {
    self.source = source
    self.aggregationLength = aggregationLength
    self.aggregationLengthV6 = aggregationLengthV6
    self.localPref = localPref
    self.communities = Set(communities).sorted()
    self.nodeSelectors = nodeSelectors
    self.peers = Set(peers).sorted()
    self.serviceSelectors = serviceSelectors
  }

  package func aggregationLength(for family: AddressFamily) -> Int {
    switch family {
    case .ipv4: aggregationLength
    case .ipv6: aggregationLengthV6
    }
  }

  package func selectsNode(labels: [String: String]) -> Bool {
    nodeSelectors.isEmpty || nodeSelectors.contains { $0.matches(labels) }
  }

  package func selectsService(labels: [String: String]) -> Bool {
    serviceSelectors.isEmpty || serviceSelectors.contains { $0.matches(labels) }
  }

  package func selectsPeer(_ name: String) -> Bool { peers.isEmpty || peers.contains(name) }

  /// Whether two advertisements of one pool may name different LOCAL_PREFs: they announce different prefixes in every
  /// family of the pool, or to different peers, or from different nodes.
  ///
  /// - Parameter nodesAreDisjoint: asked last, as it is the costly part.
  package func hasCompatibleLocalPref(
    with other: Self, families: Set<AddressFamily>, nodesAreDisjoint: () -> Bool
  ) -> Bool {
    if (localPref ?? 0) == (other.localPref ?? 0) { return true }
    if families.allSatisfy({ aggregationLength(for: $0) != other.aggregationLength(for: $0) }) {
      return true
    }
    if !peers.isEmpty, !other.peers.isEmpty, Set(peers).isDisjoint(with: other.peers) {
      return true
    }
    return nodesAreDisjoint()
  }
}
