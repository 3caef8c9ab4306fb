import Announcement
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Layer2
import Layer2Transport
import Logging
import MetalLBAPI
import NetworkAddresses
import PrometheusMetrics
import Testing

@testable import MetalLBSpeaker

@Suite(.timeLimit(.minutes(2))) struct SpeakerTests {
  @Test func `Announces what it leads and says so in status, event and metric`() async throws {
    try await Scene.with { scene in
      let node = scene.nodes[0]
      try await scene.withSpeaker(on: node) { speaker in
        try await speaker.isAnnouncing([scene.address])
        #expect(speaker.announcer.current.announced[scene.address] == .all)

        let statuses = try await scene.statuses("written") { $0.first?.status != nil }
        let status = try #require(statuses.first)
        #expect(statuses.count == 1)
        #expect(status.metadata.name.hasPrefix("l2-"))
        #expect(
          status.metadata.labels == ServiceL2Status.labels(service: scene.service, node: node))
        #expect(
          status.status
            == ServiceL2Status.Status(
              node: node, serviceName: "web", serviceNamespace: scene.namespace))
        let pod = try await scene.client.get(
          Pod.self, "speaker-\(node)", namespace: scene.namespace)
        #expect(
          status.metadata.ownerReferences
            == [pod.ownerReference(controller: false, blockOwnerDeletion: false)])

        let event = try await scene.event("nodeAssigned")
        #expect(event.message == "announcing from node \"\(node)\" with protocol \"layer2\"")
        #expect(event.type == "Normal")
        #expect(event.source?.component == "metallb-speaker")
        #expect(
          speaker.registry.render().contains(
            "metallb_speaker_announced{ip=\"\(scene.address)\",node=\"\(node)\",protocol=\"layer2\",service=\"\(scene.service)\"} 1\n"
          ))
        #expect(Set(speaker.checks.all) == Set(MetalLBSpeakerService.Check.allCases))
      }
    }
  }

  @Test func `Says whether it takes the configuration as it stands`() async throws {
    try await Scene.with(nodes: 1) { scene in
      let node = scene.nodes[0]
      try await scene.withSpeaker(on: node) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let good = try await scene.state(of: node) { $0?.status?.result == "Valid" }
        #expect(good?.metadata.labels["metallb.io/component-type"] == "speaker")
        #expect(good?.metadata.labels["metallb.io/node-name"] == node)
        #expect(good?.metadata.ownerReferences.map(\.name) == ["speaker-\(node)"])
        #expect(
          good?.status?.conditions?.map(\.type) == [
            "configReconcilerValid", "configReconcilerWarnings",
          ])
        #expect(good?.status?.conditions?.map(\.status) == ["True", "False"])
        _ = try await scene.client.create(
          IPAddressPool(
            metadata: ObjectMeta(name: "bad", namespace: scene.namespace),
            spec: IPAddressPool.Spec(addresses: ["no address"])))
        let bad = try await scene.state(of: node) { $0?.status?.result == "Invalid" }
        #expect(bad?.status?.errorSummary?.contains("bad") == true)
        #expect(speaker.announcer.current.announced[scene.address] == .all)
      }
    }
  }

  @Test func `Says which interfaces of an advertisement its node lacks`() async throws {
    var spec = L2Advertisement.Spec()
    spec.interfaces = ["eth0", "eht1"]
    try await Scene.with(nodes: 1, advertisement: spec) { scene in
      let node = scene.nodes[0]
      try await scene.withSpeaker(on: node) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let warned = try await scene.state(of: node) {
          $0?.status?.conditions?.last?.reason == "LikelyMistakes"
        }
        #expect(warned?.status?.result == "Valid")
        #expect(
          warned?.status?.conditions?.last?.message.contains("no interface \"eht1\"") == true)
        // The interface comes after all.
        speaker.announcer.setInterfaces(["eth0", "eht1"])
        _ = try await scene.state(of: node) {
          $0?.status?.conditions?.last?.reason == "NoWarnings"
        }
      }
    }
  }

  @Test func `Of two speakers one announces, and the other takes over when its node is lost`()
    async throws
  {
    try await Scene.with { scene in
      try await scene.withSpeaker(on: scene.nodes[1]) { second in
        try await scene.withSpeaker(on: scene.nodes[0]) { first in
          try await first.isAnnouncing([scene.address])
          #expect(second.announcer.current == RecordedAnnouncer.State())

          try await scene.setNode(scene.nodes[0], ready: false)
          try await second.isAnnouncing([scene.address])
          try await first.isAnnouncing([])
          let statuses = try await scene.statuses("moved") {
            $0.count == 1 && $0.first?.status?.node == scene.nodes[1]
          }
          #expect(statuses.count == 1)
          #expect(!first.registry.render().contains("metallb_speaker_announced"))

          try await scene.setNode(scene.nodes[0], ready: true)
          try await first.isAnnouncing([scene.address])
          try await second.isAnnouncing([])
        }
        // The first one has stopped, and withdrew before it did; its Pod still looks ready.
        try await scene.setSpeaker(on: scene.nodes[0], ready: false)
        try await second.isAnnouncing([scene.address])
      }
    }
  }

  @Test func `Stops in order: withdraws, removes its status, then closes`() async throws {
    try await Scene.with(nodes: 1) { scene in
      let announcer = RecordedAnnouncer()
      try await scene.withSpeaker(on: scene.nodes[0], announcer: announcer) { speaker in
        try await speaker.isAnnouncing([scene.address])
        _ = try await scene.statuses("written") { $0.first?.status != nil }
        #expect(!announcer.current.isStopped)
      }
      #expect(announcer.current.announced.isEmpty)
      #expect(announcer.current.withdrawals == [scene.address: 1])
      #expect(announcer.current.isStopped)
      let left = try await scene.client.list(ServiceL2Status.self, namespace: scene.namespace)
      #expect(left.items.isEmpty)
    }
  }

  @Test func `Announces nothing while its own speaker is not known to be alive`() async throws {
    try await Scene.with(nodes: 1) { scene in
      try await scene.setSpeaker(on: scene.nodes[0], ready: false)
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        await speaker.checks.wait(for: .configuration)
        #expect(speaker.announcer.current.isUntouched)
        try await scene.setSpeaker(on: scene.nodes[0], ready: true)
        try await speaker.isAnnouncing([scene.address])
      }
    }
  }

  @Test func `Announces nothing before everything that decides has been read`() async throws {
    try await Scene.with(nodes: 1, advertisement: nil) { scene in
      let announcer = RecordedAnnouncer()
      try await scene.withSpeaker(on: scene.nodes[0], announcer: announcer) { speaker in
        await speaker.checks.wait(for: .configuration)
        // There is no advertisement yet.
        #expect(announcer.current.isUntouched)
        _ = try await scene.client.create(
          L2Advertisement(
            metadata: ObjectMeta(name: "gold", namespace: scene.namespace),
            spec: L2Advertisement.Spec()))
        try await speaker.isAnnouncing([scene.address])
      }
    }
  }

  @Test func `Follows the Service's life`() async throws {
    try await Scene.with(nodes: 1) { scene in
      let other = try #require(IPAddress("203.0.113.200"))
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let service = try await scene.client.get(
          Service.self, "web", namespace: scene.namespace)
        try await scene.setAddresses([other], of: service)
        try await speaker.isAnnouncing([other])
        #expect(speaker.announcer.current.withdrawals == [scene.address: 1])

        // No endpoint that may take traffic.
        try await scene.client.delete(
          EndpointSlice.self, "web-1", namespace: scene.namespace)
        try await speaker.isAnnouncing([])
        _ = try await scene.statuses("removed") { $0.isEmpty }

        try await scene.client.delete(Service.self, "web", namespace: scene.namespace)
        try await scene.createService()
        try await speaker.isAnnouncing([scene.address])
        _ = try await scene.statuses("written again") { $0.first?.status != nil }
        try await scene.client.delete(
          IPAddressPool.self, "gold", namespace: scene.namespace)
        try await speaker.isAnnouncing([])
        _ = try await scene.statuses("removed") { $0.isEmpty }
      }
    }
  }

  @Test func `Reads pools from the ConfigMap of the legacy era`() async throws {
    try await Scene.with(nodes: 1) { scene in
      let legacy = """
        address-pools:
        - name: old
          protocol: layer2
          addresses: [198.51.100.0/24]
        """
      let address = try #require(IPAddress("198.51.100.7"))
      let service = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
      try await scene.setAddresses([address], of: service)
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        await speaker.checks.wait(for: .configuration)
        _ = try await scene.client.create(
          ConfigMap(
            metadata: ObjectMeta(name: "config", namespace: scene.namespace),
            data: ["config": legacy]))
        try await speaker.isAnnouncing([address])
      }
    }
  }

  @Test func `Says when it has none of the interfaces, and announces when one appears`()
    async throws
  {
    var advertisement = L2Advertisement.Spec()
    advertisement.interfaces = ["eth9", "eth8"]
    try await Scene.with(nodes: 1, advertisement: advertisement) { scene in
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        let event = try await scene.event("announceFailed")
        #expect(
          event.message
            == "cannot announce \(scene.address) from node \"\(scene.nodes[0])\" with protocol \"layer2\": it has none of the interfaces eth8, eth9"
        )
        #expect(event.type == "Warning")
        #expect(speaker.announcer.current.isUntouched)

        speaker.announcer.setInterfaces(["eth0", "eth9"])
        try await speaker.isAnnouncing([scene.address])
        #expect(speaker.announcer.current.announced[scene.address] == .named(["eth8", "eth9"]))
        let statuses = try await scene.statuses("written") { $0.first?.status != nil }
        #expect(statuses.first?.status?.interfaces?.map(\.name) == ["eth9"])

        speaker.announcer.setInterfaces(["eth0", "eth8", "eth9"])
        _ = try await scene.statuses("names both") {
          $0.first?.status?.interfaces?.map(\.name) == ["eth8", "eth9"]
        }
        speaker.announcer.setInterfaces(["eth0"])
        try await speaker.isAnnouncing([])
        _ = try await scene.statuses("removed") { $0.isEmpty }
      }
    }
  }

  @Test func `An interface that belongs to a bridge announces nothing, and event and state say so`()
    async throws
  {
    var spec = L2Advertisement.Spec()
    spec.interfaces = ["eth0"]
    try await Scene.with(nodes: 1, advertisement: spec) { scene in
      let node = scene.nodes[0]
      let announcer = RecordedAnnouncer()
      announcer.setInterfaces([
        InterfaceStatus(index: 1, name: "eth0", master: "br0", usability: .unusable(.hasMaster)),
        InterfaceStatus(
          index: 2, name: "br0",
          usability: .usable(ResponderInterface(index: 2, name: "br0", hardwareAddress: .zero))),
      ])
      try await scene.withSpeaker(on: node, announcer: announcer) { speaker in
        let event = try await scene.event("announceFailed")
        #expect(
          event.message
            == "cannot announce \(scene.address) from node \"\(node)\" with protocol \"layer2\": eth0 is a port of br0"
        )
        let warned = try await scene.state(of: node) {
          $0?.status?.conditions?.last?.reason == "LikelyMistakes"
        }
        #expect(
          warned?.status?.conditions?.last?.message.contains(
            "announces nothing for it, as eth0 is a port of br0") == true)
        #expect(announcer.current.isUntouched)
        #expect(!speaker.registry.render().contains("metallb_speaker_announced{"))
        announcer.setInterfaces(["eth0"])
        try await speaker.isAnnouncing([scene.address])
        let statuses = try await scene.statuses("written") { $0.first?.status != nil }
        #expect(statuses.first?.status?.interfaces?.map(\.name) == ["eth0"])
      }
    }
  }

  @Test func `Of two families, that without a link-local address is not announced, and it says so`()
    async throws
  {
    try await Scene.with(nodes: 1) { scene in
      _ = try await scene.client.create(
        IPAddressPool(
          metadata: ObjectMeta(name: "both", namespace: scene.namespace),
          spec: IPAddressPool.Spec(addresses: ["198.51.100.0/24", "fd98::/112"])))
      let addresses = ["198.51.100.7", "fd98::7"].compactMap { IPAddress($0) }
      let service = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
      try await scene.setAddresses(addresses, of: service)
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        let event = try await scene.event("announceFailed")
        #expect(
          event.message
            == "cannot announce fd98::7 from node \"\(scene.nodes[0])\" with protocol \"layer2\": no interface has a link-local IPv6 address"
        )
        try await speaker.isAnnouncing([addresses[0]])
        let interface = ResponderInterface(
          index: 1, name: "eth0", hardwareAddress: .zero, linkLocalAddress: IPv6Address("fe80::1"))
        speaker.announcer.setInterfaces([
          InterfaceStatus(index: 1, name: "eth0", usability: .usable(interface))
        ])
        try await speaker.isAnnouncing(addresses)
        speaker.announcer.setInterfaces(["eth0"])
        try await speaker.isAnnouncing([addresses[0]])
      }
    }
  }

  @Test func `Says once that the node's kernel answers for the address of a Service by itself`()
    async throws
  {
    try await Scene.with { scene in
      // Not the node that announces it.
      let node = scene.nodes[1]
      let announcer = RecordedAnnouncer()
      guard case .v4(let address) = scene.address else {
        Issue.record("\(scene.address)")
        return
      }
      announcer.kernelAddresses = KernelAddresses(
        holders: [address: "kube-ipvs0"], arpIgnore: ["eth0": 0])
      try await scene.withSpeaker(on: node, announcer: announcer) { _ in
        let event = try await scene.event("kernelAnswersARP", namespace: "default", about: node)
        #expect(event.involvedObject.kind == "Node")
        #expect(event.type == "Warning")
        #expect(
          event.message?.hasPrefix(
            "node \"\(node)\" answers ARP for \(address) of Service \(scene.service) by itself on eth0, because kube-ipvs0 has the address and arp_ignore is 0"
          ) == true)
        #expect(announcer.current.isUntouched)
      }
    }
  }

  @Test func `Looking again at what is announced changes nothing`() async throws {
    try await Scene.with(nodes: 1) { scene in
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let before = try await scene.statuses("written") { $0.first?.status != nil }
        _ = try await scene.event("nodeAssigned")
        // A new configuration looks at every Service; the second pool's Service shows that it happened.
        let address = try #require(IPAddress("198.51.100.7"))
        _ = try await scene.client.create(
          IPAddressPool(
            metadata: ObjectMeta(name: "silver", namespace: scene.namespace),
            spec: IPAddressPool.Spec(addresses: ["198.51.100.0/24"])))
        var spec = Service.Spec(type: "LoadBalancer")
        spec.ports = [Service.Port(port: 80)]
        spec.loadBalancerClass = scene.loadBalancerClass
        let second = try await scene.client.create(
          Service(metadata: ObjectMeta(name: "zz", namespace: scene.namespace), spec: spec))
        try await scene.setAddresses([address], of: second)
        _ = try await scene.client.create(
          EndpointSlice(
            metadata: ObjectMeta(
              name: "zz-1", namespace: scene.namespace,
              labels: [EndpointSlice.serviceNameLabel: "zz"]), addressType: "IPv4",
            endpoints: [.init(addresses: ["10.1.0.2"])]))
        try await speaker.isAnnouncing([scene.address, address])
        let after = try await scene.statuses("both") { $0.count { $0.status != nil } == 2 }
        #expect(after.contains { $0.metadata == before.first?.metadata })
        let events = try await scene.client.list(Event.self, namespace: scene.namespace).items
          .filter { $0.reason == "nodeAssigned" && $0.involvedObject.name == "web" }
        #expect(events.map(\.count) == [1])
        #expect(speaker.announcer.current.withdrawals.isEmpty)
      }
    }
  }

  @Test func `Replaces the status objects of others, of earlier Pods, and doubles`() async throws {
    try await Scene.with(nodes: 1) { scene in
      let stranger = OwnerReference(
        apiVersion: "v1", kind: "Pod", name: "speaker-old", uid: "00000000-gone")
      let make = { (node: String, owner: OwnerReference?) in
        ServiceL2Status(
          metadata: ObjectMeta(
            generateName: "l2-", namespace: scene.namespace,
            labels: ServiceL2Status.labels(service: scene.service, node: node),
            ownerReferences: owner.map { [$0] } ?? []))
      }
      for object in [
        make("elsewhere", nil), make(scene.nodes[0], nil), make(scene.nodes[0], stranger),
      ] { _ = try await scene.client.create(object) }
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let left = try await scene.statuses("cleaned") {
          $0.count == 1 && $0.first?.status?.node == scene.nodes[0]
        }
        #expect(left.first?.metadata.ownerReferences.first?.name == "speaker-\(scene.nodes[0])")
      }
    }
  }

  @Test func `Handles only Services of its class`() async throws {
    try await Scene.with(nodes: 1) { scene in
      try await scene.withSpeaker(
        on: scene.nodes[0], change: { $0.loadBalancerClass = "example.com/ours" }
      ) { speaker in
        await speaker.checks.wait(for: .configuration)
        try await scene.client.delete(Service.self, "web", namespace: scene.namespace)
        var spec = Service.Spec(type: "LoadBalancer")
        spec.ports = [Service.Port(port: 80)]
        spec.loadBalancerClass = "example.com/ours"
        let created = try await scene.client.create(
          Service(metadata: ObjectMeta(name: "web", namespace: scene.namespace), spec: spec))
        try await scene.setAddresses([scene.address], of: created)
        try await speaker.isAnnouncing([scene.address])
      }
    }
  }
}

extension Scene {
  /// The object in which the speaker of a Node says how it takes the configuration, once it satisfies the condition.
  func state(
    of node: String, _ condition: (ConfigurationState?) -> Bool
  ) async throws -> ConfigurationState? {
    while true {
      let list = try await client.list(ConfigurationState.self, namespace: namespace)
      let state = list.items.first { $0.metadata.name == "speaker-\(node)" }
      if condition(state) { return state }
      let events = try await client.watch(
        ConfigurationState.resource, namespace: namespace,
        options: WatchOptions(resourceVersion: list.metadata.resourceVersion))
      for try await event in events {
        if case .bookmark = event { continue }
        break
      }
    }
  }

  /// The first event with that reason, about the Service unless something else is named.
  func event(
    _ reason: String, namespace: String? = nil, about name: String? = nil
  ) async throws -> Event {
    let namespace = namespace ?? self.namespace
    while true {
      let list = try await client.list(Event.self, namespace: namespace)
      let event = list.items.first {
        $0.reason == reason && (name == nil || $0.involvedObject.name == name)
      }
      if let event { return event }
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
