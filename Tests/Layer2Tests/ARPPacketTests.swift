import Layer2
import NetworkAddresses
import SeededRandomness
import Testing

@Suite struct ARPPacketTests {
  @Test func `Every recorded ARP packet is encoded as it was`() throws {
    #expect(WireRecording.arp.count > 50)
    for frame in WireRecording.arp {
      let packet = try ARPPacket(
        decoding: frame.bytes.span.bytes.extracting(14..<frame.bytes.count))
      var bytes: [UInt8] = []
      packet.encode(into: &bytes)
      #expect(bytes == Array(frame.bytes[14..<42]))
    }
  }

  @Test func `The fields lie where RFC 826 puts them`() throws {
    let packet = ARPPacket(
      operation: .reply, senderHardwareAddress: mac(1),
      senderProtocolAddress: IPv4Address(rawValue: 0x0a62_0096), targetHardwareAddress: mac(2),
      targetProtocolAddress: IPv4Address(rawValue: 0x0a62_0064))
    var bytes: [UInt8] = []
    packet.encode(into: &bytes)
    #expect(
      bytes == [
        0, 1, 8, 0, 6, 4, 0, 2,
        2, 0, 0, 0, 0, 1, 10, 98, 0, 150,
        2, 0, 0, 0, 0, 2, 10, 98, 0, 100,
      ])
    #expect(try ARPPacket(decoding: bytes.span.bytes) == packet)
    bytes += [1, 2, 3]
    #expect(try ARPPacket(decoding: bytes.span.bytes) == packet)
  }

  @Test func `Every shorter packet is truncated`() {
    let bytes = Array(WireRecording.arp[0].bytes[14..<42])
    for length in 0..<ARPPacket.length {
      #expect(throws: ARPPacket.DecodingError.truncated(actual: length)) {
        try ARPPacket(decoding: bytes.span.bytes.extracting(0..<length))
      }
    }
  }

  @Test(arguments: 0..<6)
  func `Another hardware, protocol or address length is refused`(offset: Int) {
    var bytes = Array(WireRecording.arp[0].bytes[14..<42])
    bytes[offset] ^= 0x10
    #expect(throws: ARPPacket.DecodingError.notEthernetIPv4) {
      try ARPPacket(decoding: bytes.span.bytes)
    }
  }

  @Test func `Random packets survive a round trip`() throws {
    var generator = SeededGenerator(seed: 826)
    for _ in 0..<1_000 {
      let hardware = {
        MACAddress(number: UInt64.random(in: 0..<1 << 48, using: &generator)) ?? .zero
      }
      let packet = ARPPacket(
        operation: ARPPacket.Operation(rawValue: .random(in: 0...65_535, using: &generator)),
        senderHardwareAddress: hardware(),
        senderProtocolAddress: IPv4Address(rawValue: generator.next()),
        targetHardwareAddress: hardware(),
        targetProtocolAddress: IPv4Address(rawValue: generator.next()))
      var bytes: [UInt8] = []
      packet.encode(into: &bytes)
      #expect(try ARPPacket(decoding: bytes.span.bytes) == packet)
    }
  }
}
