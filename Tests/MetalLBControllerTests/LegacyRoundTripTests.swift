import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import LegacyConfiguration
import MetalLBAPI
import Testing
import WebhookServer
import WebhookTesting

@testable import MetalLBController

/// From the ConfigMap era to objects under a controller and webhooks that run: no Service changes its address, at no step.
@Suite(.timeLimit(.minutes(3))) struct LegacyRoundTripTests {
  private static let text = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 192.0.2.1, bfd-profile: fast}
    bgp-communities: {vpn: "1:1"}
    address-pools:
    - name: Gold_Pool
      protocol: bgp
      addresses: [203.0.113.0/29]
      avoid-buggy-ips: true
      bgp-advertisements: [{communities: [vpn]}]
    - {name: silver, protocol: layer2, addresses: [198.51.100.1-198.51.100.6], auto-assign: false}
    bfd-profiles: [{name: fast, receive-interval: 50}]
    """

  private static let addresses = [
    "any": "203.0.113.1", "wish": "203.0.113.5", "from-gold": "203.0.113.2",
    "from-silver": "198.51.100.1",
  ]

  private func check(_ harness: ControllerHarness, pool gold: String) async throws {
    for (name, address) in Self.addresses {
      let pool = name == "from-silver" ? "silver" : gold
      let service = try await harness.cluster.eventually(
        KubernetesAPI.Service.self, name, "\(name) is marked with \(pool)"
      ) { $0?.allocatedFrom == pool }
      #expect(service?.ingressIPs == [address])
    }
  }

  private func eventually(_ result: String, _ harness: ControllerHarness) async throws {
    try await harness.cluster.eventually(ConfigurationState.self, "controller", result) {
      $0?.status?.result == result
    }
  }

  private func createConfigMap(_ harness: ControllerHarness) async throws {
    _ = try await harness.client.create(
      ConfigMap(
        metadata: ObjectMeta(name: "config", namespace: harness.cluster.namespace),
        data: ["config": Self.text]))
  }

  /// Creates the Services, and returns the version from which on nothing may happen to their addresses.
  private func createServices(_ harness: ControllerHarness) async throws -> String? {
    try await harness.createService("any")
    try await harness.service("any", has: ["203.0.113.1"])
    try await harness.createService("wish") { $0.spec?.loadBalancerIP = "203.0.113.5" }
    try await harness.createService("from-gold") {
      $0.metadata.annotations["metallb.io/address-pool"] = "Gold_Pool"
    }
    try await harness.createService("from-silver") {
      $0.metadata.annotations["metallb.universe.tf/address-pool"] = "silver"
    }
    try await check(harness, pool: "Gold_Pool")
    return try await harness.client.list(
      KubernetesAPI.Service.self, namespace: harness.cluster.namespace
    ).metadata.resourceVersion
  }

  /// Checks what every version of the Services said.
  private func checkHistory(_ harness: ControllerHarness, from version: String?) async throws {
    try await harness.createService("late")
    let changes = try await harness.client.watch(
      KubernetesAPI.Service.resource, namespace: harness.cluster.namespace,
      options: WatchOptions(resourceVersion: version))
    for try await change in changes {
      if case .added(let object) = change,
        object[path: ["metadata", "name"]]?.stringValue == "late"
      {
        break
      }
      guard case .modified(let object) = change else { continue }
      let service = try object.decode(KubernetesAPI.Service.self)
      guard let address = Self.addresses[service.metadata.name] else { continue }
      #expect(service.ingressIPs == [address], "\(service.metadata.name)")
    }
    for name in Self.addresses.keys {
      let reasons = Set(try await harness.events(on: name).compactMap(\.reason))
      #expect(reasons.subtracting(["IPAllocated", "deprecatedAnnotation"]) == [])
    }
  }

  private func conversion(_ harness: ControllerHarness) throws -> LegacyConversion {
    var options = LegacyConversion.Options()
    options.namespace = harness.cluster.namespace
    let conversion = try LegacyConversion(
      LegacyDocument.read(Self.text).document, options: options)
    #expect(conversion.renamedPools == ["Gold_Pool": "gold-pool"])
    return conversion
  }

  /// What `metallb convert | kubectl apply` does.
  private func apply(_ conversion: LegacyConversion, _ harness: ControllerHarness) async throws {
    for object in try conversion.objects() {
      let kind = try #require(
        WebhookServerNames.controller.webhooks.first {
          $0.resource.kind == object["kind"]?.stringValue
        })
      _ = try await harness.client.create(object, kind.resource)
    }
  }

  private func withWebhooks(
    _ body: (ControllerHarness) async throws -> Void
  ) async throws {
    try await withHarness { harness in
      let webhooks = ConfigurationWebhooks(client: harness.client, options: harness.options())
      try await withRegisteredWebhooks(.controller, webhooks.handlers, in: harness.cluster) {
        try await body(harness)
      }
    }
  }

  @Test func `Converted, applied, and the ConfigMap deleted: nothing moves, nor after a restart`()
    async throws
  {
    try await withWebhooks { harness in
      let conversion = try conversion(harness)
      try await createConfigMap(harness)
      let start = try await harness.running {
        let start = try await createServices(harness)
        try await apply(conversion, harness)
        // Both together are one configuration.
        try await check(harness, pool: "gold-pool")
        try await eventually("Valid", harness)
        try await harness.client.delete(
          ConfigMap.self, "config", namespace: harness.cluster.namespace)
        // A decision about a Service shows that the deletion was seen.
        try await harness.createService("after")
        try await harness.service("after", has: ["203.0.113.3"])
        try await eventually("Valid", harness)
        try await check(harness, pool: "gold-pool")
        return start
      }
      try await harness.client.delete(
        KubernetesAPI.Service.self, "after", namespace: harness.cluster.namespace)
      try await harness.running {
        try await harness.createService("again")
        try await harness.service("again", has: ["203.0.113.3"])
        try await check(harness, pool: "gold-pool")
        try await harness.client.delete(
          KubernetesAPI.Service.self, "again", namespace: harness.cluster.namespace)
      }
      try await checkHistory(harness, from: start)
    }
  }

  @Test func `The ConfigMap deleted first, by mistake: nothing moves, and objects take its place`()
    async throws
  {
    try await withWebhooks { harness in
      let conversion = try conversion(harness)
      try await createConfigMap(harness)
      let start = try await harness.running {
        let start = try await createServices(harness)
        try await harness.client.delete(
          ConfigMap.self, "config", namespace: harness.cluster.namespace)
        let state = try await harness.cluster.eventually(
          ConfigurationState.self, "controller", "the deletion is named"
        ) { $0?.status?.errorSummary?.contains("the ConfigMap is gone") == true }
        #expect(state?.status?.errorSummary?.contains("pool \"Gold_Pool\"") == true)
        try await check(harness, pool: "Gold_Pool")
        try await apply(conversion, harness)
        try await check(harness, pool: "gold-pool")
        try await eventually("Valid", harness)
        return start
      }
      try await checkHistory(harness, from: start)
    }
  }

  @Test func `An object that says something else than the ConfigMap is refused and told where`()
    async throws
  {
    try await withWebhooks { harness in
      try await createConfigMap(harness)
      func refusal(_ kind: ValidatingWebhookName, _ name: String, _ spec: JSONValue) async throws
        -> String
      {
        let error = try await ConfigurationWebhooksTests.refusal(kind, name, spec, in: harness)
        return error?.message ?? "admitted"
      }
      let pool = try await refusal(
        .ipAddressPool, "silver", ["addresses": ["198.51.100.0/30"], "autoAssign": false])
      #expect(
        pool.hasSuffix(
          """
          spec.addresses: ConfigMap \(harness.cluster.namespace)/config, pool "silver" already exists and says \
          198.51.100.1-198.51.100.6: say the same here, or change it there first
          """), "\(pool)")
      let profile = try await refusal(.bfdProfile, "fast", ["receiveInterval": 60])
      #expect(profile.contains("spec.receiveInterval"), "\(profile)")
      let community = try await refusal(
        .community, "c", ["communities": [["name": "vpn", "value": "1:2"]]])
      #expect(community.contains("has as 1:1 too"), "\(community)")
      let peer = try await refusal(
        .bgpPeer, "peer1", ["myASN": 64512, "peerASN": 64514, "peerAddress": "192.0.2.1"])
      #expect(peer.contains("spec.peerASN"), "\(peer)")
    }
  }

  @Test func `Who says the same as the ConfigMap is told so`() async throws {
    try await withHarness { harness in
      try await createConfigMap(harness)
      let kind = ValidatingWebhookName.ipAddressPool
      let namespace = harness.cluster.namespace
      let webhooks = ConfigurationWebhooks(client: harness.client, options: harness.options())
      guard case .admission(let judge)? = webhooks.handlers[kind.path] else { return }
      let response = await judge(
        AdmissionRequest(
          uid: "u", operation: .create, apiVersion: kind.resource.apiVersion,
          kind: kind.resource.kind, name: "silver", namespace: namespace,
          object: ConfigurationWebhooksTests.object(
            kind, "silver", namespace,
            ["addresses": ["198.51.100.1-198.51.100.6"], "autoAssign": false])))
      let entry = "ConfigMap \(namespace)/config, pool \"silver\""
      let object = "IPAddressPool \(namespace)/silver"
      #expect(
        response
          == .allowed(warnings: [
            "\(object): \(entry) says the same: both count as one, and this one stays when that one goes",
            "\(object): only \(entry) says who announces the pool: before that goes, add an L2Advertisement or a BGPAdvertisement",
          ]))
    }
  }
}
