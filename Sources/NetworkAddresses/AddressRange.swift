/// All addresses from one to another of the same family, both included.
package struct AddressRange: Sendable, Hashable {
  package let first: IPAddress
  package let last: IPAddress

  /// Nil when the families differ or the range is reversed.
  package init?(_ first: IPAddress, _ last: IPAddress) {
    guard first.family == last.family, first <= last else { return nil }
    self.first = first
    self.last = last
  }

  package init(_ block: CIDRBlock) {
    first = block.first
    last = block.last
  }

  /// Reads what ``init(notation:)`` reads; nil for whatever that refuses.
  package init?(_ text: some StringProtocol) {
    guard let range = try? AddressRange(notation: String(text)) else { return nil }
    self = range
  }

  /// Reads one entry of a pool's `addresses`: `address/length` with host bits masked off, `first-last` with spaces
  /// around either end, or a single address. IPv4-mapped addresses and mixed families are refused.
  package init(notation text: String) throws(AddressNotationError) {
    if text.contains("/") {
      self.init(try CIDRBlock(notation: text))
      return
    }
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2 else {
      let address = try Self.address(text)
      self.init(CIDRBlock(address))
      return
    }
    let first = try Self.address(ends[0].trimmingSpaces)
    let last = try Self.address(ends[1].trimmingSpaces)
    guard first.family == last.family else { throw .mixedFamilies(first, last) }
    guard let range = AddressRange(first, last) else { throw .reversed(first, last) }
    self = range
  }

  private static func address(
    _ text: some StringProtocol
  ) throws(AddressNotationError) -> IPAddress {
    guard let address = IPAddress(text) else { throw .malformedAddress(String(text)) }
    guard !address.isMapped else { throw .mappedAddress(address) }
    return address
  }

  package var family: AddressFamily { first.family }

  /// How many addresses the range holds; `UInt128.max` stands for the 2¹²⁸ of all of IPv6.
  package var count: UInt128 {
    let span = last.number - first.number
    return span == .max ? .max : span + 1
  }

  package func contains(_ address: IPAddress) -> Bool {
    first <= address && address <= last
  }

  package func overlaps(_ other: AddressRange) -> Bool {
    family == other.family && first <= other.last && other.first <= last
  }

  /// The shortest list of CIDR blocks that covers exactly this range, in ascending order.
  package var blocks: [CIDRBlock] {
    var blocks: [CIDRBlock] = []
    let end = last.number
    var start = first.number
    while true {
      // The largest block that is aligned at `start` and does not pass the end.
      let aligned = min(start.trailingZeroBitCount, family.bitWidth)
      let span = end - start
      let fitting = span == .max ? 128 : 127 - (span + 1).leadingZeroBitCount
      let hostBits = min(aligned, fitting)
      if let address = IPAddress(family: family, number: start),
        let block = CIDRBlock(address, prefixLength: family.bitWidth - hostBits)
      {
        blocks.append(block)
      }
      let blockEnd = start + ((1 as UInt128) << UInt128(hostBits) &- 1)
      guard blockEnd < end else { return blocks }
      start = blockEnd + 1
    }
  }
}

extension AddressRange: LosslessStringConvertible {
  package var description: String { "\(first)-\(last)" }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    let head = drop { $0 == " " }
    return head.dropLast(head.reversed().prefix { $0 == " " }.count)
  }
}
