import SeededRandomness
import Testing

@testable import Membership

/// Members with real cores on a virtual clock and a network that loses, delays and cuts off as a test wants. The same seed
/// gives the same run.
struct Simulation {
  struct Network {
    var delay: ClosedRange<Duration> = .microseconds(100)...(.milliseconds(1))
    /// The share of datagrams that get lost.
    var loss = 0.0
    /// Pairs of nodes between which datagrams do not pass, in this direction.
    var cutDatagrams: Set<Pair> = []
    /// Pairs between which no stream can be opened or goes on.
    var cutStreams: Set<Pair> = []

    struct Pair: Hashable {
      var from: Int
      var to: Int
    }

    /// Cuts two groups off from each other.
    mutating func part(_ left: [Int], from right: [Int]) {
      for (one, other) in left.flatMap({ one in right.map { (one, $0) } }) {
        for pair in [Pair(from: one, to: other), Pair(from: other, to: one)] {
          cutDatagrams.insert(pair)
          cutStreams.insert(pair)
        }
      }
    }

    mutating func heal() {
      cutDatagrams = []
      cutStreams = []
    }
  }

  struct Node {
    enum Power {
      /// The process is gone: connections are refused.
      case stopped
      /// The host is gone: nothing comes back.
      case off
      case running
      /// The process stands still; what reaches it waits.
      case paused
    }

    var configuration: Memberlist.Configuration
    var core: Memberlist?
    var power = Power.stopped
    /// Counts processes, so that events for an older one are dropped.
    var process = 0
    var timers: [Memberlist.Timer: Int] = [:]
    var waiting: [Occurrence] = []
    var events: [(time: ContinuousClock.Instant, event: Memberlist.Event)] = []
    var bytesSent = 0

    func view(of name: String) -> MemberState? {
      core?.members.first { $0.name == name }?.state
    }

    var present: Set<String> {
      Set(core?.members.filter(\.state.isPresent).map(\.name) ?? [])
    }
  }

  enum Occurrence {
    case datagram([UInt8], from: MemberAddress)
    case timer(Memberlist.Timer, setting: Int)
    case accept(End)
    case bytes([UInt8], StreamID)
    case closed(StreamID)
  }

  /// One end of a stream.
  struct End: Hashable {
    var node: Int
    var process: Int
    var stream: StreamID
  }

  struct Entry {
    var time: ContinuousClock.Instant
    var number: Int
    var node: Int
    var process: Int
    var occurrence: Occurrence
  }

  let start = ContinuousClock.now
  private(set) var now: ContinuousClock.Instant
  var network = Network()
  private(set) var nodes: [Node] = []
  /// Every datagram that anybody has sent, when somebody listens.
  var recording: [[UInt8]]?
  var generator: SeededGenerator
  private var agenda = Agenda()
  private var lastNumber = 0
  /// The other end of each open stream, and when the last bytes on their way arrive there.
  private var links: [End: (other: End, busyUntil: ContinuousClock.Instant)] = [:]

