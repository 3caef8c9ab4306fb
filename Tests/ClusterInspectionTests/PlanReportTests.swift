import ClusterConfiguration
import ClusterInspection
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import KubernetesYAML
import MetalLBAPI
import MetalLBController
import Testing

struct PlanReportTests {
  /// A cluster with one pool, which is announced, and one Service with an address of it.
  private func withCluster(_ body: (TestCluster) async throws -> Void) async throws {
    try await withTestCluster { cluster in
      try await cluster.installCRDs(
        yaml: CustomResourceDefinitions.yaml.map(\.text).joined(separator: "---\n"))
      let pool = IPAddressPool(
        metadata: ObjectMeta(name: "gold", namespace: cluster.namespace),
        spec: .init(addresses: ["10.0.0.0/24"]))
      _ = try await cluster.client.create(pool)
      _ = try await cluster.client.create(
        L2Advertisement(metadata: ObjectMeta(name: "all", namespace: cluster.namespace)))
      // A class of its own leaves out the Services of other tests.
      var settings = MetalLB.Spec()
      settings.loadBalancerClass = "test.metallb.io/\(cluster.namespace)"
      _ = try await cluster.client.create(
        MetalLB(
          metadata: ObjectMeta(name: MetalLB.singletonName, namespace: cluster.namespace),
          spec: settings))
      var spec = Service.Spec(type: "LoadBalancer")
      spec.ports = [Service.Port(port: 80)]
      spec.loadBalancerClass = settings.loadBalancerClass
      var service = try await cluster.client.create(
        Service(metadata: ObjectMeta(name: "web", namespace: cluster.namespace), spec: spec))
      service.status = Service.Status(
        loadBalancer: .init(ingress: [Service.LoadBalancerIngress(ip: "10.0.0.7")]))
      _ = try await cluster.client.updateStatus(service)
      try await body(cluster)
    }
  }

  private func report(
    _ changes: [ConfigurationChange], _ cluster: TestCluster
  ) async throws -> PlanReport {
    let state = try await ClusterState(reading: cluster.client, namespace: cluster.namespace)
    return try PlanReport(changes, to: state, namespace: cluster.namespace)
  }

  private func manifest(_ addresses: String) throws -> ConfigurationChange {
    .put(
      try JSONValue(
        yaml: """
          apiVersion: metallb.io/v1beta1
          kind: IPAddressPool
          metadata: {name: gold}
          spec: {addresses: [\(addresses)]}
          """))
  }

  private func metalLB(_ spec: String, name: String = "metallb") throws -> ConfigurationChange {
    .put(
      try JSONValue(
        yaml: """
          apiVersion: metallb.io/v1beta1
          kind: MetalLB
          metadata: {name: \(name)}
          spec: {\(spec)}
          """))
  }

  @Test func `A ConfigMap can go when objects say all of it`() async throws {
    try await withCluster { cluster in
      var configMap = ConfigMap(
        metadata: ObjectMeta(name: "config", namespace: cluster.namespace),
        data: [
          "config": """
          address-pools:
          - {name: gold, protocol: layer2, addresses: [10.0.0.0-10.0.0.255]}
          - {name: silver, protocol: layer2, addresses: [10.0.1.0/24]}
          """
        ])
      configMap = try await cluster.client.create(configMap)
      let deletion = ConfigurationChange.delete(kind: "configmap", name: "config")
      let early = try await report([deletion], cluster)
      #expect(early.isDisruptive)
      #expect(early.plan.changes.isEmpty)
      #expect(early.problems.count == 1)
      #expect(early.problems.first?.contains("pool \"silver\"") == true)
      #expect(early.problems.first?.contains("gold") == false)
      let silver = try JSONValue(
        yaml: """
          apiVersion: metallb.io/v1beta1
          kind: IPAddressPool
          metadata: {name: silver}
          spec: {addresses: [10.0.1.0/24]}
          """)
      let late = try await report([.put(silver), deletion], cluster)
      #expect(!late.isDisruptive)
      #expect(late.text == "No service changes its address.\n")
    }
  }

  @Test func `Manifests and deletions are thought through against a live cluster`() async throws {
    try await withCluster { cluster in
      let moved = try await report([try manifest("10.1.0.0/24")], cluster)
      #expect(moved.isDisruptive)
      #expect(moved.text.contains("web"))
      #expect(moved.text.contains("10.0.0.7"))
      let change = moved.json["changes"]?[0]
      #expect(change?["change"] == "Changes")
      #expect(change?["after"] == ["10.1.0.0"])

      let grown = try await report([try manifest("10.0.0.0/23")], cluster)
      #expect(!grown.isDisruptive)
      #expect(grown.text == "No service changes its address.\n")

      let error = await #expect(throws: ConfigurationChangeError.self) {
        try await report([try metalLB("", name: "other")], cluster)
      }
      #expect(error == .otherName("other"))

      let deleted = try await report([.delete(kind: "ipaddresspool", name: "gold")], cluster)
      #expect(deleted.json["changes"]?[0]?["change"] == "Loses")

      let silent = try await report([.delete(kind: "l2advertisements", name: "all")], cluster)
      #expect(silent.json["changes"]?[0]?["change"] == "NotAnnounced")
      #expect(silent.warnings.count == 1)

      // Of the MetalLB object the class decides who is served; the same one changes nothing.
      let other = try await report([try metalLB("loadBalancerClass: example.org/other")], cluster)
      #expect(other.json["changes"]?[0]?["change"] == "NotAnnounced")
      #expect(other.wideText.contains("NEW POOL"))
      #expect(other.wideText.contains("gold"))
      #expect(!other.text.contains("gold"))
      let same = "loadBalancerClass: test.metallb.io/\(cluster.namespace)"
      let calm = try await report([try metalLB("\(same), logLevel: debug")], cluster)
      #expect(!calm.isDisruptive)
      #expect(calm.text == "No service changes its address.\n")

      let bad = try await report([try manifest("nonsense")], cluster)
      #expect(bad.problems.count == 1)
      #expect(bad.isDisruptive)
      #expect(bad.plan.changes == [])
    }
  }

  @Test func `What cannot be thought through is refused`() throws {
    var sources = ConfigurationSources()
    func error(_ change: ConfigurationChange) -> ConfigurationChangeError? {
      do {
        try sources.apply(change, namespace: "m")
        return nil
      } catch {
        return error
      }
    }
    #expect(error(.put(["kind": "Pod"])) == .unknownKind("Pod"))
    #expect(error(.put([:])) == .missingKind)
    #expect(error(.delete(kind: "pod", name: "a")) == .unknownKind("pod"))
    #expect(
      error(.delete(kind: "community", name: "a")) == .notFound(kind: "community", name: "a"))
    #expect(
      error(
        .put([
          "kind": "Community", "metadata": ["name": "a", "namespace": "n"],
        ])) == .otherNamespace(kind: "Community", name: "a", namespace: "n"))
    #expect(
      error(.put(["kind": "Community", "metadata": ["name": "a"]])) == nil)
    #expect(sources.communities.map(\.metadata.namespace) == ["m"])
  }

  @Test func `Columns are aligned and rows have no spaces at their end`() {
    var table = TextTable(header: ["A", "LONG", "C"])
    table.add(["value", "x", ""])
    #expect(table.text == "A      LONG  C\nvalue  x\n")
  }
}
