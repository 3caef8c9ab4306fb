import CoreMetrics
import KubernetesAPI
import KubernetesClient
import Layer2Transport
import Logging
import MetalLBAPI
import NamespaceTesting
import NetworkAddresses
import Testing

@testable import MetalLBSpeaker

/// An address moves between speakers that gossip beside the link, and a host on the link asks for it all the time.
@Suite(
  .tags(.namespaces), .timeLimit(.minutes(2)),
  .enabled(if: TestNamespace.missingPrivilege == nil, "\(TestNamespace.missingPrivilege ?? "")"))
struct SpeakerMoveTests {
  private let hosts = GossipHosts()
  private let macs = ["02:00:00:00:00:01", "02:00:00:00:00:02"].compactMap { MACAddress($0) }

  /// Two nodes and the client's bridge between them.
  private struct Place {
    var scene: Scene
    var nodes: [TestNamespace]
    var client: TestNamespace
    var witness: LinkWitness

    static func peer(_ index: Int) -> String { "198.51.100.\(index + 1)" }
  }

  private func withPlace(
    advertisement: L2Advertisement.Spec = L2Advertisement.Spec(),
    _ body: (Place) async throws -> Void
  ) async throws {
    try await TestNamespace.with(3) { namespaces in
      let client = namespaces[2]
      try await client.ip("link", "add", "br0", "type", "bridge", "forward_delay", "0")
      try await client.ip("link", "set", "br0", "up")
      for (index, node) in namespaces.prefix(2).enumerated() {
        let port = "port\(index)"
        try await TestNamespace.connect(
          (node, "eth0", "\(macs[index])"), (client, port, "02:00:00:00:01:0\(index)"))
        try await client.ip("link", "set", port, "master", "br0")
        try await node.ip("addr", "add", "\(Place.peer(index))/24", "dev", "eth0")
      }
      try await Scene.with(advertisement: advertisement) { scene in
        try await hosts.placePods(scene)
        for (index, node) in scene.nodes.enumerated() {
          try await scene.setInternalAddress(
            try #require(IPAddress(Place.peer(index))), of: node)
        }
        guard case .v4(let address) = scene.address else { return }
        try await LinkWitness.with(client, "br0", asks: address) { witness in
          try await body(
            Place(
              scene: scene, nodes: Array(namespaces.prefix(2)), client: client, witness: witness))
        }
      }
    }
  }

  private func withSpeaker(_ index: Int, _ place: Place, _ body: () async throws -> Void)
    async throws
  {
    var configuration = Layer2Announcer.Configuration()
    configuration.namespace = place.nodes[index].networkNamespace
    let announcer = try Layer2Announcer(
      configuration: configuration, logger: Logger(label: "layer2"),
      metricsFactory: NOOPMetricsHandler.instance)
    let gossip = try hosts.options(index)
    try await place.scene.withSpeaker(
      on: place.scene.nodes[index], announcer: announcer, change: { $0.gossip = gossip }
    ) { speaker in
      await speaker.checks.wait(for: .sockets)
      // As nodes do that talk to each other, it says where it is.
      try await place.nodes[index].run(
        "arping", "-U", "-c", "1", "-I", "eth0", Place.peer(index))
      try await body()
    }
  }

  /// Runs both speakers; the address is at the first one then.
  private func withSpeakers(_ place: Place, _ body: () async throws -> Void) async throws {
    let first = macs[0]
    try await withSpeaker(1, place) {
      try await withSpeaker(0, place) {
        try await place.witness.eventually { $0.owners.last == first }
        try await body()
      }
    }
  }

  @Test func `A speaker on its way out answers until the next one has told the network`()
    async throws
  {
    let macs = macs
    try await withPlace { place in
      try await withSpeaker(1, place) {
        try await place.witness.eventually { $0.owners.last == macs[1] }
        place.witness.beginAnew()
        try await withSpeaker(0, place) {
          try await place.witness.eventually { $0.owners.last == macs[0] }
        }
        try await place.witness.eventually { $0.owners.last == macs[1] }
        let unanswered = await place.witness.finish()
        #expect(unanswered.isEmpty)
      }
    }
  }

  @Test func `A drained node answers until the next one has told the network`() async throws {
    let macs = macs
    var advertisement = L2Advertisement.Spec()
    var extensions = L2Advertisement.Extensions()
    extensions.drainOn = ["Cordoned"]
    advertisement.extensions = extensions
    try await withPlace(advertisement: advertisement) { place in
      try await withSpeakers(place) {
        place.witness.beginAnew()
        try await place.scene.cordon(place.scene.nodes[0], true)
        try await place.witness.eventually { $0.owners.last == macs[1] }
        try await place.scene.cordon(place.scene.nodes[0], false)
        try await place.witness.eventually { $0.owners.last == macs[0] }
        let unanswered = await place.witness.finish()
        #expect(unanswered.isEmpty)
      }
    }
  }

  @Test func `A node whose carrier is gone hands over by its other path`() async throws {
    let macs = macs
    try await withPlace { place in
      try await withSpeakers(place) {
        try await place.client.ip("link", "set", "port0", "down")
        try await place.witness.eventually { $0.owners.last == macs[1] }
        place.witness.beginAnew()
        try await place.client.ip("link", "set", "port0", "up")
        try await place.witness.eventually { $0.owners.last == macs[0] }
      }
    }
  }

  @Test func `A speaker that starts never answers for another node`() async throws {
    let macs = macs
    try await withPlace { place in
      try await withSpeaker(0, place) {
        try await place.witness.eventually { $0.owners.last == macs[0] }
        for _ in 0..<3 {
          try await withSpeaker(1, place) {
            let questions = place.witness.notes.questions
            try await place.witness.eventually { $0.questions > questions + 20 }
          }
        }
        #expect(place.witness.notes.everybody == [macs[0]])
      }
    }
  }
}

extension Scene {
  fileprivate func cordon(_ name: String, _ isUnschedulable: Bool) async throws {
    while true {
      var node = try await client.get(Node.self, name)
      var spec = node.spec ?? Node.Spec()
      spec.unschedulable = isUnschedulable
      node.spec = spec
      do {
        _ = try await client.update(node)
        return
      } catch let error as KubernetesError where error.isConflict {
        continue
      }
    }
  }
}
