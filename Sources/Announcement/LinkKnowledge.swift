package import Layer2
package import NetworkAddresses

/// What this node knows about addresses from the link, besides what it announces itself.
package struct LinkKnowledge: Sendable {
  /// Another host that has an address, too.
  package struct Conflict: Sendable, Hashable {
    package var hardwareAddress: MACAddress
    package var interface: String
    /// Whether this node announces the address all the same.
    package var isAnnounced: Bool
    package var lastHeard: ContinuousClock.Instant
  }

  /// A node that was heard answering for an address.
  package struct Witness: Sendable, Hashable {
    package var first: ContinuousClock.Instant
    package var last: ContinuousClock.Instant
  }

  /// How long a node counts as answering after it was heard. It is asked every second.
  package static let witnessLife = Duration.seconds(3)
  /// How long a foreign host counts after it was heard.
  package static let conflictLife = Duration.seconds(600)
  /// How long after it was given out an address may still be new to everybody.
  package static let freshLife = Duration.seconds(600)

  private var fresh: [IPAddress: ContinuousClock.Instant] = [:]
  /// Addresses that are probed before they are announced.
  package private(set) var probed: Set<IPAddress> = []
  private var conflicts: [IPAddress: Conflict] = [:]
  private var witnesses: [IPAddress: [String: Witness]] = [:]

  package init() {}

  // MARK: Addresses that are new

  /// Addresses were given out just now: nobody has announced them yet.
  package mutating func noteGiven(
    _ addresses: some Sequence<IPAddress>, now: ContinuousClock.Instant
  ) {
    for address in addresses { fresh[address] = now }
  }

  /// Addresses have been announced, by whomever, or belong to nobody any more.
  package mutating func noteKnown(_ addresses: some Sequence<IPAddress>) {
    for address in addresses { fresh[address] = nil }
  }

  package func isFresh(_ address: IPAddress, now: ContinuousClock.Instant) -> Bool {
    fresh[address].map { now - $0 < Self.freshLife } ?? false
  }

  package mutating func beginProbing(_ address: IPAddress) { probed.insert(address) }

  /// The address is announced after all, or given up.
  package mutating func endProbing(_ address: IPAddress) {
    probed.remove(address)
    if conflicts[address]?.isAnnounced == false { conflicts[address] = nil }
  }

  /// The address is no longer announced from here.
  package mutating func forget(_ address: IPAddress) {
    probed.remove(address)
    conflicts[address] = nil
  }

  // MARK: Hosts that have an address, too

  /// Takes in a claim by a host that is no node. Returns whether it is news.
  package mutating func noteConflict(_ claim: AddressClaim, now: ContinuousClock.Instant) -> Bool {
    let old = conflict(of: claim.address, now: now)
    let new = Conflict(
      hardwareAddress: claim.hardwareAddress, interface: claim.interface,
      isAnnounced: claim.stage == .announcing, lastHeard: now)
    conflicts[claim.address] = new
    return old?.hardwareAddress != new.hardwareAddress || old?.isAnnounced != new.isAnnounced
  }

  package func conflict(of address: IPAddress, now: ContinuousClock.Instant) -> Conflict? {
    conflicts[address].flatMap { now - $0.lastHeard < Self.conflictLife ? $0 : nil }
  }

  // MARK: Nodes that answer

  /// Takes in that a node answers for an address; returns since when it does so without a pause.
  package mutating func noteWitness(
    _ node: String, of address: IPAddress, now: ContinuousClock.Instant
  ) -> Witness {
    var witness = witnesses[address]?[node] ?? Witness(first: now, last: now)
    if now - witness.last >= Self.witnessLife { witness.first = now }
    witness.last = now
    witnesses[address, default: [:]][node] = witness
    return witness
  }

  /// Nodes said goodbye or died: what was heard of them before says nothing about now.
  package mutating func forgetWitnesses(_ nodes: Set<String>) {
    guard !nodes.isEmpty else { return }
    witnesses = witnesses.compactMapValues { known in
      let rest = known.filter { !nodes.contains($0.key) }
      return rest.isEmpty ? nil : rest
    }
  }

  /// What was heard about an address until now counts no longer.
  package mutating func forgetWitnesses(of address: IPAddress) { witnesses[address] = nil }

  /// The nodes that were heard answering for any of the addresses of late.
  package mutating func witnesses(
    of addresses: some Sequence<IPAddress>, now: ContinuousClock.Instant
  ) -> Set<String> {
    var nodes: Set<String> = []
    for address in addresses {
      guard let known = witnesses[address] else { continue }
      let alive = known.filter { now - $0.value.last < Self.witnessLife }
      witnesses[address] = alive.isEmpty ? nil : alive
      nodes.formUnion(alive.keys)
    }
    return nodes
  }
}
