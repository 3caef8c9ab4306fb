import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import KubernetesYAML
import MetalLBAPI
import OperatorRendering
import Testing

/// Scenarios of upstream's suites that belong to no other suite; `Scenarios.md` says where the rest is.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ScenarioTests {
  /// Images that have every backend.
  private static let upstream = [
    "CONTROLLER_IMAGE": "example.org/controller:v0.16.1",
    "SPEAKER_IMAGE": "example.org/speaker:v0.16.1",
  ]

  private func containers(_ daemonSet: DaemonSet?) -> [String] {
    daemonSet?.spec?.template.spec.containers?.map(\.name) ?? []
  }

  private func setBackend(_ backend: JSONValue, _ fixture: OperatorFixture) async throws {
    _ = try await fixture.client.patch(
      MetalLB.self, "metallb", namespace: fixture.namespace,
      .merge(["spec": ["bgpBackend": backend]]))
  }

  @Test(.needsClusterOfItsOwn)
  func `One backend after the other, each without what only another needs`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await fixture.withOperator(Self.upstream) {
        try await fixture.createMetalLB { $0.bgpBackend = "frr-k8s" }
        try await fixture.eventuallyExists(DaemonSet.self, "frr-k8s")
        try await setBackend("frr", fixture)
        try await fixture.cluster.eventually(DaemonSet.self, "speaker", "frr") {
          containers($0) == ["speaker", "frr", "reloader", "frr-metrics"]
        }
        try await fixture.cluster.eventuallyGone(DaemonSet.self, "frr-k8s")
        try await fixture.cluster.eventuallyGone(Deployment.self, "statuscleaner")
        try await fixture.eventuallyExists(ConfigMap.self, "frr-startup")
        try await setBackend("native", fixture)
        try await fixture.cluster.eventually(DaemonSet.self, "speaker", "native") {
          containers($0) == ["speaker"]
        }
        try await fixture.cluster.eventuallyGone(ConfigMap.self, "frr-startup")
        // Without a wish of its own it keeps what runs.
        try await setBackend(nil, fixture)
        try await fixture.cluster.eventually(MetalLB.self, "metallb", "the wish is looked at") {
          $0?.status?.conditions?.allSatisfy { $0.observedGeneration == 4 } ?? false
        }
      }
      let speaker = try await fixture.client.get(
        DaemonSet.self, "speaker", namespace: fixture.namespace)
      #expect(containers(speaker) == ["speaker"])
    }
  }

  @Test(.needsClusterOfItsOwn) func `In frr mode FRR's start-up files stay the objects they are`()
    async throws
  {
    try await withOperatorFixture(isAlone: true) { fixture in
      var startup: ConfigMap?
      for label in ["first", "second"] {
        try await fixture.withOperator(Self.upstream) {
          if label == "first" { try await fixture.createMetalLB { $0.bgpBackend = "frr" } }
          let map = try await fixture.eventuallyExists(ConfigMap.self, "frr-startup")
          try await fixture.eventuallyCondition("Progressing", "True")
          // Makes it look at everything once more, and answer.
          _ = try await fixture.client.patch(
            MetalLB.self, "metallb", namespace: fixture.namespace,
            .merge(["spec": ["logLevel": label == "first" ? "debug" : "warn"]]))
          try await fixture.cluster.eventually(Deployment.self, "controller") {
            $0?.spec?.template.spec.containers?.first?.args?.contains {
              $0 == (label == "first" ? "--log-level=debug" : "--log-level=warn")
            } ?? false
          }
          startup = startup ?? map
        }
      }
      let map = try await fixture.client.get(
        ConfigMap.self, "frr-startup", namespace: fixture.namespace)
      #expect(map.metadata.uid == startup?.metadata.uid)
      #expect(map.metadata.resourceVersion == startup?.metadata.resourceVersion)
    }
  }

  @Test func `An object with every knob is installed as it says`() async throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../samples/metallb-advanced.yaml").standardized
    var object = try JSONValue(yaml: String(contentsOf: file, encoding: .utf8))
    let spec = try #require(try object["spec"]?.decode(MetalLB.Spec.self))
    try await withOperatorFixture { fixture in
      object[path: ["metadata", "namespace"]] = .string(fixture.namespace)
      _ = try await fixture.client.create(
        object, MetalLB.resource, options: WriteOptions(fieldValidation: "Strict"))
      try await fixture.withOperator {
        try await fixture.eventuallyExists(Deployment.self, "controller")
        try await fixture.eventuallyExists(DaemonSet.self, "speaker")
      }
      let deployment = try await fixture.client.get(
        Deployment.self, "controller", namespace: fixture.namespace)
      let daemonSet = try await fixture.client.get(
        DaemonSet.self, "speaker", namespace: fixture.namespace)
      let controller = try #require(deployment.spec?.template)
      let speaker = try #require(daemonSet.spec?.template)
      #expect(controller.spec.priorityClassName == spec.controllerConfig?.priorityClassName)
      #expect(controller.metadata.annotations == spec.controllerConfig?.annotations)
      #expect(controller.spec.tolerations == spec.controllerTolerations)
      #expect(controller.spec.nodeSelector?["kubernetes.io/arch"] == "amd64")
      #expect(
        controller.spec.containers?.first?.resources?["limits"]
          == spec.controllerConfig?.resources?["limits"])
      #expect(speaker.spec.priorityClassName == spec.speakerConfig?.priorityClassName)
      #expect(speaker.spec.affinity == spec.speakerConfig?.affinity)
      #expect(speaker.spec.nodeSelector?["node-role.kubernetes.io/worker"] == "")
      for template in [controller, speaker] {
        let arguments = template.spec.containers?.first?.args ?? []
        #expect(arguments.contains("--log-level=debug"))
        #expect(arguments.contains("--lb-class=example.com/metallb"))
      }
    }
  }

  @Test func `A change rolls out through Progressing to Available`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        _ = try await fixture.client.patch(
          MetalLB.self, "metallb", namespace: fixture.namespace,
          .merge(["spec": ["logLevel": "debug"]]))
        let progressing = try await fixture.eventuallyCondition("Progressing", "True")
        #expect(progressing.message.contains("its newest version is not acted upon yet"))
        try await fixture.eventuallyCondition("Available", "False")
        try await fixture.cluster.eventually(DaemonSet.self, "speaker") {
          $0?.spec?.template.spec.containers?.first?.args?.contains("--log-level=debug") ?? false
        }
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
      }
    }
  }

  @Test(.needsClusterOfItsOwn) func `The controller may reach the API server wherever it listens`()
    async throws
  {
    try await withOperatorFixture(isAlone: true) { fixture in
      let slice: JSONValue = [
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": [
          "name": "kubernetes", "namespace": "default",
          "labels": ["kubernetes.io/service-name": "kubernetes"],
        ],
        "addressType": "IPv4",
        "endpoints": [["addresses": ["192.0.2.1"]]],
        "ports": [["name": "https", "port": 16443, "protocol": "TCP"]],
      ]
      _ = try await fixture.client.apply(
        slice, EndpointSlice.resource, fieldManager: "test", force: true)
      try await fixture.createMetalLB()
      try await fixture.withOperator {
        let policy = try await fixture.eventuallyExists(NetworkPolicy.self, "controller")
        let ports = policy.spec?.egress?.flatMap { $0.ports ?? [] }.compactMap(\.port) ?? []
        #expect(ports.contains(.int(16443)), "\(ports)")
      }
      // An administrator may know one more, and cuts nobody off with a wrong one.
      try await fixture.withOperator(["KUBERNETES_API_PORT": "8443"]) {
        _ = try await fixture.cluster.eventually(NetworkPolicy.self, "controller") {
          $0?.spec?.egress?.flatMap { $0.ports ?? [] }.map(\.port)
            == [.int(443), .int(8443), .int(16443)]
        }
      }
    }
  }
}
