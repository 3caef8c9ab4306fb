import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import OperatorRendering
import Testing

/// The life of one MetalLB object.
@Suite(.serialized, .timeLimit(.minutes(3))) struct InstallationTests {
  @Test func `A MetalLB object becomes a running MetalLB`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        let deployment = try await fixture.eventuallyExists(Deployment.self, "controller")
        let daemonSet = try await fixture.eventuallyExists(DaemonSet.self, "speaker")
        try await fixture.eventuallyExists(ConfigMap.self, "metallb-excludel2")
        try await fixture.eventuallyExists(NetworkPolicy.self, "controller")
        for template in [deployment.spec?.template, daemonSet.spec?.template] {
          let container = try #require(template?.spec.containers?.first)
          #expect(container.image == OperatorFixture.image)
          #expect(container.env?.contains { $0.name == "METALLB_BGP_TYPE" } == false)
        }
        #expect(deployment.metadata.ownerReferences.first?.kind == "MetalLB")
        #expect(daemonSet.metadata.ownerReferences.first?.kind == "MetalLB")

        let progressing = try await fixture.eventuallyCondition("Progressing", "True")
        #expect(progressing.reason == "MetalLBResourcesNotReady")
        try await fixture.reportWorkloadsReady()
        let available = try await fixture.eventuallyCondition("Available", "True")
        #expect(available.observedGeneration == 1)
        let metalLB = try await fixture.client.get(
          MetalLB.self, "metallb", namespace: fixture.namespace)
        let states = metalLB.status?.conditions?.map { "\($0.type)=\($0.status)" }
        // In a cluster that tests share, the speakers of others speak against the platform.
        let platform = fixture.cluster.kind == .development ? "True" : nil
        #expect(
          states?.dropLast() == [
            "Available=True", "Upgradeable=True", "Progressing=False", "Degraded=False",
          ])
        #expect(states?.last?.hasPrefix("PlatformSupported=\(platform ?? "")") == true)
      }
    }
  }

  @Test func `Available drops when Pods fail`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        try await fixture.patchStatus(DaemonSet.self, "speaker", ["numberReady": 1])
        let progressing = try await fixture.eventuallyCondition("Progressing", "True")
        #expect(progressing.message.hasPrefix("DaemonSet speaker: of 2 Pods 2 scheduled, 1 ready"))
      }
    }
  }

  @Test func `Deleting the object removes everything, creating it again brings it back`()
    async throws
  {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        for _ in 0..<2 {
          try await fixture.createMetalLB()
          try await fixture.eventuallyCondition("Progressing", "True")
          try await fixture.eventuallyExists(ConfigMap.self, "config")
          try await fixture.client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
          try await fixture.cluster.eventuallyGone(Deployment.self, "controller")
          try await fixture.cluster.eventuallyGone(DaemonSet.self, "speaker")
          try await fixture.cluster.eventuallyGone(ConfigMap.self, "metallb-excludel2")
          try await fixture.cluster.eventuallyGone(ConfigMap.self, "config")
          try await fixture.cluster.eventuallyGone(NetworkPolicy.self, "controller")
        }
        let pools = try await fixture.client.list(AddressPool.self, namespace: fixture.namespace)
        #expect(pools.items.count == 1)
      }
    }
  }

  @Test func `What was left while no operator ran is removed at the start`() async throws {
    try await withOperatorFixture { fixture in
      let leftover = ConfigMap(
        metadata: ObjectMeta(
          name: "metallb-excludel2", namespace: fixture.namespace,
          labels: [Inventory.label: fixture.namespace]))
      _ = try await fixture.client.create(leftover)
      _ = try await fixture.client.create(
        ConfigMap(metadata: ObjectMeta(name: "somebody-elses", namespace: fixture.namespace)))
      try await fixture.withOperator {
        try await fixture.cluster.eventuallyGone(ConfigMap.self, "metallb-excludel2")
      }
      _ = try await fixture.client.get(
        ConfigMap.self, "somebody-elses", namespace: fixture.namespace)
    }
  }

  @Test func `A change of the object rolls out`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB { $0.logLevel = "debug" }
        try await fixture.cluster.eventually(Deployment.self, "controller") { deployment in
          deployment?.spec?.template.spec.containers?.first?.args?.contains("--log-level=debug")
            ?? false
        }
        let spec: JSONValue = [
          "logLevel": nil,
          "controllerConfig": [
            "priorityClassName": "high", "annotations": ["a": "b"],
            "resources": ["limits": ["cpu": "0.2"]],
          ],
        ]
        _ = try await fixture.client.patch(
          MetalLB.self, "metallb", namespace: fixture.namespace, .merge(["spec": spec]))
        try await fixture.cluster.eventually(Deployment.self, "controller") { deployment in
          let template = deployment?.spec?.template
          return template?.spec.priorityClassName == "high"
            && template?.metadata.annotations == ["a": "b"]
            && template?.spec.containers?.first?.args?.contains("--log-level=info") ?? false
        }
        // Removing the knob removes the field.
        _ = try await fixture.client.patch(
          MetalLB.self, "metallb", namespace: fixture.namespace,
          .merge(["spec": ["controllerConfig": nil]]))
        try await fixture.cluster.eventually(Deployment.self, "controller") { deployment in
          let template = deployment?.spec?.template
          return template?.spec.priorityClassName == nil
            && template?.metadata.annotations.isEmpty ?? false
        }
      }
    }
  }

  @Test func `An object that cannot be rendered is refused and nothing that runs is touched`()
    async throws
  {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        let before = try await fixture.client.get(
          DaemonSet.self, "speaker", namespace: fixture.namespace)
        _ = try await fixture.client.patch(
          MetalLB.self, "metallb", namespace: fixture.namespace,
          .merge(["spec": ["bgpBackend": "bird", "logLevel": "debug"]]))
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "InvalidSpec")
        #expect(degraded.message.hasPrefix("spec.bgpBackend: \"bird\" is not a backend"))
        try await fixture.eventuallyEvent("InvalidSpec", about: "metallb")
        let after = try await fixture.client.get(
          DaemonSet.self, "speaker", namespace: fixture.namespace)
        #expect(after.metadata.generation == before.metadata.generation)
        let available = try await fixture.eventuallyCondition("Available", "True")
        #expect(available.observedGeneration == 2)
      }
    }
  }

  @Test func `A backend that this version lacks leaves layer 2 running`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB { $0.bgpBackend = "frr" }
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "BackendUnavailable")
        #expect(degraded.message.contains("layer 2 only"))
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
      }
    }
  }

  @Test func `An operator that comes before its CRDs waits for them`() async throws {
    try await withOperatorFixture(without: "metallbs") { fixture in
      try await fixture.withOperator {
        let definition = try #require(
          CustomResourceDefinitions.yaml.first { $0.plural == "metallbs" })
        try await fixture.cluster.installCRDs(yaml: definition.text)
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
      }
    }
  }
}
