// What is believed of each member, and how statements change it.
extension Memberlist {
  // MARK: Alive

  /// Tells everybody that this member is here, with what it says of itself now.
  mutating func announceSelf(_ step: inout Step<some RandomNumberGenerator>) {
    raiseIncarnation()
    let own = Member(
      name: name, address: address, metadata: metadata, incarnation: incarnation, state: .alive,
      versions: versions)
    if table[name] == nil {
      table.insert(
        MemberTable.Record(
          member: own, metadata: metadata.isEmpty ? nil : metadata, versions: versions,
          since: step.now),
        using: &step.generator)
    }
    broadcastSelf()
  }

  /// Brings our own record up to date and queues it.
  private mutating func broadcastSelf() {
    table[name]?.member.incarnation = incarnation
    table[name]?.member.metadata = metadata
    table[name]?.metadata = metadata.isEmpty ? nil : metadata
    let alive = Alive(
      incarnation: incarnation, node: name, address: address,
      metadata: metadata.isEmpty ? nil : metadata, versions: versions)
    queue.add(Message.alive(alive).encoded, about: name)
  }

  /// It wraps around, past 0: nobody believes an incarnation of 0.
  private mutating func raiseIncarnation(above other: UInt32 = 0) {
    incarnation = max(1, max(incarnation, other) &+ 1)
  }

  /// Objects to what others say of us, with an incarnation above theirs.
  private mutating func refute(
    accused: UInt32, _ step: inout Step<some RandomNumberGenerator>
  ) {
    raiseIncarnation(above: accused)
    // Who has to object does not seem to answer well.
    awareness.apply(1)
    broadcastSelf()
    step.report(.refuted(incarnation: incarnation))
  }

  mutating func handle(_ alive: Alive, _ step: inout Step<some RandomNumberGenerator>) {
    if let versions = alive.versions, !versions.isPossible {
      return step.report(.ignored(.impossibleVersions(alive.node), from: nil))
    }
    guard alive.node != name else { return handleAliveSelf(alive, &step) }
    if let known = table[alive.node] {
      var isReplaced = false
      if known.member.address != alive.address {
        guard mayReclaim(known, at: alive.address, now: step.now) else {
          return step.report(.conflict(known.member, claimed: alive.address))
        }
        isReplaced = true
      }
      guard alive.incarnation > known.member.incarnation || isReplaced else { return }
    } else {
      guard alive.incarnation > 0 else { return }
      guard table.count < Limits.members else {
        return step.report(.ignored(.tooManyMembers, from: nil))
      }
      let member = Member(
        name: alive.node, address: alive.address, metadata: [], incarnation: 0, state: .dead,
        versions: .unknown)
      table.insert(
        MemberTable.Record(member: member, since: step.now), using: &step.generator)
    }
    accept(alive, &step)
  }

  private mutating func accept(_ alive: Alive, _ step: inout Step<some RandomNumberGenerator>) {
    guard var record = table[alive.node] else { return }
    let before = record.member
    if record.suspicion != nil {
      record.suspicion = nil
      step.cancelTimer(.suspicion(alive.node))
    }
    record.member.incarnation = alive.incarnation
    record.member.address = alive.address
    record.member.metadata = alive.metadata ?? []
    record.metadata = alive.metadata
    if let versions = alive.versions {
      record.versions = versions
      record.member.versions = versions
    }
    if before.state != .alive {
      record.member.state = .alive
      record.since = step.now
    }
    table[alive.node] = record
    queue.add(Message.alive(alive).encoded, about: alive.node)
    if !before.state.isPresent {
      step.report(.joined(record.member))
    } else if before.metadata != record.member.metadata || before.address != record.member.address {
      step.report(.updated(record.member))
    }
  }

  /// Whether a name may come back with another address.
  private func mayReclaim(
    _ known: MemberTable.Record, at address: MemberAddress, now: ContinuousClock.Instant
  ) -> Bool {
    if confirmed[known.member.name] == address { return true }
    return switch known.member.state {
    case .left: true
    case .dead: parameters.deadNodeReclaim > .zero && now - known.since > parameters.deadNodeReclaim
    case .alive, .suspect: false
    }
  }

  /// Somebody repeats what we said, or what an earlier process of this name said.
  private mutating func handleAliveSelf(
    _ alive: Alive, _ step: inout Step<some RandomNumberGenerator>
  ) {
    // While leaving it is old news.
    guard phase == .running, let own = table[name] else { return }
    guard alive.address == address else {
      return step.report(.conflict(own.member, claimed: alive.address))
    }
    guard alive.incarnation >= incarnation else { return }
    // The same incarnation may come from before a restart, with other contents.
    if alive.incarnation == incarnation, alive.metadata ?? [] == metadata,
      alive.versions == versions
    {
      return
    }
    refute(accused: alive.incarnation, &step)
  }

