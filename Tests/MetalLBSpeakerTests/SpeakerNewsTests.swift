import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Layer2
import Logging
import MetalLBAPI
import NetworkAddresses
import PrometheusMetrics
import Testing

@testable import MetalLBSpeaker

/// What users are told in events and the log.
@Suite(.timeLimit(.minutes(2))) struct SpeakerNewsTests {
  private let log = RecordedLog()

  private func withdrawals(_ scene: Scene) async throws -> [Event] {
    try await scene.client.list(Event.self, namespace: scene.namespace).items
      .filter { $0.reason == "serviceWithdrawn" }
  }

  @Test func `The last owner says why it stops`() async throws {
    try await Scene.with { scene in
      let node = scene.nodes[0]
      try await scene.withSpeaker(on: node, logger: log.logger) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let announced = try await log.line { $0.event == "serviceAnnounced" }
        #expect(announced.level == .info)
        #expect(announced.metadata["service"] == "\(scene.service)")
        #expect(announced.metadata["ips"] == "[\(scene.address)]")
        #expect(announced.metadata["pool"] == "gold")
        #expect(announced.metadata["protocol"] == "layer2")

        try await scene.client.delete(EndpointSlice.self, "web-1", namespace: scene.namespace)
        try await speaker.isAnnouncing([])
        let event = try await scene.event("serviceWithdrawn")
        #expect(event.type == "Warning")
        #expect(
          event.message == "no longer announced from node \"\(node)\": no endpoint is ready")
        let line = try await log.line { $0.isWithdrawal(of: scene.service) }
        #expect(line.level == .info)
        #expect(line.metadata["reason"] == "noUsableEndpoint")
        #expect(line.metadata["ips"] == "[\(scene.address)]")
      }
    }
  }

  @Test func `Nothing is said when another node goes on`() async throws {
    var spec = L2Advertisement.Spec()
    spec.nodeSelectors = [LabelSelector(matchLabels: ["may": "announce"])]
    try await Scene.with(advertisement: spec) { scene in
      for node in scene.nodes { try await scene.label(node, ["may": "announce"]) }
      try await scene.withSpeaker(on: scene.nodes[1]) { second in
        try await scene.withSpeaker(on: scene.nodes[0], logger: log.logger) { first in
          try await first.isAnnouncing([scene.address])
          try await scene.setNode(scene.nodes[0], ready: false)
          try await second.isAnnouncing([scene.address])
          try await first.isAnnouncing([])
          try await log.line { $0.metadata["reason"] == "notOwner" }
          try await scene.setNode(scene.nodes[0], ready: true)
          try await first.isAnnouncing([scene.address])
          try await scene.label(scene.nodes[0], ["may": "not"])
          try await second.isAnnouncing([scene.address])
          try await log.line { $0.metadata["reason"] == "noMatchingAdvertisement" }
          // The last one: this is the first such event.
          try await scene.label(scene.nodes[1], ["may": "not"])
          try await second.isAnnouncing([])
          let event = try await scene.event("serviceWithdrawn")
          #expect(event.message?.contains("\"\(scene.nodes[1])\": no L2Advertisement") == true)
          #expect(try await withdrawals(scene).count == 1)
        }
      }
    }
  }

  @Test func `A speaker that ends with nobody to hand over to says so`() async throws {
    try await Scene.with(nodes: 1) { scene in
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
      }
      let event = try await scene.event("serviceWithdrawn")
      #expect(event.message?.contains("the speaker there ends") == true)
    }
  }

  @Test func `A change of the address is a withdrawal with that reason`() async throws {
    try await Scene.with(nodes: 1) { scene in
      let other = try #require(IPAddress("203.0.113.200"))
      try await scene.withSpeaker(on: scene.nodes[0], logger: log.logger) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let service = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
        try await scene.setAddresses([other], of: service)
        try await speaker.isAnnouncing([other])
        let line = try await log.line { $0.isWithdrawal(of: scene.service) }
        #expect(line.metadata["reason"] == "loadBalancerIPChanged")
        #expect(line.metadata["ips"] == "[\(scene.address)]")
        #expect(try await withdrawals(scene) == [])
      }
    }
  }

  @Test func `Who would announce a shared address says why nobody does`() async throws {
    var spec = L2Advertisement.Spec()
    spec.serviceSelectors = [LabelSelector(matchLabels: ["app": "web"])]
    try await Scene.with(advertisement: spec) { scene in
      var service = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
      service.metadata.labels = ["app": "web"]
      service.metadata.annotations["metallb.io/allow-shared-ip"] = "key"
      _ = try await scene.client.update(service)
      let silent = RecordedLog()
      try await scene.withSpeaker(on: scene.nodes[1], logger: silent.logger) { second in
        try await scene.withSpeaker(on: scene.nodes[0], logger: log.logger) { first in
          let event = try await scene.event("announceFailed")
          #expect(event.type == "Warning")
          #expect(event.message?.contains("from node \"\(scene.nodes[0])\"") == true)
          #expect(event.message?.contains("without serviceSelectors") == true)
          let line = try await log.line { $0.message == "a shared address is not announced" }
          #expect(line.level == .warning)
          let other = try await silent.line { $0.isWithdrawal(of: scene.service) }
          #expect(other.metadata["reason"] == "sharedIPWithServiceSelector")
          #expect(!silent.lines.contains { $0.message == line.message })
          #expect(first.announcer.current.announced.isEmpty)
          #expect(second.announcer.current.announced.isEmpty)
        }
      }
    }
  }

  @Test func `Configuration that is not taken is counted, and said in the documented words`()
    async throws
  {
    try await Scene.with(nodes: 1) { scene in
      try await scene.withSpeaker(on: scene.nodes[0], logger: log.logger) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let good = speaker.registry.render()
        #expect(good.contains("\nmetallb_k8s_client_config_loaded_bool 1\n"))
        #expect(good.contains("\nmetallb_k8s_client_config_stale_bool 0\n"))
        #expect(good.contains("\nmetallb_k8s_client_update_errors_total 0\n"))
        #expect(good.contains(/\nmetallb_k8s_client_updates_total [1-9]/))

        let pool = try await scene.client.create(
          IPAddressPool(
            metadata: ObjectMeta(name: "bad", namespace: scene.namespace),
            spec: IPAddressPool.Spec(addresses: ["no address"])))
        let line = try await log.line { $0.message == "failed to parse the configuration" }
        #expect(line.level == .error)
        #expect(line.metadata["problem"]?.contains("/bad: spec.addresses[0]") == true)
        let bad = speaker.registry.render()
        #expect(bad.contains("\nmetallb_k8s_client_config_loaded_bool 1\n"))
        #expect(bad.contains("\nmetallb_k8s_client_config_stale_bool 1\n"))
        #expect(bad.contains("\nmetallb_k8s_client_update_errors_total 1\n"))

        try await scene.client.delete(pool)
        _ = try await scene.state(of: speaker.node) { $0?.status?.result == "Valid" }
        #expect(
          speaker.registry.render().contains("\nmetallb_k8s_client_config_stale_bool 0\n"))
      }
    }
  }

  @Test func `Every family on the page is explained`() async throws {
    try await Scene.with(nodes: 1) { scene in
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        _ = try await scene.event("nodeAssigned")
        let page = speaker.registry.render()
        #expect(
          page.contains("# HELP metallb_speaker_announced Services announced from this node."))
        let lines = page.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("# HELP ") } == lines.count { $0.hasPrefix("# TYPE ") })
      }
    }
  }
}

extension RecordedLog.Line {
  fileprivate func isWithdrawal(of service: NamespacedName) -> Bool {
    event == "serviceWithdrawn" && metadata["service"] == "\(service)"
  }
}
