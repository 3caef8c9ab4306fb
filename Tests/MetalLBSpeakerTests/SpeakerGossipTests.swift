import Foundation
import KubernetesAPI
import KubernetesClient
import Layer2
import KubernetesTesting
import Logging
import PrometheusMetrics
import Testing

@testable import MetalLBSpeaker

/// Speakers that gossip over the loopback interface. The API server never says that anything is wrong with any of them.
@Suite(.timeLimit(.minutes(2))) struct SpeakerGossipTests {
  private let hosts = GossipHosts()

  private func withSpeaker(
    _ index: Int, of scene: Scene, change: (inout GossipOptions) -> Void = { _ in },
    _ body: (RunningSpeaker<RecordedAnnouncer>) async throws -> Void
  ) async throws {
    var options = try hosts.options(index)
    change(&options)
    try await scene.withSpeaker(
      on: scene.nodes[index], change: { $0.gossip = options }, body)
  }

  @Test func `Who is alone by gossip announces, whatever the Pods look like`() async throws {
    try await Scene.with { scene in
      try await hosts.placePods(scene)
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
      try await hosts.placePods(scene)
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
      try await hosts.placePods(scene)
      try await withSpeaker(1, of: scene) { second in
        try await die(scene) { first in
          try await first.isAnnouncing([scene.address])
          try await second.isAnnouncing([])
        }
        try await second.isAnnouncing([scene.address])
        let page = second.registry.render()
        #expect(page.contains("\nmetallb_memberlist_members 1\n"))
        let lines = page.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("# HELP ") } == lines.count { $0.hasPrefix("# TYPE ") })
      }
    }
  }

  /// Runs the first speaker beside `body`, and ends it without a word to the others.
  private func die(
    _ scene: Scene, _ body: (RunningSpeaker<RecordedAnnouncer>) async throws -> Void
  ) async throws {
    let announcer = RecordedAnnouncer()
    let registry = PrometheusRegistry.described()
    let checks = ReadyChecks()
    var options = scene.options(node: scene.nodes[0])
    options.gossip = try hosts.options(0)
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
      try await hosts.placePods(scene)
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
      try await hosts.placePods(scene)
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
