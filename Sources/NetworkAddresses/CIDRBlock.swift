/// A CIDR block (RFC 4632, RFC 4291 §2.3). Host bits are always zero.
package struct CIDRBlock: Sendable, Hashable {
  /// The lowest address of the block.
  package let address: IPAddress
  /// 0…32 or 0…128.
  package let prefixLength: Int

  /// The block of that length around an address: host bits are masked off. Nil when the length does not fit.
  package init?(_ address: IPAddress, prefixLength: Int) {
    guard 0...address.family.bitWidth ~= prefixLength else { return nil }
    let hostBits = UInt128(address.family.bitWidth - prefixLength)
    // A shift by the whole width gives zero, as wanted for length 0 of IPv6.
    let masked = (address.number >> hostBits) << hostBits
    guard let first = IPAddress(family: address.family, number: masked) else { return nil }
    self.address = first
    self.prefixLength = prefixLength
  }

  /// The block of one address: `/32` or `/128`.
  package init(_ address: IPAddress) {
    self.address = address
    prefixLength = address.family.bitWidth
  }

  /// Reads `address/length`, masking host bits off. Nil for whatever ``init(notation:)`` refuses.
  package init?(_ text: some StringProtocol) {
    guard let block = try? CIDRBlock(notation: String(text)) else { return nil }
    self = block
  }

  /// Reads `address/length`, masking host bits off. The length has no leading zeros, and IPv4-mapped addresses are
  /// refused: no length between 96 and 128 says which family is meant.
  package init(notation text: String) throws(AddressNotationError) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let part = parts.first, let address = IPAddress(part) else {
      throw .malformedAddress(String(parts.first ?? ""))
    }
    guard !address.isMapped else { throw .mappedAddress(address) }
    guard parts.count == 2 else { throw .missingPrefixLength(address) }
    let width = address.family.bitWidth
    guard let length = decimal(Array(parts[1].utf8)[...], atMost: width),
      let block = CIDRBlock(address, prefixLength: length)
    else { throw .malformedPrefixLength(String(parts[1]), address.family) }
    self = block
  }

  package var family: AddressFamily { address.family }

  /// The lowest address.
  package var first: IPAddress { address }

  /// The highest address.
  package var last: IPAddress {
    IPAddress(family: family, number: address.number | hostMask) ?? address
  }

  /// How many addresses the block holds; `UInt128.max` stands for the 2¹²⁸ of `::/0`.
  package var count: UInt128 {
    hostMask == .max ? .max : hostMask + 1
  }

  package func contains(_ other: IPAddress) -> Bool {
    other.family == family && other.number & ~hostMask == address.number
  }

  /// Whether every address of the other block is in this one.
  package func contains(_ other: CIDRBlock) -> Bool {
    prefixLength <= other.prefixLength && contains(other.address)
  }

  package func overlaps(_ other: CIDRBlock) -> Bool {
    contains(other) || other.contains(self)
  }

  /// Ones where the host bits are.
  private var hostMask: UInt128 {
    (1 as UInt128) << UInt128(family.bitWidth - prefixLength) &- 1
  }
}

extension CIDRBlock: Comparable {
  /// By first address; of two blocks that start together the larger comes first.
  package static func < (left: Self, right: Self) -> Bool {
    (left.address, left.prefixLength) < (right.address, right.prefixLength)
  }
}

extension CIDRBlock: LosslessStringConvertible {
  package var description: String { "\(address)/\(prefixLength)" }
}
