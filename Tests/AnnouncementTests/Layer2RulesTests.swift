import Announcement
import ClusterConfiguration
import KubernetesAPI
import Layer2
import NetworkAddresses
import Testing

/// One situation and what this node decides in it. Starts from a Service that this node announces.
struct Situation: CustomTestStringConvertible {
  var testDescription: String
  var expected: Layer2Decision
  var rules = Layer2Rules(node: "node3")
  var service: ServiceFacts? = .web
  var endpoints = UsableEndpoints(exist: true, nodes: ["node1"])
  var advertisements = [ConfiguredL2Advertisement.everywhere]
  var witnessed: Set<String> = []
  var cluster = ClusterView(
    nodes: [
      "node1": NodeFacts(labels: ["zone": "a"]), "node2": NodeFacts(labels: ["zone": "a"]),
      "node3": NodeFacts(labels: ["zone": "b"]),
    ],
    members: ["node1", "node2", "node3"])

  init(
    _ description: String, _ expected: Layer2Decision, change: (inout Situation) -> Void = { _ in }
  ) {
    testDescription = description
    self.expected = expected
    change(&self)
  }

  var decision: Layer2Decision {
    rules.decide(
      service, endpoints: endpoints, configuration: configuration, cluster: cluster,
      witnessed: witnessed)
  }

  private var configuration: ValidatedConfiguration {
    ValidatedConfiguration(pools: [
      ConfiguredPool(
        name: "gold", source: .object,
        ranges: ["192.168.1.0/24", "fc00:f853:ccd:e799::/64"]
          .compactMap { AddressRange($0) }, l2Advertisements: advertisements),
      ConfiguredPool(
        name: "other", source: .object, ranges: ["10.0.0.0/24"].compactMap { AddressRange($0) },
        l2Advertisements: advertisements),
    ])
  }

  static func announced(
    _ addresses: [String] = ["192.168.1.240"], on interfaces: InterfaceSelection = .all,
    ignoring entries: [String] = []
  ) -> Layer2Decision {
    .announce(
      Layer2Announcement(
        pool: "gold", addresses: addresses.compactMap { IPAddress($0) },
        terms: AnnouncementTerms(interfaces: interfaces), ignoredEntries: entries))
  }
}

extension ConfigurationObject {
  static let object = ConfigurationObject(
    reference: ObjectReference(apiVersion: "v1", kind: "Test", name: "test"))
}

extension ConfiguredL2Advertisement {
  static let everywhere = ConfiguredL2Advertisement(source: .object)

  static func on(
    zone: String? = nil, interfaces: [String] = [], services: LabelSelector? = nil,
    preferring preferred: [(Int, zone: String)] = []
  ) -> ConfiguredL2Advertisement {
    let selector = { (zone: String) in LabelSelector(matchLabels: ["zone": zone]) }
    return ConfiguredL2Advertisement(
      source: .object, nodeSelectors: zone.map { [selector($0)] } ?? [], interfaces: interfaces,
      serviceSelectors: services.map { [$0] } ?? [],
      preferredNodes: preferred.map { PreferredNodes(weight: $0.0, selector: selector($0.zone)) })
  }
}

extension ConfiguredL2Advertisement {
  static let draining: ConfiguredL2Advertisement = {
    var advertisement = everywhere
    advertisement.drainTriggers = [.cordoned]
    return advertisement
  }()
}

extension [String: Set<AddressFamily>] {
  static let eth0: Self = ["eth0": .both]
}

extension Set<AddressFamily> {
  static let both: Self = [.ipv4, .ipv6]
}

extension SpeakerMetadata.Capabilities {
  static let families: Self = [.interfaceAvailability, .familyAvailability]
}

extension ServiceFacts {
  static let web = ServiceFacts(
    key: NamespacedName(namespace: "ns", name: "web"), labels: ["app": "web"],
    addresses: [IPAddress("192.168.1.240")].compactMap(\.self))
}

