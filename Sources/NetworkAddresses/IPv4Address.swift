/// An IPv4 address, held as the number that its four octets spell in network order.
package struct IPv4Address: Sendable, Hashable, RawRepresentable {
  package var rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Reads dotted decimal: exactly four octets, no leading zeros, no spaces.
  package init?(_ text: some StringProtocol) {
    self.init(utf8: Array(text.utf8)[...])
  }

  init?(utf8 text: ArraySlice<UInt8>) {
    var value: UInt32 = 0
    var octets = 0
    for part in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      guard octets < 4, let octet = decimal(part, atMost: 255) else { return nil }
      value = value << 8 | UInt32(octet)
      octets += 1
    }
    guard octets == 4 else { return nil }
    rawValue = value
  }

  /// Takes four octets in network order.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 4 else { return nil }
    rawValue = bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The four octets in network order.
  package var bytes: [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: rawValue >> $0) }
  }

  /// `0.0.0.0`
  package static let unspecified = IPv4Address(rawValue: 0)
  /// `255.255.255.255` (RFC 919)
  package static let broadcast = IPv4Address(rawValue: .max)

  /// RFC 1122 §3.2.1.3: `127.0.0.0/8`
  package var isLoopback: Bool { rawValue >> 24 == 127 }
  /// RFC 3927: `169.254.0.0/16`
  package var isLinkLocal: Bool { rawValue >> 16 == 0xa9fe }
  /// RFC 5771: `224.0.0.0/4`
  package var isMulticast: Bool { rawValue >> 28 == 0xe }
}

extension IPv4Address: Comparable {
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension IPv4Address: LosslessStringConvertible {
  package var description: String {
    let octet = { String(rawValue >> $0 & 0xff) } as (UInt32) -> String
    return "\(octet(24)).\(octet(16)).\(octet(8)).\(octet(0))"
  }
}

/// A decimal number without sign or leading zeros, or nil when it is empty, malformed or too big.
func decimal(_ digits: ArraySlice<UInt8>, atMost limit: Int) -> Int? {
  guard !digits.isEmpty, digits.count <= 3, digits.count == 1 || digits.first != UInt8(ascii: "0")
  else { return nil }
  var value = 0
  for digit in digits {
    guard case UInt8(ascii: "0")...UInt8(ascii: "9") = digit else { return nil }
    value = value * 10 + Int(digit - UInt8(ascii: "0"))
  }
  return value <= limit ? value : nil
}

/// One to `digits` hexadecimal digits of either case, or nil.
func hexadecimal(_ text: ArraySlice<UInt8>, digits: ClosedRange<Int>) -> UInt16? {
  guard digits.contains(text.count) else { return nil }
  var value: UInt16 = 0
  for digit in text {
    let nibble: UInt8
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = digit - UInt8(ascii: "A") + 10
    default: return nil
    }
    value = value << 4 | UInt16(nibble)
  }
  return value
}
