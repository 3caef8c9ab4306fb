import Foundation
import Logging
import Membership
import NetworkAddresses
import PrometheusMetrics
import Subprocess
import Synchronization
import Testing

@testable import MembershipTransport

/// Addresses on the loopback interface that no other test uses: the whole of 127.0.0.0/8 is local.
struct LoopbackBlock {
  private static let counter = Atomic<UInt8>(0)
  private let prefix: [UInt8]

  init() {
    let number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
    let process = ProcessInfo.processInfo.processIdentifier
    prefix = [127, UInt8(process >> 8 & 0x3f) + 64, UInt8(process & 0xff), number]
  }

  /// Up to 8 hosts: 1 to 8.
  func host(_ number: UInt8) throws -> IPAddress {
    var bytes = prefix
    bytes[3] = (bytes[3] &* 8) &+ number
    return try #require(IPAddress(bytes: bytes))
  }

  func member(_ number: UInt8, port: UInt16 = 7946) throws -> MemberAddress {
    try #require(MemberAddress(bytes: host(number).bytes, port: port))
  }
}

/// A member of ours, with a way to wait until it sees something.
final class WatchedMember: Sendable {
  private struct Watch {
    var view = MembershipView()
    var events: [Memberlist.Event] = []
    var waiters: [(holds: @Sendable (Watch) -> Bool, gate: CheckedContinuation<Void, Never>)] = []

    mutating func takeReady() -> [CheckedContinuation<Void, Never>] {
      let now = self
      waiters.removeAll { $0.holds(now) }
      return now.waiters.filter { $0.holds(now) }.map(\.gate)
    }
  }

  private final class Board: Sendable {
    let watch = Mutex(Watch())

    func note(_ view: MembershipView, _ events: [Memberlist.Event]) {
      let ready = watch.withLock { watch in
        watch.view = view
        watch.events += events
        return watch.takeReady()
      }
      for gate in ready { gate.resume() }
    }
  }

  let node: MembershipNode
  let registry = PrometheusRegistry()
  private let board: Board

  init(_ configuration: MembershipConfiguration) {
    let board = Board()
    self.board = board
    var logger = Logger(label: configuration.name)
    logger.logLevel = .critical
    node = MembershipNode(
      configuration, metrics: MembershipMetrics(factory: registry), logger: logger
    ) { board.note($0, $1) }
  }

  /// Runs a member as long as `body` does, and ends it without a goodbye.
  static func run<Result: Sendable>(
    _ configuration: MembershipConfiguration, peers: Set<MemberAddress> = [],
    _ body: (WatchedMember) async throws -> Result
  ) async throws -> Result {
    let member = WatchedMember(configuration)
    member.node.setPeers(peers)
    let running = Task { try await member.node.run() }
    do {
      try await member.sees { $0.isSettled }
      let result = try await body(member)
      running.cancel()
      try await running.value
      return result
    } catch {
      running.cancel()
      _ = await running.result
      throw error
    }
  }

  var view: MembershipView { node.view }
  var names: Set<String> { Set(view.present.map(\.name)) }

  /// Returns once the view is as wanted.
  func sees(_ holds: @escaping @Sendable (MembershipView) -> Bool) async throws {
    await wait { holds($0.view) }
  }

  /// Returns once an event has come, since the last ``forgetEvents()``.
  func hears(_ fits: @escaping @Sendable (Memberlist.Event) -> Bool) async throws {
    await wait { $0.events.contains(where: fits) }
  }

  func forgetEvents() {
    board.watch.withLock { $0.events = [] }
  }

  var events: [Memberlist.Event] { board.watch.withLock { $0.events } }

  private func wait(_ holds: @escaping @Sendable (Watch) -> Bool) async {
    await withCheckedContinuation { gate in
      let isReady = board.watch.withLock { watch in
        if holds(watch) { return true }
        watch.waiters.append((holds, gate))
        return false
      }
      if isReady { gate.resume() }
    }
  }

  /// The value of a counter or gauge, over all of its labels that contain `label`.
  func metric(_ name: String, label: String = "") -> Double {
    registry.render().split(separator: "\n").reduce(0) { sum, line in
      guard line.hasPrefix("\(name) ") || line.hasPrefix("\(name){"),
        label.isEmpty || line.contains(label),
        let value = line.split(separator: " ").last.flatMap({ Double($0) })
      else { return sum }
      return sum + value
    }
  }
}

/// A foreign program that runs as long as a test wants.
struct Peer: Sendable {
  struct Failure: Error {
    var text: String
  }

  private let process: Int32

  static func isInstalled(_ program: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)")
  }

  /// Kills it without a warning when `body` is over.
  static func run<Result: Sendable>(
    _ command: [String], _ body: @Sendable @escaping (Peer) async throws -> Result
  ) async throws -> Result {
    let outcome = try await Subprocess.run(
      .name(command[0]), arguments: Arguments(Array(command.dropFirst())), input: .none,
      output: .discarded, error: .discarded
    ) { execution -> Swift.Result<Result, any Error> in
      let peer = Peer(process: execution.processIdentifier.value)
      defer { try? execution.send(signal: .kill) }
      do {
        return .success(try await body(peer))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.closureResult.get()
  }

  /// Runs a program to its end and returns what it wrote.
  @discardableResult
  static func ask(_ command: String...) async throws -> String {
    let result = try await Subprocess.run(
      .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
      output: .string(limit: 1 << 20), error: .combinedWithOutput)
    guard result.terminationStatus.isSuccess else {
      throw Failure(text: "\(command): \(result.standardOutput)")
    }
    return result.standardOutput
  }

  /// Asks again and again until the answer is as wanted: other programs do not call us.
  static func until(
    _ what: String, _ holds: () async throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let end = ContinuousClock.now + .seconds(50)
    while true {
      if (try? await holds()) == true { return }
      try #require(
        ContinuousClock.now < end, "never saw: \(what)", sourceLocation: sourceLocation)
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
