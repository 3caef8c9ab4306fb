import Announcement
import Layer2
import NetworkAddresses
import Testing

@Suite struct PeerMemoryTests {
  private let address = IPAddress("192.0.2.2") ?? .v4(.unspecified)
  private let first = MACAddress("02:00:00:00:00:01") ?? .zero
  private let second = MACAddress("02:00:00:00:00:02") ?? .zero

  private func metadata(_ addresses: MACAddress...) -> [UInt8] {
    SpeakerMetadata(
      version: "1", capabilities: .known, hardwareAddresses: Set(addresses)
    ).encoded
  }

  @Test func `Takes in the addresses of Nodes and what other speakers tell`() {
    var memory = PeerMemory()
    let peers = memory.peers(
      of: "node1", nodes: ["node1": [], "node2": [address], "node3": []],
      metadata: ["node1": metadata(first), "node2": metadata(second), "node3": []])
    #expect(
      peers == Peers(addresses: [address: "node2"], hardwareAddresses: [second: "node2"]))
  }

  @Test func `Remembers what a speaker told that is lost, until its Node is gone`() {
    var memory = PeerMemory()
    let nodes: [String: [IPAddress]] = ["node1": [], "node2": []]
    _ = memory.peers(of: "node1", nodes: nodes, metadata: ["node2": metadata(first)])
    let lost = Peers(hardwareAddresses: [first: "node2"])
    #expect(memory.peers(of: "node1", nodes: nodes, metadata: [:]) == lost)
    #expect(memory.peers(of: "node1", nodes: nodes, metadata: nil) == lost)
    // It has another card now.
    #expect(
      memory.peers(of: "node1", nodes: nodes, metadata: ["node2": metadata(second)])
        == Peers(hardwareAddresses: [second: "node2"]))
    #expect(memory.peers(of: "node1", nodes: ["node1": []], metadata: [:]) == Peers())
    #expect(memory.peers(of: "node1", nodes: nodes, metadata: [:]) == Peers())
  }

  @Test func `Of two that tell the same, the first by name is believed`() {
    var memory = PeerMemory()
    let peers = memory.peers(
      of: "node1", nodes: ["node3": [address], "node2": [address]],
      metadata: ["node3": metadata(first), "node2": metadata(first)])
    #expect(
      peers == Peers(addresses: [address: "node2"], hardwareAddresses: [first: "node2"]))
  }
}
