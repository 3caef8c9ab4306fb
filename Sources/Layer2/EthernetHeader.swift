package import NetworkAddresses

/// The Ethernet II header (RFC 894): destination 6 bytes, source 6, EtherType 2. VLAN tags are the kernel's business.
package struct EthernetHeader: Hashable, Sendable {
  package var destination: MACAddress
  package var source: MACAddress
  package var etherType: UInt16

  package static let length = 14
  /// Without the frame check sequence (IEEE 802.3 §3.2.8); shorter frames are padded with zeros.
  package static let minimumFrameLength = 60

  package static let arp: UInt16 = 0x0806
  package static let ipv6: UInt16 = 0x86dd

  package init(destination: MACAddress, source: MACAddress, etherType: UInt16) {
    self.destination = destination
    self.source = source
    self.etherType = etherType
  }

  /// Nil when the frame is shorter than the header.
  package init?(decoding frame: RawSpan) {
    guard let destination = frame.macAddress(at: 0), let source = frame.macAddress(at: 6),
      let etherType = frame.networkUInt16(at: 12)
    else { return nil }
    self.init(destination: destination, source: source, etherType: etherType)
  }

  package func encode(into bytes: inout [UInt8]) {
    bytes.append(destination)
    bytes.append(source)
    bytes.append(network: etherType)
  }
}
