import Layer2
import Layer2Transport
import LinuxNetwork
import Logging
import MetricsTestKit
import NamespaceTesting
import NetworkAddresses
import Testing

@Suite(.tags(.namespaces), .needsNamespaces, .timeLimit(.minutes(1)))
struct Layer2AnnouncerNamespaceTests {
  private static let arp = EthernetHeader.arp
  private static let ipv6 = EthernetHeader.ipv6

  // MARK: Answers

  @Test func `arping finds an announced address, and not one that was withdrawn`() async throws {
    try await AnnouncerLink.with { link in
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      let found = try await link.client.run("arping", "-c", "3", "-I", "c0", "10.98.0.150")
      #expect(found.contains("Received 3 response(s)"))
      #expect(found.lowercased().contains(AnnouncerLink.nodeMAC))
      let probe = try await link.client.run(
        "sh", "-c", "arping -D -c 1 -w 1 -I c0 10.98.0.150 || true")
      #expect(probe.contains("Received 1 response(s)"))
      link.announcer.withdraw(try address("10.98.0.150"))
      let lost = try await link.client.run(
        "sh", "-c", "arping -c 1 -w 1 -I c0 10.98.0.150 || true")
      #expect(lost.contains("Received 0 response(s)"))
      #expect(try link.counter("requests_received", "10.98.0.150") == 4)
      #expect(try link.counter("responses_sent", "10.98.0.150") == 4)
    }
  }

  @Test func `The client's kernel reaches an announced IPv4 address`() async throws {
    try await AnnouncerLink.with { link in
      // The address is on the loopback, and the kernel answers ARP only for those of the interface itself.
      try await link.node.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore")
      try await link.node.ip("addr", "add", "10.98.0.150/32", "dev", "lo")
      try await link.node.ip("route", "add", "10.98.0.0/24", "dev", "eth0")
      #expect(try await !link.reach("10.98.0.150"))
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      #expect(try await link.reach("10.98.0.150"))
      #expect(try await link.neighbor("10.98.0.150").contains(AnnouncerLink.nodeMAC))
    }
  }

  @Test func `The client's kernel reaches an announced IPv6 address`() async throws {
    try await AnnouncerLink.with { link in
      try await link.node.ip("addr", "add", "fd98::1000/128", "dev", "lo")
      try await link.node.ip("route", "add", "fd98::/64", "dev", "eth0")
      #expect(try await !link.reach("fd98::1000"))
      link.announcer.announce(try address("fd98::1000"), interfaces: .all)
      #expect(try await link.reach("fd98::1000"))
      #expect(try await link.neighbor("fd98::1000").contains(AnnouncerLink.nodeMAC))
    }
  }

  @Test func `Unicast solicitations to an address that the kernel does not own are answered`()
    async throws
  {
    try await AnnouncerLink.with(rounds: 0) { link in
      link.announcer.announce(try address("fd98::1000"), interfaces: .all)
      // The client's kernel probes an entry in state PROBE with unicast solicitations, and only with those when no
      // multicast ones are allowed.
      try await link.client.run(
        "sh", "-c", "echo 0 > /proc/sys/net/ipv6/neigh/c0/mcast_solicit")
      try await link.capture(Self.ipv6) { frames in
        try await link.client.ip(
          "neigh", "replace", "fd98::1000", "lladdr", AnnouncerLink.nodeMAC, "dev", "c0",
          "nud", "probe")
        let answer = try #require(await frames.advertisement(for: "fd98::1000"))
        #expect(answer.isSolicited && answer.isOverride)
      }
    }
  }

  @Test func `The solicited-node group is joined while an IPv6 address is announced`() async throws
  {
    try await AnnouncerLink.with { link in
      let groups = { try await link.node.run("cat", "/proc/net/igmp6") }
      let group = "ff0200000000000000000001ff001000"
      try await link.capture(Self.ipv6) { frames in
        // Groups are changed before the first advertisement is sent.
        link.announcer.announce(try address("fd98::1000"), interfaces: .all)
        _ = await frames.advertisement(for: "fd98::1000")
        #expect(try await groups().contains(group))
        link.announcer.withdraw(try address("fd98::1000"))
        link.announcer.announce(try address("fd98::2000"), interfaces: .all)
        _ = await frames.advertisement(for: "fd98::2000")
        #expect(try await !groups().contains(group))
      }
    }
  }

