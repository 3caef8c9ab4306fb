// Failure detection: pings, pings through others, pings over TCP.
extension Memberlist {
  /// The one probe that is going on.
  struct Probe: Sendable {
    var target: Member
    var sequenceNumber: UInt32
    /// When the target counts as not answering.
    var end: ContinuousClock.Instant
    /// Set once others have been asked: how many of them said that they would tell us.
    var expectedNacks: Int?
    var nacks = 0
    var stream: StreamID?
    var answeredStream = false
  }

  /// A ping that we send for somebody else.
  struct Relay: Sendable {
    var sequenceNumber: UInt32
    var requester: MemberAddress
    var wantsNack: Bool
  }

  /// Each tick probes the next member. A probe may last longer than the interval, when we doubt ourselves; the next then follows
  /// at once.
  mutating func probeTick(_ step: inout Step<some RandomNumberGenerator>) {
    ticks.next(.probe, parameters.probeInterval, &step)
    if probe == nil { startProbe(&step) } else { probeIsDue = true }
  }

  private mutating func startProbe(_ step: inout Step<some RandomNumberGenerator>) {
    probeIsDue = false
    guard
      let target = table.nextToProbe(
        except: name, now: step.now, retention: parameters.gossipToTheDead)?.member
    else { return }
    let interval = awareness.scale(parameters.probeInterval)
    let sequenceNumber = nextSequenceNumber()
    probe = Probe(target: target, sequenceNumber: sequenceNumber, end: step.now + interval)
    let ping = Message.ping(
      Ping(sequenceNumber: sequenceNumber, node: target.name, origin: origin))
    if target.state == .suspect {
      // It should know, so that it can object.
      let suspect = Message.suspect(
        Accusation(incarnation: target.incarnation, node: target.name, from: name))
      send([ping.encoded, suspect.encoded], to: target.address, knownAs: target, &step)
    } else {
      send(ping, to: target.address, &step)
    }
    if parameters.probeTimeout < interval {
      step.setTimer(.probeTimeout, after: parameters.probeTimeout)
    }
    step.setTimer(.probeEnd, after: interval)
  }

  /// The target has not answered yet: others may reach it, or TCP may.
  mutating func askOthers(_ step: inout Step<some RandomNumberGenerator>) {
    guard var probe, probe.expectedNacks == nil else { return }
    let target = probe.target
    let helpers = table.random(parameters.indirectChecks, using: &step.generator) {
      $0.member.state == .alive && $0.member.name != name && $0.member.name != target.name
    }
    probe.expectedNacks = helpers.count { $0.member.versions.sendsNack }
    self.probe = probe
    for helper in helpers {
      let ping = IndirectPing(
        sequenceNumber: probe.sequenceNumber, target: target.address, node: target.name,
        wantsNack: helper.member.versions.sendsNack, origin: origin)
      send(.indirectPing(ping), to: helper.member.address, &step)
    }
    guard parameters.usesStreamPings, target.versions.understandsStreamPing else { return }
    let ping = Ping(sequenceNumber: probe.sequenceNumber, node: target.name, origin: origin)
    let stream = openStream(
      .ping(sequenceNumber: probe.sequenceNumber), to: target.address, .ping(ping),
      timeout: probe.end - step.now, &step)
    self.probe?.stream = stream
  }

  mutating func handleAck(
    _ sequenceNumber: UInt32, _ step: inout Step<some RandomNumberGenerator>
  ) {
    if let relay = relays.removeValue(forKey: sequenceNumber) {
      step.cancelTimer(.relay(sequenceNumber))
      send(.ack(sequenceNumber: relay.sequenceNumber), to: relay.requester, &step)
      return
    }
    // Anything else is late, or an answer to nothing.
    guard let probe, probe.sequenceNumber == sequenceNumber else { return }
    // Only an answer without help shows that all is well here.
    if probe.expectedNacks == nil { awareness.apply(-1) }
    finishProbe(&step)
  }

  mutating func handleNack(_ sequenceNumber: UInt32) {
    guard probe?.sequenceNumber == sequenceNumber, probe?.expectedNacks != nil else { return }
    probe?.nacks += 1
  }

  /// The time of the probe is over.
  mutating func failProbe(_ step: inout Step<some RandomNumberGenerator>) {
    guard let probe else { return }
    guard probe.end <= step.now else { return step.setTimer(.probeEnd, at: probe.end) }
    defer { finishProbe(&step) }
    if probe.answeredStream { return step.report(.answersOnlyStreams(probe.target)) }
    // Helpers that did not even say that they got no answer: then the fault may be ours.
    let expected = probe.expectedNacks ?? 0
    awareness.apply(expected > 0 ? max(0, expected - probe.nacks) : 1)
    handleSuspect(
      Accusation(
        incarnation: probe.target.incarnation, node: probe.target.name, from: name), &step)
  }

  private mutating func finishProbe(_ step: inout Step<some RandomNumberGenerator>) {
    abandonProbe(&step)
    if probeIsDue { startProbe(&step) }
  }

  mutating func abandonProbe(_ step: inout Step<some RandomNumberGenerator>) {
    guard let probe else { return }
    if probe.expectedNacks == nil { step.cancelTimer(.probeTimeout) }
    step.cancelTimer(.probeEnd)
    if let stream = probe.stream { close(stream, &step) }
    self.probe = nil
  }

  // MARK: For others

  mutating func handle(
    _ ping: Ping, from sender: MemberAddress, _ step: inout Step<some RandomNumberGenerator>
  ) {
    guard ping.node.isEmpty || ping.node == name else {
      return step.report(.ignored(.notForUs(ping.node), from: sender))
    }
    send(
      .ack(sequenceNumber: ping.sequenceNumber), to: ping.origin?.address ?? sender, &step)
  }

  mutating func handle(
    _ request: IndirectPing, from sender: MemberAddress,
    _ step: inout Step<some RandomNumberGenerator>
  ) {
    guard relays.count < Limits.relays else {
      return step.report(.ignored(.tooBusy, from: sender))
    }
    var target = request.target
    if target.port == 0 { target.port = address.port }
    let sequenceNumber = nextSequenceNumber()
    relays[sequenceNumber] = Relay(
      sequenceNumber: request.sequenceNumber, requester: request.origin?.address ?? sender,
      wantsNack: request.wantsNack)
    step.setTimer(.relay(sequenceNumber), after: parameters.probeTimeout)
    send(
      .ping(Ping(sequenceNumber: sequenceNumber, node: request.node, origin: origin)),
      to: target, &step)
  }

  mutating func giveUpRelay(
    _ sequenceNumber: UInt32, _ step: inout Step<some RandomNumberGenerator>
  ) {
    guard let relay = relays.removeValue(forKey: sequenceNumber), relay.wantsNack else { return }
    send(.nack(sequenceNumber: relay.sequenceNumber), to: relay.requester, &step)
  }

  private var origin: Origin { Origin(address: address, node: name) }

  private mutating func nextSequenceNumber() -> UInt32 {
    lastSequenceNumber &+= 1
    return lastSequenceNumber
  }
}
