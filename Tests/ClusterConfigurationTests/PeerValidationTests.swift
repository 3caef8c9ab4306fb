import KubernetesAPI
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import ClusterConfiguration

struct PeerValidationTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var rule: String
    var reason: ConfigurationFault.Reason
    var field: String
    var fragment: String
    var peer: BGPPeer
    var testDescription: String { "\(rule) \(reason)" }

    init(
      _ rule: String, _ reason: ConfigurationFault.Reason, _ field: String, _ fragment: String,
      _ change: (inout BGPPeer.Spec) -> Void
    ) {
      self.rule = rule
      self.reason = reason
      self.field = field
      self.fragment = fragment
      self.peer = ClusterConfigurationTests.peer("a", change)
    }
  }

  static let secrets: [String: Secret] = [
    "good": secret("good", ["password": "aHVudGVyMg=="]),
    "opaque": secret("opaque", type: "Opaque", ["password": "aHVudGVyMg=="]),
    "empty": secret("empty", [:]),
  ]

  static let rows: [Row] = [
    Row("B1", .invalidASN, "spec.myASN", "missing") { $0.myASN = 0 },
    Row("B2", .invalidASN, "spec.peerASN", "missing") { $0.peerASN = nil },
    Row("B2 zero", .invalidASN, "spec.peerASN", "missing") { $0.peerASN = 0 },
    Row("B3", .invalidASN, "spec.dynamicASN", "exclude") { $0.dynamicASN = "external" },
    Row("B4", .invalidASN, "spec.dynamicASN", "\"other\"") {
      $0.peerASN = nil
      $0.dynamicASN = "other"
    },
    Row("B5", .invalidASN, "spec.ebgpMultiHop", "our own AS number") {
      $0.peerASN = 64_512
      $0.ebgpMultiHop = true
    },
    Row("B6", .invalidPeerAddress, "spec.peerAddress", "invalid BGPPeer address") {
      $0.peerAddress = nil
    },
    Row("B7", .invalidPeerAddress, "spec.interface", "exclude") { $0.interface = "eth0" },
    Row("B8", .invalidPeerAddress, "spec.peerAddress", "invalid BGPPeer address \"router.lan\"") {
      $0.peerAddress = "router.lan"
    },
    Row("B8 prefix", .invalidPeerAddress, "spec.peerAddress", "invalid BGPPeer address") {
      $0.peerAddress = "192.0.2.0/24"
    },
    Row("B9", .invalidRouterID, "spec.routerID", "\"x\"") { $0.routerID = "x" },
    Row("B9 IPv6", .invalidRouterID, "spec.routerID", "IPv4") { $0.routerID = "fd00::1" },
    Row("B10", .invalidPeerAddress, "spec.sourceAddress", "\"x\"") { $0.sourceAddress = "x" },
    Row("B11", .invalidTimer, "spec.holdTime", "2s") { $0.holdTime = "2.9s" },
    Row("B11 text", .invalidTimer, "spec.holdTime", "not a duration") { $0.holdTime = "90" },
    Row("B11 sign", .invalidTimer, "spec.holdTime", "not a duration") { $0.holdTime = "-9s" },
    Row("B11 16 bits", .invalidTimer, "spec.holdTime", "65535s") { $0.holdTime = "24h" },
    Row("B12", .invalidTimer, "spec.keepaliveTime", "at most the hold time, 9s") {
      $0.holdTime = "9s"
      $0.keepaliveTime = "10s"
    },
    Row("connect time", .invalidTimer, "spec.connectTime", "whole seconds") {
      $0.connectTime = "1500ms"
    },
    Row("connect time", .invalidTimer, "spec.connectTime", "65535s") { $0.connectTime = "0s" },
    Row("B13", .duplicateSelector, "spec.nodeSelectors[1]", "duplicate definition") {
      $0.nodeSelectors = [
        LabelSelector(matchLabels: ["a": "b"]), LabelSelector(matchLabels: ["a": "b"]),
      ]
    },
    Row(
      "B13", .invalidSelector, "spec.nodeSelectors[0].matchExpressions[0].operator", "In, NotIn"
    ) {
      $0.nodeSelectors = [LabelSelector(matchExpressions: [.init(key: "a", operator: "Near")])]
    },
    Row("B14", .invalidPassword, "spec.passwordSecret", "exclude") {
      $0.password = "x"
      $0.passwordSecret = SecretReference(name: "good")
    },
    Row("B15", .secretNotFound, "spec.passwordSecret", "\"gone\"") {
      $0.passwordSecret = SecretReference(name: "gone")
    },
    Row("B16", .invalidSecret, "spec.passwordSecret", "kubernetes.io/basic-auth") {
      $0.passwordSecret = SecretReference(name: "opaque")
    },
    Row("B17", .invalidSecret, "spec.passwordSecret", "lacks the key password") {
      $0.passwordSecret = SecretReference(name: "empty")
    },
    Row("B18", .unknownBFDProfile, "spec.bfdProfile", "\"gone\"") { $0.bfdProfile = "gone" },
  ]

  @Test(arguments: rows)
  func `A peer that breaks a rule is refused with place and remedy`(row: Row) {
    let assessment = assess(
      ConfigurationSources(bgpPeers: [row.peer, peer("b")], secrets: Self.secrets))
    #expect(assessment.reasons == [row.reason])
    #expect(assessment.problems.first?.fault.field == row.field)
    #expect(
      assessment.problems.first?.fault.message.contains(row.fragment) == true,
      "\(assessment.problems)")
    #expect(assessment.configuration.peers.map(\.name) == ["b"])
    #expect(!assessment.mayMissAddresses)
  }

  struct Timers: Sendable, CustomTestStringConvertible {
    var hold: String?
    var keepalive: String?
    var expected: ConfiguredPeer.Timers
    var testDescription: String { "\(hold ?? "-") \(keepalive ?? "-")" }
  }

  @Test(arguments: [
    Timers(expected: .init()),
    Timers(hold: "90s", expected: .init(hold: .seconds(90), keepalive: .seconds(30))),
    Timers(hold: "10s", expected: .init(hold: .seconds(10), keepalive: .seconds(3))),
    Timers(keepalive: "20s", expected: .init(hold: .seconds(60), keepalive: .seconds(20))),
    Timers(
      hold: "1m", keepalive: "1m", expected: .init(hold: .seconds(60), keepalive: .seconds(60))),
    Timers(hold: "0s", keepalive: "0s", expected: .init(hold: .zero, keepalive: .zero)),
    Timers(hold: "900ms", expected: .init(hold: .zero, keepalive: .zero)),
    Timers(hold: "3.7s", expected: .init(hold: .seconds(3), keepalive: .seconds(1))),
  ])
  func `One timer follows from the other`(timers: Timers) {
    let assessment = assess(
      ConfigurationSources(bgpPeers: [
        peer("a") {
          $0.holdTime = timers.hold
          $0.keepaliveTime = timers.keepalive
        }
      ]))
    #expect(assessment.configuration.peers.first?.timers == timers.expected)
  }

  @Test func `Every field arrives`() throws {
    let assessment = assess(
      ConfigurationSources(
        bgpPeers: [
          peer("a") {
            $0.peerASN = nil
            $0.dynamicASN = "internal"
            $0.ebgpMultiHop = true
            $0.localASN = 7
            $0.peerAddress = nil
            $0.interface = "eth0"
            $0.sourceAddress = "fd00::1"
            $0.peerPort = 1179
            $0.connectTime = "5s"
            $0.routerID = "192.0.2.9"
            $0.nodeSelectors = [LabelSelector(matchLabels: ["rack": "1"])]
            $0.passwordSecret = SecretReference(name: "good", namespace: "ignored")
            $0.bfdProfile = "fast"
            $0.enableGracefulRestart = true
            $0.vrf = "red"
            $0.disableMP = true
            $0.dualStackAddressFamily = true
          }
        ],
        bfdProfiles: [
          profile("fast") {
            $0.receiveInterval = 50
            $0.echoMode = true
          }
        ], secrets: Self.secrets))
    #expect(assessment.problems == [])
    let peer = try #require(assessment.configuration.peers.first)
    #expect(peer.peerASN == .internal)
    #expect(peer.localASN == 7)
    #expect(peer.endpoint == .interface("eth0"))
    #expect(peer.sourceAddress == IPAddress("fd00::1"))
    #expect(peer.port == 1179)
    #expect(peer.timers == .init(connect: .seconds(5)))
    #expect(peer.routerID == IPv4Address("192.0.2.9"))
    #expect(peer.selectsNode(labels: ["rack": "1"]) && !peer.selectsNode(labels: [:]))
    #expect(peer.password == BGPPassword("hunter2"))
    #expect(peer.passwordSecret == "good")
    #expect(peer.bfdProfile?.receiveInterval == 50)
    #expect(peer.bfdProfile?.echoMode == true)
    #expect(peer.usesGracefulRestart && peer.ebgpMultiHop && peer.dualStackAddressFamily)
    #expect(peer.vrf == "red")
    #expect(!"\(peer)".contains("hunter2"))
    #expect(!String(reflecting: peer).contains("hunter2"))
  }

  @Test func `Who reads no Secrets misses none`() throws {
    let assessment = assess(
      ConfigurationSources(bgpPeers: [
        peer("a") { $0.passwordSecret = SecretReference(name: "gone") }
      ]))
    #expect(assessment.problems == [])
    #expect(assessment.configuration.peers.map(\.passwordSecret) == ["gone"])
    #expect(assessment.configuration.peers.map(\.password) == [nil])
  }

  @Test func `A peer whose Secret goes away keeps its password until it changes for good`() {
    var assembler = ConfigurationAssembler()
    var sources = ConfigurationSources(
      bgpPeers: [peer("a") { $0.passwordSecret = SecretReference(name: "good") }],
      secrets: Self.secrets)
    _ = assembler.assemble(sources)
    sources.secrets = [:]
    let assessment = assembler.assemble(sources)
    #expect(assessment.reasons == [.secretNotFound])
    #expect(assessment.problems.map(\.consequence) == [.lastValidVersion])
    #expect(assessment.configuration.peers.map(\.password) == [BGPPassword("hunter2")])
    sources.bgpPeers = []
    #expect(assembler.assemble(sources).configuration.peers == [])
  }

  @Test(arguments: [
    ("receiveInterval", UInt32(9)), ("transmitInterval", 60_001), ("detectMultiplier", 1),
    ("echoInterval", 5), ("minimumTtl", 255),
  ])
  func `A BFD profile out of range is left out, and so are its peers`(field: String, value: UInt32)
  {
    let bad = profile("p") {
      switch field {
      case "receiveInterval": $0.receiveInterval = value
      case "transmitInterval": $0.transmitInterval = value
      case "detectMultiplier": $0.detectMultiplier = value
      case "echoInterval": $0.echoInterval = value
      default: $0.minimumTtl = value
      }
    }
    let assessment = assess(
      ConfigurationSources(
        bgpPeers: [peer("a") { $0.bfdProfile = "p" }, peer("b")], bfdProfiles: [bad]))
    #expect(assessment.reasons == [.invalidBFDProfile, .unknownBFDProfile])
    #expect(assessment.problems.first?.fault.field == "spec.\(field)")
    #expect(assessment.configuration.peers.map(\.name) == ["b"])
  }

  // MARK: What FRR cannot do

  struct Pair: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var field: String?
    var nodes: [[String: String]]?
    var first: BGPPeer
    var second: BGPPeer

    init(
      _ description: String, _ field: String?, nodes: [[String: String]]? = [],
      _ first: (inout BGPPeer.Spec) -> Void, _ second: (inout BGPPeer.Spec) -> Void
    ) {
      testDescription = description
      self.field = field
      self.nodes = nodes
      self.first = peer("a", created: 1, first)
      self.second = peer("b", created: 2, second)
    }
  }

  static let rack1 = [LabelSelector(matchLabels: ["rack": "1"])]
  static let rack2 = [LabelSelector(matchLabels: ["rack": "2"])]

  static let pairs: [Pair] = [
    Pair("same address", "spec.peerAddress", { _ in }, { $0.peerPort = 1179 }),
    Pair("same address, another VRF", nil, { _ in }, { $0.vrf = "red" }),
    Pair(
      "same interface", "spec.peerAddress",
      {
        $0.peerAddress = nil
        $0.interface = "eth0"
      },
      {
        $0.peerAddress = nil
        $0.interface = "eth0"
      }),
    Pair(
      "another router ID", "spec.routerID", { $0.routerID = "192.0.2.9" },
      { $0.peerAddress = "192.0.2.2" }),
    Pair(
      "another local AS", "spec.myASN", { _ in },
      {
        $0.peerAddress = "192.0.2.2"
        $0.myASN = 9
      }),
    Pair(
      "another local AS in another VRF", nil, { _ in },
      {
        $0.myASN = 9
        $0.vrf = "red"
      }),
    Pair(
      "same address, nodes that meet nowhere", nil, nodes: [["rack": "1"], ["rack": "2"]],
      { $0.nodeSelectors = rack1 }, { $0.nodeSelectors = rack2 }),
    Pair(
      "same address, a node of both", "spec.peerAddress", nodes: [["rack": "1", "row": "2"]],
      { $0.nodeSelectors = rack1 },
      { $0.nodeSelectors = [LabelSelector(matchLabels: ["row": "2"])] }),
    Pair(
      "same address, no nodes yet", "spec.peerAddress", nodes: [],
      { $0.nodeSelectors = rack1 }, { $0.nodeSelectors = rack2 }),
    Pair(
      "same address, nodes not known", "spec.peerAddress", nodes: nil,
      { $0.nodeSelectors = rack1 }, { $0.nodeSelectors = rack2 }),
  ]

  @Test(arguments: pairs)
  func `FRR refuses the younger of two peers that it cannot have on one node`(pair: Pair) {
    var sources = ConfigurationSources(
      bgpPeers: [pair.second, pair.first], nodes: pair.nodes, backend: .frr)
    let assessment = assess(sources)
    #expect(assessment.problems.map(\.fault.field) == (pair.field.map { [$0] } ?? []))
    #expect(assessment.configuration.peers.map(\.name) == (pair.field == nil ? ["a", "b"] : ["a"]))
    sources.backend = .native
    #expect(assess(sources).isValid)
  }
}
