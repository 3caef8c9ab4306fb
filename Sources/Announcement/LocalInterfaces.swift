package import Layer2
package import NetworkAddresses

/// The interfaces of this node that are not excluded by their names, and what it can do on each.
package struct LocalInterfaces: Sendable, Hashable {
  package enum Ability: Sendable, Hashable {
    /// Answers for addresses of these families; at least one.
    case answers(Set<AddressFamily>)
    /// Answers for none.
    case unusable(UnusableInterface, master: String?)
  }

  /// By name.
  package var abilities: [String: Ability]

  package init(_ abilities: [String: Ability]) {
    self.abilities = abilities
  }

  /// Whether this node can answer for addresses of a family on any of the interfaces.
  package func answer(_ family: AddressFamily, on selection: InterfaceSelection) -> Bool {
    abilities.contains { name, ability in
      guard selection.contains(name), case .answers(let families) = ability else { return false }
      return families.contains(family)
    }
  }

  /// The addresses that this node cannot answer for on any of the interfaces, and why; nil when there are none.
  package func shortage(
    of addresses: [IPAddress], on selection: InterfaceSelection
  ) -> InterfaceShortage? {
    let missing = Set(AddressFamily.allCases.filter { !answer($0, on: selection) })
    let unanswered = addresses.filter { missing.contains($0.family) }
    guard !unanswered.isEmpty else { return nil }
    let families = Set(unanswered.map(\.family))
    let names =
      switch selection {
      case .all: Set(abilities.keys)
      case .named(let names): names
      }
    var obstacles: [InterfaceObstacle] = []
    for name in names.sorted() {
      switch abilities[name] {
      case nil: obstacles.append(.missing(name))
      case .unusable(let reason, let master):
        obstacles.append(.unusable(name, reason, master: master))
      case .answers(let answered):
        obstacles += AddressFamily.allCases
          .filter { families.contains($0) && !answered.contains($0) }
          .map { .lacksFamily(name, $0) }
      }
    }
    return InterfaceShortage(
      addresses: unanswered, isNamed: selection != .all, obstacles: obstacles)
  }

  /// Why an interface cannot be used, for those that are here and cannot.
  package func obstacle(_ name: String) -> InterfaceObstacle? {
    guard case .unusable(let reason, let master) = abilities[name] else { return nil }
    return .unusable(name, reason, master: master)
  }
}

/// Why one interface does not answer for an address.
package enum InterfaceObstacle: Sendable, Hashable {
  /// It is not here, or excluded by its name.
  case missing(String)
  case unusable(String, UnusableInterface, master: String?)
  case lacksFamily(String, AddressFamily)
}

extension InterfaceObstacle: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let name): "it has no interface \(name)"
    case .unusable(let name, let reason, let master):
      switch reason {
      case .isDown: "\(name) is down"
      case .hasMaster: "\(name) is a port of \(master ?? "another interface")"
      case .hasNoAddressResolution: "\(name) has no address resolution (NOARP)"
      case .hasNoHardwareAddress: "\(name) has no hardware address"
      case .answersNoFamily: "\(name) has neither broadcast nor a link-local IPv6 address"
      }
    case .lacksFamily(let name, .ipv4): "\(name) has no broadcast, which ARP needs"
    case .lacksFamily(let name, .ipv6): "\(name) has no link-local IPv6 address"
    }
  }
}

/// Addresses that a node should answer for and cannot, as none of its interfaces is fit for them.
package struct InterfaceShortage: Sendable, Hashable {
  package var addresses: [IPAddress]
  /// Whether an advertisement names the interfaces, so that others do not count.
  package var isNamed: Bool
  /// By interface, in order.
  package var obstacles: [InterfaceObstacle]

  package init(addresses: [IPAddress], isNamed: Bool, obstacles: [InterfaceObstacle]) {
    self.addresses = addresses
    self.isNamed = isNamed
    self.obstacles = obstacles
  }
}

extension InterfaceShortage: CustomStringConvertible {
  /// A node may have hundreds of interfaces that are ports of a bridge.
  private static let limit = 4

  /// Why, as the end of a sentence about the node.
  package var description: String {
    let lacking = obstacles.compactMap { obstacle -> AddressFamily? in
      guard case .lacksFamily(_, let family) = obstacle else { return nil }
      return family
    }
    if !isNamed, let family = lacking.first {
      // Some interface works, for the other family.
      return family == .ipv6
        ? "no interface has a link-local IPv6 address"
        : "no interface has broadcast, which ARP needs"
    }
    if !isNamed {
      return obstacles.isEmpty
        ? "it has no interface to announce on" : "no interface can be used: \(list)"
    }
    let missing = obstacles.compactMap { obstacle -> String? in
      guard case .missing(let name) = obstacle else { return nil }
      return name
    }
    return missing.count == obstacles.count && missing.count > 1
      ? "it has none of the interfaces \(missing.joined(separator: ", "))" : list
  }

  private var list: String {
    let shown = obstacles.prefix(Self.limit).map(\.description).joined(separator: ", ")
    return obstacles.count > Self.limit ? "\(shown), and so on" : shown
  }
}
