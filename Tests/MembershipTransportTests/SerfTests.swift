import Foundation
import Membership
import NetworkAddresses
import Testing

@testable import MembershipTransport

/// A cluster with Serf (HashiCorp's, from Debian): memberlist with encryption, metadata and user messages of its own.
@Suite(
  .enabled(if: Peer.isInstalled("serf"), "needs the Debian package serf"), .timeLimit(.minutes(3)))
struct SerfTests {
  private let block = LoopbackBlock()
  private static let first = Array("serf-key-1-of-thirty-two-bytes-x".utf8)
  private static let second = Array("serf-key-2-of-thirty-two-bytes-y".utf8)

  private func command(_ number: UInt8, join: UInt8? = nil, key: [UInt8]? = nil) throws -> [String]
  {
    let host = try block.host(number)
    var command = [
      "serf", "agent", "-node=serf\(number)", "-bind=\(host):7946", "-rpc-addr=\(host):7373",
      "-profile=local",
    ]
    if let join { command.append("-retry-join=\(try block.host(join)):7946") }
    if let key { command.append("-encrypt=\(Data(key).base64EncodedString())") }
    return command
  }

  /// Serf refuses members without versions of its own protocol.
  private func ours(_ number: UInt8, keys: [[UInt8]] = []) throws -> MembershipConfiguration {
    var configuration = MembershipConfiguration(
      name: "ours", bindAddress: try block.host(number))
    configuration.versions = ProtocolVersions(
      delegateMin: 2, delegateMax: 5, delegateCurrent: 5)
    configuration.keys = try keys.map { try #require(GossipKey(bytes: $0)) }
    // Serf's profile "local" probes every second and suspects for three.
    configuration.parameters.suspicionMultiplier = 3
    configuration.parameters.probeTimeout = .milliseconds(200)
    return configuration
  }

  /// What a Serf agent says of a member: `alive`, `left`, `failed`; nil when it does not know it.
  private func status(of name: String, at number: UInt8) async throws -> String? {
    let output = try await Peer.ask(
      "serf", "members", "-rpc-addr=\(try block.host(number)):7373")
    let line = output.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
    return line?.split(separator: " ").dropFirst(2).first.map(String.init)
  }

  private func isRunning(_ number: UInt8) async throws {
    try await Peer.until("serf\(number) answers") {
      try await status(of: "serf\(number)", at: number) == "alive"
    }
  }

  @Test(arguments: [true, false])
  func `Joins, deaths, goodbyes and returns are seen by both`(isEncrypted: Bool) async throws {
    let keys = isEncrypted ? [Self.first] : []
    try await Peer.run(command(1, key: keys.first)) { _ in
      try await isRunning(1)
      let peers: Set<MemberAddress> = [try block.member(1)]
      try await WatchedMember.run(ours(3, keys: keys), peers: peers) { ours in
        try await ours.sees { $0.present.map(\.name) == ["ours", "serf1"] }
        try await Peer.until("serf sees us") { try await status(of: "ours", at: 1) == "alive" }

        try await Peer.run(command(2, join: 1, key: keys.first)) { _ in
          try await ours.sees { $0.present.count == 3 }
          // Serf's own events are user messages to us.
          try await Peer.ask(
            "serf", "event", "-rpc-addr=\(try block.host(2)):7373", "deploy", "now")
          try await Peer.until("a user message") {
            ours.metric("metallb_memberlist_ignored_total", label: "userMessage") > 0
          }
        }
        // killed
        try await ours.sees { $0.members.contains { $0.name == "serf2" && $0.state == .dead } }
        try await Peer.run(command(2, join: 1, key: keys.first)) { _ in
          try await ours.sees { $0.present.count == 3 }
          try await isRunning(2)
          try await Peer.ask("serf", "leave", "-rpc-addr=\(try block.host(2)):7373")
          try await ours.sees { $0.members.contains { $0.name == "serf2" && $0.state == .left } }
        }
        await ours.node.leave()
        // Serf calls failed whoever leaves without the message that its own members send first.
        try await Peer.until("serf sees us leave") {
          try await status(of: "ours", at: 1) == "failed"
        }
      }
      // Back, and then gone without a word.
      try await WatchedMember.run(ours(3, keys: keys), peers: peers) { ours in
        try await ours.sees { $0.present.count == 2 }
        try await Peer.until("serf sees us again") {
          try await status(of: "ours", at: 1) == "alive"
        }
      }
      try await Peer.until("serf sees us dead") { try await status(of: "ours", at: 1) == "failed" }
    }
  }

  @Test func `A wrong key is refused by both, and a receive-only key is understood`() async throws {
    try await Peer.run(command(1, key: Self.second)) { _ in
      try await isRunning(1)
      let peers: Set<MemberAddress> = [try block.member(1)]
      try await WatchedMember.run(ours(3, keys: [Self.first]), peers: peers) { ours in
        #expect(ours.names == ["ours"])
        #expect(ours.metric("metallb_memberlist_join_failures_total") > 0)
        #expect(try await status(of: "ours", at: 1) == nil)
        // With the key in second place we read what Serf sends, and Serf does not read us.
        let keys = try [Self.first, Self.second].map { try #require(GossipKey(bytes: $0)) }
        ours.node.setKeys(keys)
        ours.node.setPeers([])
        ours.node.setPeers(peers)
        #expect(ours.names == ["ours"])
        // In first place both understand each other.
        ours.node.setKeys(keys.reversed())
        ours.node.setPeers([])
        ours.node.setPeers(peers)
        try await ours.sees { $0.present.count == 2 }
        try await Peer.until("serf sees us") { try await status(of: "ours", at: 1) == "alive" }
      }
    }
  }

  @Test func `Serf changes its key while we know both`() async throws {
    try await Peer.run(command(1, key: Self.first)) { _ in
      try await isRunning(1)
      let peers: Set<MemberAddress> = [try block.member(1)]
      let rpc = "-rpc-addr=\(try block.host(1)):7373"
      let newKey = Data(Self.second).base64EncodedString()
      try await WatchedMember.run(ours(3, keys: [Self.first, Self.second]), peers: peers) {
        ours in
        try await ours.sees { $0.present.count == 2 }
        // Serf asks all members and complains that we do not answer such questions; it changes its own ring all the same.
        for step in ["-install", "-use"] {
          _ = try? await Peer.ask("serf", "keys", rpc, step, newKey)
        }
        ours.forgetEvents()
        // What Serf says from now on is encrypted with the new key.
        try await Peer.ask("serf", "tags", rpc, "-set", "colour=blue")
        try await ours.hears { event in
          if case .updated(let member) = event { member.name == "serf1" } else { false }
        }
        #expect(ours.metric("metallb_memberlist_ignored_total", label: "notDecryptable") == 0)
      }
    }
  }
}
