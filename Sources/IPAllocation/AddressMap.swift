import NetworkAddresses

/// A dictionary by address whose keys take four bytes per IPv4 address, so that many fit in the processor's caches.
struct AddressMap<Value> {
  private var ipv4: [UInt32: Value] = [:]
  private var ipv6: [UInt128: Value] = [:]

  subscript(address: IPAddress) -> Value? {
    get {
      switch address {
      case .v4(let address): ipv4.isEmpty ? nil : ipv4[address.rawValue]
      case .v6(let address): ipv6.isEmpty ? nil : ipv6[address.rawValue]
      }
    }
    _modify {
      switch address {
      case .v4(let address): yield &ipv4[address.rawValue]
      case .v6(let address): yield &ipv6[address.rawValue]
      }
    }
  }
}

extension AddressMap: Sendable where Value: Sendable {}
