package import KubernetesAPI

/// The configuration of the ConfigMap era: the YAML under the data key `config` of the ConfigMap `config`.
///
/// Data flows both ways. The operator builds a document from `AddressPool` objects and writes ``yamlText()``, always in
/// the layout of the last generation (0.12). Controller, speaker and converter ``read(_:)`` documents of every
/// generation, 0.1 to 0.12, into the same values: older spellings (`cidr`, `advertisements`, `communities`, the
/// protocols `arp` and `ndp`, `arp-network`) do not exist past the reader. ``LegacyPool`` turns itself into the current
/// kinds, so that everything behind it knows one model only.
///
/// The reader checks shape: keys, types, and what cannot be said in the current model. What an address or a
/// community means is checked once for all sources, in `ClusterConfiguration`.
package struct LegacyDocument: Sendable, Hashable {
  package var peers: [LegacyPeer]
  /// Names for communities, in the order written. Read for users' files; the operator never writes any.
  package var communities: [LegacyCommunity]
  package var pools: [LegacyPool]
  package var bfdProfiles: [LegacyBFDProfile]

  package init(
    peers: [LegacyPeer] = [], communities: [LegacyCommunity] = [], pools: [LegacyPool] = [],
    bfdProfiles: [LegacyBFDProfile] = []
  ) {
    self.peers = peers
    self.communities = communities
    self.pools = pools
    self.bfdProfiles = bfdProfiles
  }

  /// The ConfigMap's name, unless a flag says otherwise.
  package static let configMapName = "config"
  /// The ConfigMap's data key that holds the document.
  package static let dataKey = "config"
  /// On the ConfigMap when the operator renders it; a ConfigMap without it is a user's own.
  package static let renderedByLabel = "metallb.io/rendered-by"
  package static let renderedByOperator = "metallb-operator"
}

/// A name for a community: `vpn-only` for `1234:1`.
package struct LegacyCommunity: Sendable, Hashable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// One entry of `peers`: a router to hold a BGP session with.
package struct LegacyPeer: Sendable, Hashable {
  /// Its place in the list, from 0: entries have no names.
  package var index = 0
  package var myASN: UInt32
  package var peerASN: UInt32
  package var peerAddress: String
  package var sourceAddress: String?
  /// Nil means 179.
  package var peerPort: UInt16?
  /// Nil means 90 s.
  package var holdTime: Duration?
  /// Nil means a third of the hold time.
  package var keepaliveTime: Duration?
  package var routerID: String?
  /// The nodes that peer: those that match any selector, and all of them when there is none.
  package var nodeSelectors: [LabelSelector]
  /// A secret: never in logs, events or error text.
  package var password: String?
  package var bfdProfile: String?
  package var ebgpMultiHop: Bool

  package init(myASN: UInt32, peerASN: UInt32, peerAddress: String) {
    self.myASN = myASN
    self.peerASN = peerASN
    self.peerAddress = peerAddress
    nodeSelectors = []
    ebgpMultiHop = false
  }
}

/// Without the password, so that no log line ever holds it.
extension LegacyPeer: CustomStringConvertible, CustomReflectable {
  package var description: String { "peer \(peerAddress) (AS \(peerASN))" }
  package var customMirror: Mirror { Mirror(self, children: ["peer": description]) }
}

/// One entry of `bfd-profiles`. Intervals are in milliseconds; what is absent is the BFD implementation's choice.
package struct LegacyBFDProfile: Sendable, Hashable {
  package var name: String
  package var receiveInterval: UInt32?
  package var transmitInterval: UInt32?
  package var detectMultiplier: UInt32?
  package var echoInterval: UInt32?
  package var echoMode: Bool?
  package var passiveMode: Bool?
  package var minimumTTL: UInt32?

  package init(name: String) { self.name = name }
}
