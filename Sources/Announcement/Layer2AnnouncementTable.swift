package import KubernetesAPI
package import NetworkAddresses

/// What this node announces now. Services come and go; each address is announced once, however many Services share it,
/// on terms that suit all of them.
package struct Layer2AnnouncementTable: Sendable {
  /// What a change of the table means on the links.
  package enum Change: Sendable, Hashable {
    /// Announce the address, or change where or how it is announced.
    case announce(IPAddress, AnnouncementTerms)
    case withdraw(IPAddress)
  }

  private var announcements: [NamespacedName: Layer2Announcement] = [:]
  /// The Services behind each announced address.
  private var claims: [IPAddress: [NamespacedName: AnnouncementTerms]] = [:]

  package init() {}

  package subscript(service: NamespacedName) -> Layer2Announcement? { announcements[service] }

  /// The announced Services, in no order.
  package var services: some Collection<NamespacedName> { announcements.keys }

  /// The announced addresses, in no order.
  package var addresses: some Collection<IPAddress> { claims.keys }

  /// The Services for which an address is announced, in no order.
  package func services(of address: IPAddress) -> [NamespacedName] {
    claims[address].map { Array($0.keys) } ?? []
  }

  /// Replaces what is announced for a Service; nil withdraws it. Returns what differs on the links, withdrawals first.
  package mutating func set(
    _ announcement: Layer2Announcement?, for service: NamespacedName
  ) -> [Change] {
    let old = announcements[service]
    guard old != announcement else { return [] }
    announcements[service] = announcement
    let gone = Set(old?.addresses ?? []).subtracting(announcement?.addresses ?? [])
    var changes: [Change] = []
    for address in gone.sorted() {
      changes += change(address) { $0[service] = nil }
    }
    guard let announcement else { return changes }
    for address in announcement.addresses {
      changes += change(address) { $0[service] = announcement.terms }
    }
    return changes
  }

  /// Withdraws everything.
  package mutating func removeAll() -> [Change] {
    defer { self = Layer2AnnouncementTable() }
    return claims.keys.sorted().map { .withdraw($0) }
  }

  private mutating func change(
    _ address: IPAddress, _ body: (inout [NamespacedName: AnnouncementTerms]) -> Void
  ) -> [Change] {
    var services = claims[address] ?? [:]
    let before = AnnouncementTerms.merged(services.values)
    body(&services)
    claims[address] = services.isEmpty ? nil : services
    let after = AnnouncementTerms.merged(services.values)
    guard before != after else { return [] }
    return [after.map { .announce(address, $0) } ?? .withdraw(address)]
  }
}
