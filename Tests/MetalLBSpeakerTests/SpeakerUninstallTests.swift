import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Layer2
import LegacyConfiguration
import Logging
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import MetalLBSpeaker

@Suite(.timeLimit(.minutes(2))) struct SpeakerUninstallTests {
  @Test
  func `While its installation is removed, a speaker goes on announcing and reports no error`()
    async throws
  {
    let log = RecordedLog()
    try await Scene.with(nodes: 1) { scene in
      let address = try #require(IPAddress("198.51.100.7"))
      let service = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
      try await scene.setAddresses([address], of: service)
      let rendered = try await scene.client.create(
        ConfigMap(
          metadata: ObjectMeta(
            name: "config", namespace: scene.namespace,
            labels: [LegacyDocument.renderedByLabel: LegacyDocument.renderedByOperator]),
          data: [
            "config":
              "address-pools: [{name: old, protocol: layer2, addresses: [198.51.100.0/24]}]"
          ]))
      try await scene.withSpeaker(on: scene.nodes[0], logger: log.logger) { speaker in
        try await speaker.isAnnouncing([address])
        try await scene.client.delete(rendered)
        // What comes later has been seen, so that this was, too.
        _ = try await scene.state(of: speaker.node) { $0?.status?.result == "Invalid" }
        #expect(speaker.announcer.current.announced == [address: .all])
        #expect(speaker.announcer.current.withdrawals.isEmpty)
        #expect(log.lines.filter { $0.level >= .error }.isEmpty)
      }
      #expect(log.lines.filter { $0.level >= .error }.isEmpty)
    }
  }
}
