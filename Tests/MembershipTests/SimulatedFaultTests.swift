import Testing

@testable import Membership

/// Whole clusters on a virtual clock, in which members crash, leave, stand still, are cut off or accused: what the others must see,
/// and when, whatever the seed.
struct SimulatedFaultTests {
  // MARK: Crashes

  @Test(arguments: SimulatedProfile.allCases, 0..<10)
  func `A crash is seen by all within the time of the profile`(profile: SimulatedProfile, seed: Int)
    throws
  {
    let parameters = profile.parameters
    var simulation = try Simulation.converged(nodes: 3, parameters: parameters, seed: seed)
    simulation.run(for: .milliseconds(Int.random(in: 0...5000, using: &simulation.randomness)))
    let time = simulation.now
    if seed % 2 == 0 { simulation.kill(2) } else { simulation.cutPower(2) }
    simulation.run(for: parameters.probeInterval * 20)
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
    for seed in 0..<100 {
      var simulation = try Simulation.converged(nodes: 3, parameters: .fast, seed: seed)
      simulation.run(for: .milliseconds(Int.random(in: 0...1000, using: &simulation.randomness)))
      let time = simulation.now
      simulation.cutPower(1)
      simulation.run(for: .seconds(3))
      delays += simulation.departures(of: 1, since: time).map(\.delay)
    }
    #expect(delays.count == 200)
    delays.sort()
    #expect(delays[100] < .milliseconds(750))
    #expect(try #require(delays.last) < .seconds(1))
  }

  @Test(arguments: [10, 30], 0..<2)
  func `A crash is seen soon in larger clusters too`(count: Int, seed: Int) throws {
    for profile in [SimulatedProfile.lan, .fast] {
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

  @Test(arguments: SimulatedProfile.allCases, 0..<2)
  func `Who comes back is a member at once`(profile: SimulatedProfile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 3, parameters: profile.parameters, seed: seed)
    simulation.kill(2)
    // Before and after the others notice; after they have forgotten.
    for wait in [Duration.milliseconds(100), .seconds(5), .seconds(100)] {
      simulation.run(for: wait)
      try simulation.boot(2)
      try simulation.run(
        until: { $0.isConverged && $0.nodes.allSatisfy { $0.view(of: "node2") == .alive } },
        within: .seconds(2))
      simulation.run(for: .seconds(10))
      #expect(simulation.isConverged)
      simulation.kill(2)
    }
  }

  // MARK: Leaving

  @Test(arguments: SimulatedProfile.allCases, 0..<5)
  func `Leaving is seen at once`(profile: SimulatedProfile, seed: Int) throws {
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

  // MARK: Objections

  @Test(arguments: SimulatedProfile.allCases, 0..<5)
  func `Who is accused wrongly objects and stays`(profile: SimulatedProfile, seed: Int) throws {
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

  @Test(arguments: SimulatedProfile.allCases, 0..<5)
  func `Who is declared dead wrongly comes back`(profile: SimulatedProfile, seed: Int) throws {
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

  @Test(arguments: [20, 100], 0..<2)
  func `Parted halves go on, and meet again`(seconds: Int, seed: Int) throws {
    for profile in [SimulatedProfile.lan, .fast] {
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
      simulation.run(for: .seconds(10))
      #expect(simulation.isConverged)
    }
  }

  @Test(arguments: [1, 5, 60], [false, true])
  func `A node that stood still comes back, and blames nobody`(
    seconds: Int, timersFirst: Bool
  ) throws {
    for profile in [SimulatedProfile.lan, .fast] {
      for seed in 0..<2 {
        var simulation = try Simulation.converged(
          nodes: 4, parameters: profile.parameters, seed: seed)
        simulation.pause(2)
        simulation.run(for: .seconds(seconds))
        simulation.resume(2, timersFirst: timersFirst)
        try simulation.run(
          until: {
            $0.isConverged && $0.nodes.allSatisfy { $0.view(of: "node2") == .alive }
          }, within: .seconds(5))
        simulation.run(for: .seconds(10))
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
}
