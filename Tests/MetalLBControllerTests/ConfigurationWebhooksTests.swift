import ClusterConfiguration
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import LegacyConfiguration
import MetalLBAPI
import ServiceLifecycle
import Synchronization
import Testing
import WebhookServer
import WebhookTesting

@testable import MetalLBController

/// Objects that users try to store, as the API server answers them (spec/controller 4.9).
@Suite(.timeLimit(.minutes(3))) struct ConfigurationWebhooksTests {
  /// A cluster with the kinds, whose admission and conversion ask the controller's webhooks.
  func withWebhooks(
    namespaces: [String] = [], bgpType: String = "", converts: Bool = false,
    _ body: (ControllerHarness) async throws -> Void
  ) async throws {
    try await withHarness(isAlone: converts) { harness in
      let options = harness.options { $0.bgpType = bgpType }
      let webhooks = ConfigurationWebhooks(client: harness.client, options: options)
      try await withRegisteredWebhooks(
        .controller, webhooks.handlers, in: harness.cluster, namespaces: namespaces,
        converts: converts
      ) { try await body(harness) }
    }
  }

  static func object(
    _ kind: ValidatingWebhookName, _ name: String, _ namespace: String, _ spec: JSONValue
  ) -> JSONValue {
    [
      "apiVersion": .string(kind.resource.apiVersion), "kind": .string(kind.resource.kind),
      "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": spec,
    ]
  }

  static func create(
    _ kind: ValidatingWebhookName, _ name: String, _ spec: JSONValue, in harness: ControllerHarness,
    namespace: String? = nil
  ) async throws {
    _ = try await harness.client.create(
      object(kind, name, namespace ?? harness.cluster.namespace, spec), kind.resource)
  }

  static func refusal(
    _ kind: ValidatingWebhookName, _ name: String, _ spec: JSONValue, in harness: ControllerHarness,
    namespace: String? = nil
  ) async throws -> KubernetesError? {
    do {
      try await create(kind, name, spec, in: harness, namespace: namespace)
      return nil
    } catch let error as KubernetesError {
      return error
    }
  }

  static func update(
    _ kind: ValidatingWebhookName, _ name: String, _ spec: JSONValue, in harness: ControllerHarness
  ) async throws -> KubernetesError? {
    do {
      _ = try await harness.client.patch(
        kind.resource, name, namespace: harness.cluster.namespace, .merge(["spec": spec]))
      return nil
    } catch let error as KubernetesError {
      return error
    }
  }

  struct Bad: CustomTestStringConvertible, Sendable {
    var kind: ValidatingWebhookName
    var spec: JSONValue
    var fragment: String
    var testDescription: String { "\(kind.resource.kind) \(spec.jsonText)" }

    init(_ kind: ValidatingWebhookName, _ spec: JSONValue, _ fragment: String) {
      (self.kind, self.spec, self.fragment) = (kind, spec, fragment)
    }
  }

  static let bad: [Bad] = [
    Bad(.ipAddressPool, ["addresses": ["192.0.2.128/25"]], "overlaps with already defined CIDR"),
    Bad(.ipAddressPool, ["addresses": ["ten"]], "invalid CIDR"),
    Bad(.ipAddressPool, ["addresses": []], "the pool has no addresses"),
    Bad(
      .ipAddressPool,
      ["addresses": ["10.9.0.0/24"], "serviceAllocation": ["namespaces": ["a", "a"]]],
      "duplicate definition of namespace"),
    Bad(
      .l2Advertisement, ["ipAddressPools": ["first", "first"]], "duplicate definition of pool"),
    Bad(
      .l2Advertisement,
      ["nodeSelectors": [["matchExpressions": [["key": "a", "operator": "Near"]]]]],
      "is not an operator"),
    Bad(
      .bgpAdvertisement, ["ipAddressPools": ["small"], "aggregationLength": 26],
      "invalid aggregation length 26: prefix 28"),
    Bad(
      .bgpAdvertisement, ["communities": ["large:1:2:x"]],
      "invalid community value: invalid section"),
    Bad(
      .bgpAdvertisement, ["communities": ["small:1:2:3"]],
      "expected community to be of format large"),
    Bad(.bgpAdvertisement, ["communities": ["1:2", "1:2"]], "duplicate"),
    Bad(
      .community, ["communities": [["name": "no-export", "value": "1:2"]]],
      "duplicate definition of community"),
    Bad(
      .community, ["communities": [["name": "other", "value": "99999:1"]]],
      "invalid community value: invalid section"),
    Bad(
      .bgpPeer, ["myASN": 64512, "peerASN": 64513, "peerAddress": "router.example.com"],
      "invalid BGPPeer address"),
    Bad(.bgpPeer, ["myASN": 0, "peerASN": 64513, "peerAddress": "10.0.0.1"], "ASN"),
    Bad(
      .bgpPeer,
      [
        "myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1", "holdTime": "30s",
        "keepaliveTime": "31s",
      ], "spec.keepaliveTime"),
  ]

  @Test func `Every kind's bad objects are refused with upstream's words`() async throws {
    try await withWebhooks { harness in
      try await Self.create(.ipAddressPool, "first", ["addresses": ["192.0.2.0/24"]], in: harness)
      try await Self.create(
        .ipAddressPool, "small", ["addresses": ["198.51.100.0/28"]], in: harness)
      try await Self.create(
        .community, "first", ["communities": [["name": "no-export", "value": "65535:65281"]]],
        in: harness)
      for bad in Self.bad {
        let error = try await Self.refusal(bad.kind, "bad", bad.spec, in: harness)
        #expect(error?.code == 403, "\(bad.testDescription): \(error?.message ?? "taken")")
        #expect(
          error?.message.hasPrefix("admission webhook \"\(bad.kind.name)\" denied the request: ")
            == true)
        #expect(
          error?.message.contains(bad.fragment) == true,
          "\(bad.testDescription): \(error?.message ?? "")")
      }
      // What the schema of our CRDs refuses already, the webhook says as well.
      let handlers = ConfigurationWebhooks(client: harness.client, options: harness.options())
        .handlers
      guard case .admission(let judge) = handlers[ValidatingWebhookName.bgpAdvertisement.path]
      else { return }
      let response = await judge(
        AdmissionRequest(
          uid: "u", operation: .create, apiVersion: "metallb.io/v1beta1", kind: "BGPAdvertisement",
          name: "bad", namespace: harness.cluster.namespace,
          object: Self.object(
            .bgpAdvertisement, "bad", harness.cluster.namespace,
            [
              "aggregationLength": 24,
              "serviceSelectors": [["matchLabels": ["a": "b"]]],
            ])))
      #expect(
        response.refusal?.message.contains(
          "serviceSelectors and aggregationLength are mutually exclusive") == true)
    }
  }

  static let good: [(ValidatingWebhookName, JSONValue)] = [
    (.ipAddressPool, ["addresses": ["192.0.2.0/24"]]),
    (.l2Advertisement, .object([:])),
    (.bgpAdvertisement, .object([:])),
    (.community, ["communities": [["name": "a", "value": "1:2"]]]),
    (.bfdProfile, ["receiveInterval": 300]),
    (.bgpPeer, ["myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1"]),
  ]

  @Test func `Every kind is taken in our namespace and refused in others`() async throws {
    try await withHarness { harness in
      let elsewhere = harness.cluster.uniqueName("elsewhere")
      _ = try await harness.client.create(Namespace(metadata: ObjectMeta(name: elsewhere)))
      let webhooks = ConfigurationWebhooks(client: harness.client, options: harness.options())
      try await withRegisteredWebhooks(
        .controller, webhooks.handlers, in: harness.cluster, namespaces: [elsewhere]
      ) {
        for (kind, spec) in Self.good {
          let error = try await Self.refusal(kind, "x", spec, in: harness, namespace: elsewhere)
          #expect(
            error?.message.contains(
              "resource must be created in \(harness.cluster.namespace) namespace") == true,
            "\(kind.resource.kind)")
          try await Self.create(kind, "x", spec, in: harness)
        }
      }
      try await harness.client.delete(Namespace.self, elsewhere)
    }
  }

  @Test func `An update is judged beside everything else`() async throws {
    try await withWebhooks { harness in
      try await Self.create(.ipAddressPool, "a", ["addresses": ["192.0.2.0/24"]], in: harness)
      try await Self.create(.ipAddressPool, "b", ["addresses": ["198.51.100.0/24"]], in: harness)
      try await Self.create(
        .bgpAdvertisement, "all-of-a", ["ipAddressPools": ["a"], "aggregationLength": 24],
        in: harness)
      // The older pool may not take from the younger one either.
      let overlap = try await Self.update(
        .ipAddressPool, "a", ["addresses": ["192.0.2.0/24", "198.51.100.7/32"]], in: harness)
      #expect(overlap?.message.contains("overlaps with already defined CIDR") == true)
      // Nor may a pool break an advertisement that was fine.
      let shrunk = try await Self.update(
        .ipAddressPool, "a", ["addresses": ["192.0.2.0/28"]], in: harness)
      #expect(shrunk?.message.contains("invalid aggregation length 24: prefix 28") == true)
      #expect(shrunk?.message.contains("BGPAdvertisement") == true)
      #expect(
        try await Self.update(
          .ipAddressPool, "a", ["addresses": ["192.0.2.0/24"], "autoAssign": false], in: harness)
          == nil)
    }
  }

  @Test func `AddressPools and a user's ConfigMap count, the rendered ConfigMap does not`()
    async throws
  {
    try await withWebhooks { harness in
      _ = try await harness.client.create(
        AddressPool(
          metadata: ObjectMeta(name: "classic", namespace: harness.cluster.namespace),
          spec: .init(protocol: "layer2", addresses: ["192.0.2.0/24"])))
      let classic = try await Self.refusal(
        .ipAddressPool, "a", ["addresses": ["192.0.2.9/32"]], in: harness)
      #expect(classic?.message.contains("overlaps with already defined CIDR") == true)
      let text = """
        address-pools:
        - name: old
          protocol: layer2
          addresses: [198.51.100.0/24]
        """
      var configMap = ConfigMap(
        metadata: ObjectMeta(name: "config", namespace: harness.cluster.namespace),
        data: ["config": text])
      configMap.metadata.labels = [LegacyDocument.renderedByLabel: "metallb-operator"]
      _ = try await harness.client.create(configMap)
      try await Self.create(.ipAddressPool, "b", ["addresses": ["198.51.100.9/32"]], in: harness)
      _ = try await harness.client.patch(
        ConfigMap.self, "config", namespace: harness.cluster.namespace,
        .merge(["metadata": ["labels": .null]]))
      let users = try await Self.refusal(
        .ipAddressPool, "c", ["addresses": ["198.51.100.10/32"]], in: harness)
      #expect(users?.message.contains("overlaps with already defined CIDR") == true)
    }
  }

  @Test func `A BFD profile that a peer uses stays`() async throws {
    try await withWebhooks { harness in
      let namespace = harness.cluster.namespace
      try await Self.create(.bfdProfile, "fast", ["receiveInterval": 50], in: harness)
      try await Self.create(
        .bgpPeer, "tor",
        ["myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1", "bfdProfile": "fast"],
        in: harness)
      let refusal = await #expect(throws: KubernetesError.self) {
        try await harness.client.delete(BFDProfile.self, "fast", namespace: namespace)
      }
      #expect(refusal?.message.contains("failed to delete BFDProfile") == true)
      #expect(refusal?.message.contains("tor") == true)
      try await harness.client.delete(BGPPeer.self, "tor", namespace: namespace)
      try await harness.client.delete(BFDProfile.self, "fast", namespace: namespace)
    }
  }

  @Test func `Likely mistakes are warnings, and so is what may still come`() async throws {
    try await withHarness { harness in
      let handlers = ConfigurationWebhooks(client: harness.client, options: harness.options())
        .handlers
      func judge(
        _ kind: ValidatingWebhookName, _ spec: JSONValue
      ) async throws -> AdmissionResponse {
        guard case .admission(let judge) = try #require(handlers[kind.path]) else {
          return .failed("no admission")
        }
        return await judge(
          AdmissionRequest(
            uid: "u", operation: .create, apiVersion: kind.resource.apiVersion,
            kind: kind.resource.kind, name: "x", namespace: harness.cluster.namespace,
            object: Self.object(kind, "x", harness.cluster.namespace, spec)))
      }
      let typo = try await judge(.l2Advertisement, ["ipAddressPools": ["gilt"]])
      #expect(typo.refusal == nil)
      #expect(typo.warnings.contains { $0.contains("there is no pool \"gilt\"") })
      let early = try await judge(
        .bgpPeer,
        ["myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1", "bfdProfile": "later"])
      #expect(early.refusal == nil)
      #expect(early.warnings.contains { $0.contains("later") })
    }
  }

  @Test func `Who takes addresses from Services is told whose`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.0/28"])
      _ = try await harness.client.create(
        Self.object(.l2Advertisement, "all", harness.cluster.namespace, .object([:])),
        L2Advertisement.resource)
      var service = try await harness.createService("web")
      service.status = .init(loadBalancer: .init(ingress: [.init(ip: "203.0.113.9")]))
      _ = try await harness.client.updateStatus(service)
      let handlers = ConfigurationWebhooks(client: harness.client, options: harness.options())
        .handlers
      guard
        case .admission(let judge) = try #require(
          handlers[ValidatingWebhookName.ipAddressPool.path])
      else { return }
      func response(_ addresses: String) async throws -> AdmissionResponse {
        let old = try await harness.client.get(
          IPAddressPool.resource, "gold", namespace: harness.cluster.namespace)
        var new = old
        new[path: ["spec", "addresses"]] = [.string(addresses)]
        return await judge(
          AdmissionRequest(
            uid: "u", operation: .update, apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool",
            name: "gold", namespace: harness.cluster.namespace, object: new, oldObject: old))
      }
      let shrunk = try await response("203.0.113.0/29")
      #expect(shrunk.refusal == nil)
      let name = "\(harness.cluster.namespace)/web"
      #expect(
        shrunk.warnings.contains {
          $0.contains("service \(name) would") && $0.contains("203.0.113.9")
        }, "\(shrunk.warnings)")
      #expect(try await response("203.0.113.0/27") == .allowed())
    }
  }

  /// What the advice of a kind says to a change.
  private static func advice(
    _ kind: ValidatingWebhookName, _ name: String, to new: JSONValue?, in harness: ControllerHarness
  ) async throws -> AdmissionResponse {
    let namespace = harness.cluster.namespace
    let handlers = ConfigurationWebhooks(client: harness.client, options: harness.options())
      .handlers
    guard case .admission(let judge)? = handlers[kind.path] else { return .denied("no handler") }
    let old = try await harness.client.get(kind.resource, name, namespace: namespace)
    // The API server asks about each of several deletions without the name.
    return await judge(
      AdmissionRequest(
        uid: "u", operation: new == nil ? .delete : .update, apiVersion: "metallb.io/v1beta1",
        kind: kind.resource.kind, name: "", namespace: namespace, object: new, oldObject: old))
  }

  @Test func `Who deletes what Services need is told whose`() async throws {
    try await withHarness { harness in
      let namespace = harness.cluster.namespace
      try await harness.createPool("gold", ["203.0.113.0/28"])
      _ = try await harness.client.create(
        Self.object(.l2Advertisement, "all", namespace, .object([:])), L2Advertisement.resource)
      _ = try await harness.client.create(
        Self.object(
          .addressPool, "old", namespace,
          ["protocol": "layer2", "addresses": ["198.51.100.0/28"]]), AddressPool.resource)
      for (name, address) in [("web", "203.0.113.9"), ("legacy", "198.51.100.9")] {
        var service = try await harness.createService(name)
        service.status = .init(loadBalancer: .init(ingress: [.init(ip: address)]))
        _ = try await harness.client.updateStatus(service)
      }
      let pool = try await Self.advice(.ipAddressPoolPlan, "gold", to: nil, in: harness)
      #expect(pool.refusal == nil)
      #expect(
        pool.warnings.contains { $0.hasPrefix("service \(namespace)/web would change") },
        "\(pool.warnings)")
      let silence = try await Self.advice(.l2AdvertisementPlan, "all", to: nil, in: harness)
      #expect(
        silence.warnings.contains { $0.hasPrefix("service \(namespace)/web would keep") },
        "\(silence.warnings)")
      let legacy = try await Self.advice(.addressPoolPlan, "old", to: nil, in: harness)
      #expect(
        legacy.warnings.contains { $0.hasPrefix("service \(namespace)/legacy would change") },
        "\(legacy.warnings)")
      var narrow = try await harness.client.get(AddressPool.resource, "old", namespace: namespace)
      narrow[path: ["spec", "addresses"]] = ["198.51.100.0/29"]
      let shrunk = try await Self.advice(.addressPoolPlan, "old", to: narrow, in: harness)
      #expect(shrunk.warnings.contains { $0.contains("198.51.100.9") }, "\(shrunk.warnings)")
    }
  }

  @Test func `Advice comes with the deletion, and without its server the deletion goes on`()
    async throws
  {
    try await withWebhooks { harness in
      try await harness.createPool("gold", ["203.0.113.0/28"])
      try await harness.client.delete(
        IPAddressPool.self, "gold", namespace: harness.cluster.namespace)
      let pool = try await harness.client.find(
        IPAddressPool.self, "gold", namespace: harness.cluster.namespace)
      #expect(pool == nil)
    }
    for webhook in WebhookServerNames.controller.webhooks {
      #expect(webhook.isAdvice == (webhook.failurePolicy == "Ignore"))
      // Namespaces with such objects can be deleted when nobody serves any more.
      #expect(
        !webhook.operations.contains("DELETE") || webhook.isAdvice || webhook == .bfdProfile)
    }
  }

  @Test func `Where no backend is named, that of the running speakers counts`() async throws {
    try await withHarness { harness in
      let namespace = harness.cluster.namespace
      _ = try await harness.client.create(
        MetalLB(metadata: ObjectMeta(name: "metallb", namespace: namespace), spec: MetalLB.Spec()))
      func backend(_ change: (inout ControllerOptions) -> Void = { _ in }) async throws
        -> ConfigurationSources.Backend
      {
        try await ConfigurationSources(reading: harness.client, options: harness.options(change))
          .backend
      }
      #expect(try await backend() == .native)
      var container = Container(name: "speaker", image: "example.org/speaker:v1")
      container.env = [EnvVar(name: "METALLB_BGP_TYPE", value: "frr")]
      var pod = PodSpec()
      pod.containers = [container]
      let labels = ["component": "speaker"]
      _ = try await harness.client.create(
        DaemonSet(
          metadata: ObjectMeta(name: "speaker", namespace: namespace),
          spec: DaemonSet.Spec(
            selector: LabelSelector(matchLabels: labels),
            template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))))
      #expect(try await backend() == .frr)
      let named = try await backend { $0.bgpType = "native" }
      #expect(named == .native)
      _ = try await harness.client.patch(
        MetalLB.resource, "metallb", namespace: namespace,
        .merge(["spec": ["bgpBackend": "native"]]))
      #expect(try await backend() == .native)
    }
  }

  @Test func `What FRR cannot do is refused where the MetalLB object or the process names FRR`()
    async throws
  {
    try await withWebhooks { harness in
      let namespace = harness.cluster.namespace
      func peer(_ asn: Int64) -> JSONValue {
        ["myASN": .integer(asn), "peerASN": 64513, "peerAddress": "10.0.0.\(asn % 250)".json]
      }
      try await Self.create(.bgpPeer, "one", peer(64512), in: harness)
      #expect(try await Self.refusal(.bgpPeer, "two", peer(64520), in: harness) == nil)
      try await harness.client.delete(BGPPeer.self, "two", namespace: namespace)
      var spec = MetalLB.Spec()
      spec.bgpBackend = "frr"
      _ = try await harness.client.create(
        MetalLB(metadata: ObjectMeta(name: "metallb", namespace: namespace), spec: spec))
      let refusal = try await Self.refusal(.bgpPeer, "two", peer(64520), in: harness)
      #expect(refusal?.code == 403)
    }
    #expect(ConfigurationSources.Backend(nil, bgpType: "") == .native)
    #expect(ConfigurationSources.Backend(nil, bgpType: "native") == .native)
    #expect(ConfigurationSources.Backend(nil, bgpType: "frr-k8s") == .frr)
  }

  @Test(.enabled("changes the CRDs of all") { TestCluster.canBeAlone })
  func `Peers are converted between their versions and lose nothing`() async throws {
    try await withWebhooks(converts: true) { harness in
      let namespace = harness.cluster.namespace
      var old = ValidatingWebhookName.bgpPeer.resource
      old.version = "v1beta1"
      _ = try await harness.client.create(
        [
          "apiVersion": "metallb.io/v1beta1", "kind": "BGPPeer",
          "metadata": ["name": "tor", "namespace": .string(namespace)],
          "spec": ["myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1"],
        ], old)
      let stored = try await harness.client.get(BGPPeer.resource, "tor", namespace: namespace)
      #expect(stored["apiVersion"] == "metallb.io/v1beta2")
      #expect(stored[path: ["spec", "peerAddress"]] == "10.0.0.1")
      _ = try await harness.client.patch(
        BGPPeer.resource, "tor", namespace: namespace,
        .merge(["spec": ["vrf": "red", "connectTime": "5s"]]))
      // A client of the old version reads, changes what it knows and writes back.
      var seen = try await harness.client.get(old, "tor", namespace: namespace)
      #expect(seen["apiVersion"] == "metallb.io/v1beta1")
      #expect(seen[path: ["spec", "vrf"]] == nil)
      seen[path: ["spec", "myASN"]] = 64999
      _ = try await harness.client.update(seen, old)
      let after = try await harness.client.get(BGPPeer.resource, "tor", namespace: namespace)
      #expect(after[path: ["spec", "vrf"]] == "red")
      #expect(after[path: ["spec", "connectTime"]] == "5s")
      #expect(after[path: ["spec", "myASN"]] == 64999)
      // The old version is judged too, as the new one.
      let refusal = await #expect(throws: KubernetesError.self) {
        try await harness.client.create(
          [
            "apiVersion": "metallb.io/v1beta1", "kind": "BGPPeer",
            "metadata": ["name": "bad", "namespace": .string(namespace)],
            "spec": ["myASN": 64512, "peerASN": 64513, "peerAddress": "router"],
          ], old)
      }
      #expect(refusal?.message.contains("invalid BGPPeer address") == true)
    }
  }

  @Test func `A process for webhooks alone is ready at once and hands nothing out`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1"])
      let reports = Mutex<[String?]>([])
      let options = harness.options { $0.webhookMode = .onlyWebhook }
      try await harness.running(
        options, readiness: { failure in reports.withLock { $0.append(failure) } }
      ) {
        _ = try await harness.createService("web")
      }
      #expect(reports.withLock(\.self) == [nil])
      let lease = try await harness.client.find(
        Lease.self, "metallb-controller", namespace: harness.cluster.namespace)
      #expect(lease == nil)
      // The leader's to write: whoever hands out addresses.
      let states = try await harness.client.list(
        ConfigurationState.self, namespace: harness.cluster.namespace)
      #expect(states.items.isEmpty)
      let service = try await harness.client.get(
        KubernetesAPI.Service.self, "web", namespace: harness.cluster.namespace)
      #expect(service.ingressIPs == [])
    }
  }
}

extension String {
  fileprivate var json: JSONValue { .string(self) }
}
