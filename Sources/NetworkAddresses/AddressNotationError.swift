/// Why a text is not a block, range or address that a pool could hold.
package enum AddressNotationError: Error, Hashable {
  case malformedAddress(String)
  case malformedPrefixLength(String, AddressFamily)
  case missingPrefixLength(IPAddress)
  case mappedAddress(IPAddress)
  case mixedFamilies(IPAddress, IPAddress)
  case reversed(IPAddress, IPAddress)
}

extension AddressNotationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformedAddress(let text):
      "\"\(text)\" is not an IP address"
    case .malformedPrefixLength(let text, let family):
      "\"\(text)\" is not a prefix length for \(family): write a number from 0 to \(family.bitWidth)"
    case .missingPrefixLength(let address):
      "\(address) has no prefix length: write \(CIDRBlock(address))"
    case .mappedAddress(let address):
      "\(address) is an IPv4-mapped IPv6 address: write it as \(address.unmapped)"
    case .mixedFamilies(let first, let last):
      "the range from \(first) to \(last) mixes IPv4 and IPv6"
    case .reversed(let first, let last):
      "the range starts at \(first), after its end \(last)"
    }
  }
}
