package import NetworkAddresses

/// Another host on the link says that an address is its own: an ARP packet with it as the sender (RFC 5227 §2.4), a
/// neighbour advertisement for it, or a solicitation from it (RFC 4862 §5.4).
package struct AddressClaim: Hashable, Sendable {
  package var address: IPAddress
  package var hardwareAddress: MACAddress
  /// The name of the interface on which it was heard.
  package var interface: String
  /// The name of the peer that the hardware address belongs to; nil for a host that is no peer.
  package var peer: String?
  /// What this node was doing about the address.
  package var stage: Stage

  package enum Stage: String, Hashable, Sendable {
    case announcing
    case probing
    case watching
  }

  package init(
    address: IPAddress, hardwareAddress: MACAddress, interface: String, peer: String? = nil,
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
  /// Nobody else has the address, or nobody wants to know any more: it is announced from now on.
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
