import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import ClusterConfiguration

/// The ConfigMap's BGP, read live.
struct LegacyBGPTests {
  static let full = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 192.0.2.1, password: x, bfd-profile: fast}
    - {my-asn: 64512, peer-asn: 64512, peer-address: 192.0.2.2, hold-time: 9s,
       node-selectors: [{match-labels: {rack: "1"}}]}
    bgp-communities: {vpn: "1:1"}
    address-pools:
    - name: a
      protocol: bgp
      addresses: [10.0.0.0/24]
      bgp-advertisements:
      - {aggregation-length: 32, localpref: 100, communities: [vpn, "2:2"]}
      - {aggregation-length: 24}
    - {name: b, protocol: bgp, addresses: [10.0.1.0/24]}
    bfd-profiles: [{name: fast, receive-interval: 50}]
    """

  @Test func `Peers, profiles, names and advertisements are taken`() throws {
    let assessment = assess(ConfigurationSources(legacy: configMap(Self.full)))
    #expect(assessment.problems == [])
    #expect(assessment.warnings == [])
    let configuration = assessment.configuration
    #expect(configuration.peers.map(\.name) == ["peer1", "peer2"])
    let peer = try #require(configuration.peers.first)
    #expect(peer.timers.hold == .seconds(90))
    #expect(peer.timers.keepalive == .seconds(30))
    #expect(peer.bfdProfile?.receiveInterval == 50)
    #expect(configuration.peers.last?.selectsNode(labels: [:]) == false)
    let advertisements = configuration.pools.map(\.bgpAdvertisements)
    #expect(advertisements.map(\.count) == [2, 1])
    #expect(advertisements.first?.first?.communities == [.standard(1, 1), .standard(2, 2)])
    #expect(advertisements.first?.first?.localPref == 100)
    #expect(advertisements.first?.last?.aggregationLength == 24)
  }

  @Test func `Objects never announce its pools, and its names come first`() {
    let assessment = assess(
      ConfigurationSources(
        bgpAdvertisements: [bgpAdvertisement("x")], bgpPeers: [peer("peer1"), peer("other")],
        communities: [community("c", ["vpn": "9:9"])], legacy: configMap(Self.full)))
    #expect(Set(assessment.reasons) == [.duplicateName, .duplicateCommunity])
    #expect(assessment.configuration.peers.map(\.name) == ["other", "peer1", "peer2"])
    #expect(assessment.configuration.pools.map(\.bgpAdvertisements.count) == [2, 1])
  }

  @Test(arguments: [
    ("aggregation-length: 8", ConfigurationFault.Reason.invalidAggregationLength),
    ("aggregation-length: 40", .invalidAggregationLength),
    ("communities: [nowhere]", .unknownCommunity),
    ("communities: [\"1:2:3\"]", .invalidCommunity),
  ])
  func `An advertisement at fault is left out, the addresses stay`(
    entry: String, reason: ConfigurationFault.Reason
  ) {
    let assessment = assess(
      ConfigurationSources(
        legacy: configMap(
          """
          address-pools:
          - name: a
            protocol: bgp
            addresses: [10.0.0.0/24]
            bgp-advertisements: [{\(entry)}, {localpref: 7}]
          """)))
    #expect(assessment.reasons == [reason])
    #expect(!assessment.mayMissAddresses)
    #expect(assessment.configuration.pools.map(\.bgpAdvertisements.count) == [1])
  }

  @Test func `A peer at fault is left out and named, the others stay`() {
    let assessment = assess(
      ConfigurationSources(
        legacy: configMap(
          """
          peers:
          - {my-asn: 1, peer-asn: 2, peer-address: nowhere}
          - {my-asn: 1, peer-asn: 2, peer-address: 192.0.2.1, frobnicate: 1}
          - {my-asn: 1, peer-asn: 2, peer-address: 192.0.2.1}
          """)))
    #expect(assessment.configuration.peers.map(\.name) == ["peer3"])
    #expect(assessment.reasons == [.invalidPeerAddress, .invalidDocument])
    #expect(
      assessment.problems.map(\.object.entry) == ["peers[0]", "peers[1]"])
  }

  @Test func `A text that turns bad leaves everything as it was`() {
    var assembler = ConfigurationAssembler()
    let before = assembler.assemble(ConfigurationSources(legacy: configMap(Self.full)))
    let after = assembler.assemble(ConfigurationSources(legacy: configMap("peers: [")))
    #expect(after.reasons == [.invalidDocument])
    #expect(after.configuration.peers == before.configuration.peers)
    #expect(after.configuration.pools.map(\.ranges) == before.configuration.pools.map(\.ranges))
    #expect(
      after.configuration.pools.map(\.bgpAdvertisements.count)
        == before.configuration.pools.map(\.bgpAdvertisements.count))
  }
}
