import Foundation
import Membership
import NetworkAddresses
import Testing

@testable import MembershipTransport

/// A cluster with Prometheus' Alertmanager (from Debian): memberlist in clear, with user messages and user state of its own.
@Suite(
  .enabled(
    if: Peer.isInstalled("prometheus-alertmanager"),
    "needs the Debian package prometheus-alertmanager"), .timeLimit(.minutes(3)))
struct AlertmanagerTests {
  private let block = LoopbackBlock()
  /// Removed when the test is over.
  private let folder = FileManager.default.temporaryDirectory.appending(
    path: "alertmanager-\(UUID().uuidString)")

  private func writeConfiguration() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("route: {receiver: none}\nreceivers: [{name: none}]\n".utf8)
      .write(to: folder.appending(path: "config.yml"))
  }

  private func command(_ number: UInt8, join: UInt8? = nil) throws -> [String] {
    let host = try block.host(number)
    var command = [
      "prometheus-alertmanager", "--config.file=\(folder.path)/config.yml",
      "--storage.path=\(folder.path)/\(number)", "--web.listen-address=\(host):9093",
      "--cluster.listen-address=\(host):9094", "--cluster.pushpull-interval=5s",
      "--cluster.settle-timeout=1s",
    ]
    if let join { command.append("--cluster.peer=\(try block.host(join)):9094") }
    return command
  }

  private func url(_ number: UInt8, _ path: String) throws -> String {
    "http://\(try block.host(number)):9093/api/v2/\(path)"
  }

  private func status(_ number: UInt8) async throws -> String {
    let url = try url(number, "status")
    return try await Peer.ask("curl", "-sf", "-m", "5", url)
  }

  private func silence(_ number: UInt8, comment: String) async throws {
    let url = try url(number, "silences")
    let body = """
      {"matchers": [{"name": "a", "value": "b", "isRegex": false, "isEqual": true}],
       "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z",
       "createdBy": "test", "comment": "\(comment)"}
      """
    try await Peer.ask(
      "curl", "-sf", "-m", "5", "-H", "Content-Type: application/json", "-d", body, url)
  }

  private func awaitStatus(_ number: UInt8, contains text: String, _ isWanted: Bool) async throws {
    try await Peer.until("\(text) in the status: \(isWanted)") {
      try await status(number).contains(text) == isWanted
    }
  }

  /// Whether an Alertmanager counts us as a peer.
  private func awaitKnowledge(_ number: UInt8, _ isKnown: Bool) async throws {
    try await awaitStatus(number, contains: "\"name\":\"ours\"", isKnown)
  }

  private func awaitUserMessages(_ ours: WatchedMember, moreThan count: Double) async throws {
    try await Peer.until("more than \(count) user messages") {
      ours.metric("metallb_memberlist_ignored_total", label: "userMessage") > count
    }
  }

  private func ours() throws -> MembershipConfiguration {
    var configuration = MembershipConfiguration(
      name: "ours", bindAddress: try block.host(3), port: 9094)
    configuration.parameters.probeTimeout = .milliseconds(500)
    return configuration
  }

  @Test func `Joins, foreign messages, deaths, goodbyes and returns`() async throws {
    try writeConfiguration()
    defer { try? FileManager.default.removeItem(at: folder) }
    try await Peer.run(command(1)) { _ in try await meet() }
  }

  private func meet() async throws {
    try await awaitStatus(1, contains: "\"cluster\"", true)
    let configuration = try ours()
    let peers: Set<MemberAddress> = [try block.member(1, port: 9094)]
    try await WatchedMember.run(configuration, peers: peers) { ours in
      try await ours.sees { $0.present.count == 2 }
      try await awaitKnowledge(1, true)
      try await watchSecond(ours)
      await ours.node.leave()
      try await awaitKnowledge(1, false)
    }
    try await WatchedMember.run(configuration, peers: peers) { _ in
      try await awaitKnowledge(1, true)
    }
    // gone without a word
    try await awaitKnowledge(1, false)
  }

  /// A second one comes, talks, dies, and comes back under a new name.
  private func watchSecond(_ ours: WatchedMember) async throws {
    let address = try block.member(2, port: 9094)
    try await Peer.run(command(2, join: 1)) { _ in
      try await ours.sees { $0.present.count == 3 }
      // Small messages come in gossip, large ones over TCP.
      try await silence(1, comment: "short")
      try await awaitUserMessages(ours, moreThan: 0)
      let before = ours.metric("metallb_memberlist_ignored_total", label: "userMessage")
      try await silence(1, comment: String(repeating: "long ", count: 2000))
      try await awaitUserMessages(ours, moreThan: before)
    }
    try await ours.sees { $0.members.contains { $0.address == address && $0.state == .dead } }
    try await Peer.run(command(2, join: 1)) { _ in
      try await ours.sees { $0.present.contains { $0.address == address } }
    }
  }
}