  init(
    nodes count: Int, parameters: MemberlistParameters = .lan, seed: Int,
    configure: (inout Memberlist.Configuration, Int) throws -> Void = { _, _ in }
  ) throws {
    now = start
    generator = SeededGenerator(seed: UInt64(seed))
    for index in 0..<count {
      var configuration = Memberlist.Configuration(
        name: "node\(index)",
        address: try #require(
          MemberAddress(bytes: [10, 0, UInt8(index / 250), UInt8(index % 250 + 1)], port: 7946)))
      configuration.parameters = parameters
      // It costs most of the time, and has its own tests.
      configuration.parameters.compresses = seed == 0
      try configure(&configuration, index)
      nodes.append(Node(configuration: configuration))
    }
  }

  /// A cluster in which everybody knows everybody.
  static func converged(
    nodes count: Int, parameters: MemberlistParameters = .lan, seed: Int,
    configure: (inout Memberlist.Configuration, Int) throws -> Void = { _, _ in }
  ) throws -> Simulation {
    var simulation = try Simulation(
      nodes: count, parameters: parameters, seed: seed, configure: configure)
    for node in 0..<count { try simulation.boot(node) }
    try simulation.run(until: { $0.isConverged }, within: .seconds(30))
    // Whatever is still being told.
    simulation.run(for: parameters.gossipInterval * 40)
    simulation.forgetEvents()
    return simulation
  }

  var elapsed: Duration { now - start }

  /// Whether every running node sees exactly the running ones.
  var isConverged: Bool {
    let running = nodes.filter { $0.power == .running }
    let names = Set(running.map(\.configuration.name))
    return running.allSatisfy { $0.present == names }
  }

  mutating func forgetEvents() {
    for index in nodes.indices { nodes[index].events = [] }
  }

  /// What all nodes have sent since the last call, in bytes of UDP and TCP payload.
  mutating func takeBytesSent() -> Int {
    nodes.indices.reduce(0) { sum, index in
      defer { nodes[index].bytesSent = 0 }
      return sum + nodes[index].bytesSent
    }
  }

  // MARK: Power

  /// Starts the process of a node, which knows the addresses of some nodes, or of all.
  mutating func boot(_ index: Int, knowing peers: Range<Int>? = nil) throws {
    let addresses = nodes[peers ?? nodes.indices].map(\.configuration.address)
    nodes[index].process += 1
    nodes[index].power = .running
    nodes[index].core = try Memberlist(nodes[index].configuration)
    nodes[index].timers = [:]
    nodes[index].waiting = []
    tell(index) { core, now, generator in core.start(now: now, using: &generator) }
    tell(index) { core, now, generator in
      core.setPeers(addresses, now: now, using: &generator)
    }
  }

  mutating func kill(_ index: Int) {
    drop(index)
    nodes[index].power = .stopped
  }

  mutating func cutPower(_ index: Int) {
    drop(index)
    nodes[index].power = .off
  }

  private mutating func drop(_ index: Int) {
    nodes[index].core = nil
    nodes[index].process += 1
    let ends = links.keys.filter { $0.node == index }
    for end in ends.sorted(by: { $0.stream.number < $1.stream.number }) {
      guard let link = links[end] else { continue }
      links[end] = nil
      links[link.other] = nil
      schedule(.closed(link.other.stream), at: link.other.node, process: link.other.process)
    }
  }

  /// Gives a node that does not run another address.
  mutating func move(_ index: Int, to address: MemberAddress) {
    nodes[index].configuration.address = address
  }

  mutating func pause(_ index: Int) {
    nodes[index].power = .paused
  }

  /// Lets a process go on. What reached it meanwhile comes after or before its timers.
  mutating func resume(_ index: Int, timersFirst: Bool) {
    nodes[index].power = .running
    let waiting = nodes[index].waiting
    nodes[index].waiting = []
    func isTimer(_ occurrence: Occurrence) -> Bool {
      if case .timer = occurrence { true } else { false }
    }
    let order =
      waiting.filter { isTimer($0) == timersFirst }
      + waiting.filter { isTimer($0) != timersFirst }
    for occurrence in order { deliver(occurrence, to: index) }
  }

  // MARK: Time

  mutating func run(for duration: Duration) {
    run(to: now + duration)
  }

  private mutating func run(to end: ContinuousClock.Instant) {
    while let time = agenda.nextTime, time <= end { step() }
    now = end
  }

  /// Runs until something holds, and fails the test when it does not in time.
  mutating func run(
    until holds: (Simulation) -> Bool, within limit: Duration,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let end = now + limit
    while !holds(self) {
      try #require(now < end, "does not hold after \(limit)", sourceLocation: sourceLocation)
      run(to: now + .milliseconds(5))
    }
  }

  private mutating func step() {
    guard let entry = agenda.popFirst() else { return }
    now = max(now, entry.time)
    guard nodes[entry.node].process == entry.process else {
      if case .accept(let dialler) = entry.occurrence { refuse(dialler, at: entry.node) }
      return
    }
    if nodes[entry.node].power == .paused {
      nodes[entry.node].waiting.append(entry.occurrence)
    } else {
      deliver(entry.occurrence, to: entry.node)
    }
  }

  private mutating func schedule(_ occurrence: Occurrence, at node: Int, process: Int) {
    let delay = Duration.nanoseconds(
      Int64.random(
        in: Int64(
          network.delay.lowerBound / .nanoseconds(1))...Int64(
            network.delay.upperBound / .nanoseconds(1)), using: &generator))
    schedule(occurrence, at: node, process: process, time: now + delay)
  }

  private mutating func schedule(
    _ occurrence: Occurrence, at node: Int, process: Int, time: ContinuousClock.Instant
  ) {
    lastNumber += 1
    agenda.insert(
      Entry(
        time: time, number: lastNumber, node: node, process: process, occurrence: occurrence))
  }

  // MARK: Events and actions

  /// Calls a node's core and performs what it wants.
  mutating func tell(
    _ index: Int,
    _ event: (inout Memberlist, ContinuousClock.Instant, inout SeededGenerator) -> [Memberlist
      .Action]
  ) {
    guard var core = nodes[index].core else { return }
    nodes[index].core = nil
    let actions = event(&core, now, &generator)
    nodes[index].core = core
    for action in actions { perform(action, for: index) }
  }

  private mutating func deliver(_ occurrence: Occurrence, to index: Int) {
    switch occurrence {
    case .datagram(let bytes, let sender):
      tell(index) { core, now, generator in
        core.receive(datagram: bytes, from: sender, now: now, using: &generator)
      }
    case .timer(let timer, let setting):
      guard nodes[index].timers[timer] == setting else { return }
      nodes[index].timers[timer] = nil
      tell(index) { core, now, generator in
        core.timerFired(timer, now: now, using: &generator)
      }
    case .accept(let dialler):
      var accepted: StreamID?
      tell(index) { core, now, generator in
        let (id, actions) = core.acceptStream(now: now, using: &generator)
        accepted = id
        return actions
      }
      guard let accepted else { return refuse(dialler, at: index) }
      let end = End(node: index, process: nodes[index].process, stream: accepted)
      let early = links[dialler]?.busyUntil ?? now
      links[end] = (dialler, now)
      links[dialler] = (end, early)
      connected(dialler, to: end)
    case .bytes(let bytes, let stream):
      tell(index) { core, now, generator in
        core.receive(bytes, on: stream, now: now, using: &generator)
      }
    case .closed(let stream):
      links[End(node: index, process: nodes[index].process, stream: stream)] = nil
      tell(index) { core, now, generator in
        core.streamClosed(stream, now: now, using: &generator)
      }
    }
  }

  private var firstBytes: [End: [UInt8]] = [:]

  private mutating func connected(_ dialler: End, to end: End) {
    transmit(firstBytes.removeValue(forKey: dialler) ?? [], from: dialler)
  }

  private mutating func refuse(_ dialler: End, at index: Int) {
    firstBytes[dialler] = nil
    guard nodes[index].power != .off else { return }
    schedule(.closed(dialler.stream), at: dialler.node, process: dialler.process)
  }

  private mutating func transmit(_ bytes: [UInt8], from end: End, thenClose: Bool = false) {
    guard let link = links[end] else { return }
    let pair = Network.Pair(from: end.node, to: link.other.node)
    guard !network.cutStreams.contains(pair) else { return }
    let time = max(now + network.delay.upperBound, link.busyUntil)
    links[end]?.busyUntil = time
    schedule(
      .bytes(bytes, link.other.stream), at: link.other.node, process: link.other.process, time: time
    )
    if thenClose {
      schedule(
        .closed(link.other.stream), at: link.other.node, process: link.other.process, time: time)
    }
  }

  private func index(of address: MemberAddress) -> Int? {
    nodes.firstIndex { $0.configuration.address == address }
  }

  private mutating func perform(_ action: Memberlist.Action, for index: Int) {
    let process = nodes[index].process
    switch action {
    case .send(let bytes, let address):
      nodes[index].bytesSent += bytes.count
      recording?.append(bytes)
      guard let target = self.index(of: address),
        !network.cutDatagrams.contains(Network.Pair(from: index, to: target)),
        network.loss == 0 || Double.random(in: 0..<1, using: &generator) >= network.loss
      else { return }
      schedule(
        .datagram(bytes, from: nodes[index].configuration.address), at: target,
        process: nodes[target].process)
    case .openStream(let id, let address, let bytes):
      nodes[index].bytesSent += bytes.count
      let dialler = End(node: index, process: process, stream: id)
      guard let target = self.index(of: address),
        !network.cutStreams.contains(Network.Pair(from: index, to: target))
      else { return }
      firstBytes[dialler] = bytes
      schedule(
        .accept(dialler), at: target,
        process: nodes[target].power == .running || nodes[target].power == .paused
          ? nodes[target].process : -1)
    case .finishStream(let id, let bytes):
      nodes[index].bytesSent += bytes.count
      let end = End(node: index, process: process, stream: id)
      transmit(bytes, from: end, thenClose: true)
      schedule(.closed(id), at: index, process: process)
    case .closeStream(let id):
      let end = End(node: index, process: process, stream: id)
      if let link = links.removeValue(forKey: end) {
        schedule(
          .closed(link.other.stream), at: link.other.node, process: link.other.process,
          time: max(now + network.delay.upperBound, link.busyUntil))
      }
    case .setTimer(let timer, let delay):
      lastNumber += 1
      let setting = lastNumber
      nodes[index].timers[timer] = setting
      schedule(.timer(timer, setting: setting), at: index, process: process, time: now + delay)
    case .cancelTimer(let timer):
      nodes[index].timers[timer] = nil
    case .report(let event):
      nodes[index].events.append((now, event))
    }
  }
}
