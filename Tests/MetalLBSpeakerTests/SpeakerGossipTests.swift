import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Layer2
import Layer2Transport
import Logging
import NetworkAddresses
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
            #expect(second.announcer.current.isUntouched)
          }
          #expect(first.announcer.current.announced == [scene.address: .all])
        }
      }
    }
  }

  @Test func `Speakers tell each other where their frames come from, and remember it`() async throws
  {
    try await Scene.with { scene in
      try await hosts.placePods(scene)
      let macs = try ["02:00:00:00:00:01", "02:00:00:00:00:02"].map {
        try #require(MACAddress($0))
      }
      let node = scene.nodes[1]
      try await withSpeaker(0, of: scene) { first in
        try await withSpeaker(1, of: scene) { second in
          second.announcer.setInterfaces(
            macs.enumerated().map { index, mac in
              ResponderInterface(index: Int32(index), name: "eth\(index)", hardwareAddress: mac)
            }.map { InterfaceStatus(index: $0.index, name: $0.name, usability: .usable($0)) })
          try await first.announcer.eventually {
            $0.peers.hardwareAddresses == [macs[0]: node, macs[1]: node]
          }
        }
        // It is gone, and might be back on the link before gossip tells.
        try await first.announcer.eventually {
          $0.announced == [scene.address: .all]
            && $0.peers.hardwareAddresses == [macs[0]: node, macs[1]: node]
        }
      }
    }
  }

  @Test func `A speaker that learns of its interfaces after it has joined takes what it leads`()
    async throws
  {
    try await Scene.with { scene in
      try await hosts.placePods(scene)
      let options = try hosts.options(0)
      let announcer = RecordedAnnouncer(interfaces: [])
      try await withSpeaker(1, of: scene) { second in
        try await second.isAnnouncing([scene.address])
        try await scene.withSpeaker(
          on: scene.nodes[0], announcer: announcer, change: { $0.gossip = options }
        ) { first in
          await first.checks.wait(for: .configuration)
          announcer.setInterfaces(["eth0"])
          // Nothing else happens that would have it look again.
          try await first.isAnnouncing([scene.address])
          try await second.isAnnouncing([])
        }
      }
    }
  }

  @Test func `A node that cannot answer for the family leaves the address to one that can`()
    async throws
  {
    try await Scene.with { scene in
      try await hosts.placePods(scene)
      try await withSpeaker(0, of: scene) { first in
        try await withSpeaker(1, of: scene) { second in
          try await first.isAnnouncing([scene.address])
          // Neighbour discovery alone.
          let tunnel = ResponderInterface(
            index: 1, name: "tun0", hardwareAddress: .zero, answersARP: false,
            linkLocalAddress: IPv6Address("fe80::1"))
          first.announcer.setInterfaces([
            InterfaceStatus(index: 1, name: "tun0", usability: .usable(tunnel))
          ])
          try await second.isAnnouncing([scene.address])
          try await first.isAnnouncing([])
          first.announcer.setInterfaces(["eth0"])
          try await first.isAnnouncing([scene.address])
          try await second.isAnnouncing([])
        }
      }
    }
  }

  /// The speaker of the second node, with a hardware address, beside `body`.
  private func withSecond(
    at host: Int, _ hardwareAddress: MACAddress, of scene: Scene,
    _ body: (RunningSpeaker<RecordedAnnouncer>) async throws -> Void
  ) async throws {
    let gossip = try hosts.options(host)
    let announcer = RecordedAnnouncer(interfaces: [])
    let interface = ResponderInterface(index: 1, name: "eth0", hardwareAddress: hardwareAddress)
    announcer.setInterfaces([
      InterfaceStatus(index: 1, name: "eth0", usability: .usable(interface))
    ])
    try await scene.withSpeaker(
      on: scene.nodes[1], announcer: announcer, change: { $0.gossip = gossip }, body)
  }

  @Test func `A machine that is made anew takes its name along to another address`() async throws {
    try await Scene.with { scene in
      try await hosts.placePods(scene)
      let old = try #require(MACAddress("02:00:00:00:00:01"))
      let new = try #require(MACAddress("02:00:00:00:00:02"))
      let node = scene.nodes[1]
      try await withSpeaker(0, of: scene) { first in
        // Nobody has noticed that it is gone when the next one comes.
        try await withSecond(at: 1, old, of: scene) { _ in
          try await first.announcer.eventually { $0.peers.hardwareAddresses == [old: node] }
          var pod = try await scene.client.get(
            Pod.self, "speaker-\(node)", namespace: scene.namespace)
          pod.status?.podIP = "\(try hosts.host(2))"
          _ = try await scene.client.updateStatus(pod)
          try await withSecond(at: 2, new, of: scene) { _ in
            try await first.announcer.eventually { $0.peers.hardwareAddresses == [new: node] }
          }
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
