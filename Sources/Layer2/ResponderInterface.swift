package import NetworkAddresses

/// An interface on which addresses can be announced.
package struct ResponderInterface: Hashable, Sendable {
  package var index: Int32
  package var name: String
  package var hardwareAddress: MACAddress
  /// A cable is plugged in, or what counts as that. Frames may be sent without one, but nobody hears them.
  package var hasCarrier: Bool
  /// Whether IPv4 addresses can be announced.
  package var answersARP: Bool
  /// The source of neighbour advertisements. Without one, IPv6 addresses cannot be announced.
  package var linkLocalAddress: IPv6Address?

  package init(
    index: Int32, name: String, hardwareAddress: MACAddress, hasCarrier: Bool = true,
    answersARP: Bool = true, linkLocalAddress: IPv6Address? = nil
  ) {
    self.index = index
    self.name = name
    self.hardwareAddress = hardwareAddress
    self.hasCarrier = hasCarrier
    self.answersARP = answersARP
    self.linkLocalAddress = linkLocalAddress
  }

  /// The families whose addresses can be announced.
  package var families: Set<AddressFamily> { Set(AddressFamily.allCases.filter(answers)) }

  package func answers(_ family: AddressFamily) -> Bool {
    switch family {
    case .ipv4: answersARP
    case .ipv6: linkLocalAddress != nil
    }
  }
}

/// Why an interface that is not excluded by name cannot be used.
package enum UnusableInterface: String, Error, Hashable, Sendable {
  /// Administratively down.
  case isDown
  /// A member of a bridge, bond or VRF: the frames belong to that.
  case hasMaster
  /// The kernel flag NOARP: this link has no address resolution.
  case hasNoAddressResolution
  case hasNoHardwareAddress
  /// No broadcast for ARP and no link-local address for neighbour discovery.
  case answersNoFamily
}

/// What the kernel says about a link, as far as announcing on it is concerned.
package struct LinkFacts: Hashable, Sendable {
  package var index: Int32
  package var name: String
  package var hardwareAddress: MACAddress?
  package var isUp: Bool
  package var hasCarrier: Bool
  package var hasMaster: Bool
  package var hasAddressResolution: Bool
  package var canBroadcast: Bool
  package var linkLocalAddress: IPv6Address?

  package init(
    index: Int32, name: String, hardwareAddress: MACAddress?, isUp: Bool, hasCarrier: Bool,
    hasMaster: Bool, hasAddressResolution: Bool, canBroadcast: Bool,
    linkLocalAddress: IPv6Address?
  ) {
    self.index = index
    self.name = name
    self.hardwareAddress = hardwareAddress
    self.isUp = isUp
    self.hasCarrier = hasCarrier
    self.hasMaster = hasMaster
    self.hasAddressResolution = hasAddressResolution
    self.canBroadcast = canBroadcast
    self.linkLocalAddress = linkLocalAddress
  }

  /// The interface to announce on, or why it is none. An IPv4 address of its own is not needed.
  package func responderInterface() throws(UnusableInterface) -> ResponderInterface {
    guard isUp else { throw .isDown }
    guard !hasMaster else { throw .hasMaster }
    guard hasAddressResolution else { throw .hasNoAddressResolution }
    guard let hardwareAddress, hardwareAddress != .zero else { throw .hasNoHardwareAddress }
    guard canBroadcast || linkLocalAddress != nil else { throw .answersNoFamily }
    return ResponderInterface(
      index: index, name: name, hardwareAddress: hardwareAddress, hasCarrier: hasCarrier,
      answersARP: canBroadcast, linkLocalAddress: linkLocalAddress)
  }
}
