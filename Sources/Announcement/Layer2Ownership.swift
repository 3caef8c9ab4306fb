package import ClusterConfiguration
package import KubernetesAPI
package import Layer2
package import NetworkAddresses

/// What one node does about the addresses of all Services: follows the decisions of ``Layer2Rules`` from one to the next,
/// and what is heard on the link.
///
/// ```
///                        ┌────────────── withheld ◀───────────────┐
///   another node leads   │                                        │ any other reason: withdraw
///   and answers: watch   ▼              it is this node's turn    │
///        yielded ──────────────────────▶ announced ───────────────┤
///                   it fell silent         ▲   │                  │ another node's turn: answer on
///                                          └───┘                  │ until that node tells the network
///                                interfaces, conflicts: tell ─────┘
/// ```
///
/// A value: facts, reports and the time come in, commands for the link and news for users come out. The speaker runs it,
/// and the simulator runs many.
package struct Layer2Ownership: Sendable {
  /// What became of a Service when it was last looked at.
  package enum Outcome: Hashable, Sendable {
    case announced(Layer2Announcement)
    case withheld(WithholdReason)
    /// It is this node's turn, and it can answer for none of the addresses.
    case interfacesMissing(InterfaceShortage)
    /// It would be this node's turn, but a node that is not known to be alive answers on the link and comes first.
    case yielded(Layer2Announcement, to: String)

    package var announcement: Layer2Announcement? {
      guard case .announced(let announcement) = self else { return nil }
      return announcement
    }
  }

  /// What to do on the link.
  package enum Command: Hashable, Sendable {
    case announce(IPAddress, InterfaceSelection, AnnouncementOptions)
    case withdraw(IPAddress)
    case handOver(IPAddress, within: Duration)
    case watch(IPAddress, InterfaceSelection)
    case defend(IPAddress)
  }

  /// What changed for one Service.
  package struct Change: Sendable, Hashable {
    package var commands: [Command] = []
    package var outcome: Outcome
    /// Nil when the Service was not looked at before.
    package var before: Outcome?
    /// The addresses that are answered for: as they were last told, and now.
    package var addressesBefore: [IPAddress]
    package var addresses: [IPAddress]

    package var isNews: Bool { before != outcome || addressesBefore != addresses }
  }

  /// How long an address is answered for after another node's turn has come: until that node tells the network, which
  /// takes as long as it needs to notice. Nobody is harmed by a longer time, as the first word of the next one ends it; a
  /// busy machine may need it, and the first rounds of the burst may be missed.
  package static let handover = Duration.seconds(3)

  package let rules: Layer2Rules
  var table = Layer2AnnouncementTable()
  /// Of the Services that exist and have been looked at.
  private(set) var outcomes: [NamespacedName: Outcome] = [:]
  /// The addresses that are answered for, by Service, as they were last told.
  private var told: [NamespacedName: [IPAddress]] = [:]
  var link = LinkKnowledge()
  private var members: Set<String> = []
  /// Addresses that wait for their next owner while this process ends.
  var leaving: Set<IPAddress> = []
  package private(set) var isStopped = false

  package init(rules: Layer2Rules) {
    self.rules = rules
  }

  package subscript(service: NamespacedName) -> Outcome? { outcomes[service] }

  /// All Services with their last outcome, in no order.
  package var all: some Collection<(key: NamespacedName, value: Outcome)> { outcomes }

  /// The addresses that are answered for of a Service.
  package func addresses(of service: NamespacedName) -> [IPAddress] { told[service] ?? [] }

  /// The Services whose addresses are announced or about to be.
  package func services(of address: IPAddress) -> [NamespacedName] { table.services(of: address) }

  /// The addresses that are announced or about to be, in order.
  package var announcedAddresses: [IPAddress] { table.addresses.sorted() }

  // MARK: Services

  /// A Service got or lost addresses. What it gets while we look it has for the first time; what it had when we came is
  /// old.
  ///
  /// - Parameter old: nil for a Service that was not known.
  package mutating func noteAddresses(
    from old: [IPAddress]?, to new: [IPAddress], now: ContinuousClock.Instant
  ) {
    let (before, after) = (Set(old ?? []), Set(new))
    link.noteKnown(before.subtracting(after))
    if old != nil { link.noteGiven(after.subtracting(before), now: now) }
  }

  /// Looks at one Service; nil after ``stop()`` or ``leave(within:)``.
  ///
  /// - Parameters:
  ///   - service: nil when it is gone.
  ///   - interfaces: what this node can answer for, and where.
  package mutating func reconcile(
    _ key: NamespacedName, _ service: ServiceFacts?, endpoints: UsableEndpoints,
    configuration: ValidatedConfiguration, cluster: ClusterView, interfaces: LocalInterfaces,
    now: ContinuousClock.Instant
  ) -> Change? {
    guard !isStopped else { return nil }
    follow(cluster.members)
    let addresses = service?.addresses ?? []
    let witnessed = link.witnesses(of: addresses, now: now)
    let decide = { [rules] (witnessed: Set<String>) in
      rules.decide(
        service, endpoints: endpoints, configuration: configuration, cluster: cluster,
        witnessed: witnessed)
    }
    var outcome = Self.outcome(of: decide(witnessed), interfaces: interfaces)
    if case .withheld(.otherNodeLeads(let leader)) = outcome {
      link.noteKnown(addresses)
      if witnessed.contains(leader), case .announce(let announcement) = decide([]) {
        outcome = .yielded(announcement, to: leader)
      }
    }
    let before = outcomes[key]
    outcomes[key] = service == nil ? nil : outcome
    var commands: [Command] = []
    for change in table.set(outcome.announcement, for: key) {
      commands.append(command(change, outcome, now: now))
    }
    commands += endOfWatching(before, outcome)
    let addressesBefore = told[key] ?? []
    let answered = (outcome.announcement?.addresses ?? []).filter { !link.probed.contains($0) }
    told[key] = answered.isEmpty ? nil : answered
    return Change(
      commands: commands, outcome: outcome, before: before, addressesBefore: addressesBefore,
      addresses: answered)
  }

  /// Whoever is no member any more has announced until it went, and its last words must not keep its addresses from
  /// their next owners.
  private mutating func follow(_ members: Set<String>) {
    guard members != self.members else { return }
    link.forgetWitnesses(self.members.subtracting(members))
    self.members = members
  }

  private static func outcome(
    of decision: Layer2Decision, interfaces: LocalInterfaces
  ) -> Outcome {
    switch decision {
    case .withhold(let reason): return .withheld(reason)
    case .announce(var announcement):
      guard
        let shortage = interfaces.shortage(
          of: announcement.addresses, on: announcement.terms.interfaces)
      else { return .announced(announcement) }
      guard shortage.addresses != announcement.addresses else {
        return .interfacesMissing(shortage)
      }
      announcement.addresses.removeAll { shortage.addresses.contains($0) }
      announcement.shortage = shortage
      return .announced(announcement)
    }
  }

  private mutating func command(
    _ change: Layer2AnnouncementTable.Change, _ outcome: Outcome, now: ContinuousClock.Instant
  ) -> Command {
    switch change {
    case .announce(let address, let terms):
      // What is being probed goes on being probed, unless nobody wants that any more.
      let mayProbe = link.isFresh(address, now: now) || link.probed.contains(address)
      let options = AnnouncementOptions(
        probesFirst: terms.detectsDuplicates && mayProbe, refreshInterval: terms.refreshInterval)
      link.noteKnown([address])
      // From here on others are heard anew: they learn that the address has an owner.
      link.forgetWitnesses(of: address)
      if options.probesFirst { link.beginProbing(address) }
      return .announce(address, terms.interfaces, options)
    case .withdraw(let address):
      let isAnswered = !link.probed.contains(address)
      link.forget(address)
      switch outcome {
      case .yielded(let announcement, _):
        return .watch(address, announcement.terms.interfaces)
      case .withheld(let reason) where isAnswered:
        guard let owner = reason.owner else { return .withdraw(address) }
        // One that was heard already need not say it again.
        let hasTold = link.witnesses(of: [address], now: now).contains(owner)
        return hasTold ? .withdraw(address) : .handOver(address, within: Self.handover)
      case .announced, .withheld, .interfacesMissing:
        return .withdraw(address)
      }
    }
  }

  private func endOfWatching(_ before: Outcome?, _ outcome: Outcome) -> [Command] {
    guard case .yielded(let announcement, _) = before else { return [] }
    if case .yielded = outcome { return [] }
    return announcement.addresses.filter { table.services(of: $0).isEmpty }
      .map { .withdraw($0) }
  }

  // MARK: The end

  /// Announces nothing new, and goes on answering for each address until its next owner tells the network, or the time is
  /// up. ``hasLeft`` says when that is so for all; ``stop()`` has to follow.
  package mutating func leave(within duration: Duration) -> [Command] {
    isStopped = true
    leaving = Set(table.addresses).subtracting(link.probed)
    return leaving.sorted().map { .handOver($0, within: duration) }
  }

  package var hasLeft: Bool { isStopped && leaving.isEmpty }

  /// Withdraws everything; nothing is announced afterwards.
  /// - Returns: what to do, and the Services that were announced with the addresses that were answered for.
  package mutating func stop() -> (commands: [Command], announced: [NamespacedName: [IPAddress]]) {
    isStopped = true
    let announced = outcomes.compactMapValues(\.announcement).keys.map { ($0, told[$0] ?? []) }
    outcomes = [:]
    told = [:]
    let commands = table.removeAll().compactMap { change -> Command? in
      guard case .withdraw(let address) = change else { return nil }
      return .withdraw(address)
    }
    return (commands, Dictionary(uniqueKeysWithValues: announced))
  }
}
