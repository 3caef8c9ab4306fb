import KubernetesAPI
import MetalLBAPI
import Testing

@testable import LegacyConfiguration

struct LegacyDocumentTextTests {
  @Test func `The whole layout: keys in order, lists level with their key`() throws {
    var peer = LegacyPeer(myASN: 64512, peerASN: 64513, peerAddress: "10.9.0.1")
    peer.sourceAddress = "10.9.0.2"
    peer.peerPort = 1179
    peer.holdTime = .seconds(90)
    peer.keepaliveTime = .seconds(30)
    peer.routerID = "10.9.0.2"
    peer.nodeSelectors = [
      LabelSelector(
        matchLabels: ["rack": "a"],
        matchExpressions: [.init(key: "kubernetes.io/hostname", operator: "In", values: ["n1"])])
    ]
    peer.password = "example"
    peer.bfdProfile = "fast"
    peer.ebgpMultiHop = true
    let pool = LegacyPool(
      name: "gold", protocol: .bgp, addresses: ["198.51.100.0/28"], autoAssign: false,
      advertisements: .listed([
        LegacyAdvertisement(
          aggregationLength: 32, aggregationLengthV6: 128, localPref: 120,
          communities: ["64512:77"])
      ]))
    var profile = LegacyBFDProfile(name: "fast")
    profile.receiveInterval = 150
    profile.transmitInterval = 150
    profile.detectMultiplier = 3
    profile.echoInterval = 50
    profile.echoMode = false
    profile.passiveMode = false
    profile.minimumTTL = 254
    let document = LegacyDocument(peers: [peer], pools: [pool], bfdProfiles: [profile])
    #expect(
      try document.yamlText() == """
        peers:
        - my-asn: 64512
          peer-asn: 64513
          peer-address: 10.9.0.1
          source-address: 10.9.0.2
          peer-port: 1179
          hold-time: 1m30s
          keepalive-time: 30s
          router-id: 10.9.0.2
          node-selectors:
          - match-labels:
              rack: a
            match-expressions:
            - key: kubernetes.io/hostname
              operator: In
              values:
              - n1
          password: example
          bfd-profile: fast
          ebgp-multihop: true
        address-pools:
        - protocol: bgp
          name: gold
          addresses:
          - 198.51.100.0/28
          auto-assign: false
          bgp-advertisements:
          - aggregation-length: 32
            aggregation-length-v6: 128
            localpref: 120
            communities:
            - 64512:77
        bfd-profiles:
        - name: fast
          receive-interval: 150
          transmit-interval: 150
          detect-multiplier: 3
          echo-interval: 50
          echo-mode: false
          passive-mode: false
          minimum-ttl: 254

        """)
  }

  @Test func `Nothing at all is an empty mapping`() throws {
    #expect(try LegacyDocument().yamlText() == "{}\n")
  }

  @Test func `AddressPools come out sorted by name, with their defaults left out`() throws {
    let objects = [
      AddressPool(
        metadata: ObjectMeta(name: "b"),
        spec: .init(protocol: "layer2", addresses: ["10.0.0.1-10.0.0.9", "fd00::/120"])),
      AddressPool(
        metadata: ObjectMeta(name: "a"),
        spec: .init(protocol: "layer2", addresses: ["10.1.0.5"], autoAssign: true)),
      AddressPool(
        metadata: ObjectMeta(name: "B"), spec: .init(protocol: "bgp", addresses: ["10.2.0.0/24"])),
    ]
    let document = try LegacyDocument.addressPools(objects)
    #expect(
      try document.yamlText() == """
        address-pools:
        - protocol: bgp
          name: B
          addresses:
          - 10.2.0.0/24
        - protocol: layer2
          name: a
          addresses:
          - 10.1.0.5
        - protocol: layer2
          name: b
          addresses:
          - 10.0.0.1-10.0.0.9
          - fd00::/120

        """)
  }

  @Test func `An advertisement always shows its keys, null for what is not set`() throws {
    let pool = LegacyPool(
      name: "p", protocol: .bgp, addresses: ["10.0.0.0/24"],
      advertisements: .listed([LegacyAdvertisement(localPref: 0)]))
    #expect(
      try LegacyDocument(pools: [pool]).yamlText().hasSuffix(
        """
          bgp-advertisements:
          - aggregation-length: null
            aggregation-length-v6: null
            localpref: null
            communities: []

        """))
  }

  @Test func `A layer2 pool with BGP advertisements is refused`() throws {
    var pool = AddressPool(
      metadata: ObjectMeta(name: "p"), spec: .init(protocol: "layer2", addresses: ["10.0.0.0/24"]))
    pool.spec.bgpAdvertisements = [AddressPool.BGPAdvertisement()]
    #expect {
      try LegacyDocument.addressPools([pool])
    } throws: {
      ($0 as? LegacyProblem)?.reason == .conflictingKeys
        && ($0 as? LegacyProblem)?.entry == .pool("p")
    }
  }

  @Test(
    arguments: [
      "", "true", "No", "null", "~", "123", "1.5", "0x1F", "1e3", "-", "- a", "a: b", "a:", "#x",
      "a #b", " a",
      "a ", "@x", "2024-01-31", "1:30", "190:20:30", "64512:7", "\"q\"", "back\\slash",
      "line\nbreak", "ü", "[x]", "{x}",
      "*x", "&x", "!x", "%x", "`x", "|", ">", "?", "=", "1_000", "::1", "fd00::/120", "10.0.0.0/24",
      ".inf", "\u{1}",
      "\u{85}", "10.0.0.1-10.0.0.9", "a-b", "12e34", "on",
    ])
  func `A text reads back as the same text`(text: String) throws {
    let pool = LegacyPool(name: text, protocol: .layer2, addresses: [text])
    let reading = LegacyDocument.read(try LegacyDocument(pools: [pool]).yamlText())
    guard !text.isEmpty else { return }
    #expect(reading.problems == [])
    #expect(reading.document.pools == [pool])
  }
}
