import KubernetesClient
import Layer2
import LinuxNetwork
import NamespaceTesting
import NetworkAddresses
import Synchronization
import Testing

/// A host on a link that asks for one address all the time, and notes every question, who answers, and who tells it unasked.
final class LinkWitness: Sendable {
  struct Notes: Sendable {
    /// Questions that nobody has answered, by their numbers.
    var unanswered: Set<UInt32> = []
    var questions: UInt32 = 0
    /// Who said that the address is theirs, in this order and without repetitions in a row.
    var owners: [MACAddress] = []
    var everybody: Set<MACAddress> { Set(owners) }
  }

  struct NotInTime: Error, CustomStringConvertible {
    var notes: Notes
    var description: String { "not in time: \(notes)" }
  }

  private struct State {
    var notes = Notes()
    var asks = true
    var waiters:
      [(holds: @Sendable (Notes) -> Bool, continuation: AsyncStream<Void>.Continuation)] = []
  }

  private static let interval = Duration.milliseconds(5)
  /// Each question comes from an address of its own, so that its answer can be told from others (RFC 2544).
  private static let firstSource: UInt32 = 0xc612_0000

  private let state = Mutex(State())
  private let signal: ThreadSignal
  private let address: IPv4Address

  private init(_ address: IPv4Address) throws {
    self.address = address
    signal = try ThreadSignal()
  }

  /// Asks from an interface of a namespace as long as `body` runs.
  static func with(
    _ namespace: TestNamespace, _ interface: String, asks address: IPv4Address,
    _ body: (LinkWitness) async throws -> Void
  ) async throws {
    let witness = try LinkWitness(address)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await NetworkThread.run(
          name: "witness", in: namespace.networkNamespace, signal: witness.signal
        ) { try witness.run(interface) }
      }
      try await body(witness)
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  var notes: Notes { state.withLock { $0.notes } }

  /// Forgets who was heard, and what nobody has answered.
  func beginAnew() {
    change { state in
      state.notes.owners = []
      state.notes.unanswered = []
    }
  }

  /// Asks no more, and returns the questions that stay without an answer.
  func finish() async -> Set<UInt32> {
    change { $0.asks = false }
    try? await eventually(within: .seconds(5)) { $0.unanswered.isEmpty }
    return notes.unanswered
  }

  /// Returns once the notes are as wanted.
  func eventually(
    within limit: Duration = .seconds(30), _ holds: @escaping @Sendable (Notes) -> Bool
  ) async throws {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    change { $0.waiters.append((holds, continuation)) }
    let done = try await TimeSource.system.limit(limit) {
      for await _ in stream {}
      try Task.checkCancellation()
      return true
    }
    if done == nil { throw NotInTime(notes: notes) }
  }

  private func change(_ body: (inout State) -> Void) {
    let ready = state.withLock { state in
      body(&state)
      let notes = state.notes
      defer { state.waiters.removeAll { $0.holds(notes) } }
      return state.waiters.filter { $0.holds(notes) }.map(\.continuation)
    }
    for continuation in ready { continuation.finish() }
  }

  // MARK: The thread

  private func run(_ name: String) throws {
    let interface = try #require(try NetworkInterface.all().first { $0.name == name })
    let hardwareAddress = try #require(interface.hardwareAddress)
    let socket = try PacketSocket(
      interface: interface.index, filter: .everything(etherType: EthernetHeader.arp))
    let poller = try Poller()
    try poller.add(socket.descriptor, token: 0)
    try poller.add(signal.descriptor, token: 1)
    var tokens: [UInt64] = []
    var received = ReceivedFrames()
    var outgoing = OutgoingFrames()
    var next = ContinuousClock.now
    while !signal.isStopped {
      if ContinuousClock.now >= next {
        next = ContinuousClock.now + Self.interval
        outgoing.removeAll()
        ask(from: hardwareAddress, &outgoing)
        _ = try socket.send(outgoing)
      }
      try poller.wait(timeout: max(.zero, next - ContinuousClock.now), into: &tokens)
      guard tokens.contains(0) else { continue }
      try socket.receive(into: &received)
      for index in 0..<received.count {
        let frame = received.frame(index)
        note(frame.extracting(EthernetHeader.length..<frame.byteCount))
      }
    }
  }

  private func ask(from hardwareAddress: MACAddress, _ outgoing: inout OutgoingFrames) {
    var number: UInt32?
    change { state in
      guard state.asks else { return }
      state.notes.questions += 1
      state.notes.unanswered.insert(state.notes.questions)
      number = state.notes.questions
    }
    guard let number else { return }
    ARPPacket(
      operation: .request, senderHardwareAddress: hardwareAddress,
      senderProtocolAddress: IPv4Address(rawValue: Self.firstSource + number),
      targetHardwareAddress: .zero, targetProtocolAddress: address
    ).encodeFrame(to: .broadcast, into: &outgoing.bytes)
    outgoing.endFrame()
  }

  private func note(_ payload: RawSpan) {
    guard let packet = try? ARPPacket(decoding: payload), packet.senderProtocolAddress == address
    else { return }
    change { state in
      if state.notes.owners.last != packet.senderHardwareAddress {
        state.notes.owners.append(packet.senderHardwareAddress)
      }
      state.notes.unanswered.remove(packet.targetProtocolAddress.rawValue &- Self.firstSource)
    }
  }
}
