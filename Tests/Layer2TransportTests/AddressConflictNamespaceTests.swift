import Layer2
import Layer2Transport
import LinuxNetwork
import MetricsTestKit
import NamespaceTesting
import NetworkAddresses
import Testing

/// The client is the intruder: its kernel has the address, or tells the network that it has.
@Suite(.tags(.namespaces), .needsNamespaces, .timeLimit(.minutes(1)))
struct AddressConflictNamespaceTests {
  private static let clientMAC = MACAddress(AnnouncerLink.clientMAC)

  private func expectClaim(
    _ text: String, _ stage: AddressClaim.Stage, on link: AnnouncerLink, peer: String? = nil
  ) async throws {
    let expected = AddressClaim(
      address: try address(text), hardwareAddress: try #require(Self.clientMAC),
      interface: "eth0", peer: peer, stage: stage)
    #expect(await link.nextReport() == .claimed(expected))
  }

  @Test(arguments: [("10.98.0.150", 24), ("fd98::1000", 64)])
  func `An address that another kernel has is found before it is announced`(
    ip: String, length: Int
  ) async throws {
    try await AnnouncerLink.with { link in
      try await link.client.ip("addr", "add", "\(ip)/\(length)", "dev", "c0", "nodad")
      link.announcer.announce(
        try address(ip), interfaces: .all, options: .init(probesFirst: true))
      try await expectClaim(ip, .probing, on: link)
    }
  }

  @Test func `An address that nobody has is announced after three probes`() async throws {
    try await AnnouncerLink.with(rounds: 1) { link in
      try await link.capture(EthernetHeader.arp) { frames in
        link.announcer.announce(
          try address("10.98.0.150"), interfaces: .all, options: .init(probesFirst: true))
        for _ in 0..<3 {
          // From 0.0.0.0, to the address.
          let frame = try #require(await frames.next())
          #expect(frame[28..<32] == [0, 0, 0, 0])
          #expect(frame[38..<42] == [10, 98, 0, 150])
        }
        #expect(await frames.next()?[28..<32] == [10, 98, 0, 150])
      }
      #expect(await link.nextReport() == .announcedAfterProbing(try address("10.98.0.150")))
      let found = try await link.client.run("arping", "-c", "1", "-I", "c0", "10.98.0.150")
      #expect(found.contains("Received 1 response(s)"))
    }
  }

  @Test func `A host that takes an announced IPv4 address is noticed`() async throws {
    try await AnnouncerLink.with { link in
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      try await link.client.ip("addr", "add", "10.98.0.150/24", "dev", "c0")
      try await link.client.run("arping", "-U", "-c", "1", "-I", "c0", "10.98.0.150")
      try await expectClaim("10.98.0.150", .announcing, on: link)
    }
  }

  @Test func `A host that takes an announced IPv6 address without asking is noticed`() async throws
  {
    try await AnnouncerLink.with { link in
      link.announcer.announce(try address("fd98::1000"), interfaces: .all)
      // The kernel tells its neighbours about an address that it begins to use.
      try await link.client.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/c0/ndisc_notify")
      try await link.client.ip("addr", "add", "fd98::1000/64", "dev", "c0", "nodad")
      try await link.client.ip("link", "set", "c0", "address", "02:00:00:00:00:65")
      let report = await link.nextReport()
      guard case .claimed(let claim) = report else {
        Issue.record("\(String(describing: report))")
        return
      }
      #expect(claim.address == (try address("fd98::1000")))
      #expect(claim.stage == .announcing)
    }
  }

  @Test func `A kernel that checks for duplicates finds the announced IPv6 address`() async throws {
    try await AnnouncerLink.with(rounds: 0) { link in
      link.announcer.announce(try address("fd98::1000"), interfaces: .all)
      try await link.client.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/c0/accept_dad")
      try await link.capture(EthernetHeader.ipv6) { frames in
        try await link.client.ip("addr", "add", "fd98::1000/64", "dev", "c0")
        let answer = try #require(await frames.advertisement(for: "fd98::1000"))
        #expect(!answer.isSolicited && answer.destination == .allNodes)
      }
    }
  }

  @Test func `ndisc6 gets an answer about an announced IPv6 address`() async throws {
    try await AnnouncerLink.with(rounds: 0) { link in
      link.announcer.announce(try address("fd98::1000"), interfaces: .all)
      try await link.capture(EthernetHeader.ipv6) { frames in
        // It takes answers from the asked address only, as kernels give them; speakers answer from their link-local one.
        try await link.client.run("sh", "-c", "ndisc6 -1 -r 1 -w 100 fd98::1000 c0 || true")
        let answer = try #require(await frames.advertisement(for: "fd98::1000"))
        #expect(answer.isSolicited && answer.isOverride)
        #expect(answer.targetLinkLayerAddress == MACAddress(AnnouncerLink.nodeMAC))
      }
    }
  }

