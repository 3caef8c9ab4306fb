package import NetworkAddresses

/// What the two messages have in common: 24 bytes of ICMPv6 (type 1, code 1, checksum 2, flags 4, target 16), then
/// options (type 1, length in units of 8 bytes 1, value).
enum NeighborDiscovery {
  static let solicitation: UInt8 = 135
  static let advertisement: UInt8 = 136
  static let sourceLinkLayerAddress: UInt8 = 1
  static let targetLinkLayerAddress: UInt8 = 2

  struct Message {
    var header: ICMPv6Header
    var flags: UInt32
    var target: IPv6Address
    /// The first of the wanted link-layer address options.
    var linkLayerAddress: MACAddress?
  }

  /// Reads an IPv6 packet and checks what both kinds must satisfy (RFC 4861 §7.1.1, §7.1.2).
  static func decode(
    _ packet: RawSpan, type: UInt8, linkLayerOption: UInt8
  ) throws(NeighborDiscoveryError) -> Message {
    let (header, range) = try ICMPv6Header.decode(packet)
    let message = packet.extracting(range)
    guard let actualType = message.byte(at: 0), let code = message.byte(at: 1),
      let flags = message.networkUInt32(at: 4), let target = message.ipv6Address(at: 8)
    else { throw .truncated(actual: packet.byteCount) }
    guard actualType == type else { throw .notNeighborDiscovery }
    guard header.hopLimit == 255 else { throw .hopLimit(header.hopLimit) }
    let checksum = ICMPv6Header.checksum(
      source: header.source, destination: header.destination, message: message)
    guard checksum == 0 else { throw .checksum }
    guard code == 0 else { throw .code(code) }
    guard !target.isMulticast else { throw .multicastTarget }
    return Message(
      header: header, flags: flags, target: target,
      linkLayerAddress: try linkLayerAddress(message, option: linkLayerOption))
  }

  /// Every option must have a length that fits; the first of the wanted type counts (RFC 4861 §4.6).
  private static func linkLayerAddress(
    _ message: RawSpan, option: UInt8
  ) throws(NeighborDiscoveryError) -> MACAddress? {
    var found: MACAddress?
    var offset = 24
    while offset < message.byteCount {
      guard let type = message.byte(at: offset), let units = message.byte(at: offset + 1),
        units > 0, offset + Int(units) * 8 <= message.byteCount
      else { throw .option }
      // On Ethernet the option is one unit long (RFC 2464 §6).
      if type == option, units == 1, found == nil { found = message.macAddress(at: offset + 2) }
      offset += Int(units) * 8
    }
    return found
  }

  static func encode(
    _ message: Message, type: UInt8, linkLayerOption: UInt8, into bytes: inout [UInt8]
  ) {
    message.header.encode(into: &bytes) { bytes in
      bytes.append(network: UInt32(type) << 24)
      bytes.append(network: message.flags)
      bytes.append(message.target)
      if let address = message.linkLayerAddress {
        bytes.append(linkLayerOption)
        bytes.append(1)
        bytes.append(address)
      }
    }
  }
}

