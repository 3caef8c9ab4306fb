import Announcement
import KubernetesAPI
import Layer2
import NetworkAddresses
import Testing

@Suite struct Layer2AnnouncementTableTests {
  var table = Layer2AnnouncementTable()
  let web = NamespacedName(namespace: "ns", name: "web")
  let dns = NamespacedName(namespace: "ns", name: "dns")
  let five = IPAddress.v4(IPv4Address(rawValue: 0x0a00_0005))
  let six = IPAddress.v4(IPv4Address(rawValue: 0x0a00_0006))

  func announcement(
    _ addresses: IPAddress..., on interfaces: InterfaceSelection = .all,
    every interval: Duration? = nil, detectsDuplicates: Bool = true
  ) -> Layer2Announcement {
    Layer2Announcement(
      pool: "gold", addresses: addresses,
      terms: AnnouncementTerms(
        interfaces: interfaces, refreshInterval: interval, detectsDuplicates: detectsDuplicates))
  }

  func announce(
    _ address: IPAddress, _ interfaces: InterfaceSelection = .all, every interval: Duration? = nil,
    detectsDuplicates: Bool = true
  ) -> Layer2AnnouncementTable.Change {
    .announce(
      address,
      AnnouncementTerms(
        interfaces: interfaces, refreshInterval: interval, detectsDuplicates: detectsDuplicates))
  }

  @Test mutating func `Announces and withdraws`() {
    #expect(
      table.set(announcement(five, six), for: web)
        == [announce(five), announce(six)])
    #expect(table[web] == announcement(five, six))
    #expect(table.set(announcement(five, six), for: web) == [])
    #expect(table.set(nil, for: web) == [.withdraw(five), .withdraw(six)])
    #expect(table.set(nil, for: web) == [])
    #expect(table[web] == nil)
  }

  @Test mutating func `Changes only the addresses that differ, withdrawals first`() {
    _ = table.set(announcement(five), for: web)
    #expect(
      table.set(announcement(six), for: web) == [.withdraw(five), announce(six)])
    #expect(table.set(announcement(five, six), for: web) == [announce(five)])
  }

  @Test mutating func `A shared address stays until the last Service leaves it`() {
    _ = table.set(announcement(five, on: .named(["eth0"])), for: web)
    #expect(
      table.set(announcement(five, on: .named(["eth1"])), for: dns)
        == [announce(five, .named(["eth0", "eth1"]))])
    #expect(
      table.set(announcement(five, on: .named(["eth0"])), for: dns)
        == [announce(five, .named(["eth0"]))])
    #expect(table.set(nil, for: web) == [])
    #expect(table.set(announcement(five), for: dns) == [announce(five)])
    #expect(table.set(nil, for: dns) == [.withdraw(five)])
  }

  @Test mutating func `Services that share an address have it refreshed as often as any wants`() {
    _ = table.set(announcement(five, every: .seconds(60)), for: web)
    #expect(
      table.set(announcement(five, every: .seconds(30)), for: dns)
        == [announce(five, every: .seconds(30))])
    #expect(table.set(announcement(five, every: .seconds(45)), for: web) == [])
    #expect(table.set(nil, for: dns) == [announce(five, every: .seconds(45))])
    #expect(table.set(announcement(five), for: web) == [announce(five)])
  }

  @Test mutating func `A shared address is probed only when no Service objects`() {
    _ = table.set(announcement(five), for: web)
    #expect(
      table.set(announcement(five, detectsDuplicates: false), for: dns)
        == [announce(five, detectsDuplicates: false)])
    #expect(table.set(announcement(five), for: dns) == [announce(five)])
  }

  @Test mutating func `Lets everything go at once`() {
    _ = table.set(announcement(six), for: web)
    _ = table.set(announcement(five, six), for: dns)
    #expect(Set(table.services) == [web, dns])
    #expect(table.removeAll() == [.withdraw(five), .withdraw(six)])
    #expect(table.services.isEmpty)
    #expect(table.removeAll() == [])
  }
}
