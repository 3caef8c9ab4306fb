import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses
import SeededRandomness
import Testing

@testable import ClusterConfiguration

/// From a user's ConfigMap to objects: what both say counts once, and nothing that the ConfigMap said is lost on the way.
struct SuccessionTests {
  static let text = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 192.0.2.1, password: x, bfd-profile: Fast}
    - {my-asn: 64512, peer-asn: 64512, peer-address: 192.0.2.2, hold-time: 9s,
       node-selectors: [{match-labels: {rack: "1"}}]}
    bgp-communities: {vpn: "1:1", other: "2:2"}
    address-pools:
    - name: Gold_Pool
      protocol: bgp
      addresses: [10.0.0.0/24, 10.0.5.1]
      avoid-buggy-ips: true
      bgp-advertisements:
      - {aggregation-length: 32, localpref: 100, communities: [vpn, "2:2"]}
      - {localpref: 100, communities: [other]}
    - {name: silver, protocol: bgp, addresses: [10.0.1.0/24], auto-assign: false}
    - {name: bronze, protocol: layer2, addresses: [10.0.2.0-10.0.2.99]}
    bfd-profiles: [{name: Fast, receive-interval: 50}, {name: slow, transmit-interval: 900}]
    """

  static func conversion(_ text: String = text) throws -> LegacyConversion {
    try LegacyConversion(LegacyDocument(parsing: text))
  }

  typealias Step = (inout ConfigurationSources) -> Void

  /// One step an object, in the order in which the converter prints them.
  static func steps(_ conversion: LegacyConversion) -> [Step] {
    var steps: [Step] = []
    steps += conversion.peers.map { object in { $0.bgpPeers = ($0.bgpPeers ?? []) + [object] } }
    steps += conversion.pools.map { object in { $0.ipAddressPools.append(object) } }
    steps += conversion.bgpAdvertisements.map { object in { $0.bgpAdvertisements.append(object) } }
    steps += conversion.l2Advertisements.map { object in { $0.l2Advertisements.append(object) } }
    steps += conversion.bfdProfiles.map { object in { $0.bfdProfiles.append(object) } }
    steps += conversion.communities.map { object in { $0.communities.append(object) } }
    return steps
  }

  /// A configuration as packets show it: whoever configured it.
  struct Meaning: Equatable {
    var pools: [ConfiguredPool]
    var peers: [ConfiguredPeer]

    /// Whether every address of the other one is given out and announced, and every peer is there. Of several
    /// advertisements of a pool one may be seen before the next.
    func isAsGood(as other: Self) -> Bool {
      peers == other.peers && pools.map(\.name) == other.pools.map(\.name)
        && pools.map(\.ranges) == other.pools.map(\.ranges)
        && pools.allSatisfy { !$0.bgpAdvertisements.isEmpty || !$0.l2Advertisements.isEmpty }
    }

    init(_ configuration: ValidatedConfiguration) {
      let nobody = ConfigurationObject(reference: ObjectReference(kind: ""))
      pools = configuration.pools.map { pool in
        var pool = pool
        pool.name = LegacyDocument.objectName(pool.name) ?? ""
        pool.source = nobody
        pool.l2Advertisements = pool.l2Advertisements.map { advertisement in
          var advertisement = advertisement
          advertisement.source = nobody
          return advertisement
        }
        pool.bgpAdvertisements = pool.bgpAdvertisements.map { advertisement in
          var advertisement = advertisement
          advertisement.source = nobody
          return advertisement
        }.sorted { $0.communities.count > $1.communities.count }
        return pool
      }.sorted { $0.name < $1.name }
      peers = configuration.peers.map { peer in
        var peer = peer
        peer.source = nobody
        peer.bfdProfile?.source = nobody
        peer.bfdProfile?.name = ""
        return peer
      }
    }
  }

  @Test
  func `Objects beside the ConfigMap, one after the other, and then without it, change nothing`()
    throws
  {
    var assembler = ConfigurationAssembler()
    var sources = ConfigurationSources(bgpPeers: [], legacy: configMap(Self.text))
    let start = assembler.assemble(sources)
    #expect(start.problems == [])
    let meaning = Meaning(start.configuration)
    #expect(meaning.pools.map(\.name) == ["bronze", "gold-pool", "silver"])
    #expect(
      start.unclaimed.map(\.description) == [
        "pool \"Gold_Pool\"", "pool \"silver\"", "pool \"bronze\"", "peer 192.0.2.1 (AS 64513)",
        "peer 192.0.2.2 (AS 64512)", "BFD profile \"Fast\"", "BFD profile \"slow\"",
        "community \"vpn\"", "community \"other\"",
      ])
    for step in Self.steps(try Self.conversion()) {
      step(&sources)
      let assessment = assembler.assemble(sources)
      // The peer may come before the profile that it names in the new way.
      #expect(assessment.problems.filter { !$0.fault.isMissingReference } == [])
      #expect(Meaning(assessment.configuration) == meaning)
    }
    let both = assembler.assemble(sources)
    #expect(both.problems == [])
    #expect(both.unclaimed == [])
    sources.legacy = nil
    for var assembler in [assembler, ConfigurationAssembler()] {
      let alone = assembler.assemble(sources)
      #expect(alone.problems == [])
      #expect(alone.warnings == [])
      #expect(alone.configuration == both.configuration)
    }
  }

  @Test func `The deletion may be seen before the objects, which come in any order`() throws {
    let steps = Self.steps(try Self.conversion())
    var generator = SeededGenerator(seed: 7)
    for _ in 1...200 {
      var assembler = ConfigurationAssembler()
      var sources = ConfigurationSources(bgpPeers: [], legacy: configMap(Self.text))
      let meaning = Meaning(assembler.assemble(sources).configuration)
      let order = steps.shuffled(using: &generator)
      let deletion = Int.random(in: 0...order.count, using: &generator)
      for (index, step) in order.enumerated() {
        if index == deletion { sources.legacy = nil }
        step(&sources)
        let now = Meaning(assembler.assemble(sources).configuration)
        #expect(now.isAsGood(as: meaning))
      }
      sources.legacy = nil
      let end = assembler.assemble(sources)
      #expect(end.problems == [])
      #expect(Meaning(end.configuration) == meaning)
      #expect(end.configuration == assess(sources).configuration)
    }
  }

  @Test func `What is deleted by mistake stays in force, is named, and makes way for objects`() {
    var assembler = ConfigurationAssembler()
    let before = assembler.assemble(ConfigurationSources(legacy: configMap(Self.text)))
    for _ in 1...2 {
      let gone = assembler.assemble(ConfigurationSources())
      #expect(gone.configuration == before.configuration)
      #expect(gone.reasons == [.configMapGone])
      #expect(gone.mayMissAddresses)
      #expect(gone.problems.first?.fault.isPassing == true)
      #expect(gone.problems.first?.fault.message.contains("pool \"silver\"") == true)
    }
    // Something else of the same name, and something else in its addresses.
    let sources = ConfigurationSources(
      ipAddressPools: [
        pool("silver", ["10.9.0.0/24"]), pool("new", ["10.0.2.7"]),
        pool("gold-pool", ["10.0.0.0/25"]),
      ], bgpPeers: [peer("tor") { $0.peerAddress = "192.0.2.2" }])
    let replaced = assembler.assemble(sources)
    #expect(replaced.poolNames == ["gold-pool", "new", "silver"])
    #expect(replaced.configuration.peers.map(\.name) == ["peer1", "tor"])
    // What made way does not come back.
    let none = assembler.assemble(ConfigurationSources())
    #expect(none.poolNames == [])
    #expect(none.configuration.peers.map(\.name) == ["peer1"])
  }

  @Test func `An empty text says that nothing stays, and so does a ConfigMap that is back`() {
    var assembler = ConfigurationAssembler()
    _ = assembler.assemble(ConfigurationSources(legacy: configMap(Self.text)))
    _ = assembler.assemble(ConfigurationSources())
    let empty = assembler.assemble(ConfigurationSources(legacy: configMap("{}")))
    #expect(empty == ConfigurationAssessment())
    #expect(assembler.assemble(ConfigurationSources()) == ConfigurationAssessment())
  }

  @Test func `What the operator takes over stays until its objects are seen`() throws {
    var assembler = ConfigurationAssembler()
    let before = assembler.assemble(
      ConfigurationSources(bgpPeers: [], legacy: configMap(Self.text)))
    var rendered = configMap(
      "address-pools: [{name: silver, protocol: bgp, addresses: [10.0.1.0/24], auto-assign: false}]"
    )
    rendered.metadata.labels = [LegacyDocument.renderedByLabel: LegacyDocument.renderedByOperator]
    var sources = ConfigurationSources(bgpPeers: [], legacy: rendered)
    let taken = assembler.assemble(sources)
    #expect(Meaning(taken.configuration) == Meaning(before.configuration))
    #expect(taken.reasons == [.configMapGone])
    for step in Self.steps(try Self.conversion()) {
      step(&sources)
      let now = Meaning(assembler.assemble(sources).configuration)
      #expect(now.isAsGood(as: Meaning(before.configuration)))
    }
    let after = assembler.assemble(sources)
    #expect(after.problems == [])
    // From here on it is the operator's, who takes out what no AddressPool says any more.
    sources.ipAddressPools = []
    rendered.data = ["config": "{}"]
    sources.legacy = rendered
    #expect(assembler.assemble(sources).poolNames == [])
  }

  // MARK: What is the same

  /// One object beside the text, and the field where it is found to differ; nil for none.
  struct Row: Sendable, CustomTestStringConvertible {
    var rule: String
    var field: String?
    var put: @Sendable (inout ConfigurationSources) -> Void
    var testDescription: String { rule }

    init(
      _ rule: String, _ field: String?,
      _ put: @escaping @Sendable (inout ConfigurationSources) -> Void
    ) {
      (self.rule, self.field, self.put) = (rule, field, put)
    }
  }

  static func silver(
    _ addresses: [String] = ["10.0.1.0/24"], autoAssign: Bool? = false,
    _ change: (inout IPAddressPool.Spec) -> Void = { _ in }
  ) -> IPAddressPool {
    var object = pool("silver", addresses, created: 5)
    object.spec.autoAssign = autoAssign
    change(&object.spec)
    return object
  }

  static func classic(
    _ change: (inout AddressPool.Spec) -> Void = { _ in }
  ) -> AddressPool {
    var spec = AddressPool.Spec(protocol: "bgp", addresses: ["10.0.1.0/24"])
    spec.autoAssign = false
    change(&spec)
    return AddressPool(
      metadata: ObjectMeta(name: "silver", namespace: testNamespace, uid: "a"), spec: spec)
  }

  /// The second peer of the text.
  static func second(
    _ name: String = "tor", _ change: (inout BGPPeer.Spec) -> Void = { _ in }
  ) -> BGPPeer {
    peer(name) { spec in
      spec.peerASN = 64_512
      spec.peerAddress = "192.0.2.2"
      spec.holdTime = "9s"
      spec.nodeSelectors = [LabelSelector(matchLabels: ["rack": "1"], matchExpressions: [])]
      change(&spec)
    }
  }

  static let rows: [Row] = [
    Row("the same pool", nil) { $0.ipAddressPools = [silver()] },
    Row("addresses in another notation and order", nil) {
      $0.ipAddressPools = [silver(["10.0.1.128/25", "10.0.1.0-10.0.1.127"])]
    },
    Row("fewer addresses", "spec.addresses") { $0.ipAddressPools = [silver(["10.0.1.0/25"])] },
    Row("more addresses", "spec.addresses") {
      $0.ipAddressPools = [silver(["10.0.1.0/24", "10.0.9.1"])]
    },
    Row("another choice of autoAssign", "spec.autoAssign") {
      $0.ipAddressPools = [silver(autoAssign: nil)]
    },
    Row("addresses left out", "spec.avoidBuggyIPs") {
      $0.ipAddressPools = [silver { $0.avoidBuggyIPs = true }]
    },
    Row("a pool for some", "spec.serviceAllocation") {
      $0.ipAddressPools = [silver { $0.serviceAllocation = .init(priority: 1) }]
    },
    Row("an AddressPool", nil) { $0.addressPools = [classic()] },
    Row("an AddressPool with the standard advertisement written out", nil) {
      $0.addressPools = [
        classic {
          var advertisement = AddressPool.BGPAdvertisement()
          advertisement.aggregationLength = 32
          $0.bgpAdvertisements = [advertisement]
        }
      ]
    },
    Row("an AddressPool and an IPAddressPool", nil) {
      $0.addressPools = [classic()]
      $0.ipAddressPools = [silver()]
    },
    Row("an AddressPool of another protocol", "spec.protocol") {
      $0.addressPools = [classic { $0.protocol = "layer2" }]
    },
    Row("an AddressPool with another advertisement", "spec.bgpAdvertisements") {
      $0.addressPools = [
        classic {
          var advertisement = AddressPool.BGPAdvertisement()
          advertisement.localPref = 7
          $0.bgpAdvertisements = [advertisement]
        }
      ]
    },
    Row("a BFD profile", nil) {
      $0.bfdProfiles = [
        profile("slow") {
          $0.transmitInterval = 900; $0.echoMode = false
        }
      ]
    },
    Row("another BFD profile", "spec.transmitInterval") {
      $0.bfdProfiles = [profile("slow") { $0.transmitInterval = 901 }]
    },
    Row("a BFD profile with more", "spec.passiveMode") {
      $0.bfdProfiles = [
        profile("slow") {
          $0.transmitInterval = 900; $0.passiveMode = true
        }
      ]
    },
    Row("the names of communities", nil) {
      $0.communities = [community("c", ["vpn": "1:1", "more": "3:3"])]
    },
    Row("another value for a name", "spec.communities[0]") {
      $0.communities = [community("c", ["vpn": "1:2"])]
    },
    Row("a peer", nil) { $0.bgpPeers = [second()] },
    Row("a peer by the entry's name", nil) { $0.bgpPeers = [second("peer2")] },
    Row("another hold time", "spec.holdTime") {
      $0.bgpPeers = [second("peer2") { $0.holdTime = "12s" }]
    },
    Row("no hold time where the entry has one", "spec.holdTime") {
      $0.bgpPeers = [second("peer2") { $0.holdTime = nil }]
    },
    Row("other nodes", "spec.nodeSelectors") {
      $0.bgpPeers = [second("peer2") { $0.nodeSelectors = nil }]
    },
    Row("a password more", "spec.password") {
      $0.bgpPeers = [second("peer2") { $0.password = "y" }]
    },
    Row("another router", "spec.peerAddress") {
      $0.bgpPeers = [second("peer2") { $0.peerAddress = "192.0.2.3" }]
    },
    Row("a peer without timers, with its password in a Secret", nil) {
      $0.bfdProfiles = [profile("fast") { $0.receiveInterval = 50 }]
      $0.bgpPeers = [
        peer("tor-a") {
          $0.passwordSecret = SecretReference(name: "tor-a")
          $0.bfdProfile = "fast"
        }
      ]
    },
    Row("another password", "spec.password") {
      $0.bfdProfiles = [profile("fast") { $0.receiveInterval = 50 }]
      $0.bgpPeers = [
        peer("peer1") {
          $0.password = "y"
          $0.bfdProfile = "fast"
        }
      ]
    },
    Row("another BFD profile of a peer", "spec.bfdProfile") {
      $0.bgpPeers = [
        peer("peer1") {
          $0.password = "x"
          $0.bfdProfile = "slow"
        }
      ]
    },
  ]

  @Test(arguments: rows)
  func `An object beside an entry is the same, or is named where it differs`(row: Row) throws {
    let before = ConfigurationSources(bgpPeers: [], legacy: configMap(Self.text))
    var after = before
    row.put(&after)
    let assessment = assess(after)
    #expect(assessment.problems.map(\.fault.field) == [row.field].compactMap(\.self))
    #expect(assessment.problems.allSatisfy { !$0.object.isConfigMap })
    #expect(assessment.configuration.pools.count == 3)
    #expect(assessment.configuration.peers.count == 2)
    if row.field == nil {
      #expect(assessment.unclaimed != assess(before).unclaimed)
    } else {
      #expect(assessment.unclaimed.contains { $0.obstacle?.contains(row.field ?? "") == true })
    }
    let told = assessment.warnings.filter { $0.reason == .saidTwice }
    #expect(told.isEmpty == (row.field != nil))
    #expect(
      !assessment.problems.contains { "\($0)".contains("says x") || "\($0)".contains("says y") })
  }

  @Test func `An AddressPool can go too when an IPAddressPool says the same`() {
    let addressPool = Self.classic()
    let both = assess(
      ConfigurationSources(ipAddressPools: [Self.silver()], addressPools: [addressPool]))
    #expect(both.problems == [])
    #expect(both.configuration.pools.map(\.source.reference.kind) == ["IPAddressPool"])
    #expect(
      both.configuration.pools.first?.bgpAdvertisements.map(\.source.reference.kind) == [
        "AddressPool"
      ])
    #expect(both.warnings.map(\.reason) == [.saidTwice, .poolNotAdvertised])
    let other = assess(
      ConfigurationSources(
        ipAddressPools: [Self.silver(["10.0.1.0/25"])], addressPools: [addressPool]))
    #expect(other.problems.map(\.fault.field) == ["spec.addresses"])
  }
}
