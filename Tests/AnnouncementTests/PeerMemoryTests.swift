import Announcement
import Layer2
import NetworkAddresses
import Testing

@Suite struct PeerMemoryTests {
  private let address = IPAddress("192.0.2.2") ?? .v4(.unspecified)
  private let first = MACAddress("02:00:00:00:00:01") ?? .zero
  private let second = MACAddress("02:00:00:00:00:02") ?? .zero
  private let nodes: Set<String> = ["node1", "node2"]

  private func metadata(
    _ addresses: MACAddress..., families: Set<AddressFamily> = .both
  ) -> [UInt8] {
    SpeakerMetadata(
      version: "1", capabilities: .known, interfaces: ["eth0": families],
      hardwareAddresses: Set(addresses)
    ).encoded
  }

  private func peers(_ memory: PeerMemory) -> Peers {
    memory.peers(of: "node1", nodes: ["node1": [], "node2": []])
  }

  @Test func `Takes in the addresses of Nodes and what other speakers tell`() {
    var memory = PeerMemory()
    memory.note(
      ["node1": metadata(first), "node2": metadata(second), "node3": []],
      nodes: ["node1", "node2", "node3"])
    #expect(
      memory.peers(of: "node1", nodes: ["node1": [], "node2": [address], "node3": []])
        == Peers(addresses: [address: "node2"], hardwareAddresses: [second: "node2"]))
  }

  @Test func `Remembers what a speaker told that is lost, until its Node is gone`() {
    var memory = PeerMemory()
    memory.note(["node2": metadata(first, families: [.ipv4])], nodes: nodes)
    memory.note([:], nodes: nodes)
    #expect(peers(memory) == Peers(hardwareAddresses: [first: "node2"]))
    let view = ClusterView(
      nodes: [:], metadata: ["node1": metadata(second)], memory: memory)
    #expect(view.members == ["node1"])
    #expect(view.interfaces == ["node1": ["eth0": .both], "node2": ["eth0": [.ipv4]]])
    // It has another card now.
    memory.note(["node2": metadata(second)], nodes: nodes)
    #expect(peers(memory) == Peers(hardwareAddresses: [second: "node2"]))
    memory.note([:], nodes: ["node1"])
    #expect(peers(memory) == Peers())
  }

  @Test func `Of two that tell the same, the first by name is believed`() {
    var memory = PeerMemory()
    memory.note(
      ["node3": metadata(first), "node2": metadata(first)], nodes: ["node2", "node3"])
    #expect(
      memory.peers(of: "node1", nodes: ["node3": [address], "node2": [address]])
        == Peers(addresses: [address: "node2"], hardwareAddresses: [first: "node2"]))
  }
}
