import KubernetesAPI
import KubernetesClient
import NetworkLab
import Testing

@testable import DevelopmentCluster

/// Deployments, DaemonSets, Services and nodes, in a cluster that runs.
@Suite(
  .tags(.namespaces),
  .enabled(if: LabRequirements.unmet() == nil, "needs root and the tools of hack/install-packages"),
  .timeLimit(.minutes(2)))
struct WorkloadNamespaceTests {
  static let idle = ClusterHarness.container("exec sleep 1000")

  @Test func `A Deployment spreads, rolls and goes`() async throws {
    try await ClusterHarness.run(nodes: 2) { harness in
      var spec = Deployment.Spec(
        selector: LabelSelector(matchLabels: ["app": "web"]),
        template: ClusterHarness.template([Self.idle]))
      spec.replicas = 2
      _ = try await harness.client.create(
        Deployment(metadata: ObjectMeta(name: "web", namespace: "default"), spec: spec))
      let ready = try await harness.eventually(Deployment.self, "web") {
        $0?.status?.availableReplicas == 2
      }
      #expect(ready?.status?.observedGeneration == ready?.metadata.generation)
      let first = try await harness.eventuallyPods { $0.count == 2 }
      #expect(Set(first.compactMap(\.spec?.nodeName)) == ["node-1", "node-2"])

      let label: JSONValue = [
        "spec": ["template": ["metadata": ["labels": ["version": "2"]]]]
      ]
      _ = try await harness.client.patch(
        Deployment.resource, "web", namespace: "default", .merge(label))
      let second = try await harness.eventuallyPods { pods in
        pods.count == 2 && pods.allSatisfy { $0.isReady && $0.metadata.labels["version"] == "2" }
      }
      #expect(Set(second.map(\.metadata.name)).isDisjoint(with: first.map(\.metadata.name)))

      try await harness.client.delete(Deployment.self, "web", namespace: "default")
      try await harness.eventuallyPods(\.isEmpty)
    }
  }

  @Test func `A Service leads to a Pod on another node`() async throws {
    try await ClusterHarness.run(nodes: 2) { harness in
      var server = ClusterHarness.container(
        "mkdir /tmp/www; echo hello > /tmp/www/index.html; "
          + "exec /usr/bin/python3 -m http.server -d /tmp/www 8080")
      server.ports = [ContainerPort(name: "http", containerPort: 8080)]
      var probe = Probe()
      probe.httpGet = .init(path: "/", port: "http")
      probe.periodSeconds = 1
      server.readinessProbe = probe
      try await harness.createPod("server", [server]) { $0.nodeName = "node-2" }
      var spec = Service.Spec(type: "ClusterIP")
      spec.selector = ["app": "web"]
      spec.ports = [Service.Port(name: "http", port: 80, targetPort: "http")]
      let service = try await harness.client.create(
        Service(metadata: ObjectMeta(name: "web", namespace: "default"), spec: spec))
      try await harness.eventually(EndpointSlice.self, "web-v4") {
        $0?.endpoints?.first?.conditions?.ready == true
      }
      let address = try #require(service.spec?.clusterIP)
      let node = try #require(harness.network.nodes["node-1"])
      let answer = try await node.run([
        "curl", "-s", "--retry", "50", "--retry-connrefused", "--retry-delay", "0",
        "http://\(address)/",
      ])
      #expect(answer == "hello\n")
    }
  }

  @Test func `A crashed node is missed, its Pods are not ready, and it can come back`() async throws
  {
    try await ClusterHarness.run(nodes: 2) { harness in
      let daemonSet = DaemonSet(
        metadata: ObjectMeta(name: "web", namespace: "default"),
        spec: .init(
          selector: LabelSelector(matchLabels: ["app": "web"]),
          template: ClusterHarness.template([Self.idle])))
      _ = try await harness.client.create(daemonSet)
      try await harness.eventually(DaemonSet.self, "web") { $0?.status?.numberReady == 2 }

      try await harness.cluster.crash("node-2")
      #expect(try await harness.cluster.processes(on: "node-2").isEmpty)
      let lost = try await harness.eventually(Node.self, "node-2") {
        $0?.condition("Ready") == "Unknown" && $0?.spec?.taints?.count == 2
      }
      #expect(lost?.spec?.taints?.map(\.key) == [NodeHealth.unreachable, NodeHealth.unreachable])
      let pods = try await harness.eventuallyPods { pods in
        pods.contains { $0.spec?.nodeName == "node-2" && !$0.isReady }
      }
      #expect(pods.count == 2)
      try await harness.eventually(DaemonSet.self, "web") {
        $0?.status?.desiredNumberScheduled == 1 && $0?.status?.numberMisscheduled == 1
      }

      try await harness.cluster.restart("node-2")
      try await harness.eventually(DaemonSet.self, "web") { $0?.status?.numberReady == 2 }
      let back = try await harness.eventuallyPods { pods in pods.allSatisfy(\.isReady) }
      let restarted = back.first { $0.spec?.nodeName == "node-2" }
      #expect(restarted?.status?.containerStatuses?.first?.restartCount == 1)
      await #expect(throws: LabCluster.Failure.self) { try await harness.cluster.crash("node-9") }
    }
  }

  @Test func `An interface that an earlier Pod left does not keep the next one from its network`()
    async throws
  {
    try await ClusterHarness.run { harness in
      try await harness.createPod("one", [Self.idle])
      let pod = try await harness.eventually(Pod.self, "one") { $0?.isReady == true }
      let uid = try #require(pod?.metadata.uid)
      try await harness.cluster.crash("node-1")
      // As the kernel leaves it for a while when the namespace of its other end goes.
      let node = try #require(harness.network.nodes["node-1"])
      try await node.ip(["link add name veth\(uid.prefix(8)) type veth peer name spare"])
      try await harness.cluster.restart("node-1")
      try await harness.eventually(Pod.self, "one") {
        $0?.isReady == true && $0?.status?.containerStatuses?.first?.restartCount == 1
      }
    }
  }

  @Test func `A node whose link is cut is missed and comes back without a restart`() async throws {
    try await ClusterHarness.run { harness in
      try await harness.createPod("one", [Self.idle])
      try await harness.eventually(Pod.self, "one") { $0?.isReady == true }
      try await harness.cluster.setLink(of: "node-1", up: false)
      try await harness.eventually(Node.self, "node-1") { $0?.condition("Ready") == "Unknown" }
      try await harness.eventually(Pod.self, "one") { $0?.isReady == false }
      #expect(try await !harness.network.lab.processes().isEmpty)
      try await harness.cluster.setLink(of: "node-1", up: true)
      try await harness.eventually(Node.self, "node-1") {
        $0?.condition("Ready") == "True" && ($0?.spec?.taints ?? []).isEmpty
      }
      let pod = try await harness.eventually(Pod.self, "one") { $0?.isReady == true }
      #expect(pod?.status?.containerStatuses?.first?.restartCount == 0)
    }
  }
}
