package import NetworkAddresses

/// An ARP packet for IPv4 over Ethernet (RFC 826), 28 bytes behind the Ethernet header:
///
/// | Bytes | Field |
/// |---|---|
/// | 0–1 | hardware type: 1 |
/// | 2–3 | protocol type: 0x0800 |
/// | 4, 5 | hardware and protocol address length: 6, 4 |
/// | 6–7 | operation |
/// | 8–13, 14–17 | sender hardware and protocol address |
/// | 18–23, 24–27 | target hardware and protocol address |
package struct ARPPacket: Hashable, Sendable {
  package var operation: Operation
  package var senderHardwareAddress: MACAddress
  package var senderProtocolAddress: IPv4Address
  package var targetHardwareAddress: MACAddress
  package var targetProtocolAddress: IPv4Address

  package static let length = 28

  package struct Operation: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
      self.rawValue = rawValue
    }

    package static let request = Operation(rawValue: 1)
    package static let reply = Operation(rawValue: 2)
  }

  package enum DecodingError: Error, Hashable, Sendable {
    case truncated(actual: Int)
    /// Another hardware or protocol than Ethernet and IPv4, or other address lengths than theirs.
    case notEthernetIPv4
  }

  package init(
    operation: Operation, senderHardwareAddress: MACAddress, senderProtocolAddress: IPv4Address,
    targetHardwareAddress: MACAddress, targetProtocolAddress: IPv4Address
  ) {
    self.operation = operation
    self.senderHardwareAddress = senderHardwareAddress
    self.senderProtocolAddress = senderProtocolAddress
    self.targetHardwareAddress = targetHardwareAddress
    self.targetProtocolAddress = targetProtocolAddress
  }

  /// Reads what follows the Ethernet header. Padding behind the packet is ignored.
  package init(decoding payload: RawSpan) throws(DecodingError) {
    guard payload.byteCount >= Self.length, let types = payload.networkUInt32(at: 0),
      let lengths = payload.networkUInt16(at: 4), let operation = payload.networkUInt16(at: 6),
      let senderHardwareAddress = payload.macAddress(at: 8),
      let senderProtocolAddress = payload.ipv4Address(at: 14),
      let targetHardwareAddress = payload.macAddress(at: 18),
      let targetProtocolAddress = payload.ipv4Address(at: 24)
    else { throw .truncated(actual: payload.byteCount) }
    guard types == 0x0001_0800, lengths == 0x0604 else { throw .notEthernetIPv4 }
    self.init(
      operation: Operation(rawValue: operation), senderHardwareAddress: senderHardwareAddress,
      senderProtocolAddress: senderProtocolAddress, targetHardwareAddress: targetHardwareAddress,
      targetProtocolAddress: targetProtocolAddress)
  }

  package func encode(into bytes: inout [UInt8]) {
    bytes.append(network: 0x0001_0800 as UInt32)
    bytes.append(network: 0x0604 as UInt16)
    bytes.append(network: operation.rawValue)
    bytes.append(senderHardwareAddress)
    bytes.append(senderProtocolAddress)
    bytes.append(targetHardwareAddress)
    bytes.append(targetProtocolAddress)
  }

  /// Appends a whole frame from the sender's hardware address, padded to the shortest that Ethernet allows.
  package func encodeFrame(to destination: MACAddress, into bytes: inout [UInt8]) {
    let start = bytes.count
    EthernetHeader(
      destination: destination, source: senderHardwareAddress, etherType: EthernetHeader.arp
    ).encode(into: &bytes)
    encode(into: &bytes)
    let padding = EthernetHeader.minimumFrameLength - (bytes.count - start)
    bytes.append(contentsOf: repeatElement(0, count: padding))
  }
}

extension ARPPacket {
  /// The answer to a request: the owner of the wanted address tells the requester (RFC 826, packet reception).
  package func reply(from owner: MACAddress) -> ARPPacket {
    ARPPacket(
      operation: .reply, senderHardwareAddress: owner,
      senderProtocolAddress: targetProtocolAddress, targetHardwareAddress: senderHardwareAddress,
      targetProtocolAddress: senderProtocolAddress)
  }

  /// Gratuitous ARP (RFC 5227 §1.2, §3): sender and target are the announced address. Hosts differ in which of the two
  /// operations they learn from, so both are sent.
  package static func gratuitous(
    _ operation: Operation, for address: IPv4Address, from owner: MACAddress
  ) -> ARPPacket {
    ARPPacket(
      operation: operation, senderHardwareAddress: owner, senderProtocolAddress: address,
      targetHardwareAddress: .broadcast, targetProtocolAddress: address)
  }
}
