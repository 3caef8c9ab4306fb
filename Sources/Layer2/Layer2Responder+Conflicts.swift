package import NetworkAddresses

/// Other hosts that have, or say that they have, the same address.
///
/// | Wait | Length | Source |
/// |---|---|---|
/// | between probes, and after the last one | 100 ms | our choice; RFC 5227 §1.1 takes seconds |
/// | before an address that was taken is probed again | 30 s | |
/// | between questions about a watched address | 1 s | |
/// | between two defences of an address | 10 s | DEFEND_INTERVAL of RFC 5227 §1.1 |
/// | between two reports of claims to one address | 1 s | |
extension Layer2Responder {
  package static let probeCount = 3
  package static let probeInterval = Duration.milliseconds(100)
  package static let takenInterval = Duration.seconds(30)
  package static let watchInterval = Duration.seconds(1)
  package static let defenceInterval = Duration.seconds(10)
  package static let reportInterval = Duration.seconds(1)

  /// The hosts that may rightly answer for the same addresses. Further hardware addresses of theirs are learned from
  /// what they send.
  package mutating func setPeers(_ new: Peers) {
    peers.peers = new
  }

  /// Whether there are peers of which hardware addresses can be learned.
  package var learnsPeers: Bool { !peers.peers.addresses.isEmpty }

  /// The name of the peer that a hardware address belongs to, as far as that is known.
  package func peer(_ hardwareAddress: MACAddress) -> String? { peers[hardwareAddress] }

  /// Tells which hardware address a host has, if that is a peer.
  package mutating func learn(_ hardwareAddress: MACAddress, has address: IPAddress) {
    peers.learn(hardwareAddress, has: address)
  }

  // MARK: Leaving an address to others

  /// Goes on answering for an announced address, without telling the network unasked, until another host tells it or
  /// the time is up. If one did within the last second, answering ends at once, unless this node may have told otherwise
  /// since: then the next round of the other one counts. For an address that is not announced, nothing happens.
  package mutating func handOver(
    _ address: IPAddress, until deadline: ContinuousClock.Instant, now: ContinuousClock.Instant
  ) {
    guard var entry = entries[address], entry.stage == .announced else { return }
    if let claim = entry.lastClaim, now - claim.time < Self.reportInterval, !isBursting(address) {
      // The next owner was faster.
      replace(address, with: nil, now: nil)
      reports.append(.handedOver(address, to: claim.by))
      return
    }
    entry.stage = .handingOver
    replace(address, with: entry, now: now)
    setTimer(address, due: deadline)
  }

  /// Stops answering for an address, and asks once a second who has it: each answer is reported as a claim.
  package mutating func watch(
    _ address: IPAddress, on selection: InterfaceSelection, now: ContinuousClock.Instant
  ) {
    guard entries[address]?.stage != .watched else { return }
    replace(address, with: entry(selection, .init(), .watched), now: now)
    setTimer(address, due: now + Self.watchInterval)
  }

  /// Tells the network again that an announced address is here, as somebody else said otherwise. Not more often than
  /// every ten seconds, so that two who both insist do not flood the link (RFC 5227 §2.4 (c)).
  package mutating func defend(_ address: IPAddress, now: ContinuousClock.Instant) {
    guard var entry = entries[address], entry.stage == .announced else { return }
    if let last = entry.lastDefence, now - last < Self.defenceInterval { return }
    entry.lastDefence = now
    entries[address] = entry
    repeatBurst(address, entry, now: now)
  }

  // MARK: Claims

  /// Takes in that a host uses an address as its own.
  mutating func noteSender(
    _ sender: MACAddress, has address: IPAddress, on interface: ResponderInterface,
    now: ContinuousClock.Instant
  ) {
    peers.learn(sender, has: address)
    guard let entry = entries[address], entry.selection.contains(interface.name) else { return }
    let peer = peers[sender]
    switch entry.stage {
    case .announced:
      entries[address]?.lastClaim = (now, sender)
      report(sender, peer, .announcing, address, on: interface, now: now)
    case .watched:
      report(sender, peer, .watching, address, on: interface, now: now)
    case .handingOver:
      replace(address, with: nil, now: nil)
      reports.append(.handedOver(address, to: sender))
    case .probing, .taken:
      // A peer that still answers is one that is about to stop.
      guard peer == nil else { return }
      entries[address]?.stage = .taken
      setTimer(address, due: now + Self.takenInterval)
      report(sender, nil, .probing, address, on: interface, now: now)
    }
  }

