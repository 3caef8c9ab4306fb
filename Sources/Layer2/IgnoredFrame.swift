/// Why a frame gets no answer.
package enum IgnoredFrame: String, Hashable, Sendable, CaseIterable {
  /// It arrived on an interface that is not used, or not used for this family.
  case unusedInterface
  /// Too short for what it claims to be.
  case truncated
  /// Neither ARP nor IPv6.
  case otherEtherType
  /// ARP for another hardware or protocol.
  case notEthernetIPv4
  /// An ARP reply, or one of the rarer operations. Who sent it may still be of interest.
  case notRequest
  /// IPv6, but no neighbour solicitation; an advertisement may still be of interest.
  case notSolicitation
  /// The Ethernet destination is another host.
  case otherDestination
  /// It comes from the interface's own address: an echo of our frames.
  case ownFrame
  /// The requester's hardware address is zero or the broadcast address, where no answer belongs.
  case invalidSender
  /// A solicitation that was forwarded by a router (RFC 4861 §7.1.1).
  case hopLimit
  case checksum
  /// A solicitation that breaks another rule of RFC 4861 §7.1.1.
  case malformedSolicitation
  /// A multicast solicitation without the option that says where the answer goes.
  case noSourceLinkLayerAddress
  /// The wanted address is not announced by this node.
  case notAnnounced
  /// It is announced, but not on this interface.
  case otherInterface
  /// It is not announced yet: first it is made sure that nobody else has it, or somebody has.
  case probedAddress
  /// The requester asks too often.
  case rateLimited
}

extension IgnoredFrame {
  init(_ error: ARPPacket.DecodingError) {
    switch error {
    case .truncated: self = .truncated
    case .notEthernetIPv4: self = .notEthernetIPv4
    }
  }

  init(_ error: NeighborDiscoveryError) {
    switch error {
    case .truncated: self = .truncated
    case .notNeighborDiscovery: self = .notSolicitation
    case .hopLimit: self = .hopLimit
    case .checksum: self = .checksum
    case .code, .multicastTarget, .option, .unspecifiedSource, .solicitedMulticast:
      self = .malformedSolicitation
    }
  }
}
