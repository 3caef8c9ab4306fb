import Testing

@testable import Membership

/// Whole clusters on a virtual clock: what must hold whatever the seed.
struct SimulationTests {
  /// A profile by name, for test output.
  enum Profile: String, CaseIterable {
    case lan, wan, fast

    var parameters: MemberlistParameters {
      switch self {
      case .lan: .lan
      case .wan: .wan
      case .fast: .fast
      }
    }
  }

  // MARK: Convergence

  @Test(arguments: [2, 3, 5, 20], 0..<5)
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

  // MARK: Crashes

  @Test(arguments: Profile.allCases, 0..<10)
  func `A crash is seen by all within the time of the profile`(profile: Profile, seed: Int) throws {
    let parameters = profile.parameters
    var simulation = try Simulation.converged(nodes: 3, parameters: parameters, seed: seed)
    simulation.run(for: .milliseconds(Int.random(in: 0...5000, using: &simulation.randomness)))
    let time = simulation.now
    if seed % 2 == 0 { simulation.kill(2) } else { simulation.cutPower(2) }
    simulation.run(for: .seconds(60))
    let departures = simulation.departures(of: 2, since: time)
    #expect(departures.map(\.state) == [.dead, .dead])
    for departure in departures {
      // A suspicion never ends before its minimum.
      let minimum = parameters.probeInterval * parameters.suspicionMultiplier
      #expect(departure.delay > minimum)
      // Both others probe each second interval, one interval long; then come the suspicion and the news of it.
      let maximum =
        minimum + parameters.probeInterval * 3 + parameters.gossipInterval * 2
      #expect(departure.delay <= maximum)
    }
    #expect(simulation.allDepartures.count == 2)
  }

  @Test func `The fast profile sees a crash within a second`() throws {
    var delays: [Duration] = []
    for seed in 0..<200 {
      var simulation = try Simulation.converged(nodes: 3, parameters: .fast, seed: seed)
      simulation.run(for: .milliseconds(Int.random(in: 0...1000, using: &simulation.randomness)))
      let time = simulation.now
      simulation.cutPower(1)
      simulation.run(for: .seconds(3))
      delays += simulation.departures(of: 1, since: time).map(\.delay)
    }
    #expect(delays.count == 400)
    delays.sort()
    print(delays[0], delays[200], delays[399])
    #expect(delays[200] < .milliseconds(750))
    #expect(try #require(delays.last) < .seconds(1))
  }

  @Test(arguments: [10, 50], 0..<3)
  func `A crash is seen soon in larger clusters too`(count: Int, seed: Int) throws {
    for profile in [Profile.lan, .fast] {
      var simulation = try Simulation.converged(
        nodes: count, parameters: profile.parameters, seed: seed)
      let time = simulation.now
      simulation.cutPower(0)
      simulation.run(for: .seconds(20))
      let departures = simulation.departures(of: 0, since: time)
      #expect(departures.count == count - 1)
      let limit: Duration = profile == .lan ? .seconds(13) : .milliseconds(2000)
      for departure in departures { #expect(departure.delay < limit) }
    }
  }

  @Test(arguments: Profile.allCases, 0..<5)
  func `Who comes back is a member at once`(profile: Profile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 3, parameters: profile.parameters, seed: seed)
    simulation.kill(2)
    // Before and after the others notice; after they have forgotten.
    for wait in [Duration.milliseconds(100), .seconds(40), .seconds(300)] {
      simulation.run(for: wait)
      try simulation.boot(2)
      try simulation.run(
        until: { $0.isConverged && $0.nodes.allSatisfy { $0.view(of: "node2") == .alive } },
        within: .seconds(2))
      simulation.run(for: .seconds(30))
      #expect(simulation.isConverged)
      simulation.kill(2)
    }
  }

  // MARK: Leaving