  @Test func `Ten thousand addresses are all answered`() async throws {
    try await AnnouncerLink.with(rounds: 0) { link in
      let first = UInt32(0x0a63_0000)
      for number in 0..<10_000 as Range<UInt32> {
        link.announcer.announce(
          .v4(IPv4Address(rawValue: first + number)), interfaces: .named(["eth0"]))
      }
      let answers = try await NetworkThread.run(
        name: "client", in: link.client.networkNamespace
      ) {
        try ARPClient(interface: "c0").ask(
          (0..<10_000).map { IPv4Address(rawValue: first + $0) }, outstanding: 64)
      }
      #expect(answers == 10_000)
    }
  }

  // MARK: Gratuitous frames

  @Test func `A burst is what it should be, byte for byte`() async throws {
    try await AnnouncerLink.with { link in
      try await link.capture(Self.arp) { frames in
        link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
        // As recorded from upstream: a request and a reply, padded to 60 bytes.
        let mac: [UInt8] = [2, 0, 0, 0, 0, 0x0d]
        let ip: [UInt8] = [10, 98, 0, 150]
        let all = [UInt8](repeating: 0xff, count: 6)
        for _ in 0..<5 {
          for operation in [1, 2] as [UInt8] {
            let expected =
              all + mac + [8, 6, 0, 1, 8, 0, 6, 4, 0, operation] + mac + ip + all + ip
              + [UInt8](repeating: 0, count: 18)
            #expect(await frames.next() == expected)
          }
        }
        // Announcing once more sends nothing; the next frame belongs to another address.
        link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
        link.announcer.announce(try address("10.98.0.151"), interfaces: .all)
        #expect(await frames.next()?[28..<32] == [10, 98, 0, 151])
      }
      #expect(try link.counter("gratuitous_sent", "10.98.0.150") == 10)
    }
  }

  @Test func `An IPv6 burst has one advertisement in each round`() async throws {
    try await AnnouncerLink.with(rounds: 3) { link in
      try await link.capture(Self.ipv6) { frames in
        link.announcer.announce(try address("fd98::1000"), interfaces: .all)
        for _ in 0..<3 {
          let advertisement = try #require(await frames.advertisement(for: "fd98::1000"))
          #expect(advertisement.destination == .allNodes)
          #expect(advertisement.isOverride && !advertisement.isSolicited)
          #expect(advertisement.source.description == "fe80::ff:fe00:d")
        }
      }
      // Frames are counted under the lock that this takes.
      #expect(!link.announcer.interfaces.isEmpty)
      #expect(try link.counter("gratuitous_sent", "fd98::1000") == 3)
    }
  }

  @Test func `A client that knows the old owner learns the new one`() async throws {
    try await AnnouncerLink.with { link in
      for (ip, etherType) in [("10.98.0.150", Self.arp), ("fd98::1000", Self.ipv6)] {
        try await link.client.ip(
          "neigh", "replace", ip, "lladdr", "02:00:00:00:00:aa", "dev", "c0", "nud", "stale")
        try await link.capture(etherType) { frames in
          link.announcer.announce(try address(ip), interfaces: .all)
          // The kernel has taken in a frame before the next one arrives.
          var seen = 0
          while seen < 2, let frame = await frames.next() {
            if Array(frame[6..<12]) == [2, 0, 0, 0, 0, 0x0d] { seen += 1 }
          }
        }
        #expect(try await link.neighbor(ip).contains(AnnouncerLink.nodeMAC))
      }
    }
  }

  // MARK: Interfaces

  @Test func `An interface that appears later is used and told`() async throws {
    try await AnnouncerLink.with { link in
      link.announcer.announce(try address("10.98.0.150"), interfaces: .named(["eth1"]))
      let silent = try await link.client.run(
        "sh", "-c", "arping -c 1 -w 1 -I c0 10.98.0.150 || true")
      #expect(silent.contains("Received 0 response(s)"))
      try await link.client.ip("link", "add", "c1", "type", "veth", "peer", "name", "p1")
      try await link.client.ip("link", "set", "c1", "up")
      try await link.capture(Self.arp, on: "c1") { frames in
        try await link.client.ip("link", "set", "p1", "netns", link.node.name)
        try await link.node.ip("link", "set", "p1", "name", "eth1")
        try await link.node.ip("link", "set", "eth1", "up")
        #expect(await frames.next()?[28..<32] == [10, 98, 0, 150])
      }
      try await link.client.ip("addr", "add", "10.98.1.100/24", "dev", "c1")
      let found = try await link.client.run("arping", "-c", "1", "-I", "c1", "10.98.0.150")
      #expect(found.contains("Received 1 response(s)"))
      try await link.node.ip("link", "del", "eth1")
      try await link.waitForInterface("eth1") { $0 == nil }
      #expect(!link.announcer.interfaces.contains { $0.name == "eth1" })
    }
  }

