import Announcement
import Crypto
import NetworkAddresses
import Testing

@Suite struct Layer2ElectionTests {
  private static let nodes = ["node1", "node2", "node3"].map { Layer2Election.Candidate(node: $0) }

  /// SHA-256 of `node#address`, as upstream's election computes it.
  @Test(arguments: [
    ("node1", "192.168.1.240", "bee60cd4c62ee63e"), ("node2", "192.168.1.240", "f27dcda68d291b1e"),
    ("node3", "192.168.1.240", "44a477ea062df3e9"),
    ("node1", "fc00:f853:ccd:e799::1", "c274531c1f405bde"),
    ("node2", "fc00:f853:ccd:e799::1", "327be4efad44dcc1"),
    ("node3", "fc00:f853:ccd:e799::1", "7dd7be3c085dde8b"),
  ])
  func `Reference digests`(node: String, address: String, leading: String) throws {
    let address = try #require(IPAddress(address))
    let digest = SHA256.hash(data: Array("\(node)#\(address)".utf8))
    let hex = digest.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(hex == leading)
  }

  @Test(arguments: [
    ("192.168.1.240", ["node3", "node1", "node2"]),
    ("fc00:f853:ccd:e799::1", ["node2", "node3", "node1"]),
    ("FC00:F853:0CCD:E799:0::1", ["node2", "node3", "node1"]),
  ])
  func `Orders by digest`(address: String, expected: [String]) throws {
    let address = try #require(IPAddress(address))
    #expect(Layer2Election.order(of: address, among: Self.nodes) == expected)
    #expect(Layer2Election.leader(of: address, among: Self.nodes) == expected.first)
    #expect(Layer2Election.leader(of: address, among: Self.nodes.reversed()) == expected.first)
  }

  @Test func `The higher score comes first, whatever the digest`() throws {
    let address = try #require(IPAddress("192.168.1.240"))
    let candidates = [
      Layer2Election.Candidate(node: "node1", score: 10),
      Layer2Election.Candidate(node: "node2", score: 10),
      Layer2Election.Candidate(node: "node3", score: 9),
    ]
    #expect(Layer2Election.order(of: address, among: candidates) == ["node1", "node2", "node3"])
    #expect(Layer2Election.leader(of: address, among: candidates) == "node1")
  }

  @Test func `Nobody leads where nobody stands`() throws {
    let address = try #require(IPAddress("192.168.1.240"))
    #expect(Layer2Election.leader(of: address, among: []) == nil)
  }

  @Test func `Losing a node moves only what it led`() throws {
    let nodes = (1...7).map { Layer2Election.Candidate(node: "node\($0)") }
    var moved = 0
    for number in 0..<500 as Range<UInt128> {
      let address = try #require(IPAddress(family: .ipv4, number: 0x0a00_0000 + number))
      let before = try #require(Layer2Election.leader(of: address, among: nodes))
      let after = Layer2Election.leader(of: address, among: nodes.filter { $0.node != "node3" })
      if before == "node3" { moved += 1 } else { #expect(after == before) }
    }
    // About a seventh of the addresses.
    #expect((40...110).contains(moved))
  }
}
