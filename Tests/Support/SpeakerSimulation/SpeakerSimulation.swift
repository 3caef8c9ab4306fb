import Announcement
import ClusterConfiguration
package import KubernetesAPI
import Layer2
package import Membership
package import NetworkAddresses
package import SeededRandomness

/// Speakers with their real cores (membership, election, ownership, responder) on a virtual clock, the networks between them,
/// the API server and a client on the link. The same seed gives the same run.
package struct SpeakerSimulation {
  package let start = ContinuousClock.now
  package internal(set) var now: ContinuousClock.Instant
  package var network = SimulatedNetwork()
  package var generator: SeededGenerator
  package private(set) var services: [NamespacedName: SimulatedService] = [:]
  /// Who began to answer for an address, and when.
  package internal(set) var moves: [Move] = []
  package internal(set) var gratuitousFrames = 0
  /// How often a claim seemed to come from a host that is no node. There is none.
  package internal(set) var strangers = 0
  var speakers: [SimulatedSpeaker] = []
  var client = SimulatedClient()
  let parameters: MemberlistParameters
  let configuration: ValidatedConfiguration
  private let peerKnowledge: PeerKnowledge
  private var agenda = Agenda<Planned>()
  var lastSetting = 0
  private var version = 0
  /// The other end of each open stream, and when the last bytes on their way arrive there.
  var links: [StreamEnd: (other: StreamEnd, busyUntil: ContinuousClock.Instant)] = [:]
  var firstBytes: [StreamEnd: [UInt8]] = [:]
  var nodesByAddress: [MemberAddress: Int] = [:]
  /// All nodes, those that come first for an address first: the election of some of them is the first of those.
  private var orders: [IPAddress: [Int]] = [:]

  /// How nodes know each other's frames.
  package enum PeerKnowledge: Sendable, Hashable, CaseIterable {
    /// By the addresses of their Nodes, which they use on this link, too.
    case nodeAddresses
    /// By what they tell of themselves alone: this is another link.
    case gossip
  }

  package struct Move: Sendable, Hashable {
    package var time: ContinuousClock.Instant
    package var address: IPAddress
    package var node: Int
  }

  enum Planned {
    case node(Int, process: Int, SimulatedSpeaker.Occurrence)
    case clientFrame([UInt8])
    case clientTurn
  }

  /// How long a newcomer waits for answers before it takes itself for the only one.
  static let joinPatience = Duration.seconds(2)
  private static let clientInterval = Duration.milliseconds(500)

  package init(
    nodes count: Int, services serviceCount: Int, parameters: MemberlistParameters = .fast,
    peerKnowledge: PeerKnowledge = .nodeAddresses, seed: UInt64
  ) throws(Memberlist.ConfigurationError) {
    now = start
    self.peerKnowledge = peerKnowledge
    generator = SeededGenerator(seed: seed)
    var parameters = parameters
    // It costs most of the time, and has its own tests.
    parameters.compresses = false
    self.parameters = parameters
    let advertisement = ConfiguredL2Advertisement(source: Self.source)
    configuration = ValidatedConfiguration(pools: [
      ConfiguredPool(
        name: "pool", source: Self.source,
        ranges: [AddressRange("10.99.0.0/16")].compactMap(\.self),
        l2Advertisements: [advertisement])
    ])
    for index in 0..<count {
      guard let address = MemberAddress(bytes: [10, 0, 0, UInt8(index + 1)], port: 7946) else {
        continue
      }
      nodesByAddress[address] = speakers.count
      speakers.append(
        SimulatedSpeaker(
          name: "node\(index)", address: address,
          hardwareAddress: MACAddress(number: 0x0200_0000_0100 + UInt64(index)) ?? .broadcast))
    }
    for number in 0..<serviceCount {
      let address = IPAddress.v4(IPv4Address(rawValue: 0x0a63_0001 + UInt32(number)))
      services[NamespacedName(namespace: "ns", name: "web\(number)")] = SimulatedService(
        address: address)
      orders[address] = Layer2Election.order(
        of: address, among: speakers.map { .init(node: $0.name) }
      ).compactMap { name in speakers.firstIndex { $0.name == name } }
    }
    plan(.clientTurn, after: Self.clientInterval)
  }

  private static let source = ConfigurationObject(
    reference: ObjectReference(apiVersion: "metallb.io/v1beta1", kind: "Test", name: "test"))

  package var nodeCount: Int { speakers.count }
  package var elapsed: Duration { now - start }

  // MARK: What is

  /// The nodes that answer for an address on the link.
  package func owners(of address: IPAddress) -> [Int] {
    speakers.indices.filter {
      !network.downLinks.contains($0) && speakers[$0].answers(address)
    }
  }

  package func isRunning(_ node: Int) -> Bool { speakers[node].power == .running }

  /// Whether the process of a node is on its way out.
  package func isTerminating(_ node: Int) -> Bool {
    speakers[node].power == .running && speakers[node].ownership.isStopped
  }

  /// The node whose turn it is while exactly these nodes stand.
  package func leader(of address: IPAddress, among nodes: [Int]) -> Int? {
    orders[address]?.first(where: nodes.contains)
  }

  /// Which node the client sends to.
  package func nodeKnownToClient(for address: IPAddress) -> Int? {
    guard let known = client.cache[address] else { return nil }
    return speakers.firstIndex { $0.hardwareAddress == known }
  }

  // MARK: Time

  package mutating func run(for duration: Duration) {
    let end = now + duration
    while let time = agenda.nextTime, time <= end { step() }
    now = end
  }

  /// Runs until something holds; false when it does not in time.
  package mutating func run(until holds: (SpeakerSimulation) -> Bool, within limit: Duration)
    -> Bool
  {
    let end = now + limit
    while !holds(self) {
      guard now < end else { return false }
      run(for: .milliseconds(10))
    }
    return true
  }

  mutating func plan(_ planned: Planned, after delay: Duration) {
    agenda.insert(planned, at: now + delay)
  }

  mutating func schedule(_ occurrence: SimulatedSpeaker.Occurrence, at index: Int) {
    schedule(occurrence, at: index, after: randomDelay())
  }

  mutating func schedule(_ occurrence: SimulatedSpeaker.Occurrence, at end: StreamEnd) {
    plan(.node(end.node, process: end.process, occurrence), after: randomDelay())
  }

  mutating func schedule(
    _ occurrence: SimulatedSpeaker.Occurrence, at index: Int, after delay: Duration
  ) {
    plan(.node(index, process: speakers[index].process, occurrence), after: delay)
  }

  private mutating func randomDelay() -> Duration {
    let range = network.delay
    let nanoseconds = Int64.random(
      in: Int64(range.lowerBound / .nanoseconds(1))...Int64(range.upperBound / .nanoseconds(1)),
      using: &generator)
    return .nanoseconds(nanoseconds)
  }

  mutating func isLost() -> Bool {
    network.loss > 0 && Double.random(in: 0..<1, using: &generator) < network.loss
  }

  private mutating func step() {
    guard let (time, planned) = agenda.popFirst() else { return }
    now = max(now, time)
    switch planned {
    case .clientTurn:
      takeClientTurn()
      plan(.clientTurn, after: Self.clientInterval)
    case .clientFrame(let frame):
      client.receive(frame)
    case .node(let index, let process, let occurrence):
      guard speakers[index].process == process else {
        if case .accept(let dialler) = occurrence { refuse(dialler, at: index) }
        return
      }
      switch speakers[index].power {
      case .paused: speakers[index].waiting.append(occurrence)
      case .running, .stopped, .off: deliver(occurrence, to: index)
      }
    }
  }

  // MARK: Power

  /// Starts the process of a node.
  package mutating func boot(_ index: Int) throws(Memberlist.ConfigurationError) {
    let node = speakers[index]
    var configuration = Memberlist.Configuration(name: node.name, address: node.address)
    configuration.parameters = parameters
    configuration.metadata = metadata(of: index)
    let core = try Memberlist(configuration)
    var fresh = SimulatedSpeaker(
      name: node.name, address: node.address, hardwareAddress: node.hardwareAddress)
    fresh.process = node.process + 1
    fresh.power = .running
    fresh.core = core
    fresh.version = version
    fresh.services = services
    fresh.responder.setOwnHardwareAddresses([node.hardwareAddress])
    let peers = speakers.map(\.address).filter { $0 != node.address }
    fresh.unansweredPeers = Set(peers)
    fresh.isSettled = peers.isEmpty
    speakers[index] = fresh
    updateInterface(index)
    updatePeers(index, metadata: [:])
    if peerKnowledge == .nodeAddresses {
      for other in speakers.indices where other != index {
        speakers[index].responder.learn(
          speakers[other].hardwareAddress, has: Self.nodeAddress(other))
      }
    }
    schedule(.joinIsOver, at: index, after: Self.joinPatience)
    tell(index) { core, now, generator in core.start(now: now, using: &generator) }
    tell(index) { core, now, generator in core.setPeers(peers, now: now, using: &generator) }
    settle(index)
  }

  mutating func updatePeers(_ index: Int, metadata: [String: [UInt8]]) {
    let addresses = speakers.indices.map { other in
      (speakers[other].name, peerKnowledge == .gossip ? [] : [Self.nodeAddress(other)])
    }
    speakers[index].memory.note(metadata, nodes: Set(speakers.map(\.name)))
    var peers = speakers[index].memory.peers(
      of: speakers[index].name, nodes: Dictionary(uniqueKeysWithValues: addresses))
    if peerKnowledge == .nodeAddresses { peers.hardwareAddresses = [:] }
    speakers[index].responder.setPeers(peers)
  }

  private static func nodeAddress(_ index: Int) -> IPAddress {
    .v4(IPv4Address(rawValue: 0x0a00_0001 + UInt32(index)))
  }

  /// The process ends without a word.
  package mutating func kill(_ index: Int) { drop(index, power: .stopped) }

  /// The host ends without a word.
  package mutating func cutPower(_ index: Int) { drop(index, power: .off) }

  private mutating func drop(_ index: Int, power: SimulatedSpeaker.Power) {
    speakers[index].core = nil
    speakers[index].process += 1
    speakers[index].power = power
    let ends = links.keys.filter { $0.node == index }
    for end in ends.sorted(by: { "\($0.stream)" < "\($1.stream)" }) {
      guard let link = links.removeValue(forKey: end) else { continue }
      links[link.other] = nil
      schedule(.closed(link.other.stream), at: link.other)
    }
  }

  package mutating func pause(_ index: Int) {
    if speakers[index].power == .running { speakers[index].power = .paused }
  }

  package mutating func resume(_ index: Int) {
    guard speakers[index].power == .paused else { return }
    speakers[index].power = .running
    let waiting = speakers[index].waiting
    speakers[index].waiting = []
    for occurrence in waiting { deliver(occurrence, to: index) }
  }

  /// Ends the process in order: says goodbye, and answers until others have taken over.
  package mutating func terminate(_ index: Int, after grace: Duration = .seconds(2)) {
    guard speakers[index].power == .running else { return }
    perform(speakers[index].ownership.leave(within: grace), at: index)
    tell(index) { core, now, generator in core.leave(now: now, using: &generator) }
    schedule(.terminate, at: index, after: grace + .milliseconds(100))
    settle(index)
  }

  // MARK: Faults of the link

  package mutating func setLink(of index: Int, isUp: Bool) {
    if isUp { network.downLinks.remove(index) } else { network.downLinks.insert(index) }
    guard speakers[index].core != nil else { return }
    updateInterface(index)
    speakers[index].hasMemberNews = true
    let metadata = metadata(of: index)
    tell(index) { core, now, generator in
      (try? core.setMetadata(metadata, now: now, using: &generator)) ?? []
    }
    settle(index)
  }

  package mutating func heal() {
    let down = network.downLinks
    network.heal()
    for index in down.sorted() { setLink(of: index, isUp: true) }
    publish()
  }

  private mutating func updateInterface(_ index: Int) {
    speakers[index].responder.update(
      ResponderInterface(
        index: 1, name: "eth0", hardwareAddress: speakers[index].hardwareAddress,
        hasCarrier: !network.downLinks.contains(index)), now: now)
  }

  /// What members tell about themselves: whether their interface works.
  private func metadata(of index: Int) -> [UInt8] {
    SpeakerMetadata(
      version: "simulated", capabilities: .known,
      interfaces: network.downLinks.contains(index) ? [:] : ["eth0": [.ipv4]],
      hardwareAddresses: [speakers[index].hardwareAddress]
    ).encoded
  }

  // MARK: The API server

  package mutating func setEndpoint(_ exists: Bool, of service: NamespacedName) {
    services[service]?.hasEndpoint = exists
    publish()
  }

  private mutating func publish() {
    version += 1
    for index in speakers.indices where !network.cutAPI.contains(index) {
      schedule(
        .services(version: version), at: index,
        after: .milliseconds(Int64.random(in: 1...50, using: &generator)))
    }
  }

  // MARK: The client

  private mutating func takeClientTurn() {
    for service in services.values.sorted(by: { $0.address < $1.address }) {
      let known = nodeKnownToClient(for: service.address)
      // A neighbour that does not answer is asked for anew.
      if let known, !owners(of: service.address).contains(known) { client.forget(service.address) }
      if client.cache[service.address] == nil {
        broadcast(client.request(for: service.address), from: nil)
      }
    }
  }

  // MARK: The link

  mutating func broadcast(_ frame: [UInt8], from sender: Int?) {
    if let sender, network.downLinks.contains(sender) { return }
    for index in speakers.indices where index != sender && !network.downLinks.contains(index) {
      if !isLost() { schedule(.frame(frame), at: index) }
    }
    if sender != nil, !isLost() { plan(.clientFrame(frame), after: randomDelay()) }
  }

  /// Sends a frame to whom it is for.
  mutating func send(_ frame: [UInt8], from sender: Int) {
    guard let header = EthernetHeader(decoding: frame.span.bytes) else { return }
    if header.destination.isGroup { return broadcast(frame, from: sender) }
    guard !network.downLinks.contains(sender), !isLost() else { return }
    if header.destination == SimulatedClient.hardwareAddress {
      plan(.clientFrame(frame), after: randomDelay())
    } else if let target = speakers.firstIndex(where: { $0.hardwareAddress == header.destination }),
      !network.downLinks.contains(target)
    {
      schedule(.frame(frame), at: target)
    }
  }
}
