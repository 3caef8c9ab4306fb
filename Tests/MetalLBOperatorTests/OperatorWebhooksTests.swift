import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import MetalLBOperator
import OperatorRendering
import Testing
import WebhookServer
import WebhookTesting

/// MetalLB and AddressPool objects that users try to store.
@Suite(.timeLimit(.minutes(3))) struct OperatorWebhooksTests {
  static func webhooks(_ cluster: TestCluster) throws -> OperatorWebhooks {
    OperatorWebhooks(
      client: cluster.client,
      environment: try OperatorEnvironment(
        variables: [
          "OPERATOR_NAMESPACE": cluster.namespace, "CONTROLLER_IMAGE": OperatorFixture.image,
          "SPEAKER_IMAGE": OperatorFixture.image,
        ]))
  }

  /// A cluster with the kinds, whose admission asks the operator's webhooks.
  func withWebhooks(
    namespaces: [String] = [], _ body: (TestCluster) async throws -> Void
  ) async throws {
    try await withTestCluster { cluster in
      for definition in CustomResourceDefinitions.yaml
      where ["addresspools", "ipaddresspools", "metallbs"].contains(definition.plural) {
        try await cluster.installCRDs(yaml: definition.text)
      }
      try await withRegisteredWebhooks(
        .operator, Self.webhooks(cluster).handlers, in: cluster, namespaces: namespaces
      ) { try await body(cluster) }
    }
  }

  // MARK: MetalLB (spec/operator 1.5)

  struct BadSpec: CustomTestStringConvertible, Sendable {
    var spec: JSONValue
    var fragment: String
    var testDescription: String { spec.jsonText }
  }

  static func weight(_ weight: Int64, _ kind: String = "nodeAffinity") -> JSONValue {
    let term: JSONValue =
      kind == "nodeAffinity"
      ? [
        "weight": .integer(weight),
        "preference": ["matchExpressions": [["key": "a", "operator": "Exists"]]],
      ]
      : [
        "weight": .integer(weight),
        "podAffinityTerm": ["topologyKey": "kubernetes.io/hostname"],
      ]
    return [
      "speakerConfig": [
        "affinity": .object([
          kind: ["preferredDuringSchedulingIgnoredDuringExecution": .array([term])]
        ])
      ]
    ]
  }

  static let badSpecs: [BadSpec] = [
    BadSpec(
      spec: [
        "speakerTolerations": [
          ["key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 5]
        ]
      ], fragment: "spec.speakerTolerations[0].tolerationSeconds: needs the effect NoExecute"),
    BadSpec(
      spec: [
        "controllerTolerations": [["key": "a", "operator": "Exists", "tolerationSeconds": 5]]
      ], fragment: "spec.controllerTolerations[0].tolerationSeconds: needs the effect NoExecute"),
    BadSpec(spec: weight(0), fragment: "write a number from 1 to 100"),
    BadSpec(spec: weight(101), fragment: "write a number from 1 to 100"),
    BadSpec(spec: weight(101, "podAffinity"), fragment: "write a number from 1 to 100"),
    BadSpec(
      spec: ["bgpBackend": "quagga"], fragment: "spec.bgpBackend: \"quagga\" is not a backend"),
    BadSpec(
      spec: ["bgpBackend": "frr-k8s-external"],
      fragment: "spec.frrk8sConfig.namespace: is needed with the backend frr-k8s-external"),
    BadSpec(
      spec: ["frrk8sConfig": ["alwaysBlock": ["10.0.0.0/8", "ten"]]],
      fragment: "spec.frrk8sConfig.alwaysBlock[1]"),
  ]

  @Test func `Bad MetalLB objects are refused on creation and on update, with the field to mend`()
    async throws
  {
    try await withWebhooks { cluster in
      func object(_ spec: JSONValue) -> JSONValue {
        [
          "apiVersion": "metallb.io/v1beta1", "kind": "MetalLB",
          "metadata": ["name": "metallb", "namespace": .string(cluster.namespace)], "spec": spec,
        ]
      }
      let client = cluster.client
      for bad in Self.badSpecs {
        let refusal = await #expect(throws: KubernetesError.self) {
          try await client.create(object(bad.spec), MetalLB.resource)
        }
        #expect(refusal?.code == 403)
        #expect(
          refusal?.message.contains(
            "\"metallbvalidationwebhook.metallb.io\" denied the request: ") == true)
        #expect(refusal?.message.contains(bad.fragment) == true, "\(refusal?.message ?? "")")
      }
      _ = try await client.create(object(Self.weight(10)), MetalLB.resource)
      for bad in Self.badSpecs {
        let refusal = await #expect(throws: KubernetesError.self) {
          try await client.patch(
            MetalLB.resource, "metallb", namespace: cluster.namespace,
            .merge(["spec": bad.spec]))
        }
        #expect(refusal?.message.contains(bad.fragment) == true)
      }
      _ = try await client.patch(
        MetalLB.resource, "metallb", namespace: cluster.namespace,
        .merge(["spec": ["logLevel": "debug"]]))
      try await client.delete(MetalLB.self, "metallb", namespace: cluster.namespace)
    }
  }

  private static let required = "requiredDuringSchedulingIgnoredDuringExecution"

  static let misspelt: [(kind: String, affinity: JSONValue)] = [
    ("podAntiAfinity", [:]),
    (
      "nodeAffinity",
      .object([required: ["nodeSelectorTerms": [["matchExpresions": .array([])]]]])
    ),
    ("nodeAffinity", .object([required: [:]])),
    ("nodeAffinity", .object([required: .array([])])),
    ("podAffinity", .object([required: [["namespaces": ["a"]]]])),
    ("podAffinity", ["preferredDuringSchedulingIgnoredDuringExecution": [["weight": 1]]]),
  ]

  @Test(arguments: misspelt)
  func `A misspelt affinity is refused, as kubectl asks for it`(
    kind: String, affinity: JSONValue
  ) async throws {
    try await withWebhooks { cluster in
      let object: JSONValue = [
        "apiVersion": "metallb.io/v1beta1", "kind": "MetalLB",
        "metadata": ["name": "metallb", "namespace": .string(cluster.namespace)],
        "spec": ["speakerConfig": ["affinity": .object([kind: affinity])]],
      ]
      let refusal = await #expect(throws: KubernetesError.self) {
        try await cluster.client.create(
          object, MetalLB.resource, options: WriteOptions(fieldValidation: "Strict"))
      }
      #expect([400, 422].contains(refusal?.code), "\(refusal?.message ?? "")")
      #expect(refusal?.message.contains("spec.speakerConfig.affinity.\(kind)") == true)
    }
  }

  @Test func `What the operator will not act upon is stored with a warning`() async throws {
    try await withTestCluster { cluster in
      let judge = try Self.webhooks(cluster).handlers[ValidatingWebhookName.metalLB.path]
      func warnings(_ name: String, _ namespace: String, _ spec: JSONValue) async throws -> [String]
      {
        guard case .admission(let judge) = judge else { return [] }
        let response = await judge(
          AdmissionRequest(
            uid: "u", operation: .create, apiVersion: "metallb.io/v1beta1", kind: "MetalLB",
            name: name, namespace: namespace,
            object: [
              "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": spec,
            ]))
        #expect(response.refusal == nil)
        return response.warnings
      }
      #expect(try await warnings("metallb", cluster.namespace, .object([:])) == [])
      #expect(
        try await warnings("other", cluster.namespace, .object([:])) == [
          "nothing is installed for a MetalLB object whose name is not metallb"
        ])
      #expect(
        try await warnings("metallb", "elsewhere", .object([:])) == [
          "nothing is installed for a MetalLB object outside of namespace \(cluster.namespace)"
        ])
    }
  }

  @Test func `An object of the wrong shape is a bad request`() async throws {
    try await withTestCluster { cluster in
      let handlers = try Self.webhooks(cluster).handlers
      for (path, handler) in handlers {
        guard case .admission(let judge) = handler else { continue }
        let response = await judge(
          AdmissionRequest(
            uid: "u", operation: .create, apiVersion: "metallb.io/v1beta1", kind: "Thing",
            name: "x", namespace: cluster.namespace, object: ["metadata": [], "spec": 7]))
        #expect(response.refusal?.code == 400, "\(path)")
      }
    }
  }

  // MARK: AddressPool (spec/operator 2.6)

  struct BadPool: Sendable {
    var spec: JSONValue
    var fragment: String

    init(_ spec: JSONValue, _ fragment: String) {
      (self.spec, self.fragment) = (spec, fragment)
    }

    static func bgp(_ addresses: String, _ advertisements: [JSONValue]) -> JSONValue {
      [
        "protocol": "bgp", "addresses": [.string(addresses)],
        "bgpAdvertisements": .array(advertisements),
      ]
    }
  }

  static let badPools: [BadPool] = [
    // 1
    BadPool(["protocol": "layer2", "addresses": ["ten"]], "spec.addresses[0]"),
    BadPool(["protocol": "layer2", "addresses": ["10.0.0.0/33"]], "spec.addresses[0]"),
    BadPool(["protocol": "layer2", "addresses": ["10.0.0.9-10.0.0.1"]], "spec.addresses[0]"),
    BadPool(["protocol": "layer2", "addresses": ["10.0.0.1-x"]], "spec.addresses[0]"),
    // 2
    BadPool(
      [
        "protocol": "layer2", "addresses": ["10.0.0.0/24"],
        "bgpAdvertisements": [["localPref": 7]],
      ], "bgp"),
    // 3
    BadPool(BadPool.bgp("10.0.0.0/24", [.object([:]), .object([:])]), "spec.bgpAdvertisements[1]"),
    // 4
    BadPool(
      BadPool.bgp("10.0.0.0/24", [["communities": ["1:2", "1:2"]]]), "stands there twice"),
    // 5
    BadPool(BadPool.bgp("10.0.0.0/24", [["aggregationLength": 33]]), "aggregationLength"),
    BadPool(BadPool.bgp("2001:db8::/64", [["aggregationLengthV6": 129]]), "aggregationLengthV6"),
    // 6
    BadPool(BadPool.bgp("10.0.0.0/28", [["aggregationLength": 26]]), "aggregationLength"),
    // 7
    BadPool(BadPool.bgp("10.0.0.0/24", [["communities": ["1:65536"]]]), "is not a community"),
    // 9
    BadPool(["protocol": "layer2", "addresses": ["192.0.2.128/25"]], "overlaps"),
    BadPool(["protocol": "layer2", "addresses": ["198.51.100.1"]], "overlaps"),
  ]

  @Test func `Bad AddressPools are refused, beside the pools of both kinds`() async throws {
    try await withWebhooks { cluster in
      let client = cluster.client
      func object(_ name: String, _ spec: JSONValue, version: String = "v1beta1") -> JSONValue {
        [
          "apiVersion": .string("metallb.io/\(version)"), "kind": "AddressPool",
          "metadata": ["name": .string(name), "namespace": .string(cluster.namespace)],
          "spec": spec,
        ]
      }
      // Names of AddressPools are taken in all namespaces.
      let badName = cluster.uniqueName("bad")
      _ = try await client.create(
        object("first", ["protocol": "layer2", "addresses": ["192.0.2.0/24"]]),
        AddressPool.resource)
      _ = try await client.create(
        IPAddressPool(
          metadata: ObjectMeta(name: "modern", namespace: cluster.namespace),
          spec: .init(addresses: ["198.51.100.0/24"])))
      for bad in Self.badPools {
        let refusal = await #expect(throws: KubernetesError.self, "\(bad.spec.jsonText)") {
          try await client.create(object(badName, bad.spec), AddressPool.resource)
        }
        #expect(
          refusal?.message.contains(bad.fragment) == true,
          "\(bad.spec.jsonText): \(refusal?.message ?? "")")
        let update = await #expect(throws: KubernetesError.self) {
          try await client.patch(
            AddressPool.resource, "first", namespace: cluster.namespace,
            .merge([
              "spec": bad.spec["addresses"] == ["192.0.2.128/25"] ? ["addresses": ["x"]] : bad.spec
            ]))
        }
        #expect(update?.code == 403)
      }
      // A pool does not conflict with its own earlier version, and bare addresses are fine.
      _ = try await client.patch(
        AddressPool.resource, "first", namespace: cluster.namespace,
        .merge(["spec": ["addresses": ["192.0.2.0/25", "203.0.113.5"]]]))
      // The older version is judged alike.
      var old = AddressPool.resource
      old.version = "v1alpha1"
      let refusal = await #expect(throws: KubernetesError.self) {
        try await client.create(
          object("old", ["protocol": "layer2", "addresses": ["192.0.2.1"]], version: "v1alpha1"),
          old)
      }
      #expect(refusal?.message.contains("overlaps") == true)
    }
  }

  @Test func `A pool that is at fault already can still be labelled and deleted`() async throws {
    try await withTestCluster { cluster in
      try await cluster.installCRDs(
        yaml: CustomResourceDefinitions.yaml.first { $0.plural == "addresspools" }?.text ?? "")
      var pool = AddressPool(
        metadata: ObjectMeta(name: "bad", namespace: cluster.namespace),
        spec: .init(protocol: "layer2", addresses: ["nonsense"]))
      pool.metadata.finalizers = ["example.com/hold"]
      let client = cluster.client
      _ = try await client.create(pool)
      try await withRegisteredWebhooks(
        .operator, Self.webhooks(cluster).handlers, in: cluster
      ) {
        _ = try await client.patch(
          AddressPool.resource, "bad", namespace: cluster.namespace,
          .merge(["metadata": ["annotations": ["seen": "yes"], "labels": ["seen": "yes"]]]))
        try await client.delete(AddressPool.self, "bad", namespace: cluster.namespace)
        _ = try await client.patch(
          AddressPool.resource, "bad", namespace: cluster.namespace,
          .merge(["metadata": ["finalizers": .null]]))
        try await cluster.eventuallyGone(AddressPool.self, "bad")
      }
    }
  }

  @Test func `A MetalLB object that is at fault already can still be labelled, and not changed`()
    async throws
  {
    try await withTestCluster { cluster in
      try await cluster.installCRDs(
        yaml: CustomResourceDefinitions.yaml.first { $0.plural == "metallbs" }?.text ?? "")
      let client = cluster.client
      var spec = MetalLB.Spec()
      spec.bgpBackend = "quagga"
      _ = try await client.create(
        MetalLB(metadata: ObjectMeta(name: "metallb", namespace: cluster.namespace), spec: spec))
      func patch(_ change: JSONValue) async throws {
        _ = try await client.patch(
          MetalLB.resource, "metallb", namespace: cluster.namespace, .merge(change))
      }
      try await withRegisteredWebhooks(
        .operator, Self.webhooks(cluster).handlers, in: cluster
      ) {
        try await patch(["metadata": ["labels": ["seen": "yes"]]])
        let refusal = await #expect(throws: KubernetesError.self) {
          try await patch(["metadata": ["labels": .null], "spec": ["logLevel": "debug"]])
        }
        #expect(refusal?.code == 403)
      }
    }
  }

  @Test func `A name that another namespace has already is refused`() async throws {
    try await withTestCluster { cluster in
      try await cluster.installCRDs(
        yaml: CustomResourceDefinitions.yaml.first { $0.plural == "addresspools" }?.text ?? "")
      try await cluster.installCRDs(
        yaml: CustomResourceDefinitions.yaml.first { $0.plural == "ipaddresspools" }?.text ?? "")
      let other = cluster.uniqueName("other")
      _ = try await cluster.client.create(Namespace(metadata: ObjectMeta(name: other)))
      func pool(_ namespace: String, _ address: String) -> AddressPool {
        AddressPool(
          metadata: ObjectMeta(name: "gold", namespace: namespace),
          spec: .init(protocol: "layer2", addresses: [address]))
      }
      _ = try await cluster.client.create(pool(other, "192.0.2.1"))
      try await withRegisteredWebhooks(
        .operator, Self.webhooks(cluster).handlers, in: cluster
      ) {
        let refusal = await #expect(throws: KubernetesError.self) {
          try await cluster.client.create(pool(cluster.namespace, "192.0.2.9"))
        }
        #expect(
          refusal?.message.contains("AddressPool gold already exists in namespace \(other)") == true
        )
      }
      try await cluster.client.delete(Namespace.self, other)
    }
  }
}