  @Test func `A claim by a host that the kernel knows as a peer says so`() async throws {
    try await AnnouncerLink.with { link in
      try await link.node.ip(
        "neigh", "replace", "10.98.0.100", "lladdr", AnnouncerLink.clientMAC, "dev", "eth0")
      link.announcer.setPeers(Peers(addresses: [try address("10.98.0.100"): "node2"]))
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      try await link.client.ip("addr", "add", "10.98.0.150/24", "dev", "c0")
      try await link.client.run("arping", "-U", "-c", "1", "-I", "c0", "10.98.0.150")
      try await expectClaim("10.98.0.150", .announcing, on: link, peer: "node2")
    }
  }

  @Test func `A claim by a host that told its hardware address as a peer says so`() async throws {
    try await AnnouncerLink.with { link in
      link.announcer.setPeers(
        Peers(hardwareAddresses: [try #require(Self.clientMAC): "node2"]))
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      try await link.client.ip("addr", "add", "10.98.0.150/24", "dev", "c0")
      try await link.client.run("arping", "-U", "-c", "1", "-I", "c0", "10.98.0.150")
      try await expectClaim("10.98.0.150", .announcing, on: link, peer: "node2")
    }
  }

  @Test func `An address is handed over to the host that takes it`() async throws {
    try await AnnouncerLink.with { link in
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      link.announcer.handOver(try address("10.98.0.150"), within: .seconds(60))
      let found = try await link.client.run("arping", "-c", "1", "-I", "c0", "10.98.0.150")
      #expect(found.contains("Received 1 response(s)"))
      try await link.client.ip("addr", "add", "10.98.0.150/24", "dev", "c0")
      try await link.client.run("arping", "-U", "-c", "1", "-I", "c0", "10.98.0.150")
      #expect(
        await link.nextReport()
          == .handedOver(try address("10.98.0.150"), to: Self.clientMAC))
    }
  }

  @Test func `A flood leaves the announcer up, and others get their answers`() async throws {
    var limit = RequesterLimit()
    (limit.answersPerSecond, limit.burst) = (10_000, 20_000)
    try await AnnouncerLink.with(rounds: 0, configure: { [limit] in $0.requesterLimit = limit }) {
      link in
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      let flooded = IPv4Address(rawValue: 0x0a62_0096)
      let answers = try await NetworkThread.run(
        name: "flood", in: link.client.networkNamespace
      ) {
        try ARPClient(interface: "c0").ask(
          Array(repeating: flooded, count: 60_000), outstanding: 512)
      }
      // The limit lets 20,000 through at once and 10,000 a second.
      #expect(answers >= 20_000)
      #expect(
        try link.metrics.expectCounter(
          "metallb_layer2_frames_ignored_total", [("reason", "rateLimited")]
        ).totalValue > 0)
      try await link.client.ip("link", "set", "c0", "address", "02:00:00:00:00:66")
      let found = try await link.client.run("arping", "-c", "1", "-I", "c0", "10.98.0.150")
      #expect(found.contains("Received 1 response(s)"))
    }
  }

  @Test func `A client that asks as fast as it can is not slowed down by the limit`() async throws {
    try await AnnouncerLink.with(rounds: 0) { link in
      link.announcer.announce(try address("10.98.0.150"), interfaces: .all)
      let wanted = IPv4Address(rawValue: 0x0a62_0096)
      let answers = try await NetworkThread.run(name: "asker", in: link.client.networkNamespace) {
        try ARPClient(interface: "c0").ask(Array(repeating: wanted, count: 60_000), outstanding: 64)
      }
      #expect(answers > 0)
      #expect(throws: (any Error).self) {
        try link.metrics.expectCounter(
          "metallb_layer2_frames_ignored_total", [("reason", "rateLimited")])
      }
    }
  }

  @Test func `Interfaces that vanish while frames are sent stop nothing`() async throws {
    try await AnnouncerLink.with { link in
      for number in 0..<20 as Range<UInt32> {
        link.announcer.announce(
          .v4(IPv4Address(rawValue: 0x0a63_0000 + number)), interfaces: .all,
          options: .init(refreshInterval: .milliseconds(20)))
      }
      for _ in 0..<20 {
        try await link.node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "p1")
        try await link.node.ip("link", "set", "eth1", "up")
        try await link.node.ip("link", "set", "p1", "up")
        try await link.node.ip("link", "del", "eth1")
      }
      let found = try await link.client.run(
        "arping", "-f", "-w", "20", "-I", "c0", "10.99.0.7")
      #expect(found.lowercased().contains(AnnouncerLink.nodeMAC))
    }
  }
}
