import Testing

@testable import Membership

/// Whole clusters on a virtual clock, without faults and with bad networks: what must hold whatever the seed.
struct SimulationTests {
  // MARK: Convergence

  @Test(arguments: [2, 3, 5, 20], 0..<3)
  func `Everybody who starts finds everybody`(count: Int, seed: Int) throws {
    var simulation = try Simulation(nodes: count, seed: seed)
    for node in 0..<count {
      try simulation.boot(node)
      simulation.run(for: .milliseconds(500))
    }
    try simulation.run(until: { $0.isConverged }, within: .seconds(2))
    for node in simulation.nodes {
      let joined = node.events.filter { if case .joined = $0.event { true } else { false } }
      #expect(joined.count == count - 1)
    }
  }

  @Test(arguments: 0..<5)
  func `Everybody finds everybody when a fifth of all datagrams is lost`(seed: Int) throws {
    var simulation = try Simulation(nodes: 8, seed: seed)
    simulation.network.loss = 0.2
    for node in 0..<8 { try simulation.boot(node) }
    try simulation.run(until: { $0.isConverged }, within: .seconds(20))
  }

  @Test(arguments: 0..<3)
  func `Clusters with other keys or labels stay apart`(seed: Int) throws {
    let keys = [1, 2].compactMap { GossipKey(bytes: Array(repeating: $0, count: 32)) }
    var simulation = try Simulation(nodes: 6, seed: seed) { configuration, index in
      // 0 and 1, 2 and 3, 4 and 5
      configuration.keys = index < 4 ? [keys[0]] : [keys[1]]
      configuration.label = index < 2 ? "blue" : ""
    }
    for node in 0..<6 { try simulation.boot(node) }
    simulation.run(for: .seconds(60))
    for index in 0..<6 {
      #expect(simulation.nodes[index].present == ["node\(index & ~1)", "node\(index | 1)"])
    }
  }

  @Test(arguments: 0..<3)
  func `Keys are changed without anybody noticing`(seed: Int) throws {
    let keys = try [1, 2].map {
      try #require(GossipKey(bytes: Array(repeating: UInt8($0), count: 32)))
    }
    var simulation = try Simulation.converged(nodes: 5, seed: seed) { configuration, _ in
      configuration.keys = [keys[0]]
    }
    for ring in [[keys[0], keys[1]], [keys[1], keys[0]], [keys[1]]] {
      for node in 0..<5 {
        simulation.tell(node) { core, _, _ in
          core.setKeys(ring)
          return []
        }
        simulation.run(for: .seconds(7))
      }
    }
    for node in simulation.nodes {
      for (_, event) in node.events {
        Issue.record("\(node.configuration.name): \(event)")
      }
    }
  }

  // MARK: Nobody dies without a cause

  @Test(arguments: SimulatedProfile.allCases, 0..<2)
  func `Nobody dies without faults`(profile: SimulatedProfile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 5, parameters: profile.parameters, seed: seed)
    simulation.run(for: profile.parameters.probeInterval * 300)
    #expect(simulation.allDepartures == [])
    for node in simulation.nodes { #expect(node.events.isEmpty) }
  }

  @Test(arguments: [SimulatedProfile.lan, .fast], 0..<3)
  func `Nobody dies when a tenth of all datagrams is lost`(profile: SimulatedProfile, seed: Int)
    throws
  {
    var simulation = try Simulation.converged(
      nodes: 5, parameters: profile.parameters, seed: seed)
    simulation.network.loss = 0.1
    simulation.run(for: profile.parameters.probeInterval * 300)
    #expect(simulation.allDepartures == [])
  }

  @Test(arguments: 0..<5)
  func `Others vouch for a node that one cannot reach`(seed: Int) throws {
    var simulation = try Simulation.converged(nodes: 4, seed: seed)
    simulation.network.part([0], from: [1])
    simulation.run(for: .seconds(120))
    #expect(simulation.allDepartures == [])
  }

  @Test(arguments: 0..<5)
  func `TCP vouches for nodes that UDP does not reach`(seed: Int) throws {
    var simulation = try Simulation.converged(nodes: 2, seed: seed)
    simulation.network.part([0], from: [1])
    simulation.network.cutStreams = []
    simulation.run(for: .seconds(120))
    #expect(simulation.allDepartures == [])
    let notices = simulation.nodes[0].events.filter {
      if case .answersOnlyStreams = $0.event { true } else { false }
    }
    #expect(notices.count > 50)
  }

  // MARK: Metadata

  @Test(arguments: 0..<5)
  func `Changed metadata reaches everybody`(seed: Int) throws {
    var simulation = try Simulation.converged(nodes: 10, seed: seed)
    simulation.tell(4) { core, now, generator in
      (try? core.setMetadata([1, 2, 3], now: now, using: &generator)) ?? []
    }
    simulation.run(for: .seconds(5))
    for (index, node) in simulation.nodes.enumerated() {
      let member = try #require(node.core?.members.first { $0.name == "node4" })
      #expect(member.metadata == [1, 2, 3])
      #expect(node.events.map(\.event) == (index == 4 ? [] : [.updated(member)]))
    }
  }

  @Test(arguments: 0..<3)
  func `The same seed gives the same run`(seed: Int) throws {
    func run() throws -> [String] {
      var simulation = try Simulation.converged(nodes: 5, seed: seed)
      simulation.network.loss = 0.3
      simulation.kill(1)
      simulation.run(for: .seconds(60))
      return simulation.nodes.flatMap { node in
        node.events.map { "\($0.time - simulation.start) \($0.event)" }
      }
    }
    let first = try run()
    #expect(!first.isEmpty)
    #expect(try run() == first)
  }
}
