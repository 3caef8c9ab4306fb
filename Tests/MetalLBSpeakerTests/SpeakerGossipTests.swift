import Foundation
import KubernetesAPI
import KubernetesClient
import Layer2
import KubernetesTesting
import Logging
import NetworkAddresses
import PrometheusMetrics
import Synchronization
import Testing

@testable import MetalLBSpeaker

/// Speakers that gossip over the loopback interface. The API server never says that anything is wrong with any of them.
@Suite(.timeLimit(.minutes(2))) struct SpeakerGossipTests {
  private static let counter = Atomic<UInt8>(0)
  private let number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue

  /// Each speaker has an address of its own on the loopback interface.
  private func host(_ index: Int) throws -> IPAddress {
    let process = ProcessInfo.processInfo.processIdentifier
    return try #require(
      IPAddress(bytes: [
        127, 128 + UInt8(process >> 8 & 0x3f), UInt8(process & 0xff), number * 8 + UInt8(index) + 1,
      ]))
  }

  private func gossip(_ index: Int) throws -> GossipOptions {
    var options = GossipOptions(bindAddress: try host(index))
    options.profile = .fast
    options.tuningPath = "/does/not/exist"
    return options
  }

  /// Gives the speakers' Pods the addresses at which they gossip.
  private func placePods(_ scene: Scene) async throws {
    for (index, node) in scene.nodes.enumerated() {
      var pod = try await scene.client.get(
        Pod.self, "speaker-\(node)", namespace: scene.namespace)
      pod.status?.podIP = "\(try host(index))"
      _ = try await scene.client.updateStatus(pod)
    }
  }

  private func withSpeaker(
    _ index: Int, of scene: Scene, change: (inout GossipOptions) -> Void = { _ in },
    _ body: (RunningSpeaker<RecordedAnnouncer>) async throws -> Void
  ) async throws {
    var options = try gossip(index)
    change(&options)
    try await scene.withSpeaker(
      on: scene.nodes[index], change: { $0.gossip = options }, body)
  }

  @Test func `Who is alone by gossip announces, whatever the Pods look like`() async throws {
    try await Scene.with { scene in
      try await placePods(scene)
      try await withSpeaker(1, of: scene) { second in
        try await second.isAnnouncing([scene.address])
        try await withSpeaker(0, of: scene) { first in
          try await first.isAnnouncing([scene.address])
          try await second.isAnnouncing([])
        }
        // It said goodbye.
        try await second.isAnnouncing([scene.address])
      }
    }
  }

  @Test func `A speaker that starts takes nothing from others, not for a moment`() async throws {
    try await Scene.with { scene in
      try await placePods(scene)
      try await withSpeaker(0, of: scene) { first in
        try await first.isAnnouncing([scene.address])
        for _ in 0..<3 {
          try await withSpeaker(1, of: scene) { second in
            await second.checks.wait(for: .configuration)
            // It decided nothing else than that it is not its turn.
            #expect(second.announcer.current == RecordedAnnouncer.State())
          }
          #expect(first.announcer.current.announced == [scene.address: .all])
        }
      }
    }
  }

  @Test func `A death is seen without the API server`() async throws {
    try await Scene.with { scene in
      try await placePods(scene)
      try await withSpeaker(1, of: scene) { second in
        try await die(scene) { first in
          try await first.isAnnouncing([scene.address])
          try await second.isAnnouncing([])
        }
        try await second.isAnnouncing([scene.address])
        #expect(
          second.registry.render().contains("\nmetallb_memberlist_members 1\n"))
      }
    }
  }

  /// Runs the first speaker beside `body`, and ends it without a word to the others.
  private func die(
    _ scene: Scene, _ body: (RunningSpeaker<RecordedAnnouncer>) async throws -> Void
  ) async throws {
    let announcer = RecordedAnnouncer()
    let registry = PrometheusRegistry()
    let checks = ReadyChecks()
    var options = scene.options(node: scene.nodes[0])
    options.gossip = try gossip(0)
    let service = MetalLBSpeakerService(
      options: options, client: scene.client, metrics: registry, announcer: announcer,
      logger: Logger(label: "speaker"), onReady: { checks.tell($0) })
    let running = Task { try await service.run() }
    try await body(
      RunningSpeaker(
        node: scene.nodes[0], announcer: announcer, registry: registry, checks: checks))
    running.cancel()
    _ = await running.result
  }

  @Test func `Where the key is missing, readiness counts`() async throws {
    try await Scene.with { scene in
      try await placePods(scene)
      let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try await withSpeaker(0, of: scene, change: { $0.secretDirectory = folder.path }) { first in
        try await first.isAnnouncing([scene.address])
        try await scene.setSpeaker(on: scene.nodes[0], ready: false)
        try await first.isAnnouncing([])
      }
    }
  }

  @Test func `Speakers with a common key understand each other`() async throws {
    try await Scene.with { scene in
      try await placePods(scene)
      let keyed: (inout GossipOptions) -> Void = { $0.secret = "a secret" }
      try await withSpeaker(1, of: scene, change: keyed) { second in
        try await second.isAnnouncing([scene.address])
        try await withSpeaker(0, of: scene, change: keyed) { first in
          try await first.isAnnouncing([scene.address])
          try await second.isAnnouncing([])
        }
      }
    }
  }
}
