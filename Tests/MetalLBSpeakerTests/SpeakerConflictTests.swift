import KubernetesAPI
import KubernetesClient
import Layer2
import MetalLBAPI
import NetworkAddresses
import PrometheusMetrics
import Testing

@testable import MetalLBSpeaker

@Suite(.timeLimit(.minutes(2))) struct SpeakerConflictTests {
  private static let stranger = MACAddress("02:00:00:00:00:99") ?? .zero

  private func claim(
    _ address: IPAddress, _ stage: AddressClaim.Stage, peer: String? = nil
  ) -> AddressReport {
    .claimed(
      AddressClaim(
        address: address, hardwareAddress: Self.stranger, interface: "eth0", peer: peer,
        stage: stage))
  }

  @Test func `Probes an address that is given out, and not one that it finds`() async throws {
    try await Scene.with(nodes: 1) { scene in
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        #expect(speaker.announcer.current.options[scene.address]?.probesFirst == false)
        let other = try #require(IPAddress("203.0.113.77"))
        let service = try await scene.client.get(
          Service.self, scene.service.name, namespace: scene.namespace)
        try await scene.setAddresses([other], of: service)
        try await speaker.isAnnouncing([other])
        #expect(speaker.announcer.current.options[other]?.probesFirst == true)
        _ = try await scene.statuses("written") { $0.first?.status != nil }
      }
    }
  }

  @Test func `An address that somebody has is not announced, and status and event say so`()
    async throws
  {
    try await Scene.with(nodes: 1) { scene in
      let announcer = RecordedAnnouncer(isAlone: false)
      try await scene.withSpeaker(on: scene.nodes[0], announcer: announcer) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let other = try #require(IPAddress("203.0.113.77"))
        let service = try await scene.client.get(
          Service.self, scene.service.name, namespace: scene.namespace)
        try await scene.setAddresses([other], of: service)
        try await speaker.isAnnouncing([other])
        announcer.report(claim(other, .probing))
        let statuses = try await scene.statuses("says it") {
          $0.first?.status?.extensions?.conflicts?.isEmpty == false
        }
        #expect(
          statuses.first?.status?.extensions?.conflicts == [
            ServiceL2Status.Conflict(
              address: "203.0.113.77", hardwareAddress: "02:00:00:00:00:99", interface: "eth0",
              announced: false)
          ])
        let event = try await scene.event("addressInUse")
        #expect(event.message?.contains("02:00:00:00:00:99") == true)
        #expect(!speaker.registry.render().contains("ip=\"203.0.113.77\",node="))
        // The other host leaves.
        announcer.report(.announcedAfterProbing(other))
        _ = try await scene.statuses("is over") {
          $0.first?.status != nil && $0.first?.status?.extensions == nil
        }
        #expect(speaker.registry.render().contains("ip=\"203.0.113.77\",node="))
      }
    }
  }

  @Test func `Edits of an advertisement reach an address that is announced or probed`() async throws
  {
    try await Scene.with(nodes: 1) { scene in
      let announcer = RecordedAnnouncer(isAlone: false)
      try await scene.withSpeaker(on: scene.nodes[0], announcer: announcer) { speaker in
        try await speaker.isAnnouncing([scene.address])
        try await scene.editAdvertisement { $0.gratuitousRefreshSeconds = 60 }
        try await announcer.eventually {
          $0.options[scene.address] == AnnouncementOptions(refreshInterval: .seconds(60))
        }
        // One that is given out is probed, until nobody wants that any more.
        let other = try #require(IPAddress("203.0.113.77"))
        let service = try await scene.client.get(
          Service.self, scene.service.name, namespace: scene.namespace)
        try await scene.setAddresses([other], of: service)
        try await announcer.eventually {
          $0.options[other]
            == AnnouncementOptions(probesFirst: true, refreshInterval: .seconds(60))
        }
        #expect(!speaker.registry.render().contains("ip=\"203.0.113.77\",node="))
        try await scene.editAdvertisement { $0.duplicateAddressDetection = "Disabled" }
        _ = try await scene.statuses("announced") { $0.first?.status != nil }
        #expect(
          announcer.current.options[other] == AnnouncementOptions(refreshInterval: .seconds(60)))
        #expect(announcer.current.withdrawals == [scene.address: 1])
      }
    }
  }

  @Test func `An announced address that somebody claims is defended, and status and event say so`()
    async throws
  {
    try await Scene.with(nodes: 1) { scene in
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        speaker.announcer.report(claim(scene.address, .announcing))
        try await speaker.announcer.eventually { $0.defences[scene.address] == 1 }
        let statuses = try await scene.statuses("says it") {
          $0.first?.status?.extensions?.conflicts?.first?.announced == true
        }
        #expect(statuses.count == 1)
        _ = try await scene.event("addressConflict")
        #expect(speaker.announcer.current.announced[scene.address] == .all)
        #expect(
          speaker.registry.render().contains(
            "metallb_layer2_conflicts_total{claimant=\"other\",ip=\"\(scene.address)\"} 1"))
      }
    }
  }

  @Test func `Yields to a node that is heard and comes first, and takes over when it is silent`()
    async throws
  {
    try await Scene.with { scene in
      // Nobody knows that the first node lives.
      try await scene.setNode(scene.nodes[0], ready: false)
      let peer = try #require(IPAddress("198.51.100.1"))
      let node = scene.nodes[0]
      try await scene.setInternalAddress(peer, of: node)
      try await scene.withSpeaker(on: scene.nodes[1]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        try await speaker.announcer.eventually { $0.peers.addresses == [peer: node] }
        speaker.announcer.report(claim(scene.address, .announcing, peer: scene.nodes[0]))
        try await speaker.announcer.eventually { $0.watched == [scene.address] }
        #expect(speaker.announcer.current.announced.isEmpty)
        // It is asked every second, and answers for a while.
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            while true {
              speaker.announcer.report(claim(scene.address, .watching, peer: scene.nodes[0]))
              try await Task.sleep(for: .seconds(1))
            }
          }
          _ = try await scene.event("splitBrain")
          _ = try await scene.statuses("is gone") { $0.isEmpty }
          group.cancelAll()
        }
        // No answer comes any more.
        try await speaker.isAnnouncing([scene.address])
      }
    }
  }

  @Test func `Keeps what it leads when a node that comes later claims it, too`() async throws {
    try await Scene.with { scene in
      let peer = try #require(IPAddress("198.51.100.2"))
      let node = scene.nodes[1]
      try await scene.setInternalAddress(peer, of: node)
      try await scene.setNode(scene.nodes[1], ready: false)
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        try await speaker.announcer.eventually { $0.peers.addresses == [peer: node] }
        speaker.announcer.report(claim(scene.address, .announcing, peer: scene.nodes[1]))
        speaker.announcer.report(claim(scene.address, .announcing))
        try await speaker.announcer.eventually { $0.defences[scene.address] == 1 }
        #expect(speaker.announcer.current.announced[scene.address] == .all)
        #expect(speaker.announcer.current.watched.isEmpty)
      }
    }
  }

  @Test func `Hands over what another node leads, instead of falling silent`() async throws {
    try await Scene.with { scene in
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([scene.address])
        try await scene.setNode(scene.nodes[0], ready: false)
        try await speaker.announcer.eventually { $0.handovers[scene.address] == 1 }
        #expect(speaker.announcer.current.withdrawals.isEmpty)
      }
    }
  }

  @Test func `Goes on answering on the way out until the next owner has told`() async throws {
    try await Scene.with { scene in
      let announcer = RecordedAnnouncer(isAlone: false)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await announcer.eventually { $0.handovers[scene.address] == 1 }
          #expect(announcer.current.withdrawals.isEmpty && !announcer.current.isStopped)
          announcer.report(.handedOver(scene.address, to: Self.stranger))
        }
        try await scene.withSpeaker(on: scene.nodes[0], announcer: announcer) { speaker in
          try await speaker.isAnnouncing([scene.address])
        }
        try await group.waitForAll()
      }
      #expect(announcer.current.isStopped)
    }
  }
}

extension Scene {
  /// Changes the extensions of the advertisement.
  func editAdvertisement(_ change: (inout L2Advertisement.Extensions) -> Void) async throws {
    while true {
      var object = try await client.get(L2Advertisement.self, "gold", namespace: namespace)
      var spec = object.spec ?? L2Advertisement.Spec()
      var extensions = spec.extensions ?? L2Advertisement.Extensions()
      change(&extensions)
      spec.extensions = extensions
      object.spec = spec
      do {
        _ = try await client.update(object)
        return
      } catch let error as KubernetesError where error.isConflict {
        continue
      }
    }
  }

  func setInternalAddress(_ address: IPAddress, of name: String) async throws {
    while true {
      var node = try await client.get(Node.self, name)
      var status = node.status ?? Node.Status()
      status.addresses = [NodeAddress(type: "InternalIP", address: "\(address)")]
      node.status = status
      do {
        _ = try await client.updateStatus(node)
        return
      } catch let error as KubernetesError where error.isConflict {
        continue
      }
    }
  }
}
