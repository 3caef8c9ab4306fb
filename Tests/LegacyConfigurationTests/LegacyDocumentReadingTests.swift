import KubernetesAPI
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import LegacyConfiguration

struct LegacyDocumentReadingTests {
  @Test func `The oldest generation: cidr, advertisements, no protocol`() throws {
    let document = try LegacyDocument(
      parsing: """
        peers:
        - peer-address: 10.0.0.1
          peer-asn: 100
          my-asn: 42
        address-pools:
        - name: default
          cidr:
          - 192.168.10.0/24
          advertisements:
          - aggregation-length: 32
        """)
    #expect(
      document
        == LegacyDocument(
          peers: [LegacyPeer(myASN: 42, peerASN: 100, peerAddress: "10.0.0.1")],
          pools: [
            LegacyPool(
              name: "default", protocol: .bgp, addresses: ["192.168.10.0/24"],
              advertisements: .listed([LegacyAdvertisement(aggregationLength: 32)]))
          ]))
  }

  @Test func `Comments, community names and a pool after a lone dash`() throws {
    let document = try LegacyDocument(
      parsing: """
        # Rest of config omitted for brevity
        communities:
          # routed to the developer offices
          vpn-only: 1234:1
        address-pools:
        - # four public addresses
          name: production
          cidr:
          - 42.176.25.64/30
          advertisements:
          - aggregation-length: 32

        - name: sandbox
          cidr:
          - 192.168.144.0/20
          advertisements:
          - communities:
            - vpn-only
        """)
    #expect(document.communities == [LegacyCommunity(name: "vpn-only", value: "1234:1")])
    #expect(document.pools.map(\.name) == ["production", "sandbox"])
    #expect(
      document.pools.last?.advertisements
        == .listed([LegacyAdvertisement(communities: ["vpn-only"])]))
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var yaml: String
    var pool: LegacyPool
    var testDescription: String { name }
  }

  static let generations: [Row] = [
    Row(
      name: "0.1: no advertisements announce nothing", yaml: "{name: a, cidr: [10.0.0.0/24]}",
      pool: LegacyPool(name: "a", protocol: .bgp, addresses: ["10.0.0.0/24"], advertisements: .none)
    ),
    Row(
      name: "0.3: bgp with one default advertisement",
      yaml: "{name: a, protocol: bgp, cidr: [10.0.0.0/24], auto-assign: no}",
      pool: LegacyPool(name: "a", protocol: .bgp, addresses: ["10.0.0.0/24"], autoAssign: false)),
    Row(
      name: "0.3: arp keeps the ends of the /24 around the first block",
      yaml: "{name: a, protocol: arp, cidr: [10.0.0.240/28, 10.0.0.0/30]}",
      pool: LegacyPool(
        name: "a", protocol: .layer2, addresses: ["10.0.0.240/28", "10.0.0.0/30"],
        reservedAddresses: ["10.0.0.0", "10.0.0.255"].compactMap { IPAddress($0) })),
    Row(
      name: "0.4: arp with its network",
      yaml: "{name: a, protocol: arp, cidr: [10.0.0.0/24, 10.0.1.0/24], arp-network: 10.0.0.0/23}",
      pool: LegacyPool(
        name: "a", protocol: .layer2, addresses: ["10.0.0.0/24", "10.0.1.0/24"],
        reservedAddresses: ["10.0.0.0", "10.0.1.255"].compactMap { IPAddress($0) })),
    Row(
      name: "0.4: ndp", yaml: "{name: a, protocol: ndp, cidr: ['fd00::/120']}",
      pool: LegacyPool(name: "a", protocol: .layer2, addresses: ["fd00::/120"])),
    Row(
      name: "0.5: arp-network is ignored with addresses",
      yaml: "{name: a, protocol: arp, addresses: [10.0.0.0/24], arp-network: 10.0.0.0/24}",
      pool: LegacyPool(name: "a", protocol: .layer2, addresses: ["10.0.0.0/24"])),
    Row(
      name: "0.9: layer2 with a range and both switches",
      yaml:
        "{name: a, protocol: layer2, addresses: [10.0.0.1 - 10.0.0.9], auto-assign: true, avoid-buggy-ips: true}",
      pool: LegacyPool(
        name: "a", protocol: .layer2, addresses: ["10.0.0.1 - 10.0.0.9"], avoidBuggyIPs: true)),
    Row(
      name: "0.12: every advertisement key, nulls and an empty list",
      yaml: """
        {name: a, protocol: bgp, addresses: [10.0.0.0/24], bgp-advertisements: [
          {aggregation-length: 24, aggregation-length-v6: null, localpref: 7, communities: []}]}
        """,
      pool: LegacyPool(
        name: "a", protocol: .bgp, addresses: ["10.0.0.0/24"],
        advertisements: .listed([LegacyAdvertisement(aggregationLength: 24, localPref: 7)]))),
  ]

  @Test(arguments: generations)
  func `Pools of every generation become one model`(row: Row) throws {
    #expect(try LegacyDocument(parsing: "address-pools: [\(row.yaml)]").pools == [row.pool])
  }

  @Test func `Every key of a peer and of a BFD profile`() throws {
    let document = try LegacyDocument(
      parsing: """
        peers:
        - my-asn: 64512
          peer-asn: 4200000000
          peer-address: 10.9.0.1
          source-address: 10.9.0.2
          peer-port: 1179
          hold-time: 1m30s
          keepalive-time: 30s
          router-id: 10.9.0.2
          node-selectors:
          - match-labels: {rack: a}
            match-expressions:
            - {key: kubernetes.io/hostname, operator: In, values: [n1]}
          - {}
          password: "123"
          bfd-profile: fast
          ebgp-multihop: true
        bfd-profiles:
        - {name: fast, receive-interval: 150, transmit-interval: 151, detect-multiplier: 4, echo-interval: 50,
           echo-mode: true, passive-mode: false, minimum-ttl: 254}
        """)
    let peer = try #require(document.peers.first)
    #expect(peer.peerASN == 4_200_000_000)
    #expect(peer.holdTime == .seconds(90))
    #expect(peer.password == "123")
    #expect(peer.nodeSelectors.count == 2)
    #expect(peer.nodeSelectors.last?.isEmpty == true)
    #expect(document.bfdProfiles.first?.echoMode == true)
    #expect(try LegacyDocument(parsing: document.yamlText()) == document)
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var yaml: String
    var expected: LegacyProblem
    var testDescription: String { expected.description }

    init(
      _ yaml: String, _ reason: LegacyProblem.Reason, _ entry: LegacyProblem.Entry = .document,
      _ path: String = "", line: Int?, _ message: String
    ) {
      self.yaml = yaml
      expected = LegacyProblem(reason, entry: entry, path: path, line: line, message: message)
    }
  }

  static let faults: [Fault] = [
    Fault(
      "address-pools:\n- name: a\n  protocol: layer2\n  addresses: [10.0.0.0/24]\n  autoAssign: false",
      .unknownKey, .pool("a"), "address-pools[0].autoAssign", line: 5,
      "unknown key \"autoAssign\": write auto-assign"),
    Fault(
      "pools: []", .unknownKey, .document, "pools", line: 1, "unknown key \"pools\": remove it"),
    Fault(
      "peers:\n- {my-asn: 1, peer-asn: 2, peer-address: 10.0.0.1, bfdProfile: x}", .unknownKey,
      .peer(0), "peers[0].bfdProfile", line: 2, "unknown key \"bfdProfile\": write bfd-profile"),
    Fault(
      "address-pools:\n- {name: a, addresses: [10.0.0.0/24]}", .missingKey, .pool("a"),
      "address-pools[0].protocol", line: 2, "protocol is missing: write layer2 or bgp"),
    Fault(
      "bgp-communities: {}\naddress-pools:\n- {name: a, cidr: [10.0.0.0/24]}", .missingKey,
      .pool("a"), "address-pools[0].protocol", line: 3, "protocol is missing: write layer2 or bgp"),
    Fault(
      "address-pools:\n- {name: a, protocol: l2, addresses: [10.0.0.0/24]}", .invalidValue,
      .pool("a"), "address-pools[0].protocol", line: 2,
      "\"l2\" is not a protocol: write layer2 or bgp"),
    Fault(
      "address-pools:\n- {protocol: layer2, addresses: [10.0.0.0/24]}", .missingKey, .document,
      "address-pools[0].name", line: 2, "name is missing"),
    Fault(
      "address-pools:\n- {name: a, protocol: layer2}", .missingKey, .pool("a"),
      "address-pools[0].addresses", line: 2,
      "the pool has no addresses: add a CIDR such as 192.0.2.0/24"),
    Fault(
      "address-pools:\n- {name: a, protocol: layer2, addresses: 10.0.0.0/24}", .wrongType,
      .pool("a"), "address-pools[0].addresses", line: 2, "expected a list, found another value"),
    Fault(
      "address-pools:\n- {name: a, protocol: layer2, addresses: [10.0.0.0/24], cidr: [10.1.0.0/24]}",
      .conflictingKeys, .pool("a"), "address-pools[0].cidr", line: 2,
      "cidr is the older name of addresses: write all of them there"),
    Fault(
      "address-pools:\n- {name: a, protocol: layer2, addresses: [10.0.0.0/24], bgp-advertisements: [{}]}",
      .conflictingKeys, .pool("a"), "address-pools[0].bgp-advertisements", line: 2,
      "a layer2 pool has no BGP advertisements: remove them, or set protocol to bgp"),
    Fault(
      "address-pools:\n- {name: a, protocol: arp, cidr: [10.0.0.0/24, 10.0.1.0/24]}",
      .invalidValue, .pool("a"), "address-pools[0].cidr", line: 2,
      "10.0.1.0/24 is not inside the ARP network 10.0.0.0/24: set arp-network to a network that holds all of them"
    ),
    Fault(
      "address-pools:\n- {name: a, protocol: layer2, addresses: [10.0.0.0/24], auto-assign: maybe}",
      .wrongType, .pool("a"), "address-pools[0].auto-assign", line: 2,
      "expected true or false, found another value"),
    Fault(
      "peers:\n- {my-asn: 1, peer-address: 10.0.0.1}", .missingKey, .peer(0), "peers[0].peer-asn",
      line: 2, "peer-asn is missing"),
    Fault(
      "peers:\n- {my-asn: -1, peer-asn: 2, peer-address: 10.0.0.1}", .wrongType, .peer(0),
      "peers[0].my-asn", line: 2,
      "expected a whole number from 0 to 4294967295, found another value"),
    Fault(
      "peers:\n- {my-asn: 1, peer-asn: 2, peer-address: 10.0.0.1, hold-time: 90}", .wrongType,
      .peer(0), "peers[0].hold-time", line: 2,
      "expected a duration such as 90s or 1m30s, found another value"),
    Fault("- a", .wrongType, line: 1, "expected keys and values, found a list"),
    Fault("a: {", .invalidYAML, line: 2, "this is no YAML: did not find expected node content"),
    Fault(
      "peers: []\npeers: []", .invalidYAML, line: 1, "the key \"peers\" is written twice: keep one"),
    Fault(
      "communities: {a: '1:1'}\nbgp-communities: {b: '1:2'}", .conflictingKeys, .document,
      "communities", line: 1,
      "communities is the older name of bgp-communities: write all of them there"),
  ]

  @Test(arguments: faults)
  func `A fault is named with its place and how to write it`(fault: Fault) {
    #expect(LegacyDocument.read(fault.yaml).problems == [fault.expected])
    #expect(throws: fault.expected) { try LegacyDocument(parsing: fault.yaml) }
  }

  @Test(.timeLimit(.minutes(1))) func `A document whose aliases multiply is refused`() {
    var text = "a0: &a0 x\n"
    for level in 1...12 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(LegacyDocument.read(text).problems.map(\.reason) == [.invalidYAML])
  }

  @Test func `One bad entry does not take the others with it`() {
    let reading = LegacyDocument.read(
      """
      address-pools:
      - {name: a, protocol: layer2, addresses: [10.0.0.0/24]}
      - {name: b, protocol: layer2, adresses: [10.0.1.0/24]}
      - {name: c, protocol: layer2, addresses: [10.0.2.0/24]}
      """)
    #expect(reading.document.pools.map(\.name) == ["a", "c"])
    #expect(reading.problems.map(\.entry) == [.pool("b")])
    #expect(reading.problems.map(\.line) == [3])
  }

  @Test(arguments: ["", "{}", "# nothing\n", "---\n", "null", "address-pools:\npeers: ~"])
  func `An empty document configures nothing and is no fault`(text: String) {
    #expect(LegacyDocument.read(text) == LegacyReading(document: LegacyDocument()))
  }

  @Test func `No error text and no description holds a password`() {
    let text = """
      peers:
      - {my-asn: 1, peer-asn: 2, peer-address: 10.0.0.1, password: [hunter2]}
      - {my-asn: x, peer-asn: 2, peer-address: 10.0.0.1, password: hunter2}
      - {my-asn: 1, peer-asn: 2, peer-address: 10.0.0.1, password: hunter2}
      """
    let reading = LegacyDocument.read(text)
    #expect(reading.problems.count == 2)
    #expect(reading.document.peers.first?.password == "hunter2")
    #expect(!"\(reading)".contains("hunter2"))
  }
}

