package import NetworkAddresses

/// Hosts that may rightly answer for the same addresses as this one, by what frames tell of their senders.
package struct Peers: Hashable, Sendable {
  /// The name of the peer with each protocol address.
  package var addresses: [IPAddress: String]
  /// The name of the peer with each hardware address, as far as peers tell theirs.
  package var hardwareAddresses: [MACAddress: String]

  package init(
    addresses: [IPAddress: String] = [:], hardwareAddresses: [MACAddress: String] = [:]
  ) {
    self.addresses = addresses
    self.hardwareAddresses = hardwareAddresses
  }
}

/// Which hardware addresses belong to peers: those that they tell, and those that are learned from the ARP packets and
/// solicitations that they send anyway. The latter alone would miss a peer on a link where it does not use its known
/// protocol addresses.
struct PeerTable: Sendable {
  var peers = Peers() {
    didSet { learned = learned.filter { peers.addresses[$0.value] != nil } }
  }
  private var learned: [MACAddress: IPAddress] = [:]

  /// The name of the peer with a hardware address.
  subscript(hardwareAddress: MACAddress) -> String? {
    peers.hardwareAddresses[hardwareAddress]
      ?? learned[hardwareAddress].flatMap { peers.addresses[$0] }
  }

  /// Takes in who sent a frame. What peers do not use is not remembered.
  mutating func learn(_ hardwareAddress: MACAddress, has address: IPAddress) {
    guard peers.addresses[address] != nil, learned[hardwareAddress] != address else { return }
    // Peers have a few hardware addresses each; more come from somebody who plays games.
    if learned.count > 8 * peers.addresses.count + 64 { learned = [:] }
    learned[hardwareAddress] = address
  }
}