  private mutating func report(
    _ sender: MACAddress, _ peer: String?, _ stage: AddressClaim.Stage, _ address: IPAddress,
    on interface: ResponderInterface, now: ContinuousClock.Instant
  ) {
    let last = peer == nil ? entries[address]?.lastReport.other : entries[address]?.lastReport.peer
    if let last, now - last < Self.reportInterval { return }
    if peer == nil {
      entries[address]?.lastReport.other = now
    } else {
      entries[address]?.lastReport.peer = now
    }
    reports.append(
      .claimed(
        AddressClaim(
          address: address, hardwareAddress: sender, interface: interface.name, peer: peer,
          stage: stage)))
  }

  // MARK: Probes

  mutating func beginProbing(
    _ address: IPAddress, on selection: InterfaceSelection, options: AnnouncementOptions,
    now: ContinuousClock.Instant
  ) {
    entries[address] = entry(selection, options, .probing(sent: 0))
    setTimer(address, due: now)
  }

  private mutating func setTimer(_ address: IPAddress, due: ContinuousClock.Instant) {
    lastTicket += 1
    entries[address]?.ticket = lastTicket
    timers.insert(Timer(address: address, ticket: lastTicket), due: due)
  }

  /// When ``takeProbes(now:)`` has something to do.
  var nextTimer: ContinuousClock.Instant? {
    timers.first.map { max($0.due, probePace.opens ?? $0.due) }
  }

  /// Advances what waits for a time. Returns where a probe is to be sent now, at most as many as the pace allows. To be
  /// called until it returns none.
  package mutating func takeProbes(now: ContinuousClock.Instant) -> [Target] {
    var targets: [Target] = []
    while probePace.allows(at: now), let (due, timer) = timers.first, due <= now {
      timers.popFirst()
      guard let entry = entries[timer.address], entry.ticket == timer.ticket else { continue }
      let probed = expire(timer.address, entry, now: now)
      for _ in probed { probePace.spend(at: now) }
      targets += probed
    }
    return targets
  }

  private mutating func expire(
    _ address: IPAddress, _ entry: Entry, now: ContinuousClock.Instant
  ) -> [Target] {
    var entry = entry
    switch entry.stage {
    case .announced:
      return []
    case .handingOver:
      replace(address, with: nil, now: nil)
      reports.append(.handedOver(address, to: nil))
      return []
    case .watched:
      setTimer(address, due: now + Self.watchInterval)
      return targets(of: address, entry)
    case .taken:
      return probe(address, entry, sent: 0, now: now)
    case .probing(let sent):
      guard sent >= Self.probeCount else { return probe(address, entry, sent: sent, now: now) }
      entry.stage = .announced
      replace(address, with: entry, now: now)
      reports.append(.announcedAfterProbing(address))
      return []
    }
  }

  private mutating func probe(
    _ address: IPAddress, _ entry: Entry, sent: Int, now: ContinuousClock.Instant
  ) -> [Target] {
    let targets = targets(of: address, entry)
    // Where there is nobody to ask there is nothing to wait for.
    entries[address]?.stage = .probing(sent: targets.isEmpty ? Self.probeCount : sent + 1)
    setTimer(address, due: targets.isEmpty ? now : now + Self.probeInterval)
    return targets
  }

  private func targets(of address: IPAddress, _ entry: Entry) -> [Target] {
    interfaces.values.filter { $0.announces(address, entry.selection) }
      .map { Target(address: address, interface: $0.index) }.sorted { $0.interface < $1.interface }
  }

  /// A question who has the address, which changes nothing in anybody's cache: an ARP probe (RFC 5227 §1.1), or a
  /// solicitation as duplicate address detection sends it (RFC 4862 §5.4.2). Upstream's speakers leave the latter
  /// unanswered, so a watched address is asked for from this interface's own address.
  package func probeFrame(for target: Target) -> [UInt8]? {
    guard let interface = interfaces[target.interface] else { return nil }
    let isWatched = entries[target.address]?.stage == .watched
    let source = isWatched ? interface.linkLocalAddress : nil
    var frame: [UInt8] = []
    switch target.address {
    case .v4(let address):
      ARPPacket(
        operation: .request, senderHardwareAddress: interface.hardwareAddress,
        senderProtocolAddress: .unspecified, targetHardwareAddress: .zero,
        targetProtocolAddress: address
      ).encodeFrame(to: .broadcast, into: &frame)
    case .v6(let address):
      let group = address.solicitedNodeGroup
      EthernetHeader(
        destination: group.multicastHardwareAddress, source: interface.hardwareAddress,
        etherType: EthernetHeader.ipv6
      ).encode(into: &frame)
      NeighborSolicitation(
        source: source ?? .unspecified, destination: group, target: address,
        sourceLinkLayerAddress: source == nil ? nil : interface.hardwareAddress
      ).encode(into: &frame)
    }
    return frame
  }
}
