import Foundation
import Testing

@testable import Membership

/// What gossip costs and how soon it notices a death in clusters beyond what runs on one machine. The figures are printed;
/// `METALLB_GOSSIP_NODES=1000` measures another size too, which takes minutes without optimization.
struct GossipFiguresTests {
  static let counts =
    [100]
    + [ProcessInfo.processInfo.environment["METALLB_GOSSIP_NODES"].flatMap { Int($0) }]
    .compactMap(\.self)

  @Test(arguments: [SimulatedProfile.lan, .fast], counts)
  func `Costs little and notices a death`(profile: SimulatedProfile, count: Int) throws {
    var simulation = try Simulation(nodes: count, parameters: profile.parameters, seed: 1)
    for node in 0..<count {
      try simulation.boot(node, knowing: 0..<3)
      simulation.run(for: .milliseconds(10))
    }
    let everybody = { (simulation: Simulation) in
      simulation.nodes.allSatisfy { node in
        node.core?.members.count(where: \.state.isPresent) == count
      }
    }
    for _ in 0..<60 where !everybody(simulation) { simulation.run(for: .seconds(1)) }
    #expect(everybody(simulation))
    simulation.run(for: .seconds(10))
    simulation.forgetEvents()

    _ = simulation.takeBytesSent()
    let time = 30
    simulation.run(for: .seconds(time))
    let rate = simulation.takeBytesSent() / count / time
    #expect(simulation.allDepartures == [])

    let death = simulation.now
    simulation.cutPower(count / 2)
    simulation.run(for: profile == .lan ? .seconds(40) : .seconds(8))
    let delays = simulation.departures(of: count / 2, since: death).map(\.delay).sorted()
    #expect(delays.count == count - 1)
    #expect(simulation.allDepartures.count == count - 1)
    let (first, last) = (try #require(delays.first), try #require(delays.last))
    print(
      "gossip, \(profile.rawValue), \(count) nodes: \(rate) bytes a second and node idle,",
      "a death is known to the first after \(first), to all after \(last)")
    // Twice what was seen with 100 nodes.
    #expect(rate < (profile == .lan ? 700 : 2100) || count > 100)
    #expect(last < (profile == .lan ? .seconds(35) : .seconds(5)))
  }
}

/// Members with metadata among members that have none, as upstream's have none; members with the fast profile among
/// members with memberlist's own, which upstream's have.
struct MixedClusterTests {
  private func mixed(_ seed: Int) throws -> Simulation {
    try Simulation.converged(nodes: 6, parameters: .lan, seed: seed) { configuration, index in
      guard index % 2 == 0 else { return }
      let compresses = configuration.parameters.compresses
      configuration.parameters = .fast
      configuration.parameters.compresses = compresses
    }
  }

  @Test(arguments: 0..<5) func `Members at ease keep up with fast ones`(seed: Int) throws {
    var simulation = try mixed(seed)
    simulation.network.loss = 0.02
    simulation.run(for: .seconds(120))
    #expect(simulation.allDepartures == [])
  }

  @Test(arguments: 0..<5) func `Fast members tell the others of a death`(seed: Int) throws {
    for victim in 0...1 {
      var simulation = try mixed(seed)
      let time = simulation.now
      simulation.cutPower(victim)
      simulation.run(for: .seconds(10))
      let delays = simulation.departures(of: victim, since: time).map(\.delay)
      #expect(delays.count == 5)
      #expect(delays.allSatisfy { $0 < .seconds(2) }, "\(delays)")
      #expect(simulation.allDepartures.count == 5)
    }
  }

  private static let metadata = (0..<Limits.metadata).map { UInt8(truncatingIfNeeded: $0 * 7) }

  @Test(arguments: SimulatedProfile.allCases, 0..<3)
  func `Metadata of some disturbs nobody`(profile: SimulatedProfile, seed: Int) throws {
    var simulation = try Simulation.converged(
      nodes: 6, parameters: profile.parameters, seed: seed
    ) { configuration, index in
      if index % 2 == 0 { configuration.metadata = Self.metadata }
    }
    func expectMetadata(_ changed: [UInt8]? = nil) {
      for node in simulation.nodes {
        for member in node.core?.members ?? [] {
          let index = simulation.nodes.firstIndex { $0.configuration.name == member.name } ?? 0
          let expected = index % 2 == 1 ? [] : index == 2 ? changed ?? Self.metadata : Self.metadata
          #expect(member.metadata == expected)
        }
      }
    }
    expectMetadata()
    // Those without it are passed on as they came: with no metadata rather than with empty metadata.
    for node in simulation.nodes {
      #expect(node.core?.table["node1"]?.metadata == nil)
    }

    simulation.tell(2) { core, now, generator in
      (try? core.setMetadata([1, 2, 3], now: now, using: &generator)) ?? []
    }
    simulation.run(for: profile.parameters.gossipInterval * 40)
    expectMetadata([1, 2, 3])
    // Tables are exchanged a few times; nobody comes or goes.
    simulation.run(for: .seconds(200))
    #expect(simulation.allDepartures == [])
    expectMetadata([1, 2, 3])

    // Each kind is missed, and comes back.
    for index in [1, 4] {
      simulation.kill(index)
      simulation.run(for: profile.parameters.probeInterval * 40)
      #expect(simulation.isConverged)
      try simulation.boot(index)
      try simulation.run(until: { $0.isConverged }, within: .seconds(5))
    }
    simulation.run(for: profile.parameters.gossipInterval * 40)
    #expect(simulation.isConverged)
  }
}
