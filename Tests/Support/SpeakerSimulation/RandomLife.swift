package import Membership
import KubernetesAPI
import NetworkAddresses
import SeededRandomness

/// One random life of a cluster: faults come and go, then everything heals, and what must hold then is checked.
///
/// | Property | When |
/// |---|---|
/// | every address of a Service with an endpoint has exactly one owner, every other none | ``convergence`` after the last fault at the latest |
/// | the client sends to the owner | one turn of the client later |
/// | no address moves, and nothing is said unasked | from then on |
package struct RandomLife {
  /// What went wrong, with all it takes to see it again.
  package struct Violation: Error, Sendable, CustomStringConvertible {
    package var seed: UInt64
    package var what: String
    package var faults: [String]

    package var description: String {
      "seed \(seed): \(what)\n" + faults.map { "  \($0)" }.joined(separator: "\n")
    }
  }

  /// What a life that went well showed.
  package struct Result: Sendable {
    /// From the end of the last fault to one owner for each address.
    package var convergence: Duration
    package var moves: Int
  }

  /// How long after the last fault each address has its owner again: a member that was given up is found by the next
  /// attempt to reach lost peers, every ten seconds.
  package static let convergence = Duration.seconds(20)
  private static let quiet = Duration.seconds(15)

  private enum Fault: CaseIterable {
    case kill, powerCut, pause, gossipPart, deafNode, linkDown, apiCut, loss, delay, terminate
    case endpoint
  }

  private let seed: UInt64
  private var simulation: SpeakerSimulation
  private var faults: [String] = []

  package init(
    seed: UInt64, parameters: MemberlistParameters = .fast
  ) throws(Memberlist.ConfigurationError) {
    self.seed = seed
    var generator = SeededGenerator(seed: seed ^ 0x5eed)
    simulation = try SpeakerSimulation(
      nodes: .random(in: 2...5, using: &generator), services: .random(in: 1...6, using: &generator),
      parameters: parameters,
      peerKnowledge: Bool.random(using: &generator) ? .nodeAddresses : .gossip, seed: seed)
  }

  package static func run(seed: UInt64) throws -> Result {
    var life = try RandomLife(seed: seed)
    return try life.run()
  }

  private mutating func run() throws -> Result {
    for node in 0..<simulation.nodeCount { try simulation.boot(node) }
    try converge("at the start")
    for _ in 0..<Int.random(in: 2...6, using: &simulation.generator) { try happen() }
    try recover()
    let time = simulation.now
    try converge("after the last fault")
    let result = Result(convergence: simulation.now - time, moves: simulation.moves.count)
    try stayQuiet()
    return result
  }

  private mutating func duration(_ range: ClosedRange<Int>) -> Duration {
    .milliseconds(Int.random(in: range, using: &simulation.generator))
  }

  /// One fault; it may still last when the next one comes.
  private mutating func happen() throws {
    let node = Int.random(in: 0..<simulation.nodeCount, using: &simulation.generator)
    let fault = Fault.allCases.randomElement(using: &simulation.generator) ?? .kill
    faults.append("\(simulation.elapsed): \(fault) of node\(node)")
    switch fault {
    case .kill: simulation.kill(node)
    case .powerCut: simulation.cutPower(node)
    case .pause: simulation.pause(node)
    case .terminate: simulation.terminate(node)
    case .gossipPart:
      let side = Set(
        (0..<simulation.nodeCount).filter { _ in Bool.random(using: &simulation.generator) })
      simulation.network.part(side, from: Set(0..<simulation.nodeCount).subtracting(side))
    case .deafNode:
      simulation.network.cutGossip(to: node)
    case .linkDown: simulation.setLink(of: node, isUp: false)
    case .apiCut: simulation.network.cutAPI.insert(node)
    case .loss: simulation.network.loss = .random(in: 0.01...0.3, using: &simulation.generator)
    case .delay: simulation.network.delay = .milliseconds(1)...(.milliseconds(150))
    case .endpoint:
      if let service = simulation.services.keys.sorted().randomElement(using: &simulation.generator)
      {
        let exists = simulation.services[service]?.hasEndpoint ?? false
        simulation.setEndpoint(!exists, of: service)
      }
    }
    simulation.run(for: duration(50...4000))
    if Bool.random(using: &simulation.generator) { try recover() }
    simulation.run(for: duration(10...3000))
  }

  /// Everything that is wrong ends.
  private mutating func recover() throws {
    faults.append("\(simulation.elapsed): everything heals")
    simulation.heal()
    for node in 0..<simulation.nodeCount {
      simulation.resume(node)
      if simulation.isTerminating(node) { simulation.kill(node) }
      if !simulation.isRunning(node) { try simulation.boot(node) }
    }
  }

  private func fails(_ what: String) -> Violation {
    Violation(seed: seed, what: what, faults: faults)
  }

  private mutating func converge(_ when: String) throws {
    guard simulation.run(until: { $0.isAsItShouldBe }, within: Self.convergence) else {
      throw fails("\(when): \(simulation.picture)")
    }
    // What is on its way arrives, and the client has its turn.
    simulation.run(for: .seconds(3))
    guard simulation.isAsItShouldBe else { throw fails("did not last: \(simulation.picture)") }
  }

  private mutating func stayQuiet() throws {
    // The last bursts and timers of watching run out.
    simulation.run(for: .seconds(8))
    for (name, service) in simulation.services where service.hasEndpoint {
      let known = simulation.nodeKnownToClient(for: service.address)
      guard known == simulation.owners(of: service.address).first else {
        throw fails("the client sends \(name) to \(String(describing: known))")
      }
    }
    let (moves, frames) = (simulation.moves.count, simulation.gratuitousFrames)
    simulation.run(for: Self.quiet)
    guard simulation.moves.count == moves else {
      throw fails(
        "moved without a cause: \(simulation.moves.suffix(simulation.moves.count - moves))")
    }
    guard simulation.gratuitousFrames == frames else { throw fails("spoke without a cause") }
    guard simulation.isAsItShouldBe else { throw fails("fell apart: \(simulation.picture)") }
  }
}

extension SpeakerSimulation {
  /// Whether each address has exactly the owner that it should have.
  package var isAsItShouldBe: Bool {
    let running = (0..<nodeCount).filter { isRunning($0) }
    return services.values.allSatisfy { service in
      let expected = service.hasEndpoint ? leader(of: service.address, among: running) : nil
      return owners(of: service.address) == (expected.map { [$0] } ?? [])
    }
  }

  /// Who has what, for messages.
  package var picture: String {
    services.sorted { $0.key < $1.key }.map { name, service in
      let running = (0..<nodeCount).filter { isRunning($0) }
      let wanted = service.hasEndpoint ? leader(of: service.address, among: running) : nil
      return
        "\(name.name) is at \(owners(of: service.address)) instead of \(String(describing: wanted))"
    }.joined(separator: ", ")
  }
}
