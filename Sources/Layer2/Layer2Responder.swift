package import NetworkAddresses

/// Announces addresses on a link without being asked, and to those who ask: ARP for IPv4 (RFC 826), neighbour discovery
/// for IPv6 (RFC 4861).
///
/// The state is which addresses are announced where, which interfaces there are, and which bursts of gratuitous frames
/// are going on. Frames, interface changes and time come in; frames, reports and group memberships come out. What it
/// knows about one address is found in constant time.
///
/// ```
///             announce(probesFirst)             nobody answers
///  (nothing) ───────────────────────▶ probing ─────────────────▶ announced ──handOver──▶ handing over
///      │                               ▲    │ somebody does         ▲  │                     │
///      │            after half a minute└──◀ taken                   │  │watch                │ another host tells the
///      ├────────────────────── announce ────────────────────────────┘  ▼                     ▼ network, or time is up
///      └──────────────────────── watch ───────────────────────────▶ watched               (nothing)
/// ```
///
/// `withdraw` leads from everywhere to nothing. Only what is announced or being handed over is answered for.
///
/// A burst begins when an address is announced on an interface where it was not before: because it was given to
/// this node, because the interface appeared, got its carrier back, or has a new hardware address. Announcing again
/// what is already announced sends nothing.
///
/// Left out on purpose: there is no goodbye. An address that is withdrawn is simply no longer answered for; its next
/// owner's burst corrects the caches.
package struct Layer2Responder: Sendable {
  /// One address on one interface.
  package struct Target: Hashable, Sendable {
    package var address: IPAddress
    package var interface: Int32

    package init(address: IPAddress, interface: Int32) {
      self.address = address
      self.interface = interface
    }
  }

  /// What became of a received frame.
  package enum Outcome: Hashable, Sendable {
    /// One frame was appended, which tells who has this address.
    case answered(IPAddress)
    case ignored(IgnoredFrame)
  }

  struct Entry {
    var selection: InterfaceSelection
    var options: AnnouncementOptions
    var stage: Stage
    /// Which of its timers is valid.
    var ticket: UInt64 = 0
    /// When a claim was last reported: those of peers, and those of others.
    var lastReport: (peer: ContinuousClock.Instant?, other: ContinuousClock.Instant?)
    var lastDefence: ContinuousClock.Instant?
    /// The last claim by another host while it was announced.
    var lastClaim: (time: ContinuousClock.Instant, by: MACAddress)?

    var isAnswered: Bool { stage == .announced || stage == .handingOver }
  }

  enum Stage: Hashable {
    case announced
    case probing(sent: Int)
    /// Probing found another host.
    case taken
    case handingOver
    case watched
  }

  var entries: [IPAddress: Entry] = [:]
  var interfaces: [Int32: ResponderInterface] = [:]
  var peers = PeerTable()
  var ownHardwareAddresses: Set<MACAddress> = []
  var reports: [AddressReport] = []
  var limiter: RequesterLimiter?
  /// The next step of probing, watching and handing over.
  var timers = DueQueue<Timer>()
  var lastTicket: UInt64 = 0
  var probePace = Pace(burst: 64, interval: .microseconds(200))
  private var schedule: GratuitousSchedule<Target>
  private var groups = SolicitedNodeGroups()

  struct Timer {
    var address: IPAddress
    var ticket: UInt64
  }

  package init(
    timing: GratuitousSchedule<Target>.Timing = .init(), requesterLimit: RequesterLimit? = nil
  ) {
    schedule = GratuitousSchedule(timing: timing)
    limiter = requesterLimit.map(RequesterLimiter.init)
  }

  /// The addresses that are answered for, in no order.
  package var addresses: some Collection<IPAddress> {
    entries.lazy.filter(\.value.isAnswered).map(\.key)
  }

  package func answers(_ address: IPAddress) -> Bool { entries[address]?.isAnswered ?? false }

  /// What happened since the last call, in order.
  package mutating func takeReports() -> [AddressReport] {
    defer { reports = [] }
    return reports
  }

  // MARK: Addresses

  /// Announces an address, or changes where and how it is announced. Interfaces that are new to it get a burst. One that
  /// is no longer to be probed first is announced at once.
  package mutating func announce(
    _ address: IPAddress, on selection: InterfaceSelection, options: AnnouncementOptions = .init(),
    now: ContinuousClock.Instant
  ) {
    guard let old = entries[address] else {
      if options.probesFirst {
        beginProbing(address, on: selection, options: options, now: now)
      } else {
        replace(address, with: entry(selection, options, .announced), now: now)
      }
      return
    }
    var new = old
    new.selection = selection
    new.options = options
    switch old.stage {
    case .announced:
      guard old.selection != selection || old.options != options else { return }
    case .probing, .taken:
      guard !options.probesFirst else {
        entries[address] = new
        return
      }
      new.stage = .announced
      reports.append(.announcedAfterProbing(address))
    case .handingOver, .watched:
      new = entry(selection, options, .announced)
    }
    replace(address, with: new, now: now)
  }

  /// Stops answering for an address and ends its bursts.
  package mutating func withdraw(_ address: IPAddress) {
    replace(address, with: nil, now: nil)
  }

  func entry(
    _ selection: InterfaceSelection, _ options: AnnouncementOptions, _ stage: Stage
  ) -> Entry {
    Entry(selection: selection, options: options, stage: stage, lastReport: (nil, nil))
  }

  /// Changes what is known of an address, and what follows from that on each interface. Without a time no burst begins.
  mutating func replace(
    _ address: IPAddress, with entry: Entry?, now: ContinuousClock.Instant?
  ) {
    let old = entries[address]
    entries[address] = entry
    for interface in interfaces.values where interface.answers(address.family) {
      let before = old.map { $0.isAnswered && $0.selection.contains(interface.name) } ?? false
      let after = entry.map { $0.isAnswered && $0.selection.contains(interface.name) } ?? false
      switch (before, after) {
      case (true, false): end(address, on: interface)
      case (false, true): begin(address, on: interface)
      case (true, true), (false, false): break
      }
      let target = Target(address: address, interface: interface.index)
      guard let entry, entry.stage == .announced, after else {
        schedule.stop(target)
        continue
      }
      guard let now else { continue }
      let interval = entry.options.refreshInterval
      if !before || old?.stage != .announced {
        schedule.start(target, refreshInterval: interval, now: now)
      } else if old?.options.refreshInterval != interval {
        schedule.setRefreshInterval(interval, of: target, now: now)
      }
    }
  }

  // MARK: Interfaces

  /// Takes in an interface that appeared or changed.
  package mutating func update(_ interface: ResponderInterface, now: ContinuousClock.Instant) {
    let old = interfaces.updateValue(interface, forKey: interface.index)
    guard old != interface else { return }
    let isTold = old.map { $0.tellsTheSame(as: interface) } ?? false
    for (address, entry) in entries where entry.isAnswered {
      let before = old.map { $0.announces(address, entry.selection) } ?? false
      let after = interface.announces(address, entry.selection)
      if before && !after, let old { end(address, on: old) }
      if after && !before { begin(address, on: interface) }
      if after && !(before && isTold) && entry.stage == .announced {
        schedule.start(
          Target(address: address, interface: interface.index),
          refreshInterval: entry.options.refreshInterval, now: now)
      }
    }
  }

  /// Forgets an interface that is gone or no longer usable.
  package mutating func removeInterface(_ index: Int32) {
    guard let interface = interfaces.removeValue(forKey: index) else { return }
    for (address, entry) in entries
    where entry.isAnswered && interface.announces(address, entry.selection) {
      end(address, on: interface)
    }
  }

  /// The hardware addresses of all interfaces of this node, usable or not: two of them may be on one link, and what one
  /// says is heard on the other.
  package mutating func setOwnHardwareAddresses(_ addresses: Set<MACAddress>) {
    ownHardwareAddresses = addresses
  }

  private mutating func begin(_ address: IPAddress, on interface: ResponderInterface) {
    if case .v6(let address) = address { groups.join(address, on: interface.index) }
  }

  private mutating func end(_ address: IPAddress, on interface: ResponderInterface) {
    schedule.stop(Target(address: address, interface: interface.index))
    if case .v6(let address) = address { groups.leave(address, on: interface.index) }
  }

  /// The group memberships to change since the last call, in order.
  package mutating func takeGroupChanges() -> [SolicitedNodeGroups.Change] {
    groups.takeChanges()
  }

  // MARK: Gratuitous frames

  /// The targets that have a round now; see ``GratuitousSchedule/takeRounds(now:)``.
  package mutating func takeRounds(now: ContinuousClock.Instant) -> [Target] {
    schedule.takeRounds(now: now)
  }

  /// When ``takeRounds(now:)`` or ``takeProbes(now:)`` has something to return; nil while there is nothing to wait for.
  package mutating func nextRound(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    [schedule.nextRound(now: now), nextTimer].compactMap(\.self).min()
  }

  /// Whether the network is being told about an address.
  func isBursting(_ address: IPAddress) -> Bool {
    interfaces.keys.contains { schedule.isBursting(Target(address: address, interface: $0)) }
  }

  /// Tells the network once more who has an announced address.
  mutating func repeatBurst(
    _ address: IPAddress, _ entry: Entry, now: ContinuousClock.Instant
  ) {
    for interface in interfaces.values where interface.announces(address, entry.selection) {
      schedule.start(
        Target(address: address, interface: interface.index),
        refreshInterval: entry.options.refreshInterval, now: now)
    }
  }

  /// The frames of one round: for IPv4 a gratuitous request and a gratuitous reply, for IPv6 one unsolicited
  /// advertisement to all nodes (RFC 4861 §7.2.6). None when the target is no longer announced.
  package func gratuitousFrames(for target: Target) -> [[UInt8]] {
    guard let interface = interfaces[target.interface],
      let entry = entries[target.address], entry.stage == .announced,
      entry.selection.contains(interface.name)
    else { return [] }
    let owner = interface.hardwareAddress
    switch target.address {
    case .v4(let address):
      return [ARPPacket.Operation.request, .reply].map { operation in
        var frame: [UInt8] = []
        ARPPacket.gratuitous(operation, for: address, from: owner)
          .encodeFrame(to: .broadcast, into: &frame)
        return frame
      }
    case .v6(let address):
      guard let source = interface.linkLocalAddress else { return [] }
      var frame: [UInt8] = []
      NeighborAdvertisement(
        source: source, destination: .allNodes, isSolicited: false, isOverride: true,
        target: address, targetLinkLayerAddress: owner
      ).encodeFrame(
        from: owner, to: IPv6Address.allNodes.multicastHardwareAddress, into: &frame)
      return [frame]
    }
  }
}

extension ResponderInterface {
  func announces(_ address: IPAddress, _ selection: InterfaceSelection) -> Bool {
    answers(address.family) && selection.contains(name)
  }

  /// Whether the neighbours still know everything that they were told when this was `newer`: the hardware address is
  /// the same, and no carrier came back behind which switches may have forgotten us.
  fileprivate func tellsTheSame(as newer: ResponderInterface) -> Bool {
    hardwareAddress == newer.hardwareAddress && (hasCarrier || !newer.hasCarrier)
  }
}
