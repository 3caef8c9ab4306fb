import SeededRandomness
import Testing

@testable import Membership

/// One core, told what happens, with what it does in readable form. Nothing is encrypted or compressed.
struct Bench {
  enum Effect: Hashable {
    case send([Message], to: String)
    case open(Int, to: String, StreamMessage)
    case finish(Int, StreamMessage)
    case close(Int)
    case timer(Memberlist.Timer, Duration)
    case cancel(Memberlist.Timer)
    case event(Memberlist.Event)
  }

  static let own = "10.0.0.1"

  var core: Memberlist
  var now = ContinuousClock.now
  let seed: UInt64
  var generator: SeededGenerator

  /// A running member `me` that knows `others`, `b` at 10.0.0.2 and so on, with nothing left to tell.
  init(
    others: [String] = [], parameters: MemberlistParameters = .lan, metadata: [UInt8] = [],
    versions: ProtocolVersions = ProtocolVersions(), seed: UInt64 = 1
  ) throws {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    var configuration = Memberlist.Configuration(name: "me", address: try address(Self.own))
    configuration.parameters = parameters
    configuration.parameters.compresses = false
    configuration.metadata = metadata
    core = try Memberlist(configuration)
    _ = core.start(now: now, using: &generator)
    // Ticks count from the first that a test lets come.
    core.ticks = Memberlist.Ticks()
    for (index, other) in others.enumerated() {
      hear(.alive(try Self.alive(other, "10.0.0.\(index + 2)", versions: versions)))
    }
    drain()
  }

  static func alive(
    _ node: String, _ host: String, incarnation: UInt32 = 1, metadata: [UInt8]? = nil,
    versions: ProtocolVersions? = ProtocolVersions()
  ) throws -> Alive {
    Alive(
      incarnation: incarnation, node: node, address: try address(host), metadata: metadata,
      versions: versions)
  }

  /// Lets all news be sent.
  mutating func drain() {
    while !core.queue.isEmpty {
      _ = core.queue.take(limit: 1400, overhead: 2, transmitLimit: 1)
    }
  }

  /// What is queued, the next first.
  var news: [Message] {
    var queue = core.queue
    return queue.take(limit: .max, overhead: 0, transmitLimit: 1).compactMap { try? message($0) }
  }

  func member(_ name: String) -> Member? {
    core.members.first { $0.name == name }
  }

  func state(_ name: String) -> MemberState? {
    member(name)?.state
  }

  // MARK: Events

  @discardableResult
  mutating func hear(_ messages: Message..., from host: String = "10.0.0.2") -> [Effect] {
    let parts = messages.map(\.encoded)
    let datagram = parts.count == 1 ? parts[0] : CompoundMessage.encode(parts)
    guard let sender = try? address(host) else { return [] }
    return Self.effects(
      of: core.receive(datagram: datagram, from: sender, now: now, using: &generator))
  }

  @discardableResult
  mutating func fire(_ timer: Memberlist.Timer, after delay: Duration = .zero) -> [Effect] {
    // The core takes a gap between events for a pause; ticks come regularly.
    while delay > .zero, now + .milliseconds(100) < now + delay, stepped < delay {
      stepped += .milliseconds(100)
      now += .milliseconds(100)
      tick()
    }
    now += delay - stepped
    stepped = .zero
    return Self.effects(of: core.timerFired(timer, now: now, using: &generator))
  }

  private var stepped = Duration.zero

  /// Passes time without anything happening.
  mutating func wait(_ duration: Duration) {
    var left = duration
    while left > .zero {
      let step = min(left, .milliseconds(100))
      now += step
      left -= step
      tick()
    }
  }

  private mutating func tick() {
    _ = core.perform(now: now, using: &generator) { _, _ in }
  }

  mutating func call(
    _ event: (inout Memberlist, ContinuousClock.Instant, inout SeededGenerator) -> [Memberlist
      .Action]
  ) -> [Effect] {
    Self.effects(of: event(&core, now, &generator))
  }

  // MARK: Streams

  mutating func accept() throws -> Int {
    let stream = acceptIfPossible()
    return try #require(stream)
  }

  /// Nil when the core does not want the stream.
  mutating func acceptIfPossible() -> Int? {
    core.acceptStream(now: now, using: &generator).id.map { Int($0.number) }
  }

  mutating func receive(_ message: StreamMessage, on stream: Int) -> [Effect] {
    receive(message.encoded, on: stream)
  }

  mutating func receive(_ bytes: [UInt8], on stream: Int) -> [Effect] {
    let id = StreamID(number: UInt64(stream))
    return Self.effects(of: core.receive(bytes, on: id, now: now, using: &generator))
  }

  mutating func closed(_ stream: Int) -> [Effect] {
    let id = StreamID(number: UInt64(stream))
    return Self.effects(of: core.streamClosed(id, now: now, using: &generator))
  }

  // MARK: Actions

  private static func effects(of actions: [Memberlist.Action]) -> [Effect] {
    actions.map { action in
      switch action {
      case .send(let bytes, let address):
        .send((try? WireFormat().messages(of: bytes).messages) ?? [], to: Self.host(address))
      case .openStream(let id, let address, let bytes):
        .open(Int(id.number), to: Self.host(address), Self.decode(bytes))
      case .finishStream(let id, let bytes): .finish(Int(id.number), Self.decode(bytes))
      case .closeStream(let id): .close(Int(id.number))
      case .setTimer(let timer, let delay): .timer(timer, delay)
      case .cancelTimer(let timer): .cancel(timer)
      case .report(let event): .event(event)
      }
    }
  }

  private static func host(_ address: MemberAddress) -> String {
    let text = "\(address)"
    return text.hasSuffix(":7946") ? String(text.dropLast(5)) : text
  }

  private static func decode(_ bytes: [UInt8]) -> StreamMessage {
    var decoder = StreamDecoder(format: WireFormat(), isDialler: true)
    return (try? decoder.receive(bytes)) ?? .error("unreadable")
  }
}
