/// One member of a memberlist cluster: SWIM with the Lifeguard extensions, as HashiCorp's memberlist speaks it, so that ours
/// and theirs (MetalLB's speakers, Alertmanager, Serf) form one cluster.
///
/// Every probe interval a member pings another one. Who does not answer is asked for by others too, and over TCP; if that
/// fails as well it becomes suspect, and unless it objects in time, dead:
///
/// ```
///               no answer                     nobody objected
///      alive ───────────────▶ suspect ──────────────────────────▶ dead ──┐
///        ▲ ▲                     │                                       │ forgotten after
///        │ └─────────────────────┘                              left ────┘ a while
///        │    it objects, with a higher incarnation             ▲
///        └──────────────────────────────────────────────────────┘ it says goodbye
/// ```
///
/// Only a member itself raises its incarnation, so of two statements about it the one with the higher incarnation is newer;
/// with equal ones the worse counts. News rides on pings and acks and in gossip datagrams, and now and then two members exchange
/// their whole tables over a stream ("push/pull"), as newcomers do to join.
///
/// This is a value without clock, sockets or tasks: events come in as calls with the time, actions go out, to be performed in
/// order. The generator must be a cryptographic one where there are keys, as nonces come from it.
///
/// Departures from memberlist, none of them visible to others as anything but timing: messages are handled as they come instead
/// of queued, the order of probing stays the same, so that every member has its turn after exactly one round, a leaving member tells
/// everybody at once, peers that are no members are tried again and again, a name may move at once to where it is known to live now, and a pause of this process is noticed and not
/// blamed on others. Left out: user messages, metadata of acks (Vivaldi), protocol 1.
package struct Memberlist: Sendable {
  package struct Configuration: Sendable {
    /// Unique in the cluster; the Kubernetes node's.
    package var name: String
    /// Where others reach this member.
    package var address: MemberAddress
    /// At most ``Limits/metadata`` bytes that all members get to know.
    package var metadata: [UInt8] = []
    /// At most 255 bytes. Clusters with different labels ignore each other.
    package var label: String = ""
    /// The first encrypts, all decrypt; none for a cluster in clear.
    package var keys: [GossipKey] = []
    package var versions = ProtocolVersions()
    package var parameters = MemberlistParameters.lan

    package init(name: String, address: MemberAddress) {
      self.name = name
      self.address = address
    }
  }

  package enum ConfigurationError: Error, Hashable, Sendable {
    case badNameLength(Int)
    case labelTooLong(Int)
    case metadataTooLong(Int)
  }

  enum Phase: Hashable, Sendable {
    case notStarted
    case running
    case leaving
    case left
  }

  let name: String
  let address: MemberAddress
  let versions: ProtocolVersions
  let parameters: MemberlistParameters
  var format: WireFormat
  var phase = Phase.notStarted
  var table = MemberTable()
  var queue = BroadcastQueue()
  var awareness: Awareness
  /// Our own; the highest that we have used.
  var incarnation: UInt32 = 0
  var lastSequenceNumber: UInt32 = 0
  var metadata: [UInt8]
  var probe: Probe?
  /// A tick came while a probe was still going on.
  var probeIsDue = false
  var ticks = Ticks()
  /// Pings that we send for others, by our sequence number.
  var relays: [UInt32: Relay] = [:]
  var streams: [StreamID: Stream] = [:]
  var lastStreamID: UInt64 = 0
  var peers: Set<MemberAddress> = []
  /// At which address each name lives, as far as somebody knows who has it from elsewhere than gossip.
  var confirmed: [String: MemberAddress] = [:]
  /// Peers that this round of joining has not come to, the next last.
  var waitingToJoin: [MemberAddress] = []
  private var lastEvent: ContinuousClock.Instant?

  package init(_ configuration: Configuration) throws(ConfigurationError) {
    let nameLength = configuration.name.utf8.count
    guard nameLength > 0, nameLength <= Limits.nodeName else { throw .badNameLength(nameLength) }
    let label = Array(configuration.label.utf8)
    guard label.count <= 255 else { throw .labelTooLong(label.count) }
    try Self.check(metadata: configuration.metadata)
    name = configuration.name
    address = configuration.address
    metadata = configuration.metadata
    versions = configuration.versions
    parameters = configuration.parameters
    awareness = Awareness(maxMultiplier: parameters.awarenessMaxMultiplier)
    format = WireFormat()
    format.label = label
    format.cipher = GossipCipher(keys: configuration.keys)
    format.verifiesIncoming = parameters.verifiesIncoming
    format.verifiesOutgoing = parameters.verifiesOutgoing
    format.compresses = parameters.compresses
  }

  private static func check(metadata: [UInt8]) throws(ConfigurationError) {
    guard metadata.count <= Limits.metadata else { throw .metadataTooLong(metadata.count) }
  }

  // MARK: What is known

  /// Everybody, this member and those that are gone but not forgotten included.
  package var members: [Member] { table.all.map(\.member) }

  /// 0 when this node seems well, higher when its own probes go wrong.
  package var healthScore: Int { awareness.score }

  /// What is still to be told to others.
  package var queuedBroadcasts: Int { queue.count }

  // MARK: Life

  /// Begins: this member is alive, alone, and probes, gossips and exchanges tables from now on. Once.
  package mutating func start(
    now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    perform(now: now, using: &generator) { memberlist, step in
      guard memberlist.phase == .notStarted else { return }
      memberlist.phase = .running
      memberlist.announceSelf(&step)
      memberlist.startTicks(&step)
    }
  }

  /// Says goodbye to everybody at once, and reports ``Event/hasLeft`` when enough others have been told. Until the owner stops
  /// it, this member still answers.
  package mutating func leave(
    now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    perform(now: now, using: &generator) { memberlist, step in
      guard memberlist.phase == .running else { return }
      memberlist.phase = .leaving
      memberlist.sayGoodbye(&step)
    }
  }

  /// Changes what all members get to know of this one.
  package mutating func setMetadata(
    _ metadata: [UInt8], now: ContinuousClock.Instant,
    using generator: inout some RandomNumberGenerator
  ) throws(ConfigurationError) -> [Action] {
    try Self.check(metadata: metadata)
    return perform(now: now, using: &generator) { memberlist, step in
      guard memberlist.metadata != metadata else { return }
      memberlist.metadata = metadata
      if memberlist.phase == .running { memberlist.announceSelf(&step) }
    }
  }

  /// Changes the keys: the first encrypts, all decrypt. Streams that are going on keep the old ones.
  package mutating func setKeys(_ keys: [GossipKey]) {
    format.cipher = GossipCipher(keys: keys)
  }

  // MARK: Events

  package mutating func timerFired(
    _ timer: Timer, now: ContinuousClock.Instant,
    using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    perform(now: now, using: &generator) { memberlist, step in
      switch timer {
      case .probe: memberlist.probeTick(&step)
      case .probeTimeout: memberlist.askOthers(&step)
      case .probeEnd: memberlist.failProbe(&step)
      case .relay(let sequenceNumber): memberlist.giveUpRelay(sequenceNumber, &step)
      case .suspicion(let name): memberlist.endSuspicion(of: name, &step)
      case .gossip: memberlist.gossipTick(&step)
      case .pushPull: memberlist.pushPullTick(&step)
      case .rejoin: memberlist.rejoinTick(&step)
      case .leave: memberlist.finishLeaving(&step)
      case .stream(let id): memberlist.streamTimedOut(id, &step)
      }
    }
  }

  /// Collects what an event leads to.
  mutating func perform<Generator: RandomNumberGenerator>(
    now: ContinuousClock.Instant, using generator: inout Generator,
    _ event: (inout Memberlist, inout Step<Generator>) -> Void
  ) -> [Action] {
    var step = Step(now: now, generator: generator)
    noticePause(&step)
    event(&self, &step)
    if phase == .leaving, !queue.contains(name) { finishLeaving(&step) }
    generator = step.generator
    return step.actions
  }

  /// Ticks come at least every gossip or probe interval. When none came for longer, this process stood still: what others are
  /// blamed for in the meantime may be our fault, and what they said is still unread.
  private mutating func noticePause(_ step: inout Step<some RandomNumberGenerator>) {
    defer { lastEvent = max(lastEvent ?? step.now, step.now) }
    guard phase == .running, let lastEvent, ticks.areRunning else { return }
    let pause = step.now - lastEvent
    guard pause > max(parameters.probeInterval, parameters.gossipInterval) * 2 else { return }
    step.report(.paused(pause))
    awareness.apply(1)
    abandonProbe(&step)
    restartSuspicions(&step)
    exchangeTables(&step)
  }
}

/// One event while it is being handled: when it happened, and what comes of it.
struct Step<Generator: RandomNumberGenerator> {
  let now: ContinuousClock.Instant
  var generator: Generator
  private(set) var actions: [Memberlist.Action] = []

  init(now: ContinuousClock.Instant, generator: Generator) {
    self.now = now
    self.generator = generator
  }

  mutating func act(_ action: Memberlist.Action) {
    actions.append(action)
  }

  mutating func report(_ event: Memberlist.Event) {
    actions.append(.report(event))
  }

  mutating func setTimer(_ timer: Memberlist.Timer, after delay: Duration) {
    actions.append(.setTimer(timer, after: max(.zero, delay)))
  }

  mutating func setTimer(_ timer: Memberlist.Timer, at time: ContinuousClock.Instant) {
    setTimer(timer, after: time - now)
  }

  mutating func cancelTimer(_ timer: Memberlist.Timer) {
    actions.append(.cancelTimer(timer))
  }
}
