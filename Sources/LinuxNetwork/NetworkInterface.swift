package import NetworkAddresses

/// A network interface with its addresses, as route netlink describes it.
package struct NetworkInterface: Hashable, Sendable {
  /// Positive, and unique in its network namespace while the interface exists.
  package var index: Int32
  package var name: String
  /// Nil when the link has no 48-bit address. All zeros on the loopback.
  package var hardwareAddress: MACAddress?
  package var flags: Flags
  /// The bridge, bond or VRF that this interface belongs to.
  package var master: Int32?
  /// In bytes, without the link's header.
  package var mtu: Int
  /// The driver's kind of a virtual link: `veth`, `bridge`, `vlan`, `bond`, `vrf`…
  package var kind: String?
  /// In ascending order.
  package var addresses: [InterfaceAddress]

  package init(
    index: Int32, name: String, hardwareAddress: MACAddress? = nil, flags: Flags = [],
    master: Int32? = nil, mtu: Int = 1500, kind: String? = nil, addresses: [InterfaceAddress] = []
  ) {
    self.index = index
    self.name = name
    self.hardwareAddress = hardwareAddress
    self.flags = flags
    self.master = master
    self.mtu = mtu
    self.kind = kind
    self.addresses = addresses
  }

  /// IFF_ values of linux/if.h.
  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// Administratively up.
    package static let up = Flags(rawValue: 0x1)
    package static let broadcast = Flags(rawValue: 0x2)
    package static let loopback = Flags(rawValue: 0x8)
    package static let pointToPoint = Flags(rawValue: 0x10)
    /// Up and with a carrier.
    package static let running = Flags(rawValue: 0x40)
    package static let noARP = Flags(rawValue: 0x80)
    package static let multicast = Flags(rawValue: 0x1000)
  }

  /// The first IPv6 link-local address that the host may use.
  package var linkLocalAddress: IPv6Address? {
    for candidate in addresses where candidate.isUsable {
      if case .v6(let address) = candidate.address, address.isLinkLocal { return address }
    }
    return nil
  }
}
