import CoreMetrics
import KubernetesTesting
import Layer2Transport
import Logging
import MetalLBAPI
import NamespaceTesting
import NetworkAddresses
import Testing

@testable import MetalLBSpeaker

extension Tag {
  /// Needs root and makes network namespaces.
  @Tag static var namespaces: Self
}

@Suite(
  .tags(.namespaces), .timeLimit(.minutes(2)),
  .enabled(if: TestNamespace.missingPrivilege == nil, "\(TestNamespace.missingPrivilege ?? "")"))
struct SpeakerPacketTests {
  private static let macs = ["02:00:00:00:00:01", "02:00:00:00:00:02"]

  @Test func `A host on the link finds the owner, and the next one when its node is lost`()
    async throws
  {
    try await TestNamespace.with(3) { namespaces in
      let client = namespaces[2]
      try await client.ip("link", "add", "br0", "type", "bridge", "forward_delay", "0")
      try await client.ip("link", "set", "br0", "up")
      try await client.ip("addr", "add", "203.0.113.254/24", "dev", "br0")
      for (index, node) in namespaces.prefix(2).enumerated() {
        let port = "port\(index)"
        try await TestNamespace.connect(
          (node, "eth0", Self.macs[index]), (client, port, "02:00:00:00:01:0\(index)"))
        try await client.ip("link", "set", port, "master", "br0")
      }
      try await Scene.with { scene in
        let (first, second) = (try announcer(in: namespaces[0]), try announcer(in: namespaces[1]))
        try await scene.withSpeaker(on: scene.nodes[1], announcer: second) { _ in
          try await scene.withSpeaker(on: scene.nodes[0], announcer: first) { _ in
            try await expectOwner(0, of: scene, from: client)
            try await scene.setNode(scene.nodes[0], ready: false)
            try await expectOwner(1, of: scene, from: client)
          }
        }
      }
    }
  }

  private func announcer(in namespace: TestNamespace) throws -> Layer2Announcer {
    var configuration = Layer2Announcer.Configuration()
    configuration.namespace = namespace.networkNamespace
    return try Layer2Announcer(
      configuration: configuration, logger: Logger(label: "layer2"),
      metricsFactory: NOOPMetricsHandler.instance)
  }

  /// Waits until the status names the node, and asks on the link who has the address: that node, and soon it alone. While
  /// an address moves, both may answer, as who had it goes on until its next owner has told the network.
  private func expectOwner(_ index: Int, of scene: Scene, from client: TestNamespace) async throws {
    _ = try await scene.statuses("names the owner") {
      $0.count == 1 && $0.first?.status?.node == scene.nodes[index]
    }
    let end = ContinuousClock.now + .seconds(20)
    while true {
      // Fails unless there is one answer to each question.
      let answers = try? await client.run(
        "arping", "-b", "-c", "2", "-I", "br0", "\(scene.address)"
      ).lowercased()
      if let answers, answers.contains(Self.macs[index]), !answers.contains(Self.macs[1 - index]) {
        return
      }
      guard ContinuousClock.now < end else {
        Issue.record("\(scene.nodes[index]) alone should answer: \(answers ?? "no single answer")")
        return
      }
    }
  }
}
