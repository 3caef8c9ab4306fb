/// Where a member listens: an IP address and the port that it uses for UDP and TCP alike.
///
/// On the wire an IPv4 address has 4 bytes, or 16 when the sender found it by itself (`::ffff:a.b.c.d`). Both mean the same
/// and are equal here; each is passed on in the form in which it came.
package struct MemberAddress: Sendable {
  /// The address; IPv4 in its mapped form.
  private let number: UInt128
  private let isShort: Bool
  package var port: UInt16

  private static let mapped = UInt128(0xffff) << 32
  private var isIPv4: Bool { number >> 32 == 0xffff }

  /// From 4 or 16 bytes in network order; nil for any other number of bytes.
  package init?(bytes: [UInt8], port: UInt16) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    let number = bytes.reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
    isShort = bytes.count == 4
    self.number = isShort ? Self.mapped | number : number
    self.port = port
  }

  /// As it goes on the wire: 4 or 16 bytes.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    if isShort {
      bytes.append(network: UInt32(truncatingIfNeeded: number))
    } else {
      bytes.append(network: number)
    }
    return bytes
  }

  /// The address as sockets want it: 4 bytes for IPv4, whatever the form on the wire.
  package var shortestBytes: [UInt8] {
    isIPv4 ? bytes.suffix(4) : bytes
  }
}

extension MemberAddress: Hashable {
  package static func == (left: MemberAddress, right: MemberAddress) -> Bool {
    left.number == right.number && left.port == right.port
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(number)
    hasher.combine(port)
  }
}

extension MemberAddress: CustomStringConvertible {
  /// `10.0.0.1:7946`, `[fd00:0:0:0:0:0:0:1]:7946`
  package var description: String {
    let bytes = shortestBytes
    guard bytes.count == 16 else {
      return "\(bytes.map(String.init).joined(separator: ".")):\(port)"
    }
    let groups = stride(from: 0, to: 16, by: 2).map {
      String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
    }
    return "[\(groups.joined(separator: ":"))]:\(port)"
  }
}
