import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import Testing

@testable import MetalLBSpeaker

/// Speakers with upstream's rights, which allow to list Pods and not to watch them.
@Suite(.timeLimit(.minutes(2))) struct SpeakerRightsTests {
  private let hosts = GossipHosts()
  private let log = RecordedLog()

  private func account(_ scene: Scene, pods verbs: [String]) async throws -> APIClient {
    let read = ["get", "list", "watch"]
    return try await scene.cluster.account(
      "speaker",
      [
        PolicyRule(
          apiGroups: [""], resources: ["services", "endpoints", "nodes", "namespaces"], verbs: read),
        PolicyRule(
          apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read),
        PolicyRule(apiGroups: [""], resources: ["events"], verbs: ["create", "patch"]),
        PolicyRule(apiGroups: [""], resources: ["secrets", "configmaps"], verbs: read),
        PolicyRule(apiGroups: [""], resources: ["pods"], verbs: verbs),
        PolicyRule(
          apiGroups: ["metallb.io"],
          resources: [
            "bfdprofiles", "bgpadvertisements", "bgppeers", "communities", "ipaddresspools",
            "l2advertisements",
          ], verbs: read),
        PolicyRule(
          apiGroups: ["metallb.io"],
          resources: [
            "servicel2statuses", "servicel2statuses/status", "configurationstates",
            "configurationstates/status",
          ], verbs: ["*"]),
      ])
  }

  private func expectOneWarning(sourceLocation: SourceLocation = #_sourceLocation) {
    let warnings = log.lines.filter {
      $0.level >= .warning && $0.metadata["kind"]?.hasPrefix("pods") == true
    }
    #expect(warnings.count == 1, "\(warnings)", sourceLocation: sourceLocation)
  }

  @Test func `Where Pods may only be listed, ready ones count as speakers`() async throws {
    try await Scene.with { scene in
      let client = try await account(scene, pods: ["get", "list"])
      // So the second node leads.
      try await scene.setSpeaker(on: scene.nodes[0], ready: false)
      try await scene.withSpeaker(on: scene.nodes[1], client: client, logger: log.logger) {
        speaker in
        try await speaker.isAnnouncing([scene.address])
        await speaker.checks.wait(for: .configuration)
        expectOneWarning()
      }
    }
  }

  @Test func `Where Pods may not be read, every ready Node counts`() async throws {
    try await Scene.with { scene in
      let client = try await account(scene, pods: ["get"])
      try await scene.setSpeaker(on: scene.nodes[0], ready: false)
      try await scene.withSpeaker(on: scene.nodes[1], client: client, logger: log.logger) {
        second in
        try await log.line { $0.metadata["reason"] == "notOwner" }
        try await scene.setNode(scene.nodes[0], ready: false)
        try await second.isAnnouncing([scene.address])
        expectOneWarning()
      }
    }
  }

  @Test func `Speakers find each other by gossip where Pods may only be listed`() async throws {
    try await Scene.with { scene in
      try await hosts.placePods(scene)
      let client = try await account(scene, pods: ["get", "list"])
      let (first, second) = (try hosts.options(0), try hosts.options(1))
      try await scene.withSpeaker(
        on: scene.nodes[1], client: client, logger: log.logger, change: { $0.gossip = second }
      ) { other in
        try await other.isAnnouncing([scene.address])
        try await scene.withSpeaker(
          on: scene.nodes[0], client: client, change: { $0.gossip = first }
        ) { leader in
          try await leader.isAnnouncing([scene.address])
          try await other.isAnnouncing([])
        }
        expectOneWarning()
      }
    }
  }

  @Test func `Where Pods may not be read, gossip finds nobody and readiness counts`() async throws {
    try await Scene.with { scene in
      let client = try await account(scene, pods: ["get"])
      let options = try hosts.options(0)
      try await scene.withSpeaker(
        on: scene.nodes[0], client: client, change: { $0.gossip = options }
      ) { speaker in try await speaker.isAnnouncing([scene.address]) }
    }
  }

  @Test func `Where the key is missing too, listed Pods count`() async throws {
    try await Scene.with { scene in
      let client = try await account(scene, pods: ["get", "list"])
      try await scene.setSpeaker(on: scene.nodes[0], ready: false)
      var options = try hosts.options(1)
      options.secretDirectory = "/nonexistent"
      let gossip = options
      try await scene.withSpeaker(
        on: scene.nodes[1], client: client, change: { $0.gossip = gossip }
      ) { speaker in try await speaker.isAnnouncing([scene.address]) }
    }
  }

  @Test(.enabled("needs faults on request") { TestCluster.canGoWrong })
  func `A first list that fails is repeated soon`() async throws {
    try await Scene.with(nodes: 1) { scene in
      let client = try await account(scene, pods: ["get", "list"])
      let fault = try await scene.cluster.inject([
        "type": "Status", "code": 500, "verbs": ["list"], "resources": ["pods"], "count": 2,
        "users": [.string("system:serviceaccount:\(scene.namespace):speaker")],
      ])
      let options = try hosts.options(0)
      try await scene.withSpeaker(
        on: scene.nodes[0], client: client, change: { $0.gossip = options }
      ) { speaker in
        // Within half a minute, though lists that succeed are a minute apart.
        try await speaker.isAnnouncing([scene.address])
      }
      #expect(try await fault.end().hits == 2)
    }
  }
}
