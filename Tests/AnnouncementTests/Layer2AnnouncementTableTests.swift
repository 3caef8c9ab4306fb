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
    _ addresses: IPAddress..., on interfaces: InterfaceSelection = .all
  ) -> Layer2Announcement {
    Layer2Announcement(pool: "gold", addresses: addresses, interfaces: interfaces)
  }

  @Test mutating func `Announces and withdraws`() {
    #expect(
      table.set(announcement(five, six), for: web)
        == [.announce(five, .all), .announce(six, .all)])
    #expect(table[web] == announcement(five, six))
    #expect(table.set(announcement(five, six), for: web) == [])
    #expect(table.set(nil, for: web) == [.withdraw(five), .withdraw(six)])
    #expect(table.set(nil, for: web) == [])
    #expect(table[web] == nil)
  }

  @Test mutating func `Changes only the addresses that differ, withdrawals first`() {
    _ = table.set(announcement(five), for: web)
    #expect(
      table.set(announcement(six), for: web) == [.withdraw(five), .announce(six, .all)])
    #expect(table.set(announcement(five, six), for: web) == [.announce(five, .all)])
  }

  @Test mutating func `A shared address stays until the last Service leaves it`() {
    _ = table.set(announcement(five, on: .named(["eth0"])), for: web)
    #expect(
      table.set(announcement(five, on: .named(["eth1"])), for: dns)
        == [.announce(five, .named(["eth0", "eth1"]))])
    #expect(
      table.set(announcement(five, on: .named(["eth0"])), for: dns)
        == [.announce(five, .named(["eth0"]))])
    #expect(table.set(nil, for: web) == [])
    #expect(table.set(announcement(five), for: dns) == [.announce(five, .all)])
    #expect(table.set(nil, for: dns) == [.withdraw(five)])
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