struct LegacyPoolKindsTests {
  @Test func `A layer2 pool is a pool and its advertisement`() {
    let pool = LegacyPool(
      name: "a", protocol: .layer2, addresses: ["10.0.0.0/24"], autoAssign: false,
      avoidBuggyIPs: true)
    let kind = pool.ipAddressPool(namespace: "metallb-system")
    #expect(kind.namespacedName == NamespacedName(namespace: "metallb-system", name: "a"))
    #expect(
      kind.spec
        == IPAddressPool.Spec(addresses: ["10.0.0.0/24"], autoAssign: false, avoidBuggyIPs: true))
    #expect(pool.l2Advertisement(namespace: "metallb-system")?.spec?.ipAddressPools == ["a"])
  }

  @Test func `A BGP pool has no layer 2 advertisement`() {
    let pool = LegacyPool(name: "a", protocol: .bgp, addresses: ["10.0.0.0/24"])
    #expect(pool.l2Advertisement(namespace: "n") == nil)
  }

  @Test func `Reserved addresses are cut out of the ranges that hold them`() throws {
    let pool = LegacyPool(
      name: "a", protocol: .layer2,
      addresses: ["10.0.0.0/24", "10.0.1.255/32", "10.0.1.0/25", "fd00::/120", "nonsense"],
      reservedAddresses: [
        try #require(IPAddress("10.0.0.0")), try #require(IPAddress("10.0.1.255")),
      ])
    #expect(
      pool.usableAddresses == ["10.0.0.1-10.0.0.255", "10.0.1.0/25", "fd00::/120", "nonsense"])
  }
}
