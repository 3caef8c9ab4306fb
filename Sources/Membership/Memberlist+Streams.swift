// Streams: exchanging whole tables, joining, and pings over TCP.
extension Memberlist {
  struct Stream: Sendable {
    enum Role: Hashable, Sendable {
      /// Others dialled; what they want comes first.
      case inbound
      case pushPull(MemberAddress, isJoin: Bool)
      case ping(sequenceNumber: UInt32)
      /// The last bytes are on their way.
      case finishing
    }

    var role: Role
    var decoder: StreamDecoder
    /// As it was when the stream began: keys may change while it goes on.
    let format: WireFormat
  }

  // MARK: Peers

  /// Names those who should be members. The ones that are not are asked at once to exchange tables, and again every
  /// ``MemberlistParameters/rejoinInterval``; each attempt ends in ``Event/peerJoined(_:)`` or ``Event/peerFailed(_:_:)``, which is also said of those that are
  /// members already when they are named.
  ///
  /// - Parameter names: at which address each name lives, where that is known: a machine that was made anew may take its
  ///   name along to another address at once.
  package mutating func setPeers(
    _ addresses: some Sequence<MemberAddress>, names: [String: MemberAddress] = [:],
    now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    let addresses = Set(addresses)
    return perform(now: now, using: &generator) { memberlist, step in
      memberlist.peers = addresses.subtracting([memberlist.address])
      memberlist.confirmed = names
      guard memberlist.phase == .running else { return }
      let present = memberlist.presentAddresses
      for address in memberlist.peers where present.contains(address) {
        step.report(.peerJoined(address))
      }
      memberlist.joinPeers(&step)
    }
  }

  mutating func rejoinTick(_ step: inout Step<some RandomNumberGenerator>) {
    ticks.next(.rejoin, parameters.rejoinInterval, &step)
    if phase == .running { joinPeers(&step) }
  }

  /// Begins a round: all peers that are no members are asked, a few at a time.
  private mutating func joinPeers(_ step: inout Step<some RandomNumberGenerator>) {
    // in an order that is the same in every process, for the sake of replays
    waitingToJoin = peers.sorted { "\($0)" > "\($1)" }
    let present = presentAddresses
    waitingToJoin.removeAll { present.contains($0) }
    joinNextPeers(&step)
  }

  /// Goes on with the round. The members that one peer told of need not be asked themselves.
  private mutating func joinNextPeers(_ step: inout Step<some RandomNumberGenerator>) {
    guard !waitingToJoin.isEmpty, phase == .running else { return }
    let present = presentAddresses
    var joining: Set<MemberAddress> = []
    for stream in streams.values {
      if case .pushPull(let address, true) = stream.role { joining.insert(address) }
    }
    while joining.count < Limits.joins, let address = waitingToJoin.popLast() {
      guard !joining.contains(address) else { continue }
      if present.contains(address) {
        step.report(.peerJoined(address))
      } else {
        joining.insert(address)
        openPushPull(to: address, isJoin: true, &step)
      }
    }
  }

  private var presentAddresses: Set<MemberAddress> {
    Set(table.all.lazy.filter(\.member.state.isPresent).map(\.member.address))
  }

  // MARK: Dialling

  mutating func pushPullTick(_ step: inout Step<some RandomNumberGenerator>) {
    ticks.next(
      .pushPull,
      pushPullInterval(parameters.pushPullInterval, memberCount: table.count), &step)
    exchangeTables(&step)
  }

  /// Exchanges tables with some member.
  mutating func exchangeTables(_ step: inout Step<some RandomNumberGenerator>) {
    let members = table.random(1, using: &step.generator) {
      $0.member.state == .alive && $0.member.name != name
    }
    for record in members { openPushPull(to: record.member.address, isJoin: false, &step) }
  }

  private mutating func openPushPull(
    to address: MemberAddress, isJoin: Bool, _ step: inout Step<some RandomNumberGenerator>
  ) {
    _ = openStream(
      .pushPull(address, isJoin: isJoin), to: address, tableMessage(isJoin: isJoin),
      timeout: parameters.streamTimeout, &step)
  }

  mutating func openStream(
    _ role: Stream.Role, to address: MemberAddress, _ message: StreamMessage, timeout: Duration,
    _ step: inout Step<some RandomNumberGenerator>
  ) -> StreamID {
    let id = addStream(role, timeout: timeout, &step)
    let bytes = format.streamMessage(message.encoded, using: &step.generator)
    step.act(.openStream(id, to: address, sending: format.labelHeader + bytes))
    return id
  }

  private mutating func addStream(
    _ role: Stream.Role, timeout: Duration, _ step: inout Step<some RandomNumberGenerator>
  ) -> StreamID {
    lastStreamID += 1
    let id = StreamID(number: lastStreamID)
    streams[id] = Stream(
      role: role, decoder: StreamDecoder(format: format, isDialler: role != .inbound),
      format: format)
    step.setTimer(.stream(id), after: timeout)
    return id
  }

  // MARK: Events

  /// Somebody connected. Nil when there are too many already: close it.
  package mutating func acceptStream(
    now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) -> (id: StreamID?, actions: [Action]) {
    var id: StreamID?
    let actions = perform(now: now, using: &generator) { memberlist, step in
      guard memberlist.phase != .notStarted,
        memberlist.streams.values.count(where: { $0.role == .inbound || $0.role == .finishing })
          < Limits.inboundStreams
      else { return step.report(.ignored(.tooBusy, from: nil)) }
      id = memberlist.addStream(.inbound, timeout: memberlist.parameters.streamTimeout, &step)
    }
    return (id, actions)
  }

