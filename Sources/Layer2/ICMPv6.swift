package import NetworkAddresses

/// The IPv6 header (RFC 8200 §3) of an ICMPv6 message that follows it directly, 40 bytes:
/// version and flow 4, payload length 2, next header 1 (58), hop limit 1, source 16, destination 16.
struct ICMPv6Header: Hashable, Sendable {
  var hopLimit: UInt8
  var source: IPv6Address
  var destination: IPv6Address

  static let length = 40
  static let nextHeader: UInt8 = 58

  /// Reads the header and checks that the whole message is there. `message` is where the message lies in `packet`.
  static func decode(
    _ packet: RawSpan
  ) throws(NeighborDiscoveryError) -> (header: ICMPv6Header, message: Range<Int>) {
    guard let version = packet.byte(at: 0), let payloadLength = packet.networkUInt16(at: 4),
      let nextHeader = packet.byte(at: 6), let hopLimit = packet.byte(at: 7),
      let source = packet.ipv6Address(at: 8), let destination = packet.ipv6Address(at: 24),
      packet.byteCount >= length + Int(payloadLength)
    else { throw .truncated(actual: packet.byteCount) }
    guard version >> 4 == 6, nextHeader == Self.nextHeader else { throw .notNeighborDiscovery }
    return (
      ICMPv6Header(hopLimit: hopLimit, source: source, destination: destination),
      length..<length + Int(payloadLength)
    )
  }

  /// Appends the header and then the message that `body` appends, with the checksum in its bytes 2 and 3.
  func encode(into bytes: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
    let start = bytes.count
    bytes.append(network: 0x6000_0000 as UInt32)
    bytes.append(network: 0 as UInt16)
    bytes.append(Self.nextHeader)
    bytes.append(hopLimit)
    bytes.append(source)
    bytes.append(destination)
    let message = bytes.count
    body(&bytes)
    let length = UInt16(truncatingIfNeeded: bytes.count - message)
    bytes[start + 4] = UInt8(length >> 8)
    bytes[start + 5] = UInt8(truncatingIfNeeded: length)
    let checksum = Self.checksum(
      source: source, destination: destination,
      message: bytes.span.bytes.extracting(message..<bytes.count))
    bytes[message + 2] = UInt8(checksum >> 8)
    bytes[message + 3] = UInt8(truncatingIfNeeded: checksum)
  }

  /// The Internet checksum over pseudo-header and message (RFC 8200 §8.1). With a correct checksum in the message the
  /// result is 0; with zeros in its place it is the checksum.
  static func checksum(
    source: IPv6Address, destination: IPv6Address, message: RawSpan
  ) -> UInt16 {
    // A message is at most 65,535 bytes, so 32 bits hold the sum of all words.
    var sum = UInt32(message.byteCount) + UInt32(nextHeader)
    for address in [source.rawValue, destination.rawValue] {
      for shift in stride(from: 0, to: 128, by: 16) {
        sum += UInt32(UInt16(truncatingIfNeeded: address >> UInt128(shift)))
      }
    }
    var offset = 0
    while let word = message.networkUInt16(at: offset) {
      sum += UInt32(word)
      offset += 2
    }
    if let last = message.byte(at: offset) { sum += UInt32(last) << 8 }
    while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(truncatingIfNeeded: sum)
  }
}

/// Why a packet is no valid neighbour discovery message (RFC 4861 §7.1).
package enum NeighborDiscoveryError: Error, Hashable, Sendable {
  case truncated(actual: Int)
  /// Not IPv6, not ICMPv6, or an ICMPv6 message of another type.
  case notNeighborDiscovery
  /// It was forwarded by a router, so it does not come from this link.
  case hopLimit(UInt8)
  case checksum
  case code(UInt8)
  /// The target is a multicast address.
  case multicastTarget
  /// An option of length 0, or one that reaches past the end.
  case option
  /// From the unspecified address, but not as duplicate address detection has to be (RFC 4861 §7.1.1).
  case unspecifiedSource
  /// A multicast advertisement that claims to answer somebody (RFC 4861 §7.1.2).
  case solicitedMulticast
}

extension IPv6Address {
  /// ff02::1, all nodes on the link (RFC 4291 §2.7.1).
  package static let allNodes = IPv6Address(rawValue: 0xff02 << 112 | 1)

  /// ff02::1:ffXX:XXXX with the address's lower 24 bits (RFC 4291 §2.7.1): where its solicitations are sent.
  package var solicitedNodeGroup: IPv6Address {
    IPv6Address(rawValue: 0xff02 << 112 | 0x1_ff00_0000 | rawValue & 0xff_ffff)
  }

  /// 33:33 and the lower 32 bits of a multicast address (RFC 2464 §7).
  package var multicastHardwareAddress: MACAddress {
    MACAddress(number: 0x3333 << 32 | UInt64(truncatingIfNeeded: rawValue & 0xffff_ffff))
      ?? .broadcast
  }
}
