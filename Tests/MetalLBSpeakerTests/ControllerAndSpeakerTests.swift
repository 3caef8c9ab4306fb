import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Layer2
import LegacyConfiguration
import Logging
import MetalLBAPI
import MetalLBController
import NetworkAddresses
import PrometheusMetrics
import ServiceLifecycle
import Testing

@testable import MetalLBSpeaker

/// Controller and speaker in one cluster.
@Suite(.timeLimit(.minutes(2))) struct ControllerAndSpeakerTests {
  /// Where the pool comes from.
  enum Era: CaseIterable { case current, legacy }

  private let log = RecordedLog()

  private func withController(_ scene: Scene, _ body: () async throws -> Void) async throws {
    var options = ControllerOptions(namespace: scene.namespace)
    options.loadBalancerClass = scene.loadBalancerClass
    options.webhookMode = .disabled
    let controller = MetalLBControllerService(
      options: options, client: scene.client, metrics: PrometheusRegistry(),
      logger: Logger(label: "controller"))
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [controller], logger: Logger(label: "controller")))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  @Test(arguments: Era.allCases)
  func `What others wrote into the status stays, and keeps no address from being announced`(
    era: Era
  ) async throws {
    try await Scene.with(nodes: 1) { scene in
      if era == .legacy {
        try await scene.client.delete(IPAddressPool.self, "gold", namespace: scene.namespace)
        _ = try await scene.client.create(
          ConfigMap(
            metadata: ObjectMeta(name: "config", namespace: scene.namespace),
            data: [
              "config":
                "address-pools: [{name: old, protocol: layer2, addresses: [203.0.113.0/24]}]"
            ]))
      }
      // In front of everything, before anybody of ours looks.
      var service = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
      service.status = Service.Status(
        loadBalancer: .init(ingress: [
          .init(hostname: "lb.example.com"), .init(ip: "192.0.2.7"),
        ]))
      _ = try await scene.client.updateStatus(service)
      try await withController(scene) {
        let first = try await scene.cluster.eventually(
          Service.self, "web", "the controller assigns"
        ) { $0?.status?.loadBalancer?.ingress?.count == 3 }
        let entries = first?.status?.loadBalancer?.ingress ?? []
        let address = try #require(entries.first?.ip.flatMap { IPAddress($0) })
        #expect(entries.map(\.hostname) == [nil, "lb.example.com", nil])
        #expect(entries.last?.ip == "192.0.2.7")
        try await scene.withSpeaker(on: scene.nodes[0], logger: log.logger) { speaker in
          try await speaker.isAnnouncing([address])
          let events = try await scene.events("foreignIngress", count: 2)
          #expect(
            Set(events.map { $0.source?.component }) == ["metallb-controller", "metallb-speaker"])
          for event in events {
            #expect(event.type == "Warning")
            #expect(event.message?.contains("lb.example.com") == true)
            #expect(event.message?.contains("192.0.2.7") == true)
          }
          // It is announced otherwise, and said once.
          if era == .current {
            var advertisement = try await scene.client.get(
              L2Advertisement.self, "gold", namespace: scene.namespace)
            advertisement.spec?.interfaces = ["eth0"]
            _ = try await scene.client.update(advertisement)
            try await speaker.announcer.eventually { $0.announced[address] == .named(["eth0"]) }
          }
          try await scene.setNode(scene.nodes[0], ready: false)
          try await speaker.isAnnouncing([])
          #expect(
            log.lines.count { $0.message == "entries of the status are not announced" } == 1)
        }
        let left = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
        #expect(left.status?.loadBalancer?.ingress == entries)
      }
    }
  }
}

extension Scene {
  /// The events with that reason, once there are so many.
  fileprivate func events(_ reason: String, count: Int) async throws -> [Event] {
    while true {
      let list = try await client.list(Event.self, namespace: namespace)
      let found = list.items.filter { $0.reason == reason }
      if found.count >= count { return found }
      let events = try await client.watch(
        Event.resource, namespace: namespace,
        options: WatchOptions(resourceVersion: list.metadata.resourceVersion))
      for try await event in events {
        if case .bookmark = event { continue }
        break
      }
    }
  }
}
