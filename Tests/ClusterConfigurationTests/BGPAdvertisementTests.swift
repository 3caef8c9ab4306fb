import KubernetesAPI
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import ClusterConfiguration

struct BGPAdvertisementTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var rule: String
    var reason: ConfigurationFault.Reason
    var field: String
    var fragment: String
    var advertisement: BGPAdvertisement
    var testDescription: String { "\(rule) \(field)" }

    init(
      _ rule: String, _ reason: ConfigurationFault.Reason, _ field: String, _ fragment: String,
      _ change: (inout BGPAdvertisement.Spec) -> Void
    ) {
      self.rule = rule
      self.reason = reason
      self.field = field
      self.fragment = fragment
      advertisement = bgpAdvertisement("x", change)
    }
  }

  static let twice = [
    LabelSelector(matchLabels: ["a": "b"]), LabelSelector(matchLabels: ["a": "b"]),
  ]
  static let malformed = [LabelSelector(matchExpressions: [.init(key: "a", operator: "In")])]

  static let rows: [Row] = [
    Row("A1", .duplicatePool, "spec.ipAddressPools[1]", "\"a\"") {
      $0.ipAddressPools = ["a", "a"]
    },
    Row("A1", .duplicateEntry, "spec.communities[1]", "duplicate definition of community") {
      $0.communities = ["1:2", "1:2"]
    },
    Row("A1", .duplicateEntry, "spec.peers[2]", "peer \"p\"") { $0.peers = ["p", "q", "p"] },
    Row("A2", .duplicateSelector, "spec.ipAddressPoolSelectors[1]", "duplicate") {
      $0.ipAddressPoolSelectors = twice
    },
    Row("A2", .duplicateSelector, "spec.nodeSelectors[1]", "duplicate") {
      $0.nodeSelectors = twice
    },
    Row("A2", .duplicateSelector, "spec.serviceSelectors[1]", "duplicate") {
      $0.serviceSelectors = twice
    },
    Row(
      "A2", .invalidSelector, "spec.ipAddressPoolSelectors[0].matchExpressions[0].values", "needs"
    ) { $0.ipAddressPoolSelectors = malformed },
    Row("A2", .invalidSelector, "spec.nodeSelectors[0].matchExpressions[0].values", "needs") {
      $0.nodeSelectors = malformed
    },
    Row("A2", .invalidSelector, "spec.serviceSelectors[0].matchExpressions[0].values", "needs") {
      $0.serviceSelectors = malformed
    },
    Row(
      "A3", .invalidAggregationLength, "spec.serviceSelectors",
      "serviceSelectors and aggregationLength are mutually exclusive"
    ) {
      $0.serviceSelectors = [LabelSelector()]
      $0.aggregationLength = 24
    },
    Row("A3", .invalidAggregationLength, "spec.serviceSelectors", "mutually exclusive") {
      $0.serviceSelectors = [LabelSelector()]
      $0.aggregationLengthV6 = 64
    },
    Row("A4", .invalidAggregationLength, "spec.aggregationLength", "33") {
      $0.aggregationLength = 33
    },
    Row("A4", .invalidAggregationLength, "spec.aggregationLength", "0") {
      $0.aggregationLength = 0
    },
    Row("A4", .invalidAggregationLength, "spec.aggregationLengthV6", "129") {
      $0.aggregationLengthV6 = 129
    },
    Row("A6", .unknownCommunity, "spec.communities[0]", "\"vpn\"") { $0.communities = ["vpn"] },
    Row("A6", .invalidCommunity, "spec.communities[0]", "invalid community value: invalid section")
    { $0.communities = ["1:65536"] },
    Row("A6", .invalidCommunity, "spec.communities[0]", "invalid section") {
      $0.communities = ["large:1:2:4294967296"]
    },
    Row(
      "A6", .invalidCommunity, "spec.communities[0]", "expected community to be of format large"
    ) { $0.communities = ["small:1:2:3"] },
    Row("A6", .invalidCommunity, "spec.communities[0]", "invalid community format") {
      $0.communities = ["1:2:3"]
    },
  ]

  @Test(arguments: rows)
  func `An advertisement that breaks a rule is refused with place and remedy`(row: Row) {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"])],
        bgpAdvertisements: [row.advertisement, bgpAdvertisement("y")]))
    #expect(assessment.reasons == [row.reason])
    #expect(assessment.problems.first?.fault.field == row.field)
    #expect(
      assessment.problems.first?.fault.message.contains(row.fragment) == true,
      "\(assessment.problems)")
    #expect(assessment.problems.first?.consequence == .excluded)
    #expect(assessment.configuration.pools.first?.bgpAdvertisements.count == 1)
  }

  @Test(arguments: [
    ("10.0.0.0/28", Int32(26), false), ("10.0.0.0/28", 28, true), ("10.0.0.0/28", 32, true),
    ("10.0.0.0-10.0.1.8", 24, true), ("10.0.0.1-10.0.0.9", 24, false),
  ])
  func `An aggregate is no larger than the largest block of every entry (A5)`(
    addresses: String, length: Int32, isTaken: Bool
  ) throws {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", [addresses]), pool("b", ["10.1.0.0/16"])],
        bgpAdvertisements: [bgpAdvertisement("x") { $0.aggregationLength = length }]))
    let pools = assessment.configuration.pools
    #expect(pools.map(\.bgpAdvertisements.count) == [isTaken ? 1 : 0, 1])
    #expect(assessment.isValid == isTaken)
    guard !isTaken else { return }
    let problem = try #require(assessment.problems.first)
    #expect(problem.consequence == .exceptPool("a"))
    #expect(problem.fault.message.hasPrefix("invalid aggregation length \(length): prefix "))
    #expect(problem.description.hasSuffix("(pool \"a\" is left out of it)"))
  }

  // MARK: LOCAL_PREF

  struct Pair: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var addresses: [String] = ["10.0.0.0/16"]
    var nodes: [[String: String]]?
    var conflicts: Bool
    var change: @Sendable (inout BGPAdvertisement.Spec) -> Void
  }

  static let rack1 = [LabelSelector(matchLabels: ["rack": "1"])]
  static let rack2 = [LabelSelector(matchLabels: ["rack": "2"])]
  static let racks = [["rack": "1"], ["rack": "2"]]

  /// The other one is for peers `p` and nodes of rack 1.
  static let pairs: [Pair] = [
    Pair(testDescription: "the same value", conflicts: false) { $0.localPref = 100 },
    Pair(testDescription: "another value", nodes: racks, conflicts: true) { $0.localPref = 200 },
    Pair(testDescription: "none at all", nodes: racks, conflicts: true) { $0.localPref = nil },
    Pair(testDescription: "another length", nodes: racks, conflicts: false) {
      $0.localPref = 200
      $0.aggregationLength = 24
    },
    Pair(testDescription: "another length of the other family", nodes: racks, conflicts: true) {
      $0.localPref = 200
      $0.aggregationLengthV6 = 64
    },
    Pair(
      testDescription: "another length of one of two families",
      addresses: ["10.0.0.0/16", "fd00::/48"], nodes: racks, conflicts: true
    ) {
      $0.localPref = 200
      $0.aggregationLength = 24
    },
    Pair(
      testDescription: "another length of both families", addresses: ["10.0.0.0/16", "fd00::/48"],
      nodes: racks, conflicts: false
    ) {
      $0.localPref = 200
      $0.aggregationLength = 24
      $0.aggregationLengthV6 = 64
    },
    Pair(testDescription: "other peers", nodes: racks, conflicts: false) {
      $0.localPref = 200
      $0.peers = ["q"]
    },
    Pair(testDescription: "all peers", nodes: racks, conflicts: true) {
      $0.localPref = 200
      $0.peers = nil
    },
    Pair(testDescription: "other nodes", nodes: racks, conflicts: false) {
      $0.localPref = 200
      $0.nodeSelectors = rack2
    },
    Pair(
      testDescription: "selectors that meet", nodes: [["rack": "1", "row": "1"]], conflicts: true
    ) {
      $0.localPref = 200
      $0.nodeSelectors = [LabelSelector(matchLabels: ["row": "1"])]
    },
    Pair(testDescription: "nodes not known", nodes: nil, conflicts: false) {
      $0.localPref = 200
      $0.nodeSelectors = rack2
    },
    Pair(testDescription: "for some services", nodes: racks, conflicts: false) {
      $0.localPref = 200
      $0.serviceSelectors = [LabelSelector(matchLabels: ["a": "b"])]
    },
  ]

  @Test(arguments: pairs)
  func `Of two that differ in LOCAL_PREF alone the younger is left out (A7)`(pair: Pair) {
    let first = bgpAdvertisement("z", created: 1) {
      $0.localPref = 100
      $0.peers = ["p"]
      $0.nodeSelectors = Self.rack1
    }
    let second = bgpAdvertisement("a", created: 2) {
      $0.peers = ["p"]
      $0.nodeSelectors = Self.rack1
      pair.change(&$0)
    }
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", pair.addresses)], bgpAdvertisements: [second, first],
        nodes: pair.nodes))
    #expect(assessment.reasons == (pair.conflicts ? [.conflictingLocalPref] : []))
    let sources = assessment.configuration.pools.first?.bgpAdvertisements.map(
      \.source.reference.name)
    #expect(sources == (pair.conflicts ? ["z"] : ["z", "a"]))
  }

  // MARK: Names of communities

  @Test func `Names come before literals, and communities are sorted`() {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"])],
        bgpAdvertisements: [
          bgpAdvertisement("x") { $0.communities = ["large:1:2:3", "vpn", "9:9", "odd:1"] }
        ], communities: [community("c", ["vpn": "1:1", "odd:1": "1:2"])]))
    #expect(assessment.isValid)
    #expect(
      assessment.configuration.pools.first?.bgpAdvertisements.first?.communities
        == [.standard(1, 1), .standard(1, 2), .standard(9, 9), .large(1, 2, 3)])
  }

  @Test func `A name belongs to the object that ranks first`() {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"])],
        bgpAdvertisements: [bgpAdvertisement("x") { $0.communities = ["vpn", "own"] }],
        communities: [
          community("young", created: 2, ["vpn": "2:2"]),
          community("old", created: 1, ["vpn": "1:1", "own": "7:7"]),
        ]))
    #expect(assessment.reasons == [.duplicateCommunity])
    #expect(assessment.problems.first?.object.reference.name == "young")
    #expect(
      assessment.problems.first?.fault.message.contains("duplicate definition of community") == true
    )
    #expect(
      assessment.configuration.pools.first?.bgpAdvertisements.first?.communities
        == [.standard(1, 1), .standard(7, 7)])
  }

  typealias Aliases = KeyValuePairs<String, String>

  @Test(arguments: [
    (["a": "1"] as Aliases, ConfigurationFault.Reason.invalidCommunity, "format"),
    (["a": "1:x"] as Aliases, .invalidCommunity, "invalid section"),
    (["a": "1:+1"] as Aliases, .invalidCommunity, "invalid section"),
    (["a": "x:1:2:3"] as Aliases, .invalidCommunity, "expected community to be of format large"),
    (
      ["a": "1:1", "a": "1:2"] as Aliases, .duplicateCommunity,
      "duplicate definition of community \"a\""
    ),
  ])
  func `A Community object with a fault is left out`(
    aliases: Aliases, reason: ConfigurationFault.Reason, fragment: String
  ) {
    let assessment = assess(ConfigurationSources(communities: [community("c", aliases)]))
    #expect(assessment.reasons == [reason])
    #expect(assessment.problems.first?.fault.message.contains(fragment) == true)
  }

  // MARK: Echo

  @Test func `FRR does not combine BFD echo and IPv6 addresses`() {
    var sources = ConfigurationSources(
      ipAddressPools: [pool("a", ["10.0.0.0/24"]), pool("b", ["fd00::/64"])],
      bgpAdvertisements: [bgpAdvertisement("x")],
      bgpPeers: [peer("p") { $0.bfdProfile = "echo" }],
      bfdProfiles: [profile("echo") { $0.echoMode = true }], backend: .frr)
    var assessment = assess(sources)
    #expect(assessment.reasons == [.echoWithIPv6])
    #expect(assessment.configuration.pools.map(\.bgpAdvertisements.count) == [1, 0])
    sources.backend = .native
    #expect(assess(sources).isValid)
    sources.backend = .frr
    sources.bgpAdvertisements = [bgpAdvertisement("x") { $0.peers = ["q"] }]
    assessment = assess(sources)
    #expect(assessment.isValid)
  }

  // MARK: Likely mistakes

  @Test func `Names that are nobody's are warnings`() {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"])],
        bgpAdvertisements: [
          bgpAdvertisement("x") {
            $0.ipAddressPools = ["a", "b"]
            $0.peers = ["p", "q"]
          }
        ], bgpPeers: [peer("p")]))
    #expect(assessment.isValid)
    #expect(assessment.warnings.map(\.reason) == [.unknownPool, .unknownPeer])
    #expect(assessment.warnings.last?.message.contains("\"q\"") == true)
  }

  @Test func `Announcing to nobody is a warning, unless peers are not known`() {
    var sources = ConfigurationSources(
      ipAddressPools: [pool("a", ["10.0.0.0/24"])], bgpAdvertisements: [bgpAdvertisement("x")],
      bgpPeers: [])
    #expect(assess(sources).warnings.map(\.reason) == [.noPeer])
    sources.bgpPeers = nil
    #expect(assess(sources).warnings == [])
    sources.bgpAdvertisements = []
    #expect(assess(sources).warnings.map(\.reason) == [.poolNotAdvertised])
  }

  @Test func `Interfaces that a selected node lacks are warnings`() {
    let configuration = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"]), pool("b", ["10.0.1.0/24"])],
        l2Advertisements: [
          advertisement("x") {
            $0.interfaces = ["eth0", "eht1"]
            $0.nodeSelectors = Self.rack1
          }
        ])
    ).configuration
    let warnings = configuration.unknownInterfaces(
      node: "n", labels: ["rack": "1"], interfaces: ["eth0", "eth1"])
    #expect(warnings.map(\.reason) == [.unknownInterface])
    #expect(warnings.first?.message.contains("\"eht1\"") == true)
    #expect(
      configuration.unknownInterfaces(
        node: "n", labels: ["rack": "1"], interfaces: ["ens3"]
      ).map(\.reason) == [.noInterface])
    #expect(
      configuration.unknownInterfaces(node: "m", labels: [:], interfaces: []).isEmpty)
    let ports = configuration.unknownInterfaces(
      node: "n", labels: ["rack": "1"], interfaces: ["eth0", "eth1"],
      unusable: ["eth0": "eth0 is a port of br0", "eth1": "eth1 is down"])
    #expect(ports.map(\.reason) == [.noInterface])
    #expect(
      ports.first?.message
        == "node n announces nothing for it, as it has no interface \"eht1\", and eth0 is a port of br0: correct spec.interfaces, or select other nodes"
    )
  }
}
