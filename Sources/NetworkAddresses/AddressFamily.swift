/// The two address families. The description is the spelling of Kubernetes' `ipFamilies`.
package enum AddressFamily: Sendable, Hashable, CaseIterable {
  case ipv4
  case ipv6

  /// Bits in an address: 32 or 128.
  package var bitWidth: Int {
    switch self {
    case .ipv4: 32
    case .ipv6: 128
    }
  }
}

extension AddressFamily: CustomStringConvertible {
  package var description: String {
    switch self {
    case .ipv4: "IPv4"
    case .ipv6: "IPv6"
    }
  }
}
