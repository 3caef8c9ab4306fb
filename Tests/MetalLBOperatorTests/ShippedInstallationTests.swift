import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import KubernetesYAML
import Logging
import MetalLBAPI
import MetalLBOperator
import OperatorRendering
import Testing
import WebhookServer

/// The manifest that is shipped, and the rights that it gives.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsClusterOfItsOwn)
struct ShippedInstallationTests {
  /// Applies a manifest as `kubectl apply --server-side` does, refusing unknown fields.
  ///
  /// - Parameter registersWebhooks: makes the API server call webhooks, which somebody has to serve then.
  private func install(
    _ platform: Platform, _ fixture: OperatorFixture, registersWebhooks: Bool = false
  ) async throws {
    let installation = Installation(
      platform: platform, namespace: fixture.namespace,
      image: try ImageReference(OperatorFixture.image))
    let kinds = Dictionary(
      try installation.objects().map { ($0.resource.kind, $0.resource) }, uniquingKeysWith: { $1 })
    for document in try JSONValue.documents(yaml: installation.manifest()) {
      // The fixture has installed the CRDs.
      guard let resource = kinds[document["kind"]?.stringValue ?? ""] else { continue }
      if resource.kind == "ValidatingWebhookConfiguration", !registersWebhooks { continue }
      _ = try await fixture.client.patch(
        resource, document[path: ["metadata", "name"]]?.stringValue ?? "",
        namespace: document[path: ["metadata", "namespace"]]?.stringValue,
        .apply(document, force: true),
        options: WriteOptions(fieldManager: "kubectl", fieldValidation: "Strict"))
    }
  }

  /// A client with the token of a service account.
  private func client(
    of account: String, _ fixture: OperatorFixture
  ) async throws -> APIClient {
    let path = ServiceAccount.resource.path(
      namespace: fixture.namespace, name: account, subresource: "token")
    let answer = try await fixture.client.send(
      APIRequest(
        .post, path,
        json: [
          "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
          "spec": ["expirationSeconds": 3600],
        ]))
    let token = try #require(answer[path: ["status", "token"]]?.stringValue)
    var configuration = fixture.cluster.configuration
    configuration.credentials = .token(.init(token))
    return APIClient(configuration: configuration, userAgent: "metallb-operator")
  }

