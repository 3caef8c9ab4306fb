package import NetworkAddresses

/// Which solicited-node groups have to be joined where. Several addresses may share a group (RFC 4291 §2.7.1), so each
/// is counted.
package struct SolicitedNodeGroups: Sendable {
  package struct Membership: Hashable, Sendable {
    package var group: IPv6Address
    package var interface: Int32

    package init(group: IPv6Address, interface: Int32) {
      self.group = group
      self.interface = interface
    }
  }

  package enum Change: Hashable, Sendable {
    case join(Membership)
    case leave(Membership)
  }

  private var counts: [Membership: Int] = [:]
  private var changes: [Change] = []

  mutating func join(_ address: IPv6Address, on interface: Int32) {
    let membership = Membership(group: address.solicitedNodeGroup, interface: interface)
    let count = counts[membership, default: 0]
    counts[membership] = count + 1
    if count == 0 { changes.append(.join(membership)) }
  }

  mutating func leave(_ address: IPv6Address, on interface: Int32) {
    let membership = Membership(group: address.solicitedNodeGroup, interface: interface)
    guard let count = counts[membership] else { return }
    counts[membership] = count > 1 ? count - 1 : nil
    if count == 1 { changes.append(.leave(membership)) }
  }

  /// What changed since the last call, in order.
  mutating func takeChanges() -> [Change] {
    defer { changes.removeAll() }
    return changes
  }
}