  @Test(arguments: Profile.allCases, 0..<5)
  func `Leaving is seen at once`(profile: Profile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 5, parameters: profile.parameters, seed: seed)
    let time = simulation.now
    simulation.tell(3) { core, now, generator in core.leave(now: now, using: &generator) }
    simulation.run(for: .milliseconds(2))
    let departures = simulation.departures(of: 3, since: time)
    #expect(departures.count == 4)
    for departure in departures {
      #expect(departure.state == .left)
      #expect(departure.delay <= .milliseconds(1))
    }
    try simulation.run(
      until: { $0.nodes[3].events.contains { $0.event == .hasLeft } }, within: .seconds(1))
    simulation.kill(3)
    simulation.run(for: .seconds(60))
    #expect(simulation.isConverged)
    // It may come back, also elsewhere.
    simulation.move(3, to: try address("10.9.9.9"))
    try simulation.boot(3)
    try simulation.run(until: { $0.isConverged }, within: .seconds(2))
  }

  @Test(arguments: 0..<10)
  func `Leaving is seen soon though half of all datagrams is lost`(seed: Int) throws {
    var simulation = try Simulation.converged(nodes: 5, seed: seed)
    simulation.network.loss = 0.5
    simulation.tell(3) { core, now, generator in core.leave(now: now, using: &generator) }
    simulation.run(for: .seconds(1))
    simulation.kill(3)
    try simulation.run(
      until: { simulation in
        [0, 1, 2, 4].allSatisfy { simulation.nodes[$0].view(of: "node3")?.isPresent != true }
      }, within: .seconds(3))
  }

  @Test func `Who is alone leaves at once`() throws {
    var simulation = try Simulation(nodes: 1, seed: 1)
    try simulation.boot(0)
    simulation.tell(0) { core, now, generator in core.leave(now: now, using: &generator) }
    #expect(simulation.nodes[0].events.map(\.event) == [.hasLeft])
  }

  // MARK: Nobody dies without a cause

  @Test(arguments: Profile.allCases, 0..<3)
  func `Nobody dies without faults`(profile: Profile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 5, parameters: profile.parameters, seed: seed)
    simulation.run(for: .seconds(600))
    #expect(simulation.allDepartures == [])
    for node in simulation.nodes { #expect(node.events.isEmpty) }
  }

  @Test(arguments: [Profile.lan, .fast], 0..<5)
  func `Nobody dies when a tenth of all datagrams is lost`(profile: Profile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 5, parameters: profile.parameters, seed: seed)
    simulation.network.loss = 0.1
    simulation.run(for: .seconds(300))
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

  // MARK: Objections

  @Test(arguments: Profile.allCases, 0..<5)
  func `Who is accused wrongly objects and stays`(profile: Profile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 5, parameters: profile.parameters, seed: seed)
    let accusation = Accusation(incarnation: 1, node: "node1", from: "node9")
    simulation.inject(.suspect(accusation), into: 0)
    simulation.run(for: .milliseconds(1))
    #expect(simulation.nodes[0].view(of: "node1") == .suspect)
    simulation.run(for: profile.parameters.gossipInterval * 6)
    #expect(simulation.allDepartures == [])
    for node in simulation.nodes {
      let member = node.core?.members.first { $0.name == "node1" }
      #expect(member?.state == .alive)
      #expect(member?.incarnation == 2)
    }
  }

  @Test(arguments: Profile.allCases, 0..<5)
  func `Who is declared dead wrongly comes back`(profile: Profile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 5, parameters: profile.parameters, seed: seed)
    simulation.inject(.dead(Accusation(incarnation: 1, node: "node1", from: "node9")), into: 0)
    simulation.run(for: .milliseconds(1))
    #expect(simulation.nodes[0].view(of: "node1") == .dead)
    try simulation.run(
      until: {
        $0.isConverged && $0.nodes.allSatisfy { $0.view(of: "node1") == .alive }
      }, within: profile.parameters.gossipInterval * 10)
    #expect(simulation.nodes[1].events.contains { $0.event == .refuted(incarnation: 2) })
  }

  // MARK: Partitions and pauses

  @Test(arguments: [20, 120], 0..<5)
  func `Parted halves go on, and meet again`(seconds: Int, seed: Int) throws {
    for profile in [Profile.lan, .fast] {
      var simulation = try Simulation.converged(
        nodes: 6, parameters: profile.parameters, seed: seed)
      simulation.network.part([0, 1, 2], from: [3, 4, 5])
      simulation.run(for: .seconds(seconds))
      if seconds > 60 {
        #expect(simulation.nodes[0].present == ["node0", "node1", "node2"])
        #expect(simulation.nodes[5].present == ["node3", "node4", "node5"])
      }
      simulation.network.heal()
      try simulation.run(until: { $0.isConverged }, within: .seconds(25))
      simulation.run(for: .seconds(60))
      #expect(simulation.isConverged)
    }
  }

  @Test(arguments: [1, 5, 60, 200], [false, true])
  func `A node that stood still comes back, and blames nobody`(
    seconds: Int, timersFirst: Bool
  ) throws {
    for profile in [Profile.lan, .fast] {
      for seed in 0..<5 {
        var simulation = try Simulation.converged(
          nodes: 4, parameters: profile.parameters, seed: seed)
        simulation.pause(2)
        simulation.run(for: .seconds(seconds))
        simulation.resume(2, timersFirst: timersFirst)
        try simulation.run(
          until: {
            $0.isConverged && $0.nodes.allSatisfy { $0.view(of: "node2") == .alive }
          }, within: .seconds(5))
        simulation.run(for: .seconds(30))
        #expect(simulation.isConverged)
        // Others may have taken it for dead; it lost nobody.
        #expect(!simulation.allDepartures.contains { $0.hasPrefix("node2") })
      }
    }
  }

  @Test(arguments: 0..<3)
  func `A node that stood still while another was suspect does not finish it off`(
    seed: Int
  ) throws {
    for timersFirst in [false, true] {
      var simulation = try Simulation.converged(nodes: 3, seed: seed)
      // node1 and node2 do not see each other for long enough to be suspicious.
      simulation.inject(.suspect(Accusation(incarnation: 1, node: "node1", from: "x")), into: 0)
      simulation.pause(0)
      simulation.run(for: .seconds(20))
      simulation.resume(0, timersFirst: timersFirst)
      simulation.run(for: .seconds(10))
      #expect(!simulation.allDepartures.contains { $0.hasPrefix("node0") })
      #expect(simulation.isConverged)
    }
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

extension Simulation {
  /// For choices of the test itself.
  var randomness: SeededGenerator {
    get { generator }
    set { generator = newValue }
  }

  /// Lets a node hear a message as if it came from the network.
  mutating func inject(_ message: Message, into index: Int) {
    let format = nodes[index].core?.format ?? WireFormat()
    tell(index) { core, now, generator in
      let datagram = format.datagram(message.encoded, withChecksum: true, using: &generator)
      return core.receive(
        datagram: datagram, from: core.address, now: now, using: &generator)
    }
  }
}
