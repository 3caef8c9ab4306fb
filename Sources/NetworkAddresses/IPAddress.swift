/// An address of either family. IPv4 sorts before IPv6, then by number.
///
/// `::ffff:10.0.0.5` and `10.0.0.5` are different values: an IPv4-mapped address stays IPv6 until a caller asks for
/// ``unmapped``, so that nothing changes family by accident.
package enum IPAddress: Sendable, Hashable {
  case v4(IPv4Address)
  case v6(IPv6Address)

  /// Reads an address literal: no zone, no prefix length, no surrounding space.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)[...]
    if let address = IPv4Address(utf8: bytes) {
      self = .v4(address)
    } else if let address = IPv6Address(utf8: bytes) {
      self = .v6(address)
    } else {
      return nil
    }
  }

  /// Takes four or sixteen octets in network order.
  package init?(bytes: some Collection<UInt8>) {
    if let address = IPv4Address(bytes: bytes) {
      self = .v4(address)
    } else if let address = IPv6Address(bytes: bytes) {
      self = .v6(address)
    } else {
      return nil
    }
  }

  /// The address of a family with this number, or nil when the number does not fit.
  package init?(family: AddressFamily, number: UInt128) {
    switch family {
    case .ipv4:
      guard let value = UInt32(exactly: number) else { return nil }
      self = .v4(IPv4Address(rawValue: value))
    case .ipv6:
      self = .v6(IPv6Address(rawValue: number))
    }
  }

  package var family: AddressFamily {
    switch self {
    case .v4: .ipv4
    case .v6: .ipv6
    }
  }

  /// The address as a number in network order; below 2³² for IPv4.
  package var number: UInt128 {
    switch self {
    case .v4(let address): UInt128(address.rawValue)
    case .v6(let address): address.rawValue
    }
  }

  /// The octets in network order: 4 or 16.
  package var bytes: [UInt8] {
    switch self {
    case .v4(let address): address.bytes
    case .v6(let address): address.bytes
    }
  }

  /// The IPv4 address inside an IPv4-mapped IPv6 address; any other address unchanged.
  package var unmapped: IPAddress {
    guard case .v6(let address) = self, let mapped = address.mappedIPv4 else { return self }
    return .v4(mapped)
  }

  /// Whether this is an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2).
  package var isMapped: Bool {
    guard case .v6(let address) = self else { return false }
    return address.mappedIPv4 != nil
  }

  package var isLoopback: Bool {
    switch self {
    case .v4(let address): address.isLoopback
    case .v6(let address): address.isLoopback
    }
  }

  package var isLinkLocal: Bool {
    switch self {
    case .v4(let address): address.isLinkLocal
    case .v6(let address): address.isLinkLocal
    }
  }

  package var isMulticast: Bool {
    switch self {
    case .v4(let address): address.isMulticast
    case .v6(let address): address.isMulticast
    }
  }

  /// `0.0.0.0` or `::`
  package var isUnspecified: Bool { number == 0 }

  /// The address `distance` further, or nil past the end of the family.
  package func advanced(by distance: UInt128) -> IPAddress? {
    let (sum, overflow) = number.addingReportingOverflow(distance)
    return overflow ? nil : IPAddress(family: family, number: sum)
  }
}

extension IPAddress: Comparable {
  package static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.v4(let left), .v4(let right)): left < right
    case (.v6(let left), .v6(let right)): left < right
    case (.v4, .v6): true
    case (.v6, .v4): false
    }
  }
}

extension IPAddress: LosslessStringConvertible {
  /// Dotted decimal, or RFC 5952.
  package var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }
}
