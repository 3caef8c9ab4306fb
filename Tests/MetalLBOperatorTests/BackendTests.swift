import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import OperatorRendering
import Testing

@testable import MetalLBOperator

/// What the backends of BGP make of an installation, with upstream's images, which have all of them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BackendTests {
  private static let upstream = [
    "CONTROLLER_IMAGE": "example.org/controller:v0.16.1",
    "SPEAKER_IMAGE": "example.org/speaker:v0.16.1",
  ]

  @Test(.needsClusterOfItsOwn, arguments: BGPBackend.allCases)
  func `An installation settles`(backend: BGPBackend) async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      try await fixture.createPool("gold", ["192.0.2.0/28"])
      try await fixture.createMetalLB { spec in
        spec.bgpBackend = backend.rawValue
        if backend == .frrK8sExternal {
          spec.frrk8sConfig = .init()
          spec.frrk8sConfig?.namespace = "frr-k8s-system"
        }
      }
      try await fixture.withOperator(Self.upstream) {
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.reportWorkloadsReady()
        if backend == .frrK8s { try await fixture.reportFRRK8sReady() }
        try await fixture.eventuallyCondition("Available", "True")
        try await fixture.eventuallyCondition("Degraded", "False")
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyExists(ConfigMap.self, "config")
      }
      let speaker = try await fixture.client.get(
        DaemonSet.self, "speaker", namespace: fixture.namespace)
      #expect(BGPBackend(speaker: speaker) == backend)
      // A new process looks at everything anew; its answer to a pool shows that it has.
      let before = fixture.writes.count
      try await fixture.withOperator(Self.upstream) {
        try await fixture.createPool("silver", ["x"])
        try await fixture.eventuallyEvent("InvalidAddress", about: "silver")
      }
      // The pool's status, and the event.
      #expect(fixture.writes.count - before == 2)
    }
  }

  @Test func `It is available once frr-k8s is`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator(Self.upstream) {
        try await fixture.createMetalLB { $0.bgpBackend = "frr-k8s" }
        try await fixture.eventuallyExists(Deployment.self, "controller")
        try await fixture.reportWorkloadsReady()
        try await fixture.cluster.eventually(MetalLB.self, "metallb", "only frr-k8s is awaited") {
          let progressing = $0?.status?.conditions?.first { $0.type == "Progressing" }
          return progressing?.message.hasPrefix("DaemonSet frr-k8s") ?? false
        }
        try await fixture.reportFRRK8sReady()
        try await fixture.eventuallyCondition("Available", "True")
      }
    }
  }

  @Test(.needsClusterOfItsOwn) func `Leaving frr-k8s leaves nothing of it`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      let webhook = FRRK8sWebhook.resource
      try await fixture.withOperator(Self.upstream) {
        try await fixture.createMetalLB { $0.bgpBackend = "frr-k8s" }
        try await fixture.cluster.eventually(
          webhook, ObjectName.frrK8sWebhookConfiguration
        ) { $0 != nil }
        try await fixture.eventuallyExists(DaemonSet.self, "frr-k8s")
        // Nobody serves it here, and what follows is not about it.
        let configuration = try await fixture.client.get(
          webhook, ObjectName.frrK8sWebhookConfiguration)
        #expect(configuration["webhooks"]?[0]?["failurePolicy"] == "Fail")
      }
      try await fixture.client.delete(webhook, ObjectName.frrK8sWebhookConfiguration)
      // What the speakers of two nodes wrote, and what a user did.
      for (name, node) in [("metallb-a", "a"), ("metallb-b", "b"), ("metallb-mine", "c")] {
        let selector = LabelSelector(matchLabels: ["kubernetes.io/hostname": node])
        _ = try await fixture.client.create(
          FRRConfiguration(
            metadata: ObjectMeta(name: name, namespace: fixture.namespace),
            spec: .init(nodeSelector: selector)))
      }
      try await fixture.withOperator(Self.upstream) {
        _ = try await fixture.client.patch(
          MetalLB.self, "metallb", namespace: fixture.namespace,
          .merge(["spec": ["bgpBackend": "native"]]))
        try await fixture.cluster.eventuallyGone(DaemonSet.self, "frr-k8s")
        try await fixture.cluster.eventuallyGone(Deployment.self, "statuscleaner")
        try await fixture.cluster.eventuallyGone(ConfigMap.self, "frr-startup")
        try await fixture.cluster.eventuallyGone(Service.self, "frr-k8s-webhook-service")
        try await fixture.cluster.eventuallyGone(Secret.self, "frr-k8s-webhook-server-cert")
        try await fixture.cluster.eventually(
          webhook, ObjectName.frrK8sWebhookConfiguration
        ) { $0 == nil }
        try await fixture.cluster.eventuallyGone(FRRConfiguration.self, "metallb-a")
        try await fixture.cluster.eventuallyGone(FRRConfiguration.self, "metallb-b")
        // An old speaker writes once more before it goes.
        _ = try await fixture.client.create(
          FRRConfiguration(
            metadata: ObjectMeta(name: "metallb-a", namespace: fixture.namespace),
            spec: .init(nodeSelector: LabelSelector(matchLabels: ["kubernetes.io/hostname": "a"]))))
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        try await fixture.cluster.eventuallyGone(FRRConfiguration.self, "metallb-a")
      }
      let left = try await fixture.client.list(FRRConfiguration.self, namespace: fixture.namespace)
      #expect(left.items.map(\.metadata.name) == ["metallb-mine"])
    }
  }

  @Test(.needsClusterOfItsOwn) func `Removal leaves no webhook that refuses every change`()
    async throws
  {
    try await withOperatorFixture(isAlone: true) { fixture in
      let webhook = FRRK8sWebhook.resource
      try await fixture.withOperator(Self.upstream) {
        try await fixture.createMetalLB { $0.bgpBackend = "frr-k8s" }
        try await fixture.cluster.eventually(
          webhook, ObjectName.frrK8sWebhookConfiguration
        ) { $0 != nil }
        try await fixture.client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.cluster.eventually(
          webhook, ObjectName.frrK8sWebhookConfiguration
        ) { $0 == nil }
        try await fixture.cluster.eventuallyGone(DaemonSet.self, "frr-k8s")
      }
    }
  }

  /// What speakers of two nodes wrote, and what a user did.
  private func createConfigurations(_ namespace: String, _ fixture: OperatorFixture) async throws {
    for (name, node) in [("metallb-a", "a"), ("metallb-b", "b"), ("metallb-mine", "c")] {
      let selector = LabelSelector(matchLabels: ["kubernetes.io/hostname": node])
      _ = try await fixture.client.create(
        FRRConfiguration(
          metadata: ObjectMeta(name: name, namespace: namespace),
          spec: .init(nodeSelector: selector)))
    }
  }

  @Test(.needsClusterOfItsOwn, arguments: [true, false])
  func `Removal leaves nothing of what speakers told frr-k8s`(isWatched: Bool) async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      let client = fixture.client
      let external = fixture.cluster.uniqueName("frr-k8s")
      _ = try await client.create(Namespace(metadata: ObjectMeta(name: external)))
      let variables = Self.upstream.merging(
        // Without the object, nobody but the environment knows.
        isWatched ? [:] : ["FRRK8S_EXTERNAL_NAMESPACE": external]
      ) { $1 }
      try await fixture.createMetalLB { spec in
        spec.bgpBackend = "frr-k8s-external"
        spec.frrk8sConfig = .init()
        spec.frrk8sConfig?.namespace = external
      }
      try await fixture.withOperator(variables) {
        try await fixture.eventuallyExists(DaemonSet.self, "speaker")
        try await createConfigurations(external, fixture)
        guard isWatched else { return }
        try await client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.cluster.eventuallyGone(DaemonSet.self, "speaker")
        try await fixture.cluster.eventually(
          FRRConfiguration.self, "metallb-b", namespace: external, "it is gone"
        ) { $0 == nil }
      }
      if !isWatched {
        try await client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.withOperator(variables) {
          _ = try await fixture.cluster.eventually(
            FRRConfiguration.self, "metallb-b", namespace: external, "it is gone"
          ) { $0 == nil }
        }
      }
      let left = try await client.list(FRRConfiguration.self, namespace: external)
      #expect(left.items.map(\.metadata.name) == ["metallb-mine"])
      try await client.delete(Namespace.self, external)
    }
  }

  @Test(.needsClusterOfItsOwn)
  func `What speakers of somebody else told frr-k8s is not touched`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      let labels = ["app": "metallb", "component": "speaker"]
      var pod = PodSpec()
      pod.containers = [Container(name: "speaker", image: "example.org/speaker:v0.16.1")]
      pod.containers?[0].env = [EnvVar(name: "METALLB_BGP_TYPE", value: "frr-k8s")]
      _ = try await fixture.client.create(
        DaemonSet(
          metadata: ObjectMeta(name: "speaker", namespace: fixture.namespace),
          spec: .init(
            selector: LabelSelector(matchLabels: labels),
            template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))))
      try await createConfigurations(fixture.namespace, fixture)
      try await fixture.withOperator {
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        // By now the installation waits in the queue, if it has not been looked at yet.
        try await fixture.createPool("silver", ["192.0.2.16/28"])
        try await fixture.eventuallyPool("silver", accepted: "True", reason: "Accepted")
      }
      let left = try await fixture.client.list(
        FRRConfiguration.self, namespace: fixture.namespace)
      #expect(left.items.count == 3)
    }
  }

  @Test func `Contradicting settings are named and nothing is touched`() async throws {
    try await withOperatorFixture { fixture in
      let variables = Self.upstream.merging(["FRRK8S_HTTPS_METRICS_PORT": "9120"]) { $1 }
      try await fixture.withOperator(variables) {
        try await fixture.createMetalLB { $0.bgpBackend = "frr-k8s" }
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "InvalidOperatorEnvironment")
        #expect(degraded.message.contains("METRICS_PORT and FRRK8S_HTTPS_METRICS_PORT"))
        let speaker = try await fixture.client.find(
          DaemonSet.self, "speaker", namespace: fixture.namespace)
        #expect(speaker == nil)
      }
    }
  }

  struct Speakers: CustomTestStringConvertible {
    var testDescription: String
    var name: String
    var node: String?
    var isSpeakers: Bool
  }

  @Test(arguments: [
    Speakers(testDescription: "a speaker's", name: "metallb-n1", node: "n1", isSpeakers: true),
    Speakers(testDescription: "of another node", name: "metallb-n1", node: "n2", isSpeakers: false),
    Speakers(testDescription: "of all nodes", name: "metallb-n1", node: nil, isSpeakers: false),
    Speakers(testDescription: "of another name", name: "n1", node: "n1", isSpeakers: false),
  ])
  func `Knows what a speaker told frr-k8s`(row: Speakers) {
    let selector = row.node.map { LabelSelector(matchLabels: ["kubernetes.io/hostname": $0]) }
    let object = FRRConfiguration(
      metadata: ObjectMeta(name: row.name), spec: .init(nodeSelector: selector))
    #expect(FRRConfigurationSweep.isSpeakers(object) == row.isSpeakers)
  }
}
