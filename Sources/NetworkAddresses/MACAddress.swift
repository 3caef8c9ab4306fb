/// A 48-bit IEEE 802 address.
package struct MACAddress: Sendable, Hashable {
  /// The address as a number in transmission order, below 2⁴⁸.
  package let number: UInt64

  private init(_ number: UInt64) {
    self.number = number
  }

  /// The address that this number spells in transmission order, or nil when it needs more than 48 bits.
  package init?(number: UInt64) {
    guard number >> 48 == 0 else { return nil }
    self.number = number
  }

  /// Takes six octets in transmission order.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 6 else { return nil }
    number = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads `aa:bb:cc:dd:ee:ff`, either case.
  package init?(_ text: some StringProtocol) {
    let parts = Array(text.utf8).split(
      separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let octets = parts.compactMap { hexadecimal($0, digits: 2...2) }
    guard parts.count == 6, octets.count == 6 else { return nil }
    number = octets.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The six octets in transmission order.
  package var bytes: [UInt8] {
    (0..<6).map { UInt8(truncatingIfNeeded: number >> (40 - 8 * $0)) }
  }

  /// `ff:ff:ff:ff:ff:ff`
  package static let broadcast = MACAddress(0xffff_ffff_ffff)
  /// `00:00:00:00:00:00`
  package static let zero = MACAddress(0)

  /// Whether the group bit is set, as in every multicast and the broadcast address.
  package var isGroup: Bool { number >> 40 & 1 == 1 }
}

extension MACAddress: Comparable {
  package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

extension MACAddress: LosslessStringConvertible {
  package var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }
}
