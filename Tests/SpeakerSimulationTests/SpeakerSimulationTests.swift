import Foundation
import Membership
import SpeakerSimulation
import Testing

@Suite struct SpeakerSimulationTests {
  /// A cluster in which every address has its owner.
  private func cluster(
    _ nodes: Int, services: Int = 12,
    peerKnowledge: SpeakerSimulation.PeerKnowledge = .nodeAddresses, seed: UInt64
  ) throws -> SpeakerSimulation {
    var simulation = try SpeakerSimulation(
      nodes: nodes, services: services, peerKnowledge: peerKnowledge, seed: seed)
    for node in 0..<nodes { try simulation.boot(node) }
    settle(&simulation, within: .seconds(10))
    simulation.run(for: .seconds(8))
    #expect(simulation.isAsItShouldBe, "\(simulation.picture)")
    return simulation
  }

  private func settle(_ simulation: inout SpeakerSimulation, within limit: Duration) {
    let isSettled = simulation.run(until: \.isAsItShouldBe, within: limit)
    #expect(isSettled, "\(simulation.picture)")
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func `The addresses of a crashed node have owners within two seconds`(seed: UInt64) throws {
    var simulation = try cluster(3, seed: seed)
    simulation.cutPower(0)
    settle(&simulation, within: .seconds(2))
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func `Losing a node moves no address of another one`(seed: UInt64) throws {
    var simulation = try cluster(4, seed: seed)
    let lost = simulation.services.values.map(\.address).filter { simulation.owners(of: $0) == [1] }
    let time = simulation.now
    simulation.kill(1)
    simulation.run(for: .seconds(10))
    let moved = simulation.moves.filter { $0.time > time }.map(\.address)
    #expect(Set(moved) == Set(lost))
    #expect(moved.count == lost.count)
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func `A node that starts answers for nothing that others lead`(seed: UInt64) throws {
    var simulation = try cluster(3, seed: seed)
    for node in 0..<3 {
      simulation.kill(node)
      simulation.run(for: .seconds(5))
      let time = simulation.now
      try simulation.boot(node)
      simulation.run(for: .seconds(10))
      for move in simulation.moves where move.time > time {
        #expect(move.node == node)
        #expect(simulation.leader(of: move.address, among: [0, 1, 2]) == node)
      }
      #expect(simulation.isAsItShouldBe, "\(simulation.picture)")
    }
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func `No address is without an owner while a node leaves in order`(seed: UInt64) throws {
    var simulation = try cluster(3, seed: seed)
    simulation.terminate(2)
    for _ in 0..<400 {
      simulation.run(for: .milliseconds(10))
      for service in simulation.services.values {
        #expect(!simulation.owners(of: service.address).isEmpty)
      }
    }
    #expect(simulation.isAsItShouldBe)
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func `A node whose link goes down hands its addresses over by its other path`(seed: UInt64) throws
  {
    var simulation = try cluster(3, seed: seed)
    simulation.setLink(of: 1, isUp: false)
    let isMoved = simulation.run(
      until: { simulation in
        simulation.services.values.allSatisfy { service in
          simulation.owners(of: service.address)
            == [simulation.leader(of: service.address, among: [0, 2])]
        }
      }, within: .milliseconds(300))
    #expect(isMoved, "\(simulation.picture)")
    simulation.setLink(of: 1, isUp: true)
    settle(&simulation, within: .seconds(2))
  }

  @Test(arguments: 0..<5 as Range<UInt64>, SpeakerSimulation.PeerKnowledge.allCases)
  func `Two halves that lost each other's gossip share a link with one owner for each address`(
    seed: UInt64, peerKnowledge: SpeakerSimulation.PeerKnowledge
  ) throws {
    var simulation = try cluster(4, peerKnowledge: peerKnowledge, seed: seed)
    // Those that start together do not know each other for a moment.
    let strangers = simulation.strangers
    simulation.network.part([0, 1], from: [2, 3])
    simulation.run(for: .seconds(8))
    // Each half wants all addresses, and hears the other half on the link.
    for _ in 0..<20 {
      simulation.run(for: .seconds(1))
      for service in simulation.services.values {
        #expect(
          simulation.owners(of: service.address)
            == [simulation.leader(of: service.address, among: [0, 1, 2, 3])])
      }
    }
    #expect(simulation.strangers == strangers)
  }

  @Test(arguments: 0..<3 as Range<UInt64>)
  func `A node cut off from the API server keeps what it has`(seed: UInt64) throws {
    var simulation = try cluster(3, seed: seed)
    simulation.network.cutAPI = [0, 1, 2]
    let (moves, frames) = (simulation.moves.count, simulation.gratuitousFrames)
    for service in simulation.services.keys { simulation.setEndpoint(false, of: service) }
    simulation.run(for: .seconds(60))
    #expect(simulation.moves.count == moves && simulation.gratuitousFrames == frames)
    simulation.heal()
    settle(&simulation, within: .seconds(1))
  }

  /// `METALLB_SIMULATIONS` lives from a seed that changes from day to day; the seed is in the failure's message.
  @Test func `Random lives end well`() async throws {
    let count = SimulationSettings.count
    let first = SimulationSettings.firstSeed
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<2 as Range<UInt64> {
        group.addTask {
          let failures = await Self.onThread {
            stride(from: first + worker, to: first + count, by: 2).compactMap { seed in
              do {
                _ = try RandomLife.run(seed: seed)
                return nil
              } catch {
                return "\(error)"
              }
            }
          }
          for failure in failures { Issue.record("\(failure)") }
        }
      }
    }
  }

  /// Works for a minute or so beside Swift's pool, whose few threads other tests need.
  private static func onThread(_ body: @escaping @Sendable () -> [String]) async -> [String] {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: body()) }
    }
  }
}
