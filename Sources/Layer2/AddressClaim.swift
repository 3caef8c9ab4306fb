package import NetworkAddresses

/// Another host on the link says that an address is its own: an ARP packet with it as the sender (RFC 5227 §2.4), a
/// neighbour advertisement for it, or a solicitation from it (RFC 4862 §5.4).
package struct AddressClaim: Hashable, Sendable {
  package var address: IPAddress
  package var hardwareAddress: MACAddress
  /// The name of the interface on which it was heard.
  package var interface: String
  /// The address of the peer that the hardware address belongs to; nil for a host that is no peer.
  package var peer: IPAddress?
  /// What this node was doing about the address.
  package var stage: Stage

  package enum Stage: String, Hashable, Sendable {
    case announcing
    case probing
    case watching
  }

  package init(
    address: IPAddress, hardwareAddress: MACAddress, interface: String, peer: IPAddress? = nil,
    stage: Stage
  ) {
    self.address = address
    self.hardwareAddress = hardwareAddress
    self.interface = interface
    self.peer = peer
    self.stage = stage
  }
}

/// What happened to an address without a call.
package enum AddressReport: Hashable, Sendable {
  /// Nobody else has the address: it is announced from now on.
  case announcedAfterProbing(IPAddress)
  case claimed(AddressClaim)
  /// An address that was handed over is no longer answered for: another host told the network that it has it, or,
  /// without a hardware address, nobody did in time.
  case handedOver(IPAddress, to: MACAddress?)
}

/// How to announce an address.
package struct AnnouncementOptions: Hashable, Sendable {
  /// Make sure that nobody else has the address before it is announced.
  package var probesFirst: Bool
  /// Tell the network again and again after the burst; nil for not.
  package var refreshInterval: Duration?

  package init(probesFirst: Bool = false, refreshInterval: Duration? = nil) {
    self.probesFirst = probesFirst
    self.refreshInterval = refreshInterval
  }
}

/// Which hardware addresses belong to peers: hosts that may rightly answer for an address, as they announce some of
/// the same ones. Learned from the ARP packets and solicitations that peers send anyway.
struct PeerTable: Sendable {
  var addresses: Set<IPAddress> = [] {
    didSet { known = known.filter { addresses.contains($0.value) } }
  }
  private var known: [MACAddress: IPAddress] = [:]

  subscript(hardwareAddress: MACAddress) -> IPAddress? { known[hardwareAddress] }

  /// Takes in who sent a frame. What peers do not use is not remembered.
  mutating func learn(_ hardwareAddress: MACAddress, has address: IPAddress) {
    guard addresses.contains(address), known[hardwareAddress] != address else { return }
    // Peers have a few hardware addresses each; more come from somebody who plays games.
    if known.count > 8 * addresses.count + 64 { known = [:] }
    known[hardwareAddress] = address
  }
}
