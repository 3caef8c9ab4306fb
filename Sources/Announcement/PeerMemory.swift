package import Layer2
package import NetworkAddresses

/// By which addresses the other nodes are known on the link: those that their Nodes have, and the hardware addresses that
/// their speakers tell through gossip.
///
/// A node with which gossip is lost may go on announcing, and has to be recognised then most of all: what its speaker told
/// is remembered as long as the Node exists.
package struct PeerMemory: Sendable {
  /// By node.
  private var told: [String: Set<MACAddress>] = [:]

  package init() {}

  /// - Parameters:
  ///   - own: the node that asks.
  ///   - nodes: the addresses of all Nodes.
  ///   - metadata: what each member says of itself; nil without gossip.
  package mutating func peers(
    of own: String, nodes: [String: [IPAddress]], metadata: [String: [UInt8]]?
  ) -> Peers {
    told = told.filter { nodes[$0.key] != nil }
    for (node, bytes) in metadata ?? [:] where nodes[node] != nil {
      guard let addresses = SpeakerMetadata(decoding: bytes)?.hardwareAddresses,
        !addresses.isEmpty
      else { continue }
      told[node] = addresses
    }
    var peers = Peers()
    // Of two that say the same, all nodes believe the first.
    for (node, addresses) in nodes.sorted(by: { $0.key > $1.key }) where node != own {
      for address in addresses { peers.addresses[address] = node }
      for address in told[node, default: []] { peers.hardwareAddresses[address] = node }
    }
    return peers
  }
}
