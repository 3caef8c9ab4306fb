import Membership
import NIOCore
import NIOPosix
import NetworkAddresses
import Testing

@testable import MembershipTransport

/// Peers that send what nobody should, over real sockets: the member stays up, stays itself, and keeps its bounds.
@Suite(.timeLimit(.minutes(2)))
struct HostilePeerTests {
  private let block = LoopbackBlock()
  private static let key = GossipKey(secret: Array("key".utf8))

  private func configuration(
    _ number: UInt8 = 1, _ change: (inout MembershipConfiguration) -> Void = { _ in }
  ) throws -> MembershipConfiguration {
    var configuration = MembershipConfiguration(
      name: "node\(number)", bindAddress: try block.host(number))
    configuration.parameters = .fast
    change(&configuration)
    return configuration
  }

  private var target: SocketAddress {
    get throws { try SocketAddress(ipAddress: "\(block.host(1))", port: 7946) }
  }

  /// Whether somebody else can still join the member at host 1.
  private func isWell(keys: [GossipKey] = []) async throws {
    let other = try configuration(2) { $0.keys = keys }
    try await WatchedMember.run(other, peers: [block.member(1)]) { other in
      try await other.sees { $0.present.contains { $0.name == "node1" } }
    }
  }

  private func send(_ datagrams: [[UInt8]]) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let channel = try await DatagramBootstrap(group: group)
      .bind(to: SocketAddress(ipAddress: "\(block.host(8))", port: 0)).get()
    for bytes in datagrams {
      let envelope = AddressedEnvelope(
        remoteAddress: try target, data: ByteBuffer(bytes: bytes))
      // What is too long for a datagram does not leave this machine.
      try? await channel.writeAndFlush(envelope)
    }
    try await channel.close()
  }

  private func connect() async throws -> any Channel {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(to: target).get()
  }

  @Test func `Datagrams of every bad kind are counted and change nothing`() async throws {
    // Compound messages inside each other, deeper than anybody packs them.
    var nested: [UInt8] = [0, 0x80]
    for _ in 0..<40 {
      nested = [7, 1, UInt8(nested.count >> 8), UInt8(nested.count & 0xff)] + nested
    }
    var generator = SystemRandomNumberGenerator()
    let noise = (0..<300).map { length in
      (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    let bad: [[UInt8]] =
      [
        [], [0], [255], [9, 0x81], nested,
        // a checksum that does not fit
        [12, 1, 2, 3, 4, 0, 0x80],
        // an alive with 2³² entries announced
        [4, 0xdf, 0xff, 0xff, 0xff, 0xff],
        Array(repeating: 7, count: 60_000),
      ] + noise
    try await WatchedMember.run(configuration()) { member in
      try await send(bad)
      try await Peer.until("all are counted") {
        member.metric("metallb_memberlist_datagrams_received_total") >= Double(bad.count) - 5
      }
      #expect(member.names == ["node1"])
      #expect(member.metric("metallb_memberlist_ignored_total", label: "nestedTooDeep") > 0)
      #expect(member.metric("metallb_memberlist_ignored_total", label: "checksumMismatch") > 0)
      try await isWell()
    }
  }

  @Test func `With a key nothing in clear and nothing replayed with other bytes counts`()
    async throws
  {
    // An alive message in clear: `{Addr, Incarnation, Meta, Node, Port, Vsn}` of an intruder.
    let alive: [UInt8] =
      [4, 0x86, 0xa4] + Array("Addr".utf8) + [0xa4, 10, 0, 0, 1, 0xab]
      + Array("Incarnation".utf8)
      + [1, 0xa4] + Array("Meta".utf8) + [0xc0, 0xa4] + Array("Node".utf8) + [0xa3]
      + Array("bad".utf8) + [0xa4] + Array("Port".utf8) + [0xcd, 0x1f, 0x0a, 0xa3]
      + Array("Vsn".utf8) + [0xa6, 1, 5, 2, 0, 0, 0]
    try await WatchedMember.run(configuration { $0.keys = [Self.key] }) { member in
      try await send([alive, [1] + Array(repeating: 0, count: 60), [0] + alive])
      try await Peer.until("all are refused") {
        member.metric("metallb_memberlist_ignored_total", label: "notDecryptable") >= 3
      }
      #expect(member.names == ["node1"])
      try await isWell(keys: [Self.key])
    }
    // The same without a key is a member: the message itself is right.
    try await WatchedMember.run(configuration()) { member in
      try await send([alive])
      try await member.sees { $0.present.contains { $0.name == "bad" } }
    }
  }

  @Test func `Silent and slow connections end, and do not keep others out`() async throws {
    try await WatchedMember.run(configuration()) { member in
      let silent = try await (0..<StreamTable.perHost).asyncMap { _ in try await connect() }
      let slow = silent[0]
      try await slow.writeAndFlush(ByteBuffer(bytes: [6, 0x83]))
      // This host has no more places; others have.
      let refused = try await connect()
      try await refused.closeFuture.get()
      #expect(member.metric("metallb_memberlist_streams_refused_total") >= 1)
      // Each ends after the stream timeout, which nobody outside can lengthen.
      for channel in silent { try await channel.closeFuture.get() }
      try await isWell()
    }
  }

  @Test func `Messages beyond the limits end their connection`() async throws {
    try await WatchedMember.run(configuration()) { member in
      for start: [UInt8] in [
        // a table of 2³¹ rows with a user state of 2³¹ bytes
        [6, 0x83, 0xa5] + Array("Nodes".utf8) + [0xce, 0x7f, 0xff, 0xff, 0xff],
        // a compressed message without end
        [9, 0x82, 0xa4] + Array("Algo".utf8) + [0, 0xa3] + Array("Buf".utf8)
          + [0xdb, 0x7f, 0xff, 0xff, 0xff],
        // an error text that is longer than any
        [13, 0x81, 0xa5] + Array("Error".utf8) + [0xdb, 0, 0xff, 0xff, 0xff],
        // encrypted, where nobody has a key
        [10, 0x7f, 0xff, 0xff, 0xff],
        [77],
      ] {
        let channel = try await connect()
        try? await channel.writeAndFlush(ByteBuffer(bytes: start))
        // As fast as it takes them, until it has had enough.
        let chunk = ByteBuffer(bytes: [UInt8](repeating: 0x41, count: 64 << 10))
        for _ in 0..<200 where channel.isActive { try? await channel.writeAndFlush(chunk) }
        try? await channel.close()
      }
      try await isWell()
      #expect(member.metric("metallb_memberlist_streams_open") <= 2)
    }
  }

  @Test func `A flood of connections leaves the member in reach`() async throws {
    try await WatchedMember.run(configuration()) { member in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<300 {
          group.addTask {
            guard let channel = try? await connect() else { return }
            try? await channel.writeAndFlush(ByteBuffer(bytes: [6]))
            _ = try? await channel.closeFuture.get()
          }
        }
        try await group.waitForAll()
      }
      #expect(member.metric("metallb_memberlist_streams_refused_total") > 0)
      try await isWell()
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ change: (Element) async throws -> Value) async rethrows
    -> [Value]
  {
    var values: [Value] = []
    for element in self { values.append(try await change(element)) }
    return values
  }
}