  package mutating func receive(
    _ bytes: [UInt8], on id: StreamID, now: ContinuousClock.Instant,
    using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    perform(now: now, using: &generator) { memberlist, step in
      // Who has had an answer may say what it wants.
      guard let role = memberlist.streams[id]?.role, role != .finishing else { return }
      do throws(WireError) {
        guard let message = try memberlist.streams[id]?.decoder.receive(bytes) else { return }
        memberlist.handle(message, role, id, &step)
      } catch {
        memberlist.refuse(error, role, id, &step)
      }
    }
  }

  /// A stream has ended, or could not be opened.
  package mutating func streamClosed(
    _ id: StreamID, now: ContinuousClock.Instant,
    using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    perform(now: now, using: &generator) { memberlist, step in
      guard let stream = memberlist.streams.removeValue(forKey: id) else { return }
      step.cancelTimer(.stream(id))
      memberlist.reportFailure(.closed, stream.role, &step)
    }
  }

  mutating func streamTimedOut(_ id: StreamID, _ step: inout Step<some RandomNumberGenerator>) {
    guard let stream = streams.removeValue(forKey: id) else { return }
    step.act(.closeStream(id))
    reportFailure(.timedOut, stream.role, &step)
  }

  // MARK: Messages

  private mutating func handle(
    _ message: StreamMessage, _ role: Stream.Role, _ id: StreamID,
    _ step: inout Step<some RandomNumberGenerator>
  ) {
    switch (role, message) {
    case (.inbound, .pushPull(let table)):
      // The answer is what we knew before: the other side has the rest.
      finish(id, tableMessage(isJoin: table.isJoin), &step)
      if let conflict = versionConflict(with: table.rows) {
        step.report(.ignored(.impossibleVersions(conflict.name), from: nil))
      } else {
        merge(table.rows, &step)
      }
    case (.inbound, .ping(let ping)):
      guard ping.node.isEmpty || ping.node == name else {
        step.report(.ignored(.notForUs(ping.node), from: nil))
        return close(id, &step)
      }
      finish(id, .ack(sequenceNumber: ping.sequenceNumber), &step)
    case (.inbound, .user), (.inbound, .ack), (.inbound, .error):
      step.report(.ignored(.userMessage, from: nil))
      close(id, &step)
    case (.pushPull(let address, let isJoin), .pushPull(let table)):
      close(id, &step)
      if let conflict = versionConflict(with: table.rows) {
        let failure = StreamFailure.incompatible(
          member: conflict.name, conflict.versions)
        return reportFailure(failure, role, &step)
      }
      merge(table.rows, &step)
      if isJoin {
        step.report(.peerJoined(address))
        joinNextPeers(&step)
      }
    case (.pushPull, .error(let text)):
      close(id, &step)
      reportFailure(.refused(text), role, &step)
    case (.pushPull, .ping), (.pushPull, .ack), (.pushPull, .user):
      close(id, &step)
      reportFailure(.unexpectedMessage, role, &step)
    case (.ping(let sequenceNumber), .ack(let answered)):
      if answered == sequenceNumber, probe?.sequenceNumber == sequenceNumber {
        probe?.answeredStream = true
      }
      close(id, &step)
    case (.ping, .ping), (.ping, .pushPull), (.ping, .user), (.ping, .error), (.finishing, _):
      close(id, &step)
    }
  }

  private func versionConflict(
    with rows: [PushPull.Row]
  ) -> (name: String, versions: ProtocolVersions)? {
    ProtocolVersions.conflict(
      among: rows.map { ($0.name, $0.state == .alive, $0.versions) }
        + table.all.map { ($0.member.name, $0.member.state == .alive, $0.versions) })
  }

  private mutating func refuse(
    _ error: WireError, _ role: Stream.Role, _ id: StreamID,
    _ step: inout Step<some RandomNumberGenerator>
  ) {
    switch role {
    case .inbound:
      step.report(.ignored(.unreadable(error), from: nil))
      // Another cluster gets no answer.
      if error == .labelMismatch { return close(id, &step) }
      finish(id, .error("\(error)"), &step)
    case .pushPull, .ping:
      close(id, &step)
      reportFailure(.unreadable(error), role, &step)
    case .finishing: break
    }
  }

  private mutating func finish(
    _ id: StreamID, _ message: StreamMessage, _ step: inout Step<some RandomNumberGenerator>
  ) {
    guard let format = streams[id]?.format else { return }
    streams[id]?.role = .finishing
    let bytes = format.streamMessage(message.encoded, using: &step.generator)
    step.act(.finishStream(id, sending: bytes))
  }

  mutating func close(_ id: StreamID, _ step: inout Step<some RandomNumberGenerator>) {
    guard streams.removeValue(forKey: id) != nil else { return }
    step.cancelTimer(.stream(id))
    step.act(.closeStream(id))
  }

  /// Exchanges that are not a join are tried again with somebody else anyway.
  private mutating func reportFailure(
    _ failure: StreamFailure, _ role: Stream.Role, _ step: inout Step<some RandomNumberGenerator>
  ) {
    switch role {
    case .pushPull(let address, isJoin: true):
      step.report(.peerFailed(address, failure))
      joinNextPeers(&step)
    case .pushPull, .ping, .inbound, .finishing: break
    }
  }
}