  @Test func `A new hardware address is told and answered with`() async throws {
    try await AnnouncerLink.with(rounds: 1) { link in
      try await link.capture(Self.arp) { frames in
        link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
        for _ in 0..<2 { _ = await frames.next() }
        try await link.node.ip("link", "set", "eth0", "address", "02:00:00:00:00:77")
        for _ in 0..<2 {
          #expect(await frames.next()?[6..<12] == [2, 0, 0, 0, 0, 0x77])
        }
      }
      let found = try await link.client.run("arping", "-c", "1", "-I", "c0", "10.98.0.150")
      #expect(found.contains("02:00:00:00:00:77"))
    }
  }

  @Test func `An interface that goes down and up again is told again`() async throws {
    try await AnnouncerLink.with(rounds: 1) { link in
      try await link.capture(Self.arp) { frames in
        link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
        for _ in 0..<2 { _ = await frames.next() }
        try await link.node.ip("link", "set", "eth0", "down")
        try await link.waitForInterface("eth0") { $0 == nil }
        #expect(
          link.announcer.interfaces.first { $0.name == "eth0" }?.usability == .unusable(.isDown))
        try await link.node.ip("link", "set", "eth0", "up")
        #expect(await frames.next()?[28..<32] == [10, 98, 0, 150])
      }
      let found = try await link.client.run("arping", "-c", "1", "-I", "c0", "10.98.0.150")
      #expect(found.contains("Received 1 response(s)"))
    }
  }

  @Test func `A carrier that returns is told`() async throws {
    try await AnnouncerLink.with(rounds: 1) { link in
      try await link.capture(Self.arp) { frames in
        link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
        for _ in 0..<2 { _ = await frames.next() }
        try await link.client.ip("link", "set", "c0", "down")
        try await link.waitForInterface("eth0") { $0?.hasCarrier == false }
        try await link.client.ip("link", "set", "c0", "up")
        for _ in 0..<2 {
          #expect(await frames.next()?[28..<32] == [10, 98, 0, 150])
        }
      }
    }
  }

  @Test func `A bridge is used, its ports are not, and excluded names are not even listed`()
    async throws
  {
    try await AnnouncerLink.with { link in
      try await link.node.ip("link", "add", "br0", "type", "bridge")
      try await link.node.ip("link", "set", "br0", "up")
      try await link.node.ip("link", "set", "eth0", "master", "br0")
      try await link.waitForInterface("eth0") { $0 == nil }
      let port = link.announcer.interfaces.first { $0.name == "eth0" }
      #expect(port?.usability == .unusable(.hasMaster))
      #expect(port?.master == "br0")
      try await link.node.ip("link", "add", "veth9", "type", "veth", "peer", "name", "lxc9")
      link.announcer.announce(try address("10.98.0.150"), interfaces: .named(["br0"]))
      let found = try await link.client.run("arping", "-c", "1", "-I", "c0", "10.98.0.150")
      #expect(found.contains("Received 1 response(s)"))
      #expect(link.announcer.interfaces.map(\.name) == ["br0", "eth0"])
    }
  }

  // MARK: Life cycle

  @Test func `A stopped announcer returns and answers no more`() async throws {
    try await AnnouncerLink.with { link in
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      _ = try await link.client.run("arping", "-c", "1", "-I", "c0", "10.98.0.150")
      link.announcer.stop()
      for await _ in link.announcer.interfaceChanges {}
      let lost = try await link.client.run(
        "sh", "-c", "arping -c 1 -w 1 -I c0 10.98.0.150 || true")
      #expect(lost.contains("Received 0 response(s)"))
    }
  }
}

@Suite struct Layer2AnnouncerTests {
  @Test func `A namespace that does not exist is an error`() async throws {
    var configuration = Layer2Announcer.Configuration()
    configuration.namespace = .named("mlb-no-such")
    let announcer = try Layer2Announcer(
      configuration: configuration, logger: Logger(label: "layer2"), metricsFactory: TestMetrics())
    let error = await #expect(throws: LinuxError.self) { try await announcer.run() }
    #expect(error?.isNotFound == true)
  }

  @Test func `A pattern that does not compile is refused at once`() {
    var configuration = Layer2Announcer.Configuration()
    configuration.excludedInterfaces = ["("]
    #expect(throws: InterfaceExclusion.InvalidPattern.self) {
      try Layer2Announcer(
        configuration: configuration, logger: Logger(label: "layer2"),
        metricsFactory: TestMetrics())
    }
  }
}
