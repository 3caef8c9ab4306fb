// Datagrams: reading them, filling them with news, and spreading news by themselves.
extension Memberlist {
  /// When the next ticks are due: counted from the last, so that they do not drift.
  struct Ticks: Sendable {
    private var due: [Timer: ContinuousClock.Instant] = [:]

    var areRunning: Bool { due[.gossip] != nil || due[.probe] != nil }

    /// Begins ticking after a random part of the interval, so that members which start together do not act together. An interval
    /// of zero never ticks.
    mutating func start(
      _ timer: Timer, _ interval: Duration, _ step: inout Step<some RandomNumberGenerator>
    ) {
      guard interval > .zero else { return }
      let share = Double.random(in: 0..<1, using: &step.generator)
      due[timer] = step.now + interval * share
      step.setTimer(timer, after: interval * share)
    }

    /// Ticks that were missed are left out.
    mutating func next(
      _ timer: Timer, _ interval: Duration, _ step: inout Step<some RandomNumberGenerator>
    ) {
      guard interval > .zero else { return }
      let regular = (due[timer] ?? step.now) + interval
      let time = regular > step.now ? regular : step.now + interval
      due[timer] = time
      step.setTimer(timer, at: time)
    }
  }

  mutating func startTicks(_ step: inout Step<some RandomNumberGenerator>) {
    ticks.start(.probe, parameters.probeInterval, &step)
    if parameters.gossipNodes > 0 { ticks.start(.gossip, parameters.gossipInterval, &step) }
    ticks.start(.pushPull, parameters.pushPullInterval, &step)
    ticks.start(.rejoin, parameters.rejoinInterval, &step)
  }

  // MARK: Receiving

  package mutating func receive(
    datagram: [UInt8], from sender: MemberAddress, now: ContinuousClock.Instant,
    using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    perform(now: now, using: &generator) { memberlist, step in
      guard memberlist.phase != .notStarted else { return }
      do throws(WireError) {
        let read = try memberlist.format.messages(of: datagram)
        for message in read.messages { memberlist.handle(message, from: sender, &step) }
        if let problem = read.problems.first { throw problem }
      } catch {
        step.report(.ignored(.unreadable(error), from: sender))
      }
    }
  }

  private mutating func handle(
    _ message: Message, from sender: MemberAddress,
    _ step: inout Step<some RandomNumberGenerator>
  ) {
    switch message {
    case .ping(let ping): handle(ping, from: sender, &step)
    case .indirectPing(let ping): handle(ping, from: sender, &step)
    case .ack(let sequenceNumber, _): handleAck(sequenceNumber, &step)
    case .nack(let sequenceNumber): handleNack(sequenceNumber)
    case .suspect(let accusation): handleSuspect(accusation, &step)
    case .alive(let alive): handle(alive, &step)
    case .dead(let accusation): handleDead(accusation, &step)
    case .user: step.report(.ignored(.userMessage, from: sender))
    }
  }

  // MARK: Sending

  /// Sends a message, and as much news as fits beside it.
  mutating func send(
    _ message: Message, to address: MemberAddress, _ step: inout Step<some RandomNumberGenerator>
  ) {
    let encoded = message.encoded
    let news = takeNews(besides: encoded.count)
    send([encoded] + news, to: address, knownAs: nil, &step)
  }

  /// Sends messages in one datagram, with a checksum to those who are known to understand it.
  mutating func send(
    _ messages: [[UInt8]], to address: MemberAddress, knownAs receiver: Member?,
    _ step: inout Step<some RandomNumberGenerator>
  ) {
    let payload = messages.count == 1 ? messages[0] : CompoundMessage.encode(messages)
    let datagram = format.datagram(
      payload, withChecksum: receiver?.versions.understandsChecksum ?? false,
      using: &step.generator)
    step.act(.send(datagram, to: address))
  }

  private mutating func takeNews(besides length: Int) -> [[UInt8]] {
    guard !queue.isEmpty else { return [] }
    let free =
      parameters.datagramBudget - length - CompoundMessage.frameOverhead - format.datagramOverhead
    return queue.take(
      limit: free, overhead: CompoundMessage.partOverhead,
      transmitLimit: retransmitLimit(
        multiplier: parameters.retransmitMultiplier, memberCount: table.count))
  }

  mutating func gossipTick(_ step: inout Step<some RandomNumberGenerator>) {
    ticks.next(.gossip, parameters.gossipInterval, &step)
    guard !queue.isEmpty else { return }
    let now = step.now
    let receivers = table.random(parameters.gossipNodes, using: &step.generator) { record in
      guard record.member.name != name else { return false }
      switch record.member.state {
      case .alive, .suspect: return true
      case .dead: return now - record.since <= parameters.gossipToTheDead
      case .left: return false
      }
    }
    for receiver in receivers {
      let news = takeNews(besides: 0)
      guard !news.isEmpty else { return }
      send(news, to: receiver.member.address, knownAs: receiver.member, &step)
    }
  }

  // MARK: Leaving

  /// Tells others directly, as far as they are few, and everybody by gossip.
  mutating func sayGoodbye(_ step: inout Step<some RandomNumberGenerator>) {
    let goodbye = Accusation(incarnation: incarnation, node: name, from: name)
    handleDead(goodbye, &step)
    let others = table.random(Limits.directGoodbyes, using: &step.generator) {
      $0.member.name != name && $0.member.state.isPresent
    }
    guard !others.isEmpty else { return finishLeaving(&step) }
    for other in others {
      send(
        [Message.dead(goodbye).encoded], to: other.member.address, knownAs: other.member, &step)
    }
    step.setTimer(.leave, after: Limits.goodbyeTimeout)
  }

  mutating func finishLeaving(_ step: inout Step<some RandomNumberGenerator>) {
    guard phase == .leaving else { return }
    phase = .left
    step.cancelTimer(.leave)
    step.report(.hasLeft)
  }
}
