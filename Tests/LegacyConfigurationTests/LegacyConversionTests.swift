import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import Testing

struct LegacyConversionTests {
  static let full = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 192.0.2.1, password: hunter2,
       bfd-profile: Fast_BFD, peer-port: 1179, router-id: 192.0.2.9, ebgp-multihop: true}
    - {my-asn: 64512, peer-asn: 64512, peer-address: 192.0.2.2, hold-time: 9500ms,
       keepalive-time: 3s, node-selectors: [{match-labels: {rack: "1"}}]}
    bgp-communities: {vpn: "1:1", all: "1:2"}
    address-pools:
    - name: Gold_Pool
      protocol: bgp
      addresses: [10.0.0.0/24, 10.0.9.9]
      auto-assign: false
      avoid-buggy-ips: true
      bgp-advertisements:
      - {aggregation-length: 32, localpref: 100, communities: [vpn, "2:2"]}
      - {aggregation-length-v6: 64}
    - {name: silver, protocol: bgp, addresses: [10.0.1.0/24]}
    - {name: bronze, protocol: layer2, addresses: [10.0.2.1-10.0.2.9]}
    bfd-profiles: [{name: Fast_BFD, receive-interval: 50, passive-mode: true}]
    """

  static func convert(
    _ text: String, _ change: (inout LegacyConversion.Options) -> Void = { _ in }
  ) throws -> LegacyConversion {
    var options = LegacyConversion.Options()
    change(&options)
    return try LegacyConversion(try LegacyDocument(parsing: text), options: options)
  }

  @Test func `Every entry becomes its object, in upstream's names and order`() throws {
    let conversion = try Self.convert(Self.full)
    let objects = try conversion.objects()
    #expect(
      objects.map {
        "\($0["kind"]?.stringValue ?? "") \($0["metadata"]?["name"]?.stringValue ?? "")"
      } == [
        "BGPPeer peer1", "BGPPeer peer2", "IPAddressPool gold-pool", "IPAddressPool silver",
        "IPAddressPool bronze", "BGPAdvertisement bgpadvertisement1",
        "BGPAdvertisement bgpadvertisement2", "BGPAdvertisement bgpadvertisement3",
        "L2Advertisement l2advertisement1", "BFDProfile fast-bfd", "Community communities",
      ])
    #expect(objects.allSatisfy { $0["metadata"]?["namespace"] == "metallb-system" })
    #expect(
      conversion.peers.map { try? $0.jsonValue()["spec"] } == [
        [
          "myASN": 64_512, "peerASN": 64_513, "peerAddress": "192.0.2.1", "peerPort": 1179,
          "holdTime": "1m30s", "routerID": "192.0.2.9", "password": "hunter2",
          "bfdProfile": "fast-bfd", "ebgpMultiHop": true,
        ],
        [
          "myASN": 64_512, "peerASN": 64_512, "peerAddress": "192.0.2.2", "holdTime": "9s",
          "keepaliveTime": "3s", "nodeSelectors": [["matchLabels": ["rack": "1"]]],
        ],
      ])
    #expect(
      try conversion.pools[0].jsonValue()["spec"] == [
        "addresses": ["10.0.0.0/24", "10.0.9.9/32"], "autoAssign": false, "avoidBuggyIPs": true,
      ])
    #expect(
      conversion.bgpAdvertisements.map { try? $0.jsonValue()["spec"] } == [
        [
          "aggregationLength": 32, "localPref": 100, "communities": ["vpn", "2:2"],
          "ipAddressPools": ["gold-pool"],
        ], ["aggregationLengthV6": 64, "ipAddressPools": ["gold-pool"]],
        ["ipAddressPools": ["silver"]],
      ])
    #expect(
      try conversion.bfdProfiles[0].jsonValue()["spec"]
        == ["receiveInterval": 50, "echoMode": false, "passiveMode": true])
    #expect(
      try conversion.communities[0].jsonValue()["spec"]
        == ["communities": [["name": "all", "value": "1:2"], ["name": "vpn", "value": "1:1"]]])
    #expect(conversion.renamedPools == ["Gold_Pool": "gold-pool"])
    #expect(
      conversion.notes == [
        "BFD profile \"Fast_BFD\" is now named \"fast-bfd\"",
        "pool \"Gold_Pool\" is now named \"gold-pool\"",
      ])
  }

  @Test func `Passwords go into Secrets on request, and into no note`() throws {
    let conversion = try Self.convert(Self.full) {
      $0.makesSecrets = true
      $0.namespace = "lb"
    }
    #expect(conversion.secrets.map(\.metadata.name) == ["peer1-password"])
    #expect(conversion.secrets.map(\.metadata.namespace) == ["lb"])
    #expect(conversion.secrets.map(\.type) == ["kubernetes.io/basic-auth"])
    #expect(conversion.secrets.first?.value("password") == Array("hunter2".utf8))
    #expect(conversion.peers.map(\.spec.password) == [nil, nil])
    #expect(conversion.peers.map(\.spec.passwordSecret?.name) == ["peer1-password", nil])
    #expect(!(try conversion.yamlText().contains("hunter2")))
  }

  @Test func `The text begins with a comment, and every object ends with a line of dashes`()
    throws
  {
    let text = try Self.convert(Self.full).yamlText()
    #expect(text.hasPrefix("# "))
    #expect(text.hasSuffix("---\n"))
    #expect(text.split(separator: "\n").filter { $0 == "---" }.count == 11)
  }

  struct Era: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var kinds: [String]
    var addresses: [String]
  }

  static let eras: [Era] = [
    Era(
      testDescription: "0.1 with advertisements",
      text: """
        communities: {vpn: "1:1"}
        address-pools:
        - {name: ab, cidr: [10.0.0.0/24], advertisements: [{localpref: 7, communities: [vpn]}]}
        """, kinds: ["IPAddressPool", "BGPAdvertisement", "Community"], addresses: ["10.0.0.0/24"]),
    Era(
      testDescription: "0.1 without advertisements",
      text: "address-pools: [{name: ab, cidr: [10.0.0.0/24]}]", kinds: ["IPAddressPool"],
      addresses: ["10.0.0.0/24"]),
    Era(
      testDescription: "0.3 with ARP",
      text: "address-pools: [{name: ab, protocol: arp, cidr: [10.0.0.0/30]}]",
      kinds: ["IPAddressPool", "L2Advertisement"], addresses: ["10.0.0.1-10.0.0.3"]),
    Era(
      testDescription: "0.4 with NDP",
      text: "address-pools: [{name: ab, protocol: ndp, cidr: [\"fd00::/126\"]}]",
      kinds: ["IPAddressPool", "L2Advertisement"], addresses: ["fd00::/126"]),
    Era(
      testDescription: "0.5",
      text: "address-pools: [{name: ab, protocol: bgp, addresses: [10.0.0.1-10.0.0.9]}]",
      kinds: ["IPAddressPool", "BGPAdvertisement"], addresses: ["10.0.0.1-10.0.0.9"]),
    Era(
      testDescription: "0.12",
      text: "address-pools: [{name: ab, protocol: layer2, addresses: [10.0.0.1-10.0.0.9]}]",
      kinds: ["IPAddressPool", "L2Advertisement"], addresses: ["10.0.0.1-10.0.0.9"]),
  ]

  @Test(arguments: eras)
  func `Every generation is converted`(era: Era) throws {
    let conversion = try Self.convert(era.text)
    #expect(try conversion.objects().map { $0["kind"]?.stringValue } == era.kinds)
    #expect(conversion.pools.first?.spec.addresses == era.addresses)
  }

  @Test(arguments: [
    ("gold", "gold"), ("a", "a"), ("a.b", "a.b"), ("Gold", "gold"), ("1gold", "gold"),
    ("my pool_2", "my-pool-2"), ("gold-", "gold"), ("gold_", "gold"), ("Ä-x", "x"),
    (String(repeating: "x", count: 70), String(repeating: "x", count: 63)),
  ])
  func `A name is kept, or made one that objects may have`(old: String, new: String) throws {
    let conversion = try Self.convert(
      "address-pools: [{name: \"\(old)\", protocol: layer2, addresses: [10.0.0.0/24]}]")
    #expect(conversion.pools.map(\.metadata.name) == [new])
    #expect(conversion.l2Advertisements.map(\.spec?.ipAddressPools) == [[new]])
    #expect(conversion.renamedPools == (old == new ? [:] : [old: new]))
  }

  @Test func `Names that become the same are told apart`() throws {
    let conversion = try Self.convert(
      """
      address-pools:
      - {name: my_pool, protocol: layer2, addresses: [10.0.0.0/24]}
      - {name: my-pool, protocol: layer2, addresses: [10.0.1.0/24]}
      """)
    #expect(conversion.pools.map(\.metadata.name) == ["my-pool", "my-pool-2"])
  }

  @Test(arguments: [
    "address-pools: [{name: \"12_\", protocol: layer2, addresses: [10.0.0.0/24]}]",
    """
    address-pools:
    - {name: a, protocol: layer2, addresses: [10.0.0.0/24]}
    - {name: a, protocol: layer2, addresses: [10.0.1.0/24]}
    """,
  ])
  func `A name that cannot be mended is refused`(text: String) {
    #expect(throws: LegacyProblem.self) { try Self.convert(text) }
  }

  @Test func `AddressPools are converted with the rest`() throws {
    var bgp = AddressPool(
      metadata: ObjectMeta(name: "b", namespace: "x"),
      spec: .init(protocol: "bgp", addresses: ["10.2.0.0/24"]))
    var advertisement = AddressPool.BGPAdvertisement()
    advertisement.communities = ["1:1"]
    bgp.spec.bgpAdvertisements = [advertisement]
    let layer2 = AddressPool(
      metadata: ObjectMeta(name: "a", namespace: "x"),
      spec: .init(protocol: "layer2", addresses: ["10.1.0.0/24"]))
    let conversion = try LegacyConversion(LegacyDocument(), addressPools: [bgp, layer2])
    #expect(conversion.pools.map(\.metadata.name) == ["a", "b"])
    #expect(conversion.l2Advertisements.count == 1)
    #expect(conversion.bgpAdvertisements.map(\.spec?.communities) == [["1:1"]])
  }

  @Test func `Unknown keys are skipped on request, and named`() {
    let text = """
      peeers: []
      address-pools: [{name: a, protocol: layer2, addresses: [10.0.0.0/24], autoAssign: false}]
      peers: [{my-asn: 1, peer-asn: 2, peer-address: 192.0.2.1, node-selectors: [{labels: {}}]}]
      """
    let reading = LegacyDocument.read(text, skipsUnknownKeys: true)
    #expect(reading.problems == [])
    #expect(reading.document.pools.count == 1)
    #expect(reading.document.peers.count == 1)
    #expect(
      Set(reading.skippedKeys.map(\.path)) == [
        "peeers", "address-pools[0].autoAssign", "peers[0].node-selectors[0].labels",
      ])
    // Where they are faults, each entry names its first, and the document its own.
    #expect(
      LegacyDocument.read(text).problems.map(\.path) == [
        "peers[0].node-selectors[0].labels", "address-pools[0].autoAssign", "peeers",
      ])
  }
}
