package import Layer2
package import NetworkAddresses

/// What the speakers of other nodes told of themselves through gossip, also those that are lost.
///
/// A node with which gossip is lost may go on announcing, and has to be recognised and judged then most of all: what its
/// speaker told last is remembered as long as the Node exists.
package struct PeerMemory: Sendable {
  /// By node.
  private var told: [String: SpeakerMetadata] = [:]

  package init() {}

  /// Takes in what members say of themselves.
  ///
  /// - Parameter nodes: the names of all Nodes.
  package mutating func note(_ metadata: [String: [UInt8]], nodes: Set<String>) {
    told = told.filter { nodes.contains($0.key) }
    for (node, bytes) in metadata where nodes.contains(node) {
      if let new = SpeakerMetadata(decoding: bytes) { told[node] = new }
    }
  }

  /// By which addresses the other nodes are known on the link.
  ///
  /// - Parameters:
  ///   - own: the node that asks.
  ///   - nodes: the addresses of all Nodes.
  package func peers(of own: String, nodes: [String: [IPAddress]]) -> Peers {
    var peers = Peers()
    // Of two that say the same, all nodes believe the first.
    for (node, addresses) in nodes.sorted(by: { $0.key > $1.key }) where node != own {
      for address in addresses { peers.addresses[address] = node }
      for address in told[node]?.hardwareAddresses ?? [] { peers.hardwareAddresses[address] = node }
    }
    return peers
  }

  var interfaces: [String: [String: Set<AddressFamily>]] { told.mapValues(\.interfaces) }
}
