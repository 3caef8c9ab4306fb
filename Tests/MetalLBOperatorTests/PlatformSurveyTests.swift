import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import Testing

/// The platform check at work. It is about the whole cluster, so that it needs one for itself.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsClusterOfItsOwn)
struct PlatformSurveyTests {
  private func createNode(_ name: String, _ identifier: String?, _ client: APIClient) async throws {
    var spec = Node.Spec()
    spec.providerID = identifier
    _ = try await client.create(Node(metadata: ObjectMeta(name: name), spec: spec))
  }

  @Test func `A cloud without layer 2 is said on the object and keeps nothing from running`()
    async throws
  {
    try await withOperatorFixture(isAlone: true) { fixture in
      for number in 0..<150 {
        try await createNode("node-\(number)", "aws:///a/i-\(number)", fixture.client)
      }
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        let platform = try await fixture.eventuallyCondition(
          "PlatformSupported", "False", reason: "CloudUnsupported")
        #expect(platform.message.hasPrefix("150 nodes are on AWS"))
        try await fixture.eventuallyEvent("CloudUnsupported", about: "metallb")
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
      }
    }
  }

  @Test func `What comes and goes changes the answer`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await createNode("node-1", nil, fixture.client)
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("PlatformSupported", "True", reason: "Supported")
        let map = ConfigMap(
          metadata: ObjectMeta(name: "kube-proxy", namespace: "kube-system"),
          data: ["config.conf": "mode: ipvs"])
        _ = try await fixture.client.create(map)
        try await fixture.eventuallyCondition(
          "PlatformSupported", "False", reason: "StrictARPRequired")
        let labels = ["app": "keepalived"]
        var pod = PodSpec()
        pod.containers = [Container(name: "c", image: "example.org/keepalived-ipfailover:1")]
        let template = PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod)
        _ = try await fixture.client.create(
          Deployment(
            metadata: ObjectMeta(name: "ipfailover", namespace: fixture.namespace),
            spec: .init(selector: LabelSelector(matchLabels: labels), template: template)))
        try await fixture.eventuallyCondition(
          "PlatformSupported", "False", reason: "IPFailoverPresent")
        try await fixture.client.delete(
          Deployment.self, "ipfailover", namespace: fixture.namespace)
        try await fixture.client.delete(ConfigMap.self, "kube-proxy", namespace: "kube-system")
        try await fixture.eventuallyCondition("PlatformSupported", "True", reason: "Supported")
      }
    }
  }
}