  // MARK: Suspect

  mutating func handleSuspect(
    _ accusation: Accusation, _ step: inout Step<some RandomNumberGenerator>
  ) {
    guard let record = table[accusation.node],
      accusation.incarnation >= record.member.incarnation
    else { return }
    if record.suspicion != nil { return confirm(accusation, &step) }
    guard record.member.state == .alive else { return }
    guard accusation.node != name else {
      if phase == .running { refute(accused: accusation.incarnation, &step) }
      return
    }
    let minimum = suspicionTimeout(
      multiplier: parameters.suspicionMultiplier, memberCount: table.count,
      probeInterval: parameters.probeInterval)
    let suspicion = Suspicion(
      by: accusation.from,
      expectedConfirmations: expectedConfirmations(
        suspicionMultiplier: parameters.suspicionMultiplier, memberCount: table.count),
      minimum: minimum, maximum: minimum * parameters.suspicionMaxTimeoutMultiplier,
      now: step.now)
    table[accusation.node]?.member.incarnation = accusation.incarnation
    table[accusation.node]?.member.state = .suspect
    table[accusation.node]?.since = step.now
    table[accusation.node]?.suspicion = suspicion
    step.setTimer(.suspicion(accusation.node), at: suspicion.deadline)
    queue.add(Message.suspect(accusation).encoded, about: accusation.node)
    if let member = table[accusation.node]?.member {
      step.report(.suspected(member, by: accusation.from))
    }
  }

  private mutating func confirm(
    _ accusation: Accusation, _ step: inout Step<some RandomNumberGenerator>
  ) {
    guard table[accusation.node]?.suspicion?.confirm(by: accusation.from) == true,
      let deadline = table[accusation.node]?.suspicion?.deadline
    else { return }
    step.setTimer(.suspicion(accusation.node), at: deadline)
    queue.add(Message.suspect(accusation).encoded, about: accusation.node)
  }

  /// Nobody objected in time.
  mutating func endSuspicion(of name: String, _ step: inout Step<some RandomNumberGenerator>) {
    guard let record = table[name], let suspicion = record.suspicion else { return }
    // A timer that was already on its way when the suspicion got longer.
    guard suspicion.deadline <= step.now else {
      return step.setTimer(.suspicion(name), at: suspicion.deadline)
    }
    handleDead(
      Accusation(incarnation: record.member.incarnation, node: name, from: self.name), &step)
  }

  mutating func restartSuspicions(_ step: inout Step<some RandomNumberGenerator>) {
    for record in Array(table.all) where record.suspicion != nil {
      let name = record.member.name
      table[name]?.suspicion?.restart(now: step.now)
      if let deadline = table[name]?.suspicion?.deadline {
        step.setTimer(.suspicion(name), at: deadline)
      }
    }
  }

  // MARK: Dead

  mutating func handleDead(
    _ accusation: Accusation, _ step: inout Step<some RandomNumberGenerator>
  ) {
    guard let record = table[accusation.node],
      accusation.incarnation >= record.member.incarnation
    else { return }
    if record.suspicion != nil {
      table[accusation.node]?.suspicion = nil
      step.cancelTimer(.suspicion(accusation.node))
    }
    guard record.member.state.isPresent else { return }
    if accusation.node == name, phase == .running {
      return refute(accused: accusation.incarnation, &step)
    }
    queue.add(Message.dead(accusation).encoded, about: accusation.node)
    table[accusation.node]?.member.incarnation = accusation.incarnation
    table[accusation.node]?.member.state = accusation.node == accusation.from ? .left : .dead
    table[accusation.node]?.since = step.now
    if accusation.node != name, let member = table[accusation.node]?.member {
      step.report(.left(member))
    }
  }

  // MARK: Whole tables

  /// Takes in the table of another member. What it thinks dead is only suspect to us: the member may object.
  mutating func merge(_ rows: [PushPull.Row], _ step: inout Step<some RandomNumberGenerator>) {
    for row in rows {
      switch row.state {
      case .alive:
        handle(
          Alive(
            incarnation: row.incarnation, node: row.name, address: row.address,
            metadata: row.metadata, versions: row.versions), &step)
      case .left:
        handleDead(
          Accusation(incarnation: row.incarnation, node: row.name, from: row.name), &step)
      case .suspect, .dead:
        handleSuspect(
          Accusation(incarnation: row.incarnation, node: row.name, from: name), &step)
      }
    }
  }

  /// Our own table, for another member.
  func tableMessage(isJoin: Bool) -> StreamMessage {
    .pushPull(
      PushPull(
        isJoin: isJoin,
        rows: table.all.map { record in
          PushPull.Row(
            name: record.member.name, address: record.member.address, metadata: record.metadata,
            incarnation: record.member.incarnation, state: record.member.state,
            versions: record.versions)
        }))
  }
}
