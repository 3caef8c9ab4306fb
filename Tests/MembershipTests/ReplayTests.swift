import Testing

@testable import Membership

/// Somebody without the key has kept every datagram of a cluster, and sends them again: they can be decrypted.
struct ReplayTests {
  @Test(arguments: 0..<5)
  func `Datagrams that are sent again change nothing`(seed: Int) throws {
    let key = try #require(GossipKey(bytes: Array(repeating: 7, count: 32)))
    let count = 3
    var simulation = try Simulation(nodes: count, parameters: .fast, seed: seed) {
      configuration, _ in configuration.keys = [key]
    }
    simulation.recording = []
    for node in 0..<count { try simulation.boot(node) }
    try simulation.run(until: { $0.isConverged }, within: .seconds(30))
    // A goodbye, a death and a wrong accusation are among what is recorded.
    simulation.tell(2) { core, now, generator in core.leave(now: now, using: &generator) }
    simulation.run(for: .seconds(1))
    simulation.kill(2)
    try simulation.boot(2)
    try simulation.run(until: { $0.isConverged }, within: .seconds(5))
    simulation.cutPower(1)
    simulation.run(for: .seconds(5))
    try simulation.boot(1)
    try simulation.run(until: { $0.isConverged }, within: .seconds(5))
    simulation.pause(1)
    simulation.run(for: .milliseconds(400))
    simulation.resume(1, timersFirst: true)
    simulation.run(for: .seconds(5))
    #expect(simulation.isConverged)

    let recorded = try #require(simulation.recording)
    simulation.recording = nil
    simulation.forgetEvents()
    let incarnations = simulation.incarnations
    let stranger = try address("10.0.0.66")
    for bytes in recorded.shuffled(using: &simulation.randomness) {
      for node in 0..<count {
        simulation.tell(node) { core, now, generator in
          core.receive(datagram: bytes, from: stranger, now: now, using: &generator)
        }
      }
      #expect(simulation.isConverged)
    }
    simulation.run(for: .seconds(10))
    #expect(recorded.count > 100)
    #expect(simulation.isConverged)
    #expect(simulation.allDepartures.isEmpty)
    #expect(simulation.incarnations == incarnations)
  }
}

extension Simulation {
  /// Of each node, as it is known to each.
  fileprivate var incarnations: [[UInt32]] {
    nodes.map { $0.core?.members.sorted { $0.name < $1.name }.map(\.incarnation) ?? [] }
  }
}
