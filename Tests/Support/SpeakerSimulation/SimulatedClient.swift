import Layer2
import NetworkAddresses

/// A host on the link that sends to every address now and then: its neighbour cache, as kernels keep it. Gratuitous frames
/// change what is known; who does not know asks.
struct SimulatedClient {
  static let hardwareAddress = MACAddress(number: 0x0200_0000_c001) ?? .broadcast
  static let address = IPv4Address(rawValue: 0x0a62_00fe)

  private(set) var cache: [IPAddress: MACAddress] = [:]

  mutating func receive(_ frame: [UInt8]) {
    guard frame.count >= EthernetHeader.length + ARPPacket.length,
      let packet = try? ARPPacket(
        decoding: frame.span.bytes.extracting(EthernetHeader.length..<frame.count))
    else { return }
    let address = IPAddress.v4(packet.senderProtocolAddress)
    guard packet.senderProtocolAddress != .unspecified else { return }
    // RFC 826: what is known is replaced; an answer to our own question is learned.
    if cache[address] != nil || packet.operation == .reply {
      cache[address] = packet.senderHardwareAddress
    }
  }

  mutating func forget(_ address: IPAddress) { cache[address] = nil }

  func request(for address: IPAddress) -> [UInt8] {
    guard case .v4(let target) = address else { return [] }
    var frame: [UInt8] = []
    ARPPacket(
      operation: .request, senderHardwareAddress: Self.hardwareAddress,
      senderProtocolAddress: Self.address, targetHardwareAddress: .zero,
      targetProtocolAddress: target
    ).encodeFrame(to: .broadcast, into: &frame)
    return frame
  }
}
