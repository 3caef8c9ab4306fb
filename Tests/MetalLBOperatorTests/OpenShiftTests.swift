import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import OperatorRendering
import Testing

/// What the settings of an OpenShift cluster make of an installation. They have fixed names.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsClusterOfItsOwn) struct OpenShiftTests {
  @Test func `A change of the TLS profile reaches the Pods at once`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await fixture.becomeOpenShift()
      try await create(TLSProfile.resource, "cluster", [:], fixture)
      try await fixture.createMetalLB()
      try await fixture.withOperator(["TLS_MIN_VERSION": "VersionTLS13"]) {
        // An empty profile is the intermediate one, whatever the operator's environment says.
        try await fixture.cluster.eventually(Deployment.self, "controller", "TLS 1.2") {
          arguments($0).contains("--tls-min-version=VersionTLS12")
        }
        try await fixture.cluster.eventually(ConfigMap.self, "metallb-tls-config") {
          $0?.data?["TLS_MIN_VERSION"] == "VersionTLS12"
        }
        _ = try await fixture.client.patch(
          TLSProfile.resource, "cluster",
          .merge(["spec": ["tlsSecurityProfile": ["type": "Modern"]]]))
        try await fixture.cluster.eventually(Deployment.self, "controller", "TLS 1.3") {
          arguments($0).contains("--tls-min-version=VersionTLS13")
        }
        try await fixture.cluster.eventually(ConfigMap.self, "metallb-tls-config") {
          $0?.data?["TLS_MIN_VERSION"] == "VersionTLS13"
        }
        // It is the webhook server's too, which stays.
        try await fixture.client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.cluster.eventuallyGone(Deployment.self, "controller")
        try await fixture.eventuallyExists(ConfigMap.self, "metallb-tls-config")
      }
    }
  }

  @Test func `The operator's own servers follow the TLS profile`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await fixture.becomeOpenShift()
      try await create(TLSProfile.resource, "cluster", [:], fixture)
      let (told, tell) = AsyncStream.makeStream(of: OperatorEnvironment.TLSOptions.self)
      try await fixture.withOperator(
        ["TLS_MIN_VERSION": "VersionTLS13"], onTLS: { tell.yield($0) }
      ) {
        let changes: [(JSONValue, String)] = [
          (.null, "VersionTLS12"),
          (["tlsSecurityProfile": ["type": "Modern"]], "VersionTLS13"),
          (
            ["tlsSecurityProfile": ["type": "Old"], "tlsAdherence": "StrictAllComponents"],
            "VersionTLS12"
          ),
        ]
        for (spec, version) in changes {
          _ = try await fixture.client.patch(
            TLSProfile.resource, "cluster", .merge(["spec": spec]))
          for await options in told {
            #expect(options.minVersion == version)
            break
          }
        }
      }
    }
  }

  @Test func `The network operator is asked for frr-k8s once it can run it`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await fixture.becomeOpenShift()
      let network = NetworkOperator.networkResource
      try await create(NetworkOperator.resource, "network", version("4.16.9"), fixture)
      try await create(
        network, "cluster",
        ["spec": ["additionalRoutingCapabilities": ["providers": ["Other"]]]], fixture)
      let variables = [
        "DEPLOY_FRRK8S_FROM_CNO": "true", "CNO_MIN_FRRK8S_VERSION": "4.17.0-0",
        "FRRK8S_EXTERNAL_NAMESPACE": "openshift-frr-k8s",
        "CONTROLLER_IMAGE": "example.org/controller:v1", "SPEAKER_IMAGE": "example.org/speaker:v1",
      ]
      try await fixture.createMetalLB()
      try await fixture.withOperator(variables) {
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "WaitingForClusterNetworkOperator")
        #expect(degraded.message.contains("4.16.9"))
        // Layer 2 does not wait.
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        _ = try await fixture.client.patch(
          NetworkOperator.resource, "network", .merge(version("4.17.0-0.nightly")))
        try await fixture.cluster.eventually(network, "cluster", "both providers") {
          providers($0) == ["Other", "FRR"]
        }
        try await fixture.eventuallyCondition("Degraded", "False")
        // By hand, as for every other object.
        _ = try await fixture.client.patch(
          network, "cluster",
          .merge(["spec": ["additionalRoutingCapabilities": ["providers": ["Other"]]]]))
        try await fixture.cluster.eventually(network, "cluster", "FRR returns") {
          providers($0) == ["Other", "FRR"]
        }
      }
    }
  }

  private func create(
    _ kind: ResourceKind, _ name: String, _ content: JSONValue, _ fixture: OperatorFixture
  ) async throws {
    var object = content
    object["apiVersion"] = .string(kind.apiVersion)
    object["kind"] = .string(kind.kind)
    object["metadata"] = ["name": .string(name)]
    _ = try await fixture.client.create(object, kind)
  }

  private func version(_ text: String) -> JSONValue {
    ["status": ["versions": [["name": "operator", "version": .string(text)]]]]
  }
}

private func arguments(_ deployment: Deployment?) -> [String] {
  deployment?.spec?.template.spec.containers?.first?.args ?? []
}

private func providers(_ network: JSONValue?) -> [String] {
  let list = network?[path: ["spec", "additionalRoutingCapabilities", "providers"]]
  return list?.arrayValue?.compactMap(\.stringValue) ?? []
}