  @Test(arguments: Platform.allCases)
  func `Everything that upstream's validation looks for is there`(platform: Platform) async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      if platform == .openshift { try await fixture.becomeOpenShift() }
      try await install(platform, fixture)
      let namespace = try await fixture.client.get(Namespace.self, fixture.namespace)
      #expect(namespace.metadata.labels["pod-security.kubernetes.io/enforce"] == "privileged")
      let groups = try await fixture.client.json("/apis")["groups"]?.arrayValue ?? []
      #expect(Platform(apiGroups: groups.compactMap { $0["name"]?.stringValue }) == platform)
      for name in ["metallb-operator-controller-manager", "metallb-operator-webhook-server"] {
        _ = try await fixture.client.get(Deployment.self, name, namespace: fixture.namespace)
      }
      let kinds = try await fixture.client.json("/apis/metallb.io/v1beta1")["resources"]
      let names = Set((kinds?.arrayValue ?? []).compactMap { $0["name"]?.stringValue })
      #expect(names.isSuperset(of: ["metallbs", "addresspools", "ipaddresspools", "bgppeers"]))
    }
  }

  @Test func `Its rights suffice for the whole life of a MetalLB object`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await install(.kubernetes, fixture)
      let account = try await client(of: "manager-account", fixture)
      try await fixture.withOperator(isElected: true, as: account) {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.eventuallyExists(ConfigMap.self, "config")
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        try await fixture.createPool("silver", ["x"])
        try await fixture.eventuallyEvent("InvalidAddress", about: "silver")
        try await fixture.createMetalLB("wrong")
        try await fixture.eventuallyCondition("Degraded", "True", of: "wrong")
        try await fixture.client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        for name in ["config", "metallb-excludel2"] {
          try await fixture.cluster.eventuallyGone(ConfigMap.self, name)
        }
        try await fixture.cluster.eventuallyGone(DaemonSet.self, "speaker")
        try await fixture.cluster.eventuallyGone(Deployment.self, "controller")
        try await fixture.cluster.eventuallyGone(NetworkPolicy.self, "controller")
      }
    }
  }

  @Test func `Its rights suffice to see that objects say what a classic ConfigMap says`()
    async throws
  {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await install(.kubernetes, fixture)
      let account = try await client(of: "manager-account", fixture)
      let namespace = fixture.namespace
      let text = """
        peers: [{my-asn: 64512, peer-asn: 64513, peer-address: 10.9.0.1, bfd-profile: fast}]
        bgp-communities: {vpn: "64512:7"}
        address-pools: [{name: gold, protocol: layer2, addresses: [192.0.2.0/28]},
          {name: current, protocol: bgp, addresses: [192.0.2.16/28],
           bgp-advertisements: [{communities: [vpn]}]}]
        bfd-profiles: [{name: fast}]
        """
      _ = try await fixture.client.create(
        ConfigMap(
          metadata: ObjectMeta(name: "config", namespace: namespace), data: ["config": text]),
        options: WriteOptions(fieldManager: "manager"))
      var peer = BGPPeer.Spec(myASN: 64_512, peerASN: 64_513, peerAddress: "10.9.0.1")
      peer.bfdProfile = "fast"
      func metadata(_ name: String) -> ObjectMeta { ObjectMeta(name: name, namespace: namespace) }
      _ = try await fixture.client.create(BFDProfile(metadata: metadata("fast")))
      _ = try await fixture.client.create(BGPPeer(metadata: metadata("tor"), spec: peer))
      _ = try await fixture.client.create(
        Community(
          metadata: metadata("names"),
          spec: .init(communities: [.init(name: "vpn", value: "64512:7")])))
      _ = try await fixture.client.create(
        IPAddressPool(metadata: metadata("current"), spec: .init(addresses: ["192.0.2.16/28"])))
      var advertisement = BGPAdvertisement.Spec()
      advertisement.communities = ["vpn"]
      _ = try await fixture.client.create(
        BGPAdvertisement(metadata: metadata("vpn"), spec: advertisement))
      try await fixture.withOperator(isElected: true, as: account) {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: layer2
            name: gold
            addresses:
            - 192.0.2.0/28

          """)
      }
    }
  }

  @Test func `Its rights do not reach beyond the namespace`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await install(.kubernetes, fixture)
      for name in ["manager-account", "controller", "speaker"] {
        let account = try await client(of: name, fixture)
        await #expect(throws: KubernetesError.self) {
          try await account.list(Secret.self, namespace: "kube-system")
        }
        await #expect(throws: KubernetesError.self) {
          _ = try await account.create(
            Namespace(metadata: ObjectMeta(name: fixture.cluster.uniqueName("test"))))
        }
      }
    }
  }

  @Test func `Its rights suffice to judge pools of every namespace`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await install(.kubernetes, fixture)
      let webhooks = OperatorWebhooks(
        client: try await client(of: "manager-account", fixture),
        environment: try OperatorEnvironment(
          variables: [
            "OPERATOR_NAMESPACE": fixture.namespace, "CONTROLLER_IMAGE": OperatorFixture.image,
            "SPEAKER_IMAGE": OperatorFixture.image,
          ]))
      let elsewhere = fixture.cluster.uniqueName("elsewhere")
      func judge(_ namespace: String, _ address: String) async -> AdmissionResponse {
        guard
          case .admission(let judge)? = webhooks.handlers[ValidatingWebhookName.addressPool.path]
        else { return .failed("no such webhook") }
        return await judge(
          AdmissionRequest(
            uid: "u", operation: .create, apiVersion: "metallb.io/v1beta1", kind: "AddressPool",
            name: "gold", namespace: namespace,
            object: [
              "metadata": ["name": "gold", "namespace": .string(namespace)],
              "spec": ["protocol": "layer2", "addresses": [.string(address)]],
            ]))
      }
      #expect(await judge(fixture.namespace, "192.0.2.1") == .allowed())
      let warned = await judge(elsewhere, "192.0.2.1")
      #expect(warned.refusal == nil)
      #expect(
        warned.warnings == [
          "AddressPools count in namespace \(fixture.namespace) only, where the operator runs"
        ])
      let faulty = await judge(elsewhere, "nonsense")
      #expect(faulty.refusal?.message.contains("spec.addresses[0]") == true)
      try await fixture.createPool("gold", ["192.0.2.1"])
      let taken = await judge(elsewhere, "192.0.2.1")
      #expect(
        taken.refusal?.message
          == "AddressPool gold already exists in namespace \(fixture.namespace)")
    }
  }

  @Test(arguments: [
    ("manager-account", WebhookServerNames.operator), ("webhook-server", .controller),
  ])
  func `The rights of a webhook server suffice to be recognised`(
    account: String, names: WebhookServerNames
  ) async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await install(.kubernetes, fixture, registersWebhooks: true)
      let registration = InjectionTarget.validatingWebhooks(names.configuration)
      let conversions = names.convertedDefinitions.map {
        InjectionTarget.conversion(ofDefinition: $0)
      }
      let keeper = CertificateKeeper(
        secret: NamespacedName(namespace: fixture.namespace, name: names.secret),
        names: ["\(names.service).\(fixture.namespace).svc"],
        targets: [registration] + conversions, client: try await client(of: account, fixture),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await keeper.run() }
        defer { group.cancelAll() }
        try await fixture.cluster.eventually(registration.resource, registration.name) { object in
          let webhooks = object?["webhooks"]?.arrayValue ?? []
          return !webhooks.isEmpty
            && webhooks.allSatisfy { $0[path: ["clientConfig", "caBundle"]] != nil }
        }
        for conversion in conversions {
          try await fixture.cluster.eventually(conversion.resource, conversion.name) { object in
            object?[path: ["spec", "conversion", "webhook", "clientConfig", "caBundle"]] != nil
          }
        }
        let secret = try await fixture.client.get(
          Secret.self, names.secret, namespace: fixture.namespace)
        #expect(secret.data?["tls.key"] != nil)
      }
    }
  }

  @Test func `An API server takes the examples of the bundle`() async throws {
    let installation = Installation(
      platform: .openshift, image: try ImageReference(OperatorFixture.image))
    let version = try #require(
      try OperatorBundle.files(installation).first { $0.path.hasSuffix("serviceversion.yaml") })
    let annotations = try JSONValue(yaml: version.text)[path: ["metadata", "annotations"]]
    let examples = try #require(
      try JSONValue(parsing: annotations?["alm-examples"]?.stringValue ?? "").arrayValue)
    try await withOperatorFixture(isAlone: true) { fixture in
      for var example in examples {
        let kind = example["kind"]?.stringValue ?? ""
        let versions = (example["apiVersion"]?.stringValue ?? "").split(separator: "/")
        // Its conversion needs the webhook server.
        if kind == "BGPPeer", versions.last == "v1beta1" { continue }
        let definition = try #require(
          try CustomResourceDefinitions.yaml.map { try JSONValue(yaml: $0.text) }
            .first { $0[path: ["spec", "names", "kind"]]?.stringValue == kind })
        let resource = ResourceKind(
          group: String(versions.first ?? ""), version: String(versions.last ?? ""), kind: kind,
          plural: definition[path: ["spec", "names", "plural"]]?.stringValue ?? "")
        example[path: ["metadata", "namespace"]] = .string(fixture.namespace)
        _ = try await fixture.client.create(
          example, resource, options: WriteOptions(fieldValidation: "Strict"))
      }
    }
  }

  @Test func `On OpenShift the security constraints come and go`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await fixture.becomeOpenShift()
      try await install(.openshift, fixture)
      let account = try await client(of: "manager-account", fixture)
      let resource = SecurityContextConstraints.resource
      try await fixture.withOperator(isElected: true, as: account) {
        try await fixture.createMetalLB()
        let constraints = try await fixture.cluster.eventually(resource, "metallb-speaker") {
          $0 != nil
        }
        let owner = constraints?[path: ["metadata", "ownerReferences"]]?[0]
        #expect(owner?["kind"] == "Namespace")
        try await fixture.cluster.eventually(DaemonSet.self, "speaker") {
          $0?.spec?.template.metadata.annotations["openshift.io/required-scc"] == "metallb-speaker"
        }
        // By hand, as for every other object.
        try await fixture.client.delete(resource, "metallb-speaker")
        try await fixture.cluster.eventually(resource, "metallb-speaker") { $0 != nil }
        try await fixture.client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.cluster.eventually(resource, "metallb-speaker") { $0 == nil }
      }
    }
  }
}
