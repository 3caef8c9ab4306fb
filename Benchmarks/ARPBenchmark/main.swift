import CoreMetrics
import Glibc
import Layer2
import Layer2Transport
import LinuxNetwork
import Logging
import NamespaceTesting
import NetworkAddresses
import PrometheusMetrics

// arp-benchmark [SECONDS]: how many ARP requests of eight hosts a second an announcer answers on a veth, with 64
// outstanding, and how long one answer takes when only one is outstanding; beside it, what the kernel does for an address
// of its own. Each figure is the best of three turns. Needs root, as it makes network namespaces.

if let missing = TestNamespace.missingPrivilege {
  print("not run: \(missing)")
  exit(1)
}

/// Asks for addresses in turn from one interface of the thread's namespace.
final class Asker {
  private let socket: PacketSocket
  private let poller: Poller
  private let addresses: [IPv4Address]
  private var next = 0
  private var received = ReceivedFrames()
  private var outgoing = OutgoingFrames()
  private var tokens: [UInt64] = []

  init(interface index: Int32, addresses: [IPv4Address]) throws {
    socket = try PacketSocket(interface: index, filter: .everything(etherType: EthernetHeader.arp))
    poller = try Poller()
    try poller.add(socket.descriptor, token: 0)
    self.addresses = addresses
  }

  /// Sends requests, from eight hosts in turn: fewer would meet the limit for each requester.
  func ask(_ count: Int) throws {
    outgoing.removeAll()
    for _ in 0..<count {
      ARPPacket(
        operation: .request,
        senderHardwareAddress: MACAddress(number: 0x0200_0001_0000 + UInt64(next % 8)) ?? .zero,
        senderProtocolAddress: IPv4Address(rawValue: 0x0a62_0064), targetHardwareAddress: .zero,
        targetProtocolAddress: addresses[next % addresses.count]
      ).encodeFrame(to: .broadcast, into: &outgoing.bytes)
      outgoing.endFrame()
      next += 1
    }
    _ = try socket.send(outgoing)
  }

  /// Waits for answers and returns how many came; none within a second ends the run.
  func answers() throws -> Int {
    try poller.wait(timeout: .seconds(1), into: &tokens)
    guard !tokens.isEmpty else { return 0 }
    try socket.receive(into: &received)
    var count = 0
    for index in 0..<received.count where received.frame(index).byteCount >= 42 {
      // The operation, behind 14 bytes of Ethernet and 6 of ARP.
      if received.frame(index).unsafeLoad(fromByteOffset: 21, as: UInt8.self) == 2 { count += 1 }
    }
    return count
  }
}

struct Figures: Sendable {
  var perSecond = 0
  /// Of the whole process: the asker's as well.
  var processorTime = Duration.zero
  var median = Duration.zero
  var percentile99 = Duration.zero

  /// The best of each.
  func best(_ other: Figures) -> Figures {
    Figures(
      perSecond: max(perSecond, other.perSecond),
      processorTime: min(processorTime, other.processorTime),
      median: min(median, other.median), percentile99: min(percentile99, other.percentile99))
  }
}

func processorTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

func measure(_ addresses: [IPv4Address], for time: Duration) throws -> Figures {
  guard let index = try NetworkInterface.all().first(where: { $0.name == "c0" })?.index else {
    return Figures()
  }
  let asker = try Asker(interface: index, addresses: addresses)
  var answered = 0
  var outstanding = 0
  let begin = ContinuousClock.now
  let processorBegin = processorTime()
  while ContinuousClock.now - begin < time {
    try asker.ask(64 - outstanding)
    let count = try asker.answers()
    answered += count
    // What did not come within a second is lost.
    outstanding = count == 0 ? 0 : max(0, 64 - count)
  }
  var figures = Figures()
  figures.perSecond = Int(Double(answered) / ((ContinuousClock.now - begin) / .seconds(1)))
  figures.processorTime = (processorTime() - processorBegin) / max(1, answered)
  while try asker.answers() > 0 {}
  var delays: [Duration] = []
  while delays.count < 20_000 {
    let sent = ContinuousClock.now
    try asker.ask(1)
    if try asker.answers() > 0 { delays.append(ContinuousClock.now - sent) }
  }
  delays.sort()
  figures.median = delays[delays.count / 2]
  figures.percentile99 = delays[delays.count * 99 / 100]
  return figures
}

func microseconds(_ duration: Duration) -> String {
  let tenths = Int(duration / .nanoseconds(100))
  return "\(tenths / 10).\(tenths % 10) µs"
}

extension String {
  func padded(to length: Int) -> String {
    self + String(repeating: " ", count: max(1, length - count))
  }
}

enum Answerer: CaseIterable {
  case kernel, announcer, announcerWithMetrics

  var name: String {
    switch self {
    case .kernel: "kernel"
    case .announcer: "announcer"
    case .announcerWithMetrics: "announcer, metrics"
    }
  }
}

/// One line of the table.
func measure(_ answerer: Answerer, addresses count: Int, for time: Duration) async throws {
  let addresses = (0..<UInt32(count)).map { IPv4Address(rawValue: 0x0a63_0000 + $0) }
  try await TestNamespace.with(2) { namespaces in
    try await TestNamespace.connect(
      (namespaces[0], "eth0", "02:00:00:00:00:0d"), (namespaces[1], "c0", "02:00:00:00:00:64"))
    // Answers for invented hosts arrive, too.
    try await namespaces[1].ip("link", "set", "c0", "promisc", "on")
    var figures: Figures?
    let client = namespaces[1].networkNamespace
    func takeTurns() async throws {
      for _ in 0..<3 {
        let turn = try await NetworkThread.run(name: "asker", in: client) {
          try measure(addresses, for: time)
        }
        figures = figures?.best(turn) ?? turn
      }
    }
    if answerer == .kernel {
      // It answers only hosts that it has a route to.
      for address in addresses + [IPv4Address(rawValue: 0x0a62_0001)] {
        try await namespaces[0].ip("address", "add", "\(address)/16", "dev", "eth0")
      }
      try await takeTurns()
    } else {
      var configuration = Layer2Announcer.Configuration()
      configuration.namespace = namespaces[0].networkNamespace
      configuration.timing.rounds = 0
      let announcer = try Layer2Announcer(
        configuration: configuration,
        logger: Logger(label: "arp-benchmark") { _ in SwiftLogNoOpLogHandler() },
        metricsFactory: answerer == .announcerWithMetrics
          ? PrometheusRegistry() : NOOPMetricsHandler.instance)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await announcer.run() }
        for await _ in announcer.interfaceChanges { break }
        for address in addresses { announcer.announce(.v4(address), interfaces: .all) }
        try await takeTurns()
        announcer.stop()
        try await group.waitForAll()
      }
    }
    guard let figures else { return }
    print(
      answerer.name.padded(to: 20) + "\(count)".padded(to: 11)
        + "\(figures.perSecond)".padded(to: 11)
        + microseconds(figures.processorTime).padded(to: 12)
        + microseconds(figures.median).padded(to: 10) + microseconds(figures.percentile99))
    fflush(nil)
  }
}

let seconds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3
print("answers             addresses  answers/s  CPU/answer  p50       p99")
for answerer in Answerer.allCases {
  for count in answerer == .kernel ? [1] : [1, 1_000, 10_000] {
    try await measure(answerer, addresses: count, for: .seconds(seconds))
  }
}
