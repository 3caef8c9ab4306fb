import Logging
import Membership
import NIOCore

/// Drives one ``Memberlist`` on one event loop: hands it datagrams, stream bytes and timers, and performs what it answers.
///
/// The actor's executor is the event loop, so that channel handlers and timers call it without waiting.
actor MembershipLoop {
  /// What happened since the last call, for those who use the membership.
  typealias Observer = @Sendable (MembershipView, [Memberlist.Event]) -> Void

  nonisolated let eventLoop: any EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    eventLoop.executor.asUnownedSerialExecutor()
  }

  private let name: String
  private var core: Memberlist?
  /// Of the system, so fit for nonces.
  private var generator = SystemRandomNumberGenerator()
  private var sockets: MembershipSockets?
  private var timers: [Memberlist.Timer: Scheduled<Void>] = [:]
  private var firstJoin: FirstJoin
  private var firstJoinTimer: Scheduled<Void>?
  private var hasFlushToDo = false
  /// Events of the present call that observers want to know.
  private var news: [Memberlist.Event] = []
  private var peers: Set<MemberAddress>?
  private var names: [String: MemberAddress] = [:]
  private var metadata: [UInt8]?
  private var hasLeft = false
  private var closesAfterLeaving = false
  private var waitingForLeave: [CheckedContinuation<Void, Never>] = []
  /// Fulfilled once everything is closed on demand; fails when a socket goes away by itself.
  private let end: EventLoopPromise<Void>
  private var isClosed = false
  let metrics: MembershipMetrics
  private var log: MembershipLog
  private let observer: Observer
  var streams = StreamTable()
  let streamTimeout: Duration

  init(
    _ configuration: MembershipConfiguration, eventLoop: any EventLoop,
    metrics: MembershipMetrics, logger: Logger, observer: @escaping Observer
  ) {
    self.eventLoop = eventLoop
    self.metrics = metrics
    self.observer = observer
    name = configuration.name
    log = MembershipLog(logger: logger)
    end = eventLoop.makePromise()
    streamTimeout = configuration.parameters.streamTimeout
    // A peer that answers does so within a few round trips.
    firstJoin = FirstJoin(
      patience: .init(afterFirst: .milliseconds(500), altogether: .seconds(3)))
  }

  /// Ends with ``close()``.
  nonisolated var ended: EventLoopFuture<Void> { end.futureResult }

  // MARK: Life

  func start(_ configuration: MembershipConfiguration) async throws(MembershipError) {
    let sockets = try await MembershipSockets.bind(
      configuration, on: eventLoop,
      acceptStream: { channel in self.assumeIsolated { $0.accept(channel) } },
      receiver: { DatagramReceiver(loop: self) })
    guard !isClosed else { return sockets.close() }
    do {
      core = try Memberlist(configuration.core(at: sockets.advertised))
    } catch {
      sockets.close()
      throw .badConfiguration(error)
    }
    self.sockets = sockets
    for channel in [sockets.streams, sockets.datagrams] {
      channel.closeFuture.whenComplete { _ in self.assumeIsolated { $0.socketClosed() } }
    }
    log.began(at: sockets.advertised)
    perform(core?.start(now: .now, using: &generator))
  }

  /// Says goodbye. Returns when enough others know, or soon after.
  func leave() async {
    guard core != nil, !isClosed, !hasLeft else { return }
    await withCheckedContinuation { continuation in
      waitingForLeave.append(continuation)
      perform(core?.leave(now: .now, using: &generator))
    }
  }

  /// Says goodbye if that has not been done, and closes everything.
  func leaveAndClose() {
    guard core != nil, !hasLeft else { return close() }
    closesAfterLeaving = true
    perform(core?.leave(now: .now, using: &generator))
  }

  /// Closes everything without a word.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    finishLeaving()
    firstJoinTimer?.cancel()
    for timer in timers.values { timer.cancel() }
    timers = [:]
    for channel in streams.removeAll() { channel.close(promise: nil) }
    core = nil
    sockets?.close()
    end.succeed()
  }

  private func socketClosed() {
    guard !isClosed else { return }
    end.fail(MembershipError.socketClosed)
    close()
  }

  private func finishLeaving() {
    hasLeft = true
    for continuation in waitingForLeave { continuation.resume() }
    waitingForLeave = []
    // Not at once: what is to be sent now must be sent.
    if closesAfterLeaving { eventLoop.execute { self.assumeIsolated { $0.close() } } }
  }

  // MARK: Wishes

  func setPeers(_ peers: Set<MemberAddress>, names: [String: MemberAddress]) {
    // Those that are missing are tried again anyway.
    guard let sockets, core != nil, peers != self.peers || names != self.names else { return }
    self.peers = peers
    self.names = names
    perform(core?.setPeers(peers, names: names, now: .now, using: &generator))
    advanceFirstJoin(firstJoin.begin(peers.subtracting([sockets.advertised])))
  }

  func setMetadata(_ metadata: [UInt8]) throws(Memberlist.ConfigurationError) {
    guard core != nil, metadata != self.metadata else { return }
    self.metadata = metadata
    perform(try core?.setMetadata(metadata, now: .now, using: &generator))
    // It is no news to the member itself, but what it says is part of the view.
    publish()
  }

  func setKeys(_ keys: [GossipKey]) {
    core?.setKeys(keys)
  }

  // MARK: Datagrams and timers

  func receive(_ datagram: [UInt8], from sender: MemberAddress) {
    metrics.received(datagram.count)
    perform(core?.receive(datagram: datagram, from: sender, now: .now, using: &generator))
  }

  private func timerFired(_ timer: Memberlist.Timer) {
    timers[timer] = nil
    perform(core?.timerFired(timer, now: .now, using: &generator))
  }

  // MARK: Streams

  /// Nil when there are too many.
  func acceptStream() -> StreamID? {
    guard let (id, actions) = core?.acceptStream(now: .now, using: &generator) else { return nil }
    perform(actions)
    return id
  }

  func receive(_ bytes: [UInt8], on stream: StreamID) {
    perform(core?.receive(bytes, on: stream, now: .now, using: &generator))
  }

  func streamEnded(_ stream: StreamID) {
    _ = streams.remove(stream)
    metrics.streamsOpen(streams.count)
    perform(core?.streamClosed(stream, now: .now, using: &generator))
  }

  // MARK: Actions

  private func perform(_ actions: [Memberlist.Action]?) {
    for action in actions ?? [] { perform(action) }
    if hasFlushToDo {
      hasFlushToDo = false
      sockets?.datagrams.flush()
    }
    guard !news.isEmpty else { return }
    publish()
  }

  private func perform(_ action: Memberlist.Action) {
    switch action {
    case .send(let bytes, let address): send(bytes, to: address)
    case .openStream(let id, let address, let bytes): open(id, to: address, sending: bytes)
    case .finishStream(let id, let bytes): finish(id, sending: bytes)
    case .closeStream(let id): close(id)
    case .setTimer(let timer, let delay):
      timers[timer]?.cancel()
      timers[timer] = eventLoop.scheduleTask(in: TimeAmount(delay)) {
        self.assumeIsolated { $0.timerFired(timer) }
      }
    case .cancelTimer(let timer): timers.removeValue(forKey: timer)?.cancel()
    case .report(let event): note(event)
    }
  }

  private func send(_ bytes: [UInt8], to address: MemberAddress) {
    guard let channel = sockets?.datagrams, let family = sockets?.family,
      let target = address.socketAddress(from: family)
    else { return metrics.unsendable() }
    // As good as lost on the way, which the protocol expects.
    guard channel.isWritable else { return metrics.unsendable() }
    metrics.sent(bytes.count)
    channel.write(
      AddressedEnvelope(remoteAddress: target, data: ByteBuffer(bytes: bytes)), promise: nil)
    hasFlushToDo = true
  }

  private func note(_ event: Memberlist.Event) {
    log.note(event, now: .now)
    switch event {
    case .joined, .updated, .left, .suspected, .refuted, .paused: news.append(event)
    case .peerJoined(let address): advanceFirstJoin(firstJoin.answered(address))
    case .peerFailed(let address, _):
      metrics.joinFailed()
      advanceFirstJoin(firstJoin.failed(address))
    case .ignored(let reason, _): metrics.ignored(reason)
    case .hasLeft: finishLeaving()
    case .conflict, .answersOnlyStreams: break
    }
  }

  // MARK: The first join

  private func advanceFirstJoin(_ step: FirstJoin.Step) {
    switch step {
    case .wait: break
    case .waitAtMost(let delay):
      firstJoinTimer?.cancel()
      firstJoinTimer = eventLoop.scheduleTask(in: TimeAmount(delay)) {
        self.assumeIsolated { $0.advanceFirstJoin($0.firstJoin.timeIsOver()) }
      }
    case .settled:
      firstJoinTimer?.cancel()
      publish()
    }
  }

  private func publish() {
    guard let core else { return }
    let events = news
    news = []
    var view = MembershipView()
    view.members = core.members.sorted { $0.name < $1.name }
    view.isSettled = firstJoin.isSettled
    view.healthScore = core.healthScore
    metrics.view(view)
    observer(view, events)
  }
}

extension MembershipSockets {
  func close() {
    streams.close(promise: nil)
    datagrams.close(promise: nil)
  }
}
