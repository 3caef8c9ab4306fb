/// An IPv6 address, held as the number that its sixteen octets spell in network order.
///
/// Text follows RFC 4291 §2.2 on the way in and RFC 5952 on the way out. Zones (`fe80::1%eth0`) are refused: an
/// address here never depends on the interface it was seen on.
package struct IPv6Address: Sendable, Hashable, RawRepresentable {
  package var rawValue: UInt128

  package init(rawValue: UInt128) {
    self.rawValue = rawValue
  }

  /// Reads the forms of RFC 4291 §2.2: eight groups, one `::` for at least one group, an IPv4 address as the last
  /// 32 bits.
  package init?(_ text: some StringProtocol) {
    self.init(utf8: Array(text.utf8)[...])
  }

  init?(utf8 text: ArraySlice<UInt8>) {
    let colon = UInt8(ascii: ":")
    var groups: [UInt16] = []
    /// How many groups stand before `::`.
    var compressedAt: Int?
    var rest = text
    if rest.starts(with: [colon, colon]) {
      compressedAt = 0
      rest = rest.dropFirst(2)
    } else if rest.isEmpty {
      return nil
    }
    while !rest.isEmpty {
      let group = rest.prefix { $0 != colon }
      rest = rest.dropFirst(group.count)
      if group.contains(UInt8(ascii: ".")) {
        guard rest.isEmpty, let address = IPv4Address(utf8: group) else { return nil }
        groups.append(UInt16(truncatingIfNeeded: address.rawValue >> 16))
        groups.append(UInt16(truncatingIfNeeded: address.rawValue))
        break
      }
      guard groups.count < 8, let value = hexadecimal(group, digits: 1...4) else { return nil }
      groups.append(value)
      guard !rest.isEmpty else { break }
      rest = rest.dropFirst()
      guard let next = rest.first else { return nil }
      if next == colon {
        guard compressedAt == nil else { return nil }
        compressedAt = groups.count
        rest = rest.dropFirst()
      }
    }
    if let compressedAt {
      guard groups.count < 8 else { return nil }
      groups.insert(
        contentsOf: repeatElement(0, count: 8 - groups.count), at: compressedAt)
    }
    guard groups.count == 8 else { return nil }
    rawValue = groups.reduce(0) { $0 << 16 | UInt128($1) }
  }

  /// Takes sixteen octets in network order.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    rawValue = bytes.reduce(0) { $0 << 8 | UInt128($1) }
  }

  /// `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
  package init(mapping address: IPv4Address) {
    rawValue = 0xffff << 32 | UInt128(address.rawValue)
  }

  /// The sixteen octets in network order.
  package var bytes: [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: rawValue >> (120 - 8 * $0)) }
  }

  /// The IPv4 address inside `::ffff:0:0/96`, or nil (RFC 4291 §2.5.5.2).
  package var mappedIPv4: IPv4Address? {
    rawValue >> 32 == 0xffff ? IPv4Address(rawValue: UInt32(truncatingIfNeeded: rawValue)) : nil
  }

  /// `::`
  package static let unspecified = IPv6Address(rawValue: 0)
  /// `::1`
  package static let loopback = IPv6Address(rawValue: 1)

  package var isLoopback: Bool { rawValue == 1 }
  /// RFC 4291 §2.5.6: `fe80::/10`
  package var isLinkLocal: Bool { rawValue >> 118 == 0xfe80 >> 6 }
  /// RFC 4291 §2.7: `ff00::/8`
  package var isMulticast: Bool { rawValue >> 120 == 0xff }
}

extension IPv6Address: Comparable {
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension IPv6Address: LosslessStringConvertible {
  /// The one canonical text of RFC 5952: lower case, no leading zeros, `::` for the longest run of at least two
  /// zero groups (the first of equals), dotted decimal for mapped addresses (§5).
  package var description: String {
    if let mappedIPv4 { return "::ffff:\(mappedIPv4)" }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: rawValue >> (112 - 16 * $0)) }
    var longest = 0..<0
    var start = 0
    while start < groups.count {
      let end = groups[start...].firstIndex { $0 != 0 } ?? groups.endIndex
      if end - start > longest.count { longest = start..<end }
      start = end + 1
    }
    let text = { (part: ArraySlice<UInt16>) in
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard longest.count >= 2 else { return text(groups[...]) }
    return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
  }
}