@Suite struct Layer2RulesTests {
  static let situations = [
    Situation("leads", Situation.announced()),
    Situation("is not this node's turn", .withhold(.otherNodeLeads("node3"))) {
      $0.rules.node = "node1"
    },
    Situation("service is gone", .withhold(.serviceDeleted)) { $0.service = nil },
    Situation("is no load balancer", .withhold(.notLoadBalancer)) {
      $0.service?.isLoadBalancer = false
    },
    Situation("has a class, and none is ours", .withhold(.otherLoadBalancerClass)) {
      $0.service?.loadBalancerClass = "other"
    },
    Situation("has no class, and one is ours", .withhold(.otherLoadBalancerClass)) {
      $0.rules.loadBalancerClass = "ours"
    },
    Situation("has our class", Situation.announced()) {
      $0.rules.loadBalancerClass = "ours"
      $0.service?.loadBalancerClass = "ours"
    },
    Situation("has no address", .withhold(.noIPAllocated)) { $0.service?.addresses = [] },
    Situation("has no entry that is an address", .withhold(.invalidIP)) {
      $0.service?.addresses = []
      $0.service?.entriesWithoutAddress = ["lb.example"]
    },
    Situation(
      "has entries of others, too", Situation.announced(ignoring: ["10.9.9.9", "lb.example"])
    ) {
      $0.service?.addresses = ["10.9.9.9", "192.168.1.240"].compactMap { IPAddress($0) }
      $0.service?.entriesWithoutAddress = ["lb.example"]
    },
    Situation("address is in no pool", .withhold(.ipNotAllowed)) {
      $0.service?.addresses = [IPAddress("192.168.2.1")].compactMap(\.self)
    },
    Situation("addresses are in two pools", .withhold(.ipNotAllowed)) {
      $0.service?.addresses = ["192.168.1.240", "10.0.0.1"].compactMap { IPAddress($0) }
    },
    Situation("no endpoint anywhere", .withhold(.noUsableEndpoint)) { $0.endpoints = .none },
    Situation("pool is not advertised", .withhold(.noMatchingAdvertisement(leader: nil))) {
      $0.advertisements = []
    },
    Situation(
      "no advertisement selects the service", .withhold(.noMatchingAdvertisement(leader: nil))
    ) {
      $0.advertisements = [.on(services: LabelSelector(matchLabels: ["app": "db"]))]
    },
    Situation("no advertisement selects any node", .withhold(.noMatchingAdvertisement(leader: nil)))
    {
      $0.advertisements = [.on(zone: "c")]
    },
    Situation(
      "no advertisement selects this node", .withhold(.noMatchingAdvertisement(leader: "node1"))
    ) {
      $0.advertisements = [.on(zone: "a")]
    },
    Situation(
      "this node is unknown", .withhold(.noMatchingAdvertisement(leader: "node1"))
    ) {
      $0.cluster.nodes["node3"] = nil
    },
    Situation(
      "shares, and an advertisement selects services",
      .withhold(.sharedIPWithServiceSelector(leader: "node3"))
    ) {
      $0.service?.hasSharingAnnotation = true
      $0.advertisements = [.everywhere, .on(services: LabelSelector(matchLabels: ["app": "web"]))]
    },
    Situation("shares, and the selecting advertisement is for others", Situation.announced()) {
      $0.service?.hasSharingAnnotation = true
      $0.advertisements = [.everywhere, .on(services: LabelSelector(matchLabels: ["app": "db"]))]
    },
    Situation("an advertisement selects the service", Situation.announced()) {
      $0.advertisements = [.on(services: LabelSelector(matchLabels: ["app": "web"]))]
    },
    Situation(
      "first address decides for both",
      Situation.announced(["192.168.1.240", "fc00:f853:ccd:e799::1"])
    ) {
      $0.service?.addresses = ["192.168.1.240", "fc00:f853:ccd:e799::1"]
        .compactMap { IPAddress($0) }
    },
    Situation("the other first address decides otherwise", .withhold(.otherNodeLeads("node2"))) {
      $0.service?.addresses = ["fc00:f853:ccd:e799::1", "192.168.1.240"]
        .compactMap { IPAddress($0) }
    },
    Situation("nodes outside all advertisements do not stand", Situation.announced()) {
      // Without the selectors, node2 would lead this address.
      $0.service?.addresses = [IPAddress("fc00:f853:ccd:e799::1")].compactMap(\.self)
      $0.advertisements = [.on(zone: "b")]
      $0.expected = Situation.announced(["fc00:f853:ccd:e799::1"])
    },
    Situation("no member is alive", .withhold(.noCandidate)) { $0.cluster.members = [] },
    Situation("only others are alive", .withhold(.otherNodeLeads("node1"))) {
      $0.cluster.members = ["node1", "node2"]
    },
    Situation("a member without a Node does not stand", Situation.announced()) {
      $0.cluster.members = ["node3", "node9"]
    },
    Situation("network of this node is unavailable", .withhold(.otherNodeLeads("node1"))) {
      $0.cluster.nodes["node3"]?.isNetworkUnavailable = true
    },
    Situation("this node is excluded", .withhold(.otherNodeLeads("node1"))) {
      $0.cluster.nodes["node3"]?.labels[NodeFacts.exclusionLabel] = ""
    },
    Situation("this node is excluded, and that is ignored", Situation.announced()) {
      $0.cluster.nodes["node3"]?.labels[NodeFacts.exclusionLabel] = "true"
      $0.rules.ignoresExclusionLabel = true
    },
    Situation("local, and the endpoint is elsewhere", .withhold(.otherNodeLeads("node1"))) {
      $0.service?.isLocal = true
    },
    Situation("local, and the endpoint is here", Situation.announced()) {
      $0.service?.isLocal = true
      $0.endpoints.nodes = ["node2", "node3"]
    },
    Situation("local, and endpoints have no node", .withhold(.noCandidate)) {
      $0.service?.isLocal = true
      $0.endpoints.nodes = []
    },
    Situation("another node is preferred", .withhold(.otherNodeLeads("node1"))) {
      $0.advertisements = [.on(preferring: [(1, zone: "a")])]
    },
    Situation("preferences of all advertisements add up", Situation.announced()) {
      $0.advertisements = [
        .on(preferring: [(50, zone: "a")]), .on(preferring: [(30, zone: "b")]),
        .on(preferring: [(30, zone: "b")]),
      ]
    },
    Situation("a preference for a node that is not selected does not count", Situation.announced())
    {
      $0.advertisements = [.everywhere, .on(zone: "b", preferring: [(50, zone: "a")])]
    },
    Situation("interfaces add up", Situation.announced(on: .named(["eth0", "eth1"]))) {
      $0.advertisements = [.on(interfaces: ["eth0"]), .on(zone: "b", interfaces: ["eth1"])]
    },
    Situation("interfaces of other nodes do not count", Situation.announced(on: .named(["eth0"]))) {
      $0.advertisements = [.on(interfaces: ["eth0"]), .on(zone: "a")]
    },
    Situation("an advertisement without interfaces means all", Situation.announced()) {
      $0.advertisements = [.on(interfaces: ["eth0"]), .everywhere]
    },
    Situation("a node that answers on the link is alive", .withhold(.otherNodeLeads("node3"))) {
      $0.rules.node = "node1"
      $0.cluster.members = ["node1", "node2"]
      $0.witnessed = ["node3"]
    },
    Situation("a node that answers and comes later changes nothing", Situation.announced()) {
      $0.cluster.members = ["node3"]
      $0.witnessed = ["node1"]
    },
    Situation("a node that answers and may not announce does not stand", Situation.announced()) {
      $0.rules.node = "node1"
      $0.cluster.members = ["node1"]
      $0.advertisements = [.on(zone: "a")]
      $0.witnessed = ["node3", "stranger"]
    },
    Situation("this node is drained", .withhold(.otherNodeLeads("node1"))) {
      $0.cluster.extensions = .draining
      $0.cluster.nodes["node3"]?.drainTriggers = [.cordoned, .outOfService]
      $0.advertisements = [.draining, .everywhere]
    },
    Situation("drained for a reason that nobody asked for", Situation.announced()) {
      $0.cluster.extensions = .draining
      $0.cluster.nodes["node3"]?.drainTriggers = [.outOfService]
      $0.advertisements = [.draining]
    },
    Situation("drained, but not all members know that", Situation.announced()) {
      $0.cluster.extensions = .interfaceAvailability
      $0.cluster.interfaces = ["node1": .eth0, "node2": .eth0, "node3": .eth0]
      $0.cluster.nodes["node3"]?.drainTriggers = [.cordoned]
      $0.advertisements = [.draining]
    },
    Situation("the last one goes on announcing while it is drained", Situation.announced()) {
      $0.cluster.extensions = .draining
      for node in ["node1", "node2", "node3"] {
        $0.cluster.nodes[node]?.drainTriggers = [.cordoned]
      }
      $0.advertisements = [.draining]
    },
    Situation("this node has no interface that works", .withhold(.otherNodeLeads("node1"))) {
      $0.cluster.extensions = .interfaceAvailability
      $0.cluster.interfaces = ["node1": .eth0, "node2": .eth0]
    },
    Situation("this node lacks the interfaces", .withhold(.otherNodeLeads("node2"))) {
      $0.cluster.extensions = .interfaceAvailability
      $0.cluster.interfaces = ["node1": .eth0, "node2": ["eth1": .both], "node3": .eth0]
      $0.advertisements = [.on(interfaces: ["eth1", "eth2"])]
    },
    Situation("who answers on the link has an interface", .withhold(.otherNodeLeads("node3"))) {
      $0.rules.node = "node1"
      $0.cluster.members = ["node1", "node2"]
      $0.cluster.extensions = .interfaceAvailability
      $0.cluster.interfaces = ["node1": .eth0, "node2": .eth0]
      $0.witnessed = ["node3"]
    },
    Situation("nobody has the interfaces", Situation.announced(on: .named(["eth1"]))) {
      $0.cluster.extensions = .interfaceAvailability
      $0.cluster.interfaces = ["node1": .eth0, "node3": .eth0]
      $0.advertisements = [.on(interfaces: ["eth1"])]
    },
    Situation("this node cannot answer for the family", .withhold(.otherNodeLeads("node1"))) {
      $0.cluster.extensions = .families
      $0.cluster.interfaces = [
        "node1": .eth0, "node2": .eth0, "node3": ["eth0": [.ipv6], "eth1": [.ipv4]],
      ]
      $0.advertisements = [.on(interfaces: ["eth0"])]
    },
    Situation("not all members tell families", Situation.announced(on: .named(["eth0"]))) {
      $0.cluster.extensions = .interfaceAvailability
      $0.cluster.interfaces = ["node1": .eth0, "node2": .eth0, "node3": ["eth0": [.ipv6]]]
      $0.advertisements = [.on(interfaces: ["eth0"])]
    },
    Situation("nobody can answer for the family", Situation.announced()) {
      $0.cluster.extensions = .families
      $0.cluster.interfaces = ["node1": ["eth0": [.ipv6]], "node3": ["eth0": [.ipv6]]]
    },
    Situation("one node can answer for both families", .withhold(.otherNodeLeads("node2"))) {
      $0.cluster.extensions = .families
      $0.cluster.interfaces = [
        "node1": ["eth0": [.ipv4]], "node2": ["eth0": [.ipv4], "eth1": [.ipv6]],
        "node3": ["eth0": [.ipv4]],
      ]
      $0.service?.addresses = ["192.168.1.240", "fc00:f853:ccd:e799::1"].compactMap {
        IPAddress($0)
      }
    },
    Situation(
      "no node can answer for both families",
      Situation.announced(["192.168.1.240", "fc00:f853:ccd:e799::1"])
    ) {
      $0.cluster.extensions = .families
      $0.cluster.interfaces = ["node1": [:], "node2": [:], "node3": ["eth0": [.ipv4]]]
      $0.service?.addresses = ["192.168.1.240", "fc00:f853:ccd:e799::1"].compactMap {
        IPAddress($0)
      }
    },
    Situation("not all members tell their interfaces", Situation.announced()) {
      $0.cluster.interfaces = ["node1": .eth0, "node2": .eth0]
    },
  ]

