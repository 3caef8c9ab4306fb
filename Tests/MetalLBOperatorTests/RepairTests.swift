import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import OperatorRendering
import Testing

/// What the operator does about changes that others make, and about errors.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RepairTests {
  @Test func `Objects that are deleted by hand return`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        let speaker = try await fixture.client.get(
          DaemonSet.self, "speaker", namespace: fixture.namespace)
        try await fixture.client.delete(speaker)
        let uid = speaker.metadata.uid
        try await fixture.cluster.eventually(DaemonSet.self, "speaker") { daemonSet in
          daemonSet != nil && daemonSet?.metadata.uid != uid
        }
      }
    }
  }

  @Test func `Objects that are changed by hand are brought in line`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        let edit = WriteOptions(fieldManager: "kubectl-edit")
        _ = try await fixture.client.patch(
          DaemonSet.self, "speaker", namespace: fixture.namespace,
          .strategicMerge([
            "spec": [
              "template": ["spec": ["containers": [["name": "speaker", "image": "theirs"]]]]
            ]
          ]), options: edit)
        try await fixture.cluster.eventually(DaemonSet.self, "speaker", "image returns") {
          $0?.spec?.template.spec.containers?.first?.image == OperatorFixture.image
        }
        _ = try await fixture.client.patch(
          ConfigMap.self, "metallb-excludel2", namespace: fixture.namespace,
          .merge(["data": ["excludel2.yaml": "x"]]), options: edit)
        try await fixture.cluster.eventually(ConfigMap.self, "metallb-excludel2", "data returns") {
          $0?.data?["excludel2.yaml"]?.contains("^lo$") ?? false
        }
        // What others add stays.
        _ = try await fixture.client.patch(
          Deployment.self, "controller", namespace: fixture.namespace,
          .merge(["metadata": ["annotations": ["theirs": "x"]], "spec": ["replicas": 2]]),
          options: edit)
        _ = try await fixture.client.patch(
          Deployment.self, "controller", namespace: fixture.namespace,
          .merge(["metadata": ["labels": ["app": "x"]]]), options: edit)
        try await fixture.cluster.eventually(Deployment.self, "controller", "label returns") {
          $0?.metadata.labels["app"] == "metallb"
        }
        let deployment = try await fixture.client.get(
          Deployment.self, "controller", namespace: fixture.namespace)
        #expect(deployment.metadata.annotations["theirs"] == "x")
        #expect(deployment.spec?.replicas == 2)
      }
    }
  }

  @Test(.needsClusterOfItsOwn) func `Nothing is written when nothing changed`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      let variables = ["DEPLOY_SERVICEMONITORS": "true"]
      try await fixture.createPool("gold", ["192.0.2.0/28"])
      try await fixture.withOperator(variables) {
        try await fixture.createMetalLB { spec in
          spec.speakerConfig = .init()
          spec.speakerConfig?.resources = ["limits": ["cpu": "0.2", "memory": "1024Mi"]]
        }
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyExists(ConfigMap.self, "config")
      }
      // A new process looks at everything anew; the answer to a new pool shows that it has.
      let before = fixture.writes.count
      try await fixture.withOperator(variables) {
        try await fixture.createPool("silver", ["x"])
        try await fixture.eventuallyPool("silver", accepted: "False", reason: "InvalidAddress")
        _ = try await fixture.client.patch(
          MetalLB.self, "metallb", namespace: fixture.namespace,
          .merge(["metadata": ["labels": ["theirs": "x"]]]))
        try await fixture.createPool("wood", ["y"])
        try await fixture.eventuallyPool("wood", accepted: "False", reason: "InvalidAddress")
        try await fixture.eventuallyEvent("InvalidAddress", about: "wood")
      }
      // The status of either pool, and an event for each.
      #expect(fixture.writes.count - before == 4)
    }
  }

  @Test func `What is rendered no longer is removed`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyExists(NetworkPolicy.self, "controller")
      }
      try await fixture.withOperator(["DISABLE_NETWORK_POLICIES": "true"]) {
        try await fixture.cluster.eventuallyGone(NetworkPolicy.self, "controller")
      }
    }
  }

  @Test func `An error of the API shows and is tried again`() async throws {
    try await withOperatorFixture { fixture in
      // The selector of a Deployment cannot be changed.
      let labels = ["app": "in-the-way"]
      var pod = PodSpec()
      pod.containers = [Container(name: "a", image: "b")]
      let obstacle = try await fixture.client.create(
        Deployment(
          metadata: ObjectMeta(name: "controller", namespace: fixture.namespace),
          spec: .init(
            selector: LabelSelector(matchLabels: labels),
            template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))))
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "FailedToSyncMetalLBResources")
        #expect(degraded.message.hasPrefix("FailedToSyncMetalLBResources: "))
        #expect(degraded.message.contains("immutable"))
        // The others are not held up.
        try await fixture.eventuallyExists(DaemonSet.self, "speaker")
        try await fixture.client.delete(obstacle)
        try await fixture.eventuallyCondition("Degraded", "False")
        try await fixture.eventuallyExists(Deployment.self, "controller")
      }
    }
  }

  @Test func `Fields that upstream's older operator wrote are taken over`() async throws {
    try await withOperatorFixture { fixture in
      let labels = ["app": "metallb", "component": "speaker"]
      var pod = PodSpec()
      pod.containers = [
        Container(name: "speaker", image: "old"), Container(name: "kube-rbac-proxy", image: "old"),
      ]
      _ = try await fixture.client.create(
        DaemonSet(
          metadata: ObjectMeta(name: "speaker", namespace: fixture.namespace),
          spec: .init(
            selector: LabelSelector(matchLabels: labels),
            template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))),
        options: WriteOptions(fieldManager: "manager"))
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.cluster.eventually(DaemonSet.self, "speaker", "one container is left") {
          $0?.spec?.template.spec.containers?.map(\.name) == ["speaker"]
        }
      }
      let speaker = try await fixture.client.get(
        DaemonSet.resource, "speaker", namespace: fixture.namespace)
      let managers = speaker[path: ["metadata", "managedFields"]]?.arrayValue?
        .compactMap { $0["manager"]?.stringValue }.filter { $0 != "kube-controller-manager" }
      #expect(managers == ["metallb-operator"])
    }
  }

  @Test func `A speaker that runs keeps its backend`() async throws {
    try await withOperatorFixture { fixture in
      let labels = ["app": "metallb", "component": "speaker"]
      var container = Container(name: "speaker", image: "old")
      container.env = [EnvVar(name: "METALLB_BGP_TYPE", value: "frr")]
      var pod = PodSpec()
      pod.containers = [container]
      _ = try await fixture.client.create(
        DaemonSet(
          metadata: ObjectMeta(name: "speaker", namespace: fixture.namespace),
          spec: .init(
            selector: LabelSelector(matchLabels: labels),
            template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))),
        options: WriteOptions(fieldManager: "manager"))
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Degraded", "True", reason: "BackendUnavailable")
      }
    }
  }

  @Test func `Leftovers of upstream's operator go, those of others stay`() async throws {
    try await withOperatorFixture { fixture in
      let owner = OwnerReference(
        apiVersion: "metallb.io/v1beta1", kind: "MetalLB", name: "metallb",
        uid: try #require(try await fixture.createMetalLB().metadata.uid), controller: true)
      _ = try await fixture.client.create(
        ConfigMap(
          metadata: ObjectMeta(
            name: "frr-startup", namespace: fixture.namespace, ownerReferences: [owner])))
      _ = try await fixture.client.create(
        Service(
          metadata: ObjectMeta(name: "speaker-monitor-service", namespace: fixture.namespace),
          spec: {
            var spec = Service.Spec()
            spec.ports = [.init(port: 80)]
            return spec
          }()))
      try await fixture.withOperator {
        try await fixture.cluster.eventuallyGone(ConfigMap.self, "frr-startup")
      }
      _ = try await fixture.client.get(
        Service.self, "speaker-monitor-service", namespace: fixture.namespace)
    }
  }
}
