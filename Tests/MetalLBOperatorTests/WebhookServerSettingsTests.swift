import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import Testing

/// What the operator tells the webhook server about TLS (spec/operator 7.3).
@Suite(.serialized, .timeLimit(.minutes(3))) struct WebhookServerSettingsTests {
  private static let name = "metallb-tls-config"

  private func createServer(_ name: String, _ fixture: OperatorFixture) async throws {
    var spec = PodSpec()
    spec.containers = [Container(name: "webhook-server", image: "example.org/metallb:v1")]
    let labels = ["app": "metallb", "component": name == "other" ? "other" : "webhook-server"]
    _ = try await fixture.client.create(
      Pod(
        metadata: ObjectMeta(name: name, namespace: fixture.namespace, labels: labels), spec: spec))
  }

  @Test func `Its settings are there without a MetalLB object, so that upstream's starts`()
    async throws
  {
    try await withOperatorFixture { fixture in
      try await createServer("first", fixture)
      try await fixture.withOperator {
        let map = try await fixture.eventuallyExists(ConfigMap.self, Self.name)
        #expect(
          map.data
            == ["TLS_CIPHER_SUITES": "", "TLS_CURVE_PREFERENCES": "", "TLS_MIN_VERSION": ""])
        // They come and go with the operator, not with the object.
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.cluster.eventuallyGone(DaemonSet.self, "speaker")
      }
      let map = try await fixture.eventuallyExists(ConfigMap.self, Self.name)
      #expect(map.metadata.deletionTimestamp == nil)
      // Nothing was said that it could have missed.
      let pod = try await fixture.client.get(Pod.self, "first", namespace: fixture.namespace)
      #expect(pod.metadata.deletionTimestamp == nil)
    }
  }

  @Test func `It is told nothing that would keep it from starting`() async throws {
    try await withOperatorFixture { fixture in
      let variables = [
        "TLS_CIPHER_SUITES": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_CURVE_PREFERENCES": "29",
      ]
      try await fixture.withOperator(variables) {
        _ = try await fixture.cluster.eventually(ConfigMap.self, Self.name) {
          $0?.data
            == ["TLS_CIPHER_SUITES": "", "TLS_CURVE_PREFERENCES": "29", "TLS_MIN_VERSION": ""]
        }
      }
    }
  }

  @Test func `A webhook server with older settings is started anew, and no other Pod`()
    async throws
  {
    try await withOperatorFixture { fixture in
      try await createServer("first", fixture)
      try await createServer("other", fixture)
      try await fixture.withOperator(["TLS_MIN_VERSION": "VersionTLS12"]) {
        try await fixture.cluster.eventually(ConfigMap.self, Self.name) {
          $0?.data?["TLS_MIN_VERSION"] == "VersionTLS12"
        }
        try await fixture.cluster.eventuallyGone(Pod.self, "first")
      }
      _ = try await fixture.client.get(Pod.self, "other", namespace: fixture.namespace)
    }
  }
}
