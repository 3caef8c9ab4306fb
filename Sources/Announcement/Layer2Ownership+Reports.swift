package import KubernetesAPI
package import Layer2
package import NetworkAddresses

/// What is heard on the link, and what follows from it.
///
/// | Who else has an address | When | What this node does |
/// |---|---|---|
/// | a host that is no node | before it was announced for the first time | does not announce it, says so in event and status; the controller gives out another |
/// | a host that is no node | later | defends it, says so |
/// | a node that comes first in the election | | yields, and asks every second whether that node still answers |
/// | a node that comes later | for more than a moment | defends it, says so |
extension Layer2Ownership {
  /// How long two nodes may both announce an address while it moves, without being a case of split brain.
  private static let overlap = Duration.seconds(2)

  /// What follows from a report.
  package struct Consequence: Sendable, Hashable {
    package var commands: [Command] = []
    /// Services to look at now.
    package var services: [NamespacedName] = []
    /// Services to look at again after a while, unless something else happens.
    package var later: (services: [NamespacedName], delay: Duration)? {
      laterServices.isEmpty ? nil : (laterServices, laterDelay)
    }
    private var laterServices: [NamespacedName] = []
    private var laterDelay = Duration.zero
    package var news: News?

    init() {}

    mutating func lookAgain(at services: [NamespacedName], after delay: Duration) {
      laterServices = services
      laterDelay = delay
    }
  }

  /// What users should know.
  package enum News: Sendable, Hashable {
    /// The address is not announced, as a host that is no node has it.
    case addressInUse(AddressClaim)
    /// A host that is no node claims an announced address.
    case addressConflict(AddressClaim)
    /// A node that comes later announces the same address.
    case splitBrain(AddressClaim, node: String)
  }

  /// Takes in what happened to an address.
  package mutating func handle(
    _ report: AddressReport, now: ContinuousClock.Instant
  ) -> Consequence {
    var consequence = Consequence()
    switch report {
    case .announcedAfterProbing(let address):
      link.endProbing(address)
      consequence.services = table.services(of: address)
    case .handedOver(let address, _):
      leaving.remove(address)
    case .claimed(let claim):
      if let node = claim.peer {
        handle(claim, of: node, &consequence, now: now)
      } else {
        handleConflict(claim, &consequence, now: now)
      }
    }
    return consequence
  }

  /// The hosts that have addresses of a Service, too.
  package func conflicts(
    of service: NamespacedName, now: ContinuousClock.Instant
  ) -> [(address: IPAddress, conflict: LinkKnowledge.Conflict)] {
    (self[service]?.announcement?.addresses ?? []).compactMap { address in
      link.conflict(of: address, now: now).map { (address, $0) }
    }
  }

  private mutating func handleConflict(
    _ claim: AddressClaim, _ consequence: inout Consequence, now: ContinuousClock.Instant
  ) {
    guard claim.stage != .watching else { return }
    let isNews = link.noteConflict(claim, now: now)
    consequence.services = table.services(of: claim.address)
    // For the status to say when nothing is heard any more.
    consequence.lookAgain(
      at: consequence.services, after: LinkKnowledge.conflictLife + .seconds(1))
    if claim.stage == .announcing { consequence.commands = [.defend(claim.address)] }
    if isNews {
      consequence.news = claim.stage == .probing ? .addressInUse(claim) : .addressConflict(claim)
    }
  }

  private mutating func handle(
    _ claim: AddressClaim, of node: String, _ consequence: inout Consequence,
    now: ContinuousClock.Instant
  ) {
    let witness = link.noteWitness(node, of: claim.address, now: now)
    let announced = table.services(of: claim.address)
    let watched = all.filter { _, outcome in
      guard case .yielded(let announcement, _) = outcome else { return false }
      return announcement.addresses.contains(claim.address)
    }.map(\.key)
    if announced.isEmpty, watched.isEmpty {
      // The next owner told the network in the moment in which this node began to wait for that.
      consequence.commands = [.withdraw(claim.address)]
    }
    consequence.services = announced
    consequence.lookAgain(
      at: announced + watched, after: LinkKnowledge.witnessLife + .milliseconds(100))
    // Whoever comes later in the election has had its time to notice.
    guard claim.stage == .announcing, witness.last - witness.first >= Self.overlap else { return }
    consequence.commands = [.defend(claim.address)]
    consequence.news = .splitBrain(claim, node: node)
  }
}