/// A neighbour solicitation (RFC 4861 §4.3): asks for the link-layer address of `target`.
package struct NeighborSolicitation: Hashable, Sendable {
  /// The unspecified address during duplicate address detection (RFC 4862 §5.4.2).
  package var source: IPv6Address
  package var destination: IPv6Address
  package var target: IPv6Address
  package var sourceLinkLayerAddress: MACAddress?

  package init(
    source: IPv6Address, destination: IPv6Address, target: IPv6Address,
    sourceLinkLayerAddress: MACAddress?
  ) {
    self.source = source
    self.destination = destination
    self.target = target
    self.sourceLinkLayerAddress = sourceLinkLayerAddress
  }

  /// Reads an IPv6 packet and validates it (RFC 4861 §7.1.1).
  package init(decoding packet: RawSpan) throws(NeighborDiscoveryError) {
    let message = try NeighborDiscovery.decode(
      packet, type: NeighborDiscovery.solicitation,
      linkLayerOption: NeighborDiscovery.sourceLinkLayerAddress)
    self.init(
      source: message.header.source, destination: message.header.destination,
      target: message.target, sourceLinkLayerAddress: message.linkLayerAddress)
    if source == .unspecified {
      // RFC 4861 §7.1.1: to a solicited-node group, and without a source link-layer address.
      guard destination == destination.solicitedNodeGroup, sourceLinkLayerAddress == nil else {
        throw .unspecifiedSource
      }
    }
  }

  /// Appends the IPv6 packet.
  package func encode(into bytes: inout [UInt8]) {
    NeighborDiscovery.encode(
      NeighborDiscovery.Message(
        header: ICMPv6Header(hopLimit: 255, source: source, destination: destination), flags: 0,
        target: target, linkLayerAddress: sourceLinkLayerAddress),
      type: NeighborDiscovery.solicitation,
      linkLayerOption: NeighborDiscovery.sourceLinkLayerAddress, into: &bytes)
  }
}

/// A neighbour advertisement (RFC 4861 §4.4): tells the link-layer address of `target`.
package struct NeighborAdvertisement: Hashable, Sendable {
  package var source: IPv6Address
  package var destination: IPv6Address
  package var isRouter: Bool
  /// It answers a solicitation, and so confirms that the sender can be reached.
  package var isSolicited: Bool
  /// It replaces what the receiver has cached.
  package var isOverride: Bool
  package var target: IPv6Address
  package var targetLinkLayerAddress: MACAddress?

  package init(
    source: IPv6Address, destination: IPv6Address, isRouter: Bool = false, isSolicited: Bool,
    isOverride: Bool, target: IPv6Address, targetLinkLayerAddress: MACAddress?
  ) {
    self.source = source
    self.destination = destination
    self.isRouter = isRouter
    self.isSolicited = isSolicited
    self.isOverride = isOverride
    self.target = target
    self.targetLinkLayerAddress = targetLinkLayerAddress
  }

  /// Reads an IPv6 packet and validates it (RFC 4861 §7.1.2).
  package init(decoding packet: RawSpan) throws(NeighborDiscoveryError) {
    let message = try NeighborDiscovery.decode(
      packet, type: NeighborDiscovery.advertisement,
      linkLayerOption: NeighborDiscovery.targetLinkLayerAddress)
    self.init(
      source: message.header.source, destination: message.header.destination,
      isRouter: message.flags >> 31 & 1 == 1, isSolicited: message.flags >> 30 & 1 == 1,
      isOverride: message.flags >> 29 & 1 == 1, target: message.target,
      targetLinkLayerAddress: message.linkLayerAddress)
    guard !(isSolicited && destination.isMulticast) else { throw .solicitedMulticast }
  }

  /// Appends the IPv6 packet.
  package func encode(into bytes: inout [UInt8]) {
    let flags: UInt32 =
      (isRouter ? 1 << 31 : 0) | (isSolicited ? 1 << 30 : 0) | (isOverride ? 1 << 29 : 0)
    NeighborDiscovery.encode(
      NeighborDiscovery.Message(
        header: ICMPv6Header(hopLimit: 255, source: source, destination: destination),
        flags: flags, target: target, linkLayerAddress: targetLinkLayerAddress),
      type: NeighborDiscovery.advertisement,
      linkLayerOption: NeighborDiscovery.targetLinkLayerAddress, into: &bytes)
  }

  /// Appends a whole frame.
  package func encodeFrame(
    from source: MACAddress, to destination: MACAddress, into bytes: inout [UInt8]
  ) {
    EthernetHeader(destination: destination, source: source, etherType: EthernetHeader.ipv6)
      .encode(into: &bytes)
    encode(into: &bytes)
  }
}