  @Test func `How an address is announced comes from all advertisements`() {
    var quick = ConfiguredL2Advertisement.everywhere
    quick.refreshInterval = .seconds(30)
    var slow = quick
    slow.refreshInterval = .seconds(60)
    slow.detectsDuplicates = false
    let situation = Situation("refreshed", Situation.announced()) {
      $0.advertisements = [slow, quick]
    }
    guard case .announce(let announcement) = situation.decision else {
      Issue.record("not announced")
      return
    }
    #expect(announcement.terms.refreshInterval == .seconds(30))
    #expect(!announcement.terms.detectsDuplicates)
  }

  @Test(arguments: situations)
  func `Decides`(situation: Situation) {
    #expect(situation.decision == situation.expected)
  }

  @Test func `Exactly one node announces, whoever looks`() {
    for number in 0..<200 as Range<UInt128> {
      let address = IPAddress(family: .ipv4, number: 0xc0a8_0100 + number)
      let announcing = ["node1", "node2", "node3"].filter { node in
        var situation = Situation("", .withhold(.noCandidate))
        situation.rules.node = node
        situation.service?.addresses = [address].compactMap(\.self)
        if case .announce = situation.decision { return true }
        return false
      }
      #expect(announcing.count == 1)
    }
  }

  /// Of two nodes that lost each other, which hear each other on the link; one of them answers for one family only.
  @Test(arguments: [true, false])
  func `Two halves with different interfaces agree on one owner`(remember: Bool) {
    for number in 1..<100 as Range<UInt128> {
      let addresses = [
        IPAddress(family: .ipv4, number: 0xc0a8_0100 + number), IPAddress("fc00:f853:ccd:e799::1"),
      ].compactMap(\.self)
      let interfaces: [String: [String: Set<AddressFamily>]] = [
        "node1": ["eth0": [.ipv4]], "node2": .eth0,
      ]
      let announcing = ["node1", "node2"].filter { node in
        var situation = Situation("", .withhold(.noCandidate))
        situation.rules.node = node
        situation.service?.addresses = addresses
        situation.cluster.members = [node]
        situation.cluster.extensions = .families
        situation.cluster.interfaces =
          remember ? interfaces : interfaces.filter { $0.key == node }
        situation.witnessed = Set(["node1", "node2"]).subtracting([node])
        if case .announce = situation.decision { return true }
        return false
      }
      #expect(remember ? announcing == ["node2"] : announcing.count == 1)
    }
  }
}
