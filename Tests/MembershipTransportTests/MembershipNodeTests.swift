import Membership
import NetworkAddresses
import Testing

@testable import MembershipTransport

/// Members of ours among themselves, over real sockets on the loopback interface.
@Suite(.timeLimit(.minutes(2)))
struct MembershipNodeTests {
  private let block = LoopbackBlock()

  private func configuration(
    _ number: UInt8, _ change: (inout MembershipConfiguration) -> Void = { _ in }
  ) throws -> MembershipConfiguration {
    var configuration = MembershipConfiguration(
      name: "node\(number)", bindAddress: try block.host(number))
    configuration.parameters = .fast
    change(&configuration)
    return configuration
  }

  @Test func `Alone it is settled and knows itself`() async throws {
    try await WatchedMember.run(configuration(1)) { member in
      #expect(member.names == ["node1"])
      #expect(member.view.isSettled)
      #expect(member.metric("metallb_memberlist_members") == 1)
    }
  }

  @Test func `Members find each other, share metadata, and see a goodbye`() async throws {
    let addresses = Set(try (1...3).map { try block.member($0) })
    let second = try configuration(2) { $0.metadata = Array("two".utf8) }
    let third = try configuration(3)
    try await WatchedMember.run(configuration(1), peers: addresses) { first in
      try await WatchedMember.run(second, peers: addresses) { second in
        try await WatchedMember.run(third, peers: addresses) { third in
          for member in [first, second, third] {
            try await member.sees { $0.present.map(\.name) == ["node1", "node2", "node3"] }
          }
          #expect(
            third.view.members.first { $0.name == "node2" }?.metadata == Array("two".utf8))
          second.node.setMetadata([1, 2, 3])
          try await first.sees { $0.members.contains { $0.metadata == [1, 2, 3] } }

          let begin = ContinuousClock.now
          await third.node.leave()
          #expect(ContinuousClock.now - begin < .seconds(5))
          for member in [first, second] {
            try await member.sees { $0.members.contains { $0.state == .left } }
          }
        }
        // Nobody took the end after the goodbye for a death.
        #expect(first.view.members.first { $0.name == "node3" }?.state == .left)
      }
    }
  }

  @Test func `What a member says of itself is in its own view, too`() async throws {
    try await WatchedMember.run(configuration(1)) { member in
      member.node.setMetadata([1, 2, 3])
      try await member.sees { $0.present.map(\.metadata) == [[1, 2, 3]] }
      member.node.setMetadata([])
      try await member.sees { $0.present.map(\.metadata) == [[]] }
    }
  }

  @Test func `A death is seen, and a return`() async throws {
    let addresses = Set(try (1...2).map { try block.member($0) })
    let second = try configuration(2)
    try await WatchedMember.run(configuration(1), peers: addresses) { first in
      for _ in 0..<2 {
        try await WatchedMember.run(second, peers: addresses) { _ in
          try await first.sees { $0.present.count == 2 }
        }
        try await first.sees { $0.members.contains { $0.state == .dead } }
      }
    }
  }

  @Test func `Keys are changed in three steps without losing anybody`() async throws {
    let (old, new) = (GossipKey(secret: Array("old".utf8)), GossipKey(secret: Array("new".utf8)))
    let addresses = Set(try (1...2).map { try block.member($0) })
    let second = try configuration(2) { $0.keys = [old, new] }
    try await WatchedMember.run(configuration(1) { $0.keys = [old, new] }, peers: addresses) {
      first in
      try await WatchedMember.run(second, peers: addresses) { second in
        try await first.sees { $0.present.count == 2 }
        first.node.setKeys([new, old])
        second.node.setMetadata([1])
        first.node.setMetadata([2])
        try await first.sees { $0.members.contains { $0.metadata == [1] } }
        try await second.sees { $0.members.contains { $0.metadata == [2] } }
        second.node.setKeys([new])
        first.node.setKeys([new])
        second.node.setMetadata([3])
        try await first.sees { $0.members.contains { $0.metadata == [3] } }
        #expect(!first.events.contains { if case .left = $0 { true } else { false } })
      }
    }
  }

  @Test func `Another key and another label keep strangers out`() async throws {
    let key = GossipKey(secret: Array("right".utf8))
    let addresses = Set(try (1...3).map { try block.member($0) })
    let wrongKey = try configuration(2) { $0.keys = [GossipKey(secret: Array("wrong".utf8))] }
    let wrongLabel = try configuration(3) {
      $0.keys = [key]
      $0.label = "other"
    }
    try await WatchedMember.run(configuration(1) { $0.keys = [key] }, peers: addresses) { first in
      try await WatchedMember.run(wrongKey, peers: addresses) { second in
        try await WatchedMember.run(wrongLabel, peers: addresses) { third in
          #expect(first.names == ["node1"])
          #expect(second.names == ["node2"])
          #expect(third.names == ["node3"])
          #expect(first.metric("metallb_memberlist_ignored_total", label: "notDecryptable") > 0)
          #expect(first.metric("metallb_memberlist_ignored_total", label: "labelMismatch") > 0)
        }
      }
    }
  }

  @Test func `IPv6 works like IPv4`() async throws {
    let loopback = try #require(IPAddress("::1"))
    var first = MembershipConfiguration(name: "one", bindAddress: loopback, port: 0)
    first.parameters = .fast
    let second = first
    try await WatchedMember.run(first) { first in
      let address = try #require(first.view.members.first?.address)
      #expect(address.port != 0)
      var other = second
      other.name = "two"
      try await WatchedMember.run(other, peers: [address]) { _ in
        try await first.sees { $0.present.count == 2 }
      }
    }
  }

  @Test func `Bound to all addresses, it tells others one that they can reach`() throws {
    let addresses = try [
      "127.0.0.1", "::1", "172.17.0.1", "192.168.1.5", "203.0.113.9", "fe80::1", "2001:db8::7",
    ].map { try #require(IPAddress($0)) }
    let (bridge, routed, global) = (addresses[2], addresses[3], addresses[6])
    #expect(
      IPAddress.toAdvertise(boundTo: .ipv4, of: addresses, towardsOthers: [.ipv4: routed])
        == routed)
    // Without a route, the first private one.
    #expect(IPAddress.toAdvertise(boundTo: .ipv4, of: addresses, towardsOthers: [:]) == bridge)
    // IPv6 goes first where both can be used, whatever its scope.
    #expect(
      IPAddress.toAdvertise(boundTo: .ipv6, of: addresses, towardsOthers: [.ipv4: routed])
        == global)
    #expect(
      IPAddress.toAdvertise(
        boundTo: .ipv6, of: addresses.filter { $0 != global }, towardsOthers: [.ipv4: routed])
        == routed)
    #expect(
      IPAddress.toAdvertise(boundTo: .ipv4, of: Array(addresses.prefix(2)), towardsOthers: [:])
        == nil)
  }

  @Test(arguments: ["0.0.0.0", "::"])
  func `Bound to all addresses, it is reached by the loopback address`(text: String) async throws {
    var first = MembershipConfiguration(
      name: "one", bindAddress: try #require(IPAddress(text)), port: 0)
    first.parameters = .fast
    // Tests have no other network.
    first.advertisedAddress = IPAddress(text == "::" ? "::1" : "127.0.0.1")
    let second = first
    try await WatchedMember.run(first) { first in
      let address = try #require(first.view.members.first?.address)
      var other = second
      other.name = "two"
      try await WatchedMember.run(other, peers: [address]) { _ in
        try await first.sees { $0.present.count == 2 }
      }
    }
  }

  @Test func `A port that is taken is named in the error`() async throws {
    try await WatchedMember.run(configuration(1)) { _ in
      let second = WatchedMember(try configuration(1) { $0.name = "second" })
      let error = await #expect(throws: MembershipError.self) { try await second.node.run() }
      #expect("\(try #require(error))".contains("port 7946"))
    }
  }

  @Test func `Metadata of the full size reaches the others through encryption`() async throws {
    let metadata = (0..<Limits.metadata).map { UInt8(truncatingIfNeeded: $0 &* 151) }
    let addresses = Set(try (1...2).map { try block.member($0) })
    let second = try configuration(2) {
      $0.metadata = metadata
      $0.keys = [GossipKey(secret: [1])]
    }
    try await WatchedMember.run(
      configuration(1) {
        $0.metadata = metadata
        $0.keys = [GossipKey(secret: [1])]
      }, peers: addresses
    ) { first in
      try await WatchedMember.run(second, peers: addresses) { second in
        try await first.sees { $0.present.count == 2 }
        #expect(second.view.members.allSatisfy { $0.metadata == metadata })
      }
    }
  }
}
