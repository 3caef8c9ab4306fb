import Layer2
import NetworkAddresses
import Testing

@Suite struct NeighborDiscoveryTests {
  private func packet(_ frame: WireRecording.Frame) -> [UInt8] {
    Array(frame.withoutFlowLabel.dropFirst(14))
  }

  /// One solicitation with its option, from the recording.
  private var solicitation: [UInt8] {
    WireRecording.neighborDiscovery(type: 135).map(packet).first { $0.count == 72 } ?? []
  }

  /// Makes the checksum right again after a change, so that the change itself is what is judged.
  private func corrected(_ packet: [UInt8]) -> [UInt8] {
    var packet = packet
    (packet[42], packet[43]) = (0, 0)
    var sum = packet.count - 40 + 58
    for offset in stride(from: 8, to: packet.count, by: 2) {
      sum += Int(packet[offset]) << 8 | Int(packet[offset + 1])
    }
    while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
    (packet[42], packet[43]) = (UInt8(~sum >> 8 & 0xff), UInt8(~sum & 0xff))
    return packet
  }

  private func decode(_ bytes: [UInt8]) throws(NeighborDiscoveryError) -> NeighborSolicitation {
    try NeighborSolicitation(decoding: bytes.span.bytes)
  }

  @Test func `Every recorded solicitation is encoded as it was`() throws {
    let frames = WireRecording.neighborDiscovery(type: 135)
    #expect(frames.count > 10)
    var encoded = 0
    for bytes in frames.map(packet) where bytes[7] == 255 {
      var again: [UInt8] = []
      try decode(bytes).encode(into: &again)
      #expect(again == bytes)
      encoded += 1
    }
    #expect(encoded == frames.count - 1, "one was crafted with hop limit 64")
  }

  @Test func `Every recorded advertisement is encoded as it was`() throws {
    let frames = WireRecording.neighborDiscovery(type: 136)
    #expect(frames.count > 50)
    for bytes in frames.map(packet) {
      var again: [UInt8] = []
      try NeighborAdvertisement(decoding: bytes.span.bytes).encode(into: &again)
      #expect(again == bytes)
    }
  }

  @Test func `A solicitation has its fields`() throws {
    let decoded = try decode(solicitation)
    #expect(
      decoded
        == NeighborSolicitation(
          source: try ipv6("fe80::ff:fe00:64"), destination: try ipv6("ff02::1:ff00:1000"),
          target: try ipv6("fd98::1000"), sourceLinkLayerAddress: mac(0x64)))
  }

  @Test func `Each flag of an advertisement has its bit`() throws {
    for (flags, bits) in [(0, 0x80), (1, 0x40), (2, 0x20)] as [(Int, UInt8)] {
      let advertisement = NeighborAdvertisement(
        source: try ipv6("fe80::1"), destination: try ipv6("fe80::2"), isRouter: flags == 0,
        isSolicited: flags == 1, isOverride: flags == 2, target: try ipv6("fd98::1"),
        targetLinkLayerAddress: nil)
      var bytes: [UInt8] = []
      advertisement.encode(into: &bytes)
      #expect(bytes[44] == bits)
      #expect(try NeighborAdvertisement(decoding: bytes.span.bytes) == advertisement)
    }
  }

  @Test func `Every shorter packet is truncated`() {
    for length in 0..<solicitation.count {
      #expect(throws: NeighborDiscoveryError.truncated(actual: length)) {
        try decode(Array(solicitation.prefix(length)))
      }
    }
  }

  struct BrokenRule: CustomTestStringConvertible {
    var testDescription: String
    var error: NeighborDiscoveryError
    var change: @Sendable (inout [UInt8]) -> Void
  }

  @Test(arguments: [
    BrokenRule(testDescription: "hop limit below 255", error: .hopLimit(254)) { $0[7] = 254 },
    BrokenRule(testDescription: "code", error: .code(1)) { $0[41] = 1 },
    BrokenRule(testDescription: "multicast target", error: .multicastTarget) { $0[48] = 0xff },
    BrokenRule(testDescription: "option of length 0", error: .option) { $0[65] = 0 },
    BrokenRule(testDescription: "option past the end", error: .option) { $0[65] = 2 },
    BrokenRule(testDescription: "unspecified source with option", error: .unspecifiedSource) {
      $0.replaceSubrange(8..<24, with: [UInt8](repeating: 0, count: 16))
    },
    BrokenRule(testDescription: "IPv4", error: .notNeighborDiscovery) { $0[0] = 0x40 },
    BrokenRule(testDescription: "UDP", error: .notNeighborDiscovery) { $0[6] = 17 },
    BrokenRule(testDescription: "advertisement", error: .notNeighborDiscovery) { $0[40] = 136 },
  ])
  func `A broken rule of RFC 4861 is named`(rule: BrokenRule) {
    var bytes = solicitation
    rule.change(&bytes)
    #expect(throws: rule.error) { try decode(corrected(bytes)) }
  }

  @Test func `Any single wrong bit of the message breaks the checksum`() {
    for bit in 0..<32 * 8 {
      var bytes = solicitation
      bytes[40 + bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: NeighborDiscoveryError.self) { try decode(bytes) }
    }
    var bytes = solicitation
    bytes[60] ^= 1
    #expect(throws: NeighborDiscoveryError.checksum) { try decode(bytes) }
  }

  @Test func `Duplicate address detection goes to the solicited-node group`() throws {
    let target = try ipv6("fd98::1000")
    let probe = NeighborSolicitation(
      source: .unspecified, destination: target.solicitedNodeGroup, target: target,
      sourceLinkLayerAddress: nil)
    var bytes: [UInt8] = []
    probe.encode(into: &bytes)
    #expect(try decode(bytes) == probe)
    var unicast = probe
    unicast.destination = target
    bytes = []
    unicast.encode(into: &bytes)
    #expect(throws: NeighborDiscoveryError.unspecifiedSource) { try decode(bytes) }
  }

  @Test func `An advertisement to a group answers nobody`() throws {
    let advertisement = NeighborAdvertisement(
      source: try ipv6("fe80::1"), destination: .allNodes, isSolicited: true, isOverride: true,
      target: try ipv6("fd98::1"), targetLinkLayerAddress: mac(1))
    var bytes: [UInt8] = []
    advertisement.encode(into: &bytes)
    #expect(throws: NeighborDiscoveryError.solicitedMulticast) {
      try NeighborAdvertisement(decoding: bytes.span.bytes)
    }
  }

  @Test func `Unknown options are skipped, and the first known one counts`() throws {
    let options: [UInt8] = [14, 1, 1, 2, 3, 4, 5, 6] + [1, 1, 2, 0, 0, 0, 0, 7]
    var bytes = Array(solicitation.prefix(64)) + options + [1, 1, 2, 0, 0, 0, 0, 8]
    bytes[5] = UInt8(bytes.count - 40)
    #expect(try decode(corrected(bytes)).sourceLinkLayerAddress == mac(7))
  }

  @Test func `A group and its hardware address come from the lower bits`() throws {
    let group = try ipv6("fd98::12ab:cdef").solicitedNodeGroup
    #expect(group.description == "ff02::1:ffab:cdef")
    #expect(group.multicastHardwareAddress.description == "33:33:ff:ab:cd:ef")
    #expect(IPv6Address.allNodes.multicastHardwareAddress.description == "33:33:00:00:00:01")
  }
}
