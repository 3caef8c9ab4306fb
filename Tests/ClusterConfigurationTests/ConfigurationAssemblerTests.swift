import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import ClusterConfiguration

struct ConfigurationAssemblerTests {
  // MARK: Ranking

  @Test func `Of two pools that overlap the older one stays, the younger is left out whole`() {
    let assessment = assess(
      ConfigurationSources(ipAddressPools: [
        pool("a", ["10.0.1.0/24", "10.0.0.128/25"], created: 2),
        pool("b", ["10.0.0.0/24"], created: 1),
      ]))
    #expect(assessment.poolNames == ["b"])
    #expect(
      assessment.problems.map(\.description) == [
        "IPAddressPool metallb-system/a: spec.addresses[1]: CIDR \"10.0.0.128/25\" in pool \"a\" overlaps with already defined CIDR \"10.0.0.0/24\" of pool \"b\", IPAddressPool metallb-system/b: remove the addresses from one of them (it is left out)"
      ])
    #expect(assessment.mayMissAddresses)
  }

  @Test func `Pools of one second are ranked by name`() {
    let assessment = assess(
      ConfigurationSources(ipAddressPools: [
        pool("b", ["10.0.0.0/24"], created: 1), pool("a", ["10.0.0.0/25"], created: 1),
      ]))
    #expect(assessment.poolNames == ["a"])
  }

  @Test func `An entry of the ConfigMap outranks every object`() {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"], created: 0)],
        legacy: configMap(
          "address-pools: [{name: z, protocol: layer2, addresses: [10.0.0.7-10.0.0.9]}]")))
    #expect(assessment.poolNames == ["z"])
    #expect(assessment.reasons == [.overlappingAddresses])
    #expect(assessment.problems.first?.object.reference.kind == "IPAddressPool")
  }

  @Test func `A name belongs to the source that ranks first`() {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"])],
        legacy: configMap(
          """
          address-pools:
          - {name: a, protocol: layer2, addresses: [10.1.0.0/24]}
          - {name: a, protocol: layer2, addresses: [10.2.0.0/24]}
          """)))
    #expect(assessment.reasons == [.duplicateName, .duplicateName])
    #expect(
      assessment.configuration.pool(named: "a")?.ranges
        == [AddressRange("10.1.0.0/24")].compactMap(\.self))
    #expect(
      assessment.problems.last?.fault.message
        == "ConfigMap metallb-system/config, pool \"a\" already exists and says 10.1.0.0/24: say the same here, or change it there first"
    )
  }

  @Test func `AddressPools rank by age above IPAddressPools`() {
    func addressPool(_ name: String, _ addresses: [String], created age: Int64) -> AddressPool {
      AddressPool(
        metadata: ObjectMeta(
          name: name, namespace: testNamespace, creationTimestamp: Timestamp(seconds: age)),
        spec: .init(protocol: "layer2", addresses: addresses))
    }
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("c", ["10.0.0.0/8"], created: 0)],
        addressPools: [
          addressPool("a", ["10.0.0.0/24"], created: 9), addressPool("b", ["10.0.0.5"], created: 8),
        ]))
    #expect(assessment.poolNames == ["b"])
    #expect(assessment.problems.map(\.object.reference.name) == ["a", "c"])
  }

  // MARK: One bad object

  @Test func `One bad pool leaves the others alone`() {
    let assessment = assess(
      ConfigurationSources(ipAddressPools: [
        pool("a", ["10.0.0.0/24"]), pool("b", ["nonsense"]), pool("c", ["10.0.2.0/24"]),
      ]))
    #expect(assessment.poolNames == ["a", "c"])
    #expect(assessment.reasons == [.invalidAddress])
    #expect(assessment.problems.first?.consequence == .excluded)
  }

  @Test func `A pool that turns bad stays as it was, until it is good again or gone`() {
    var assembler = ConfigurationAssembler()
    let good = pool("a", ["10.0.0.0/24"])
    let bad = pool("a", ["10.0.0.0/24", "x"])
    _ = assembler.assemble(ConfigurationSources(ipAddressPools: [good]))
    for _ in 1...2 {
      let assessment = assembler.assemble(ConfigurationSources(ipAddressPools: [bad]))
      #expect(assessment.configuration.pools.first?.ranges.count == 1)
      #expect(assessment.problems.map(\.consequence) == [.lastValidVersion])
    }
    let mended = assembler.assemble(ConfigurationSources(ipAddressPools: [good]))
    #expect(mended.isValid)
    #expect(assembler.assemble(ConfigurationSources()).poolNames == [])
    let afterwards = assembler.assemble(ConfigurationSources(ipAddressPools: [bad]))
    #expect(afterwards.problems.map(\.consequence) == [.excluded])
  }

  @Test func `An edit into another pool's addresses is not taken`() {
    var assembler = ConfigurationAssembler()
    let other = pool("a", ["10.0.0.0/24"], created: 1)
    _ = assembler.assemble(
      ConfigurationSources(ipAddressPools: [other, pool("b", ["10.0.1.0/24"], created: 2)]))
    let assessment = assembler.assemble(
      ConfigurationSources(ipAddressPools: [
        other, pool("b", ["10.0.1.0/24", "10.0.0.0/28"], created: 2),
      ]))
    #expect(assessment.poolNames == ["a", "b"])
    #expect(assessment.configuration.pool(named: "b")?.ranges.count == 1)
    #expect(assessment.problems.map(\.consequence) == [.lastValidVersion])
  }

  @Test func `A pool that is recreated does not inherit from its namesake`() {
    var assembler = ConfigurationAssembler()
    _ = assembler.assemble(ConfigurationSources(ipAddressPools: [pool("a", ["10.0.0.0/24"])]))
    var bad = pool("a", ["x"])
    bad.metadata.uid = "another"
    let assessment = assembler.assemble(ConfigurationSources(ipAddressPools: [bad]))
    #expect(assessment.poolNames == [])
  }

  @Test func `A ConfigMap that turns unreadable keeps its pools`() {
    var assembler = ConfigurationAssembler()
    let text = "address-pools: [{name: a, protocol: layer2, addresses: [10.0.0.0/24]}]"
    _ = assembler.assemble(ConfigurationSources(legacy: configMap(text)))
    for broken in ["address-pools: [", "adress-pools: []", "- a", nil] {
      let assessment = assembler.assemble(ConfigurationSources(legacy: configMap(broken)))
      #expect(assessment.poolNames == ["a"])
      #expect(assessment.reasons == [.invalidDocument])
      #expect(assessment.problems.map(\.consequence) == [.lastValidVersion])
      #expect(assessment.configuration.pools.first?.l2Advertisements.count == 1)
    }
    #expect(assembler.assemble(ConfigurationSources(legacy: configMap("{}"))).poolNames == [])
  }

  @Test func `A bad entry of the ConfigMap keeps its last valid version, the others change`() {
    var assembler = ConfigurationAssembler()
    func text(_ b: String) -> String {
      "address-pools:\n- {name: a, protocol: layer2, addresses: [\(b)]}\n- \(b == "x" ? "{name: b}" : "{name: b, protocol: layer2, addresses: [10.9.0.0/24]}")"
    }
    _ = assembler.assemble(ConfigurationSources(legacy: configMap(text("10.0.0.0/24"))))
    let assessment = assembler.assemble(ConfigurationSources(legacy: configMap(text("x"))))
    #expect(assessment.poolNames == ["a", "b"])
    #expect(assessment.reasons == [.invalidAddress, .invalidDocument])
    #expect(
      assessment.problems.map(\.description) == [
        "ConfigMap metallb-system/config, pool \"a\": addresses[0]: invalid CIDR or range \"x\": \"x\" is not an IP address (its last valid version stays in force)",
        "ConfigMap metallb-system/config, pool \"b\": line 3, address-pools[1].addresses: the pool has no addresses: add a CIDR such as 192.0.2.0/24 (its last valid version stays in force)",
      ])
  }

  @Test func `A fault outside of the pools does not concern addresses`() {
    let assessment = assess(
      ConfigurationSources(legacy: configMap("peers: [{my-asn: 1}]")))
    #expect(assessment.reasons == [.invalidDocument])
    #expect(!assessment.mayMissAddresses)
  }

  // MARK: Advertisements

  @Test
  func `Names and selectors attach, neither means every pool, legacy pools announce themselves`() {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [
          pool("a", ["10.0.0.0/24"], labels: ["zone": "1"]), pool("b", ["10.0.1.0/24"]),
          pool("c", ["10.0.2.0/24"], labels: ["zone": "2"]),
        ],
        l2Advertisements: [
          advertisement("all") { $0.interfaces = ["eth1", "eth0", "eth1"] },
          advertisement("some") {
            $0.ipAddressPools = ["b"]
            $0.ipAddressPoolSelectors = [LabelSelector(matchLabels: ["zone": "2"])]
          },
        ],
        legacy: configMap(
          """
          address-pools:
          - {name: l, protocol: layer2, addresses: [10.1.0.0/24]}
          - {name: m, protocol: bgp, addresses: [10.2.0.0/24]}
          """)))
    func attached(_ name: String) -> [String?] {
      assessment.configuration.pool(named: name)?.l2Advertisements.map(\.source.reference.name)
        ?? []
    }
    #expect(attached("a") == ["all"])
    #expect(attached("b") == ["all", "some"])
    #expect(attached("c") == ["all", "some"])
    #expect(attached("l") == ["config"])
    #expect(attached("m") == [])
    #expect(
      assessment.configuration.pool(named: "a")?.l2Advertisements.first?.interfaces == [
        "eth0", "eth1",
      ])
    #expect(assessment.isValid)
    #expect(assessment.warnings == [])
  }

  @Test func `Advertisements that say the same are attached once, unless they carry preferences`() {
    let preferring: (inout L2Advertisement.Spec) -> Void = {
      $0.preferredNodeSelectors = [.init(weight: 10, preference: LabelSelector())]
    }
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"])],
        l2Advertisements: [
          advertisement("one"), advertisement("two") { $0.ipAddressPools = ["a"] },
          advertisement("three", preferring), advertisement("four", preferring),
        ]))
    let attached = assessment.configuration.pool(named: "a")?.l2Advertisements ?? []
    #expect(attached.map(\.source.reference.name) == ["four", "one", "three"])
    #expect(attached.reduce(0) { $0 + $1.preference(nodeLabels: [:]) } == 20)
  }

  struct BadAdvertisement: Sendable, CustomTestStringConvertible {
    var rule: String
    var advertisement: L2Advertisement
    var reason: ConfigurationFault.Reason
    var field: String
    var testDescription: String { rule }

    init(
      _ rule: String, _ reason: ConfigurationFault.Reason, _ field: String,
      _ change: (inout L2Advertisement.Spec) -> Void
    ) {
      self.rule = rule
      self.reason = reason
      self.field = field
      advertisement = ClusterConfigurationTests.advertisement("bad", change)
    }
  }

  static let badAdvertisements: [BadAdvertisement] = [
    BadAdvertisement("A1", .duplicatePool, "spec.ipAddressPools[1]") {
      $0.ipAddressPools = ["a", "a"]
    },
    BadAdvertisement("A2 twice", .duplicateSelector, "spec.nodeSelectors[1]") {
      $0.nodeSelectors = [
        LabelSelector(matchLabels: ["a": "b"]), LabelSelector(matchLabels: ["a": "b"]),
      ]
    },
    BadAdvertisement("A2 key", .invalidSelector, "spec.ipAddressPoolSelectors[0].matchLabels") {
      $0.ipAddressPoolSelectors = [LabelSelector(matchLabels: ["-": "b"])]
    },
    BadAdvertisement("A2 value", .invalidSelector, "spec.serviceSelectors[0].matchLabels[a]") {
      $0.serviceSelectors = [LabelSelector(matchLabels: ["a": " "])]
    },
    BadAdvertisement(
      "A2 preference", .invalidSelector,
      "spec.preferredNodeSelectors[0].preference.matchExpressions[0].operator"
    ) {
      let selector = LabelSelector(matchExpressions: [.init(key: "a", operator: "?")])
      $0.preferredNodeSelectors = [.init(weight: 1, preference: selector)]
    },
    BadAdvertisement("weight", .invalidWeight, "spec.preferredNodeSelectors[0].weight") {
      $0.preferredNodeSelectors = [.init(weight: 0, preference: LabelSelector())]
    },
  ]

  @Test(arguments: badAdvertisements)
  func `An advertisement that breaks a rule is left out and named`(row: BadAdvertisement) {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"])],
        l2Advertisements: [row.advertisement, advertisement("good")]))
    #expect(assessment.reasons == [row.reason])
    #expect(assessment.problems.first?.fault.field == row.field)
    #expect(!assessment.mayMissAddresses)
    #expect(
      assessment.configuration.pools.first?.l2Advertisements.map(\.source.reference.name) == [
        "good"
      ])
  }

  @Test func `An advertisement that turns bad stays as it was`() {
    var assembler = ConfigurationAssembler()
    let pools = [pool("a", ["10.0.0.0/24"])]
    _ = assembler.assemble(
      ConfigurationSources(ipAddressPools: pools, l2Advertisements: [advertisement("x")]))
    let assessment = assembler.assemble(
      ConfigurationSources(
        ipAddressPools: pools,
        l2Advertisements: [advertisement("x") { $0.ipAddressPools = ["a", "a"] }]))
    #expect(assessment.problems.map(\.consequence) == [.lastValidVersion])
    #expect(assessment.configuration.pools.first?.l2Advertisements.count == 1)
  }

  // MARK: Warnings

  @Test func `Typos and pools that nobody announces are warned about`() {
    let assessment = assess(
      ConfigurationSources(
        ipAddressPools: [pool("a", ["10.0.0.0/24"]), pool("bad", ["x"])],
        l2Advertisements: [
          advertisement("names") { $0.ipAddressPools = ["b", "bad", "l"] },
          advertisement("selectors") {
            $0.ipAddressPoolSelectors = [LabelSelector(matchLabels: ["no": "pool"])]
          },
        ],
        legacy: configMap("address-pools: [{name: l, protocol: layer2, addresses: [10.1.0.0/24]}]"))
    )
    #expect(
      assessment.warnings.map(\.reason) == [
        .unknownPool, .unknownPool, .noPoolSelected, .poolNotAdvertised,
      ])
    #expect(
      assessment.warnings.first?.description
        == "L2Advertisement metallb-system/names: there is no pool \"b\": correct the name in spec.ipAddressPools, or create the pool"
    )
    #expect(assessment.warnings.last?.object.reference.name == "a")
  }

  @Test func `Node selectors that match no node are warned about, where nodes are known`() {
    let zone = { (name: String) in LabelSelector(matchLabels: ["zone": name]) }
    var sources = ConfigurationSources(
      ipAddressPools: [pool("a", ["10.0.0.0/24"])],
      l2Advertisements: [
        advertisement("everywhere"),
        advertisement("nowhere") { $0.nodeSelectors = [zone("x"), zone("y")] },
        advertisement("somewhere") { $0.nodeSelectors = [zone("x"), zone("b")] },
      ],
      bgpAdvertisements: [bgpAdvertisement("astray") { $0.nodeSelectors = [zone("x")] }])
    sources.nodes = [["zone": "a"], ["zone": "b"]]
    let warned = assess(sources).warnings
    #expect(warned.map(\.reason) == [.noNodeSelected, .noNodeSelected])
    #expect(warned.map(\.object.reference.name) == ["nowhere", "astray"])
    // None is known, or none has come yet.
    for nodes in [nil, []] as [[[String: String]]?] {
      sources.nodes = nodes
      #expect(assess(sources).warnings == [])
    }
  }
}

struct ValidatedConfigurationTests {
  @Test func `The pool of an address is found, and no pool for what is between`() throws {
    let configuration = assess(
      ConfigurationSources(ipAddressPools: [
        pool("b", ["10.0.0.10-10.0.0.19", "fd00::/64"]),
        pool("a", ["10.0.0.30-10.0.0.39", "10.0.0.0/29"]),
      ])
    ).configuration
    func name(_ text: String) throws -> String? {
      configuration.pool(containing: try #require(IPAddress(text)))?.name
    }
    #expect(try name("10.0.0.0") == "a")
    #expect(try name("10.0.0.7") == "a")
    #expect(try name("10.0.0.8") == nil)
    #expect(try name("10.0.0.10") == "b")
    #expect(try name("10.0.0.19") == "b")
    #expect(try name("10.0.0.20") == nil)
    #expect(try name("10.0.0.39") == "a")
    #expect(try name("10.0.0.40") == nil)
    #expect(try name("9.255.255.255") == nil)
    #expect(try name("fd00::ffff") == "b")
    #expect(try name("fd00:0:0:1::") == nil)
    #expect(configuration.pool(named: "b")?.ranges.count == 2)
    #expect(configuration.pool(named: "c") == nil)
  }
}
