import Foundation
import KubernetesAPI
import KubernetesYAML
import LegacyConfiguration
import Testing

/// The configurations of `samples/legacy/`.
@Suite struct SampleConfigMapTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../samples/legacy").standardizedFileURL

  private func read(_ file: String) throws -> LegacyReading {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    let data = try JSONValue(yaml: text)[path: ["data", "config"]]?.stringValue
    return LegacyDocument.read(try #require(data))
  }

  @Test func `The basic configuration reads without a word`() throws {
    let reading = try read("config-bgp.yaml")
    #expect(reading.problems.isEmpty)
    let peer = try #require(reading.document.peers.first)
    #expect(peer.peerAddress == "10.0.0.1")
    #expect(peer.peerASN == 100)
    #expect(peer.myASN == 42)
    let pool = try #require(reading.document.pools.first)
    #expect(pool.name == "default")
    #expect(pool.addresses == ["192.168.10.0/24"])
    #expect(pool.advertisements == .listed([LegacyAdvertisement(aggregationLength: 32)]))
  }

  @Test func `The production example reads without a word`() throws {
    let reading = try read("config-production.yaml")
    #expect(reading.problems.isEmpty)
    #expect(reading.document.communities == [LegacyCommunity(name: "vpn-only", value: "1234:1")])
    #expect(reading.document.pools.map(\.name) == ["production", "sandbox"])
    #expect(
      reading.document.pools.last?.advertisements
        == .listed([LegacyAdvertisement(communities: ["vpn-only"])]))
  }
}
