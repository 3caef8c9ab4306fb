import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import Synchronization
import Testing

@testable import MetalLBController

/// Who may write, and what happens when two did.
@Suite(.timeLimit(.minutes(3))) struct ControllerLeadershipTests {
  /// What a leader on the other side of a partition may have written.
  func give(
    _ name: String, _ address: String, in harness: ControllerHarness
  ) async throws {
    _ = try await harness.client.patch(
      KubernetesAPI.Service.self, name, namespace: harness.cluster.namespace,
      .merge(["status": ["loadBalancer": ["ingress": [["ip": .string(address)]]]]]),
      subresource: "status", options: WriteOptions(fieldManager: "other-leader"))
  }

  @Test
  func `A duplicate that somebody writes is healed at once, and the holder keeps the address`()
    async throws
  {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1-203.0.113.4"])
      // The names decide between Services of one second.
      try await harness.createService("a-older")
      try await harness.createService("b-younger")
      try await harness.running {
        try await harness.service("a-older", has: ["203.0.113.1"])
        try await harness.service("b-younger", has: ["203.0.113.2"])
        // The younger one got what the older one has: it moves.
        try await give("b-younger", "203.0.113.1", in: harness)
        let moved = try await harness.cluster.eventually(
          KubernetesAPI.Service.self, "b-younger", "the younger has an address of its own"
        ) { service in
          let addresses = service?.ingressIPs ?? []
          return addresses.count == 1 && addresses != ["203.0.113.1"]
        }
        try await harness.service("a-older", has: ["203.0.113.1"])
        // Nor does age win over a claim: who changes under the leader's eyes is the one that moves.
        let held = try #require(moved?.ingressIPs.first)
        try await give("a-older", held, in: harness)
        try await harness.cluster.eventually(
          KubernetesAPI.Service.self, "a-older", "the older has an address of its own"
        ) { service in
          let addresses = service?.ingressIPs ?? []
          return addresses.count == 1 && addresses != [held]
        }
        try await harness.service("b-younger", has: [held])
      }
    }
  }

  @Test func `A duplicate that is there at the start is healed`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1-203.0.113.2"])
      for name in ["a-older", "b-younger"] {
        try await harness.createService(name)
        try await give(name, "203.0.113.1", in: harness)
      }
      try await harness.running {
        try await harness.service("b-younger", has: ["203.0.113.2"])
        try await harness.service("a-older", has: ["203.0.113.1"])
      }
    }
  }

  /// A client of an account with the rights of upstream's controller: no Leases, no status of configuration objects.
  func upstreamAccount(_ harness: ControllerHarness) async throws -> APIClient {
    let read = ["get", "list", "watch"]
    let rules = [
      PolicyRule(apiGroups: [""], resources: ["services", "namespaces"], verbs: read),
      PolicyRule(apiGroups: [""], resources: ["services/status"], verbs: ["update"]),
      PolicyRule(apiGroups: [""], resources: ["events"], verbs: ["create", "patch"]),
      PolicyRule(
        apiGroups: [""], resources: ["secrets"], verbs: read + ["create", "update", "patch"]),
      PolicyRule(apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"]),
      PolicyRule(
        apiGroups: ["metallb.io"],
        resources: [
          "bfdprofiles", "bgpadvertisements", "communities", "ipaddresspools", "l2advertisements",
        ], verbs: read),
      PolicyRule(apiGroups: ["metallb.io"], resources: ["bgppeers"], verbs: ["get", "list"]),
      PolicyRule(
        apiGroups: ["metallb.io"], resources: ["ipaddresspools/status"], verbs: ["update"]),
    ]
    return try await harness.cluster.account("controller", rules)
  }

  @Test(.enabled("needs faults on request") { TestCluster.canGoWrong })
  func `A leader that is cut off from its Lease stops, and its successor gives nothing out twice`()
    async throws
  {
    try await withHarness { harness in
      let namespace = harness.cluster.namespace
      try await harness.createPool("gold", ["203.0.113.0/27"])
      let everything = PolicyRule(apiGroups: ["*"], resources: ["*"], verbs: ["*"])
      let user = try await harness.cluster.account("first", [everything])
      let timing = LeaseTiming(
        duration: .seconds(4), renewDeadline: .seconds(3), retryPeriod: .milliseconds(500))
      let options = harness.options { $0.podName = "first" }
      // Ends by itself, with an error, when it is not the leader any more.
      let first = Task {
        try await harness.running(options, as: user, timing: timing) {
          try await TimeSource.system.sleep(for: .seconds(150))
        }
      }
      defer { first.cancel() }
      try await harness.createService("early")
      try await harness.service("early", has: ["203.0.113.0"])
      let successor = harness.options { $0.podName = "second" }
      try await harness.running(successor, timing: timing) {
        let cut = try await harness.cluster.inject([
          "type": "Status", "code": 500, "resources": ["leases.coordination.k8s.io"],
          "users": [.string("system:serviceaccount:\(namespace):first")],
        ])
        // What is asked for on both sides of the change.
        let names = (0..<10).map { "late-\($0)" }
        for name in names.prefix(5) { try await harness.createService(name) }
        try await harness.cluster.eventually(
          Lease.self, "metallb-controller", "the second one leads"
        ) { $0?.spec?.holderIdentity?.hasPrefix("second") == true }
        for name in names.suffix(5) { try await harness.createService(name) }
        var addresses: Set<String> = ["203.0.113.0"]
        for name in names {
          let service = try await harness.cluster.eventually(
            KubernetesAPI.Service.self, name, "\(name) has an address", within: .seconds(60)
          ) { $0?.ingressIPs.count == 1 }
          addresses.formUnion(service?.ingressIPs ?? [])
        }
        #expect(addresses.count == 11)
        try await harness.service("early", has: ["203.0.113.0"])
        await #expect(throws: (any Error).self) { try await first.value }
        #expect(try await cut.end().hits > 0)
      }
    }
  }

  func createDeployment(_ replicas: Int, in harness: ControllerHarness) async throws {
    let labels = ["app": "metallb"]
    var pod = PodSpec()
    pod.containers = [Container(name: "controller", image: "example.org/metallb:v1")]
    var spec = Deployment.Spec(
      selector: LabelSelector(matchLabels: labels),
      template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))
    spec.replicas = replicas
    _ = try await harness.client.create(
      Deployment(
        metadata: ObjectMeta(name: "controller", namespace: harness.cluster.namespace), spec: spec))
  }

  @Test func `Under upstream's rights, without Leases, a single replica does its work`()
    async throws
  {
    try await withHarness { harness in
      let account = try await upstreamAccount(harness)
      try await createDeployment(1, in: harness)
      try await harness.createPool("gold", ["203.0.113.1"])
      let options = harness.options {
        $0.deploymentName = "controller"
        $0.memberlistSecretName = "memberlist"
      }
      try await harness.running(options, as: account) {
        try await harness.createService("web")
        try await harness.service("web", has: ["203.0.113.1"])
        try await harness.cluster.eventually(
          IPAddressPool.self, "gold", "the counters are written"
        ) { $0?.status?.assignedIPv4 == 1 }
        try await harness.cluster.eventually(Secret.self, "memberlist") { $0 != nil }
      }
    }
  }

  @Test func `Without Leases several replicas refuse to run`() async throws {
    try await withHarness { harness in
      let account = try await upstreamAccount(harness)
      try await createDeployment(2, in: harness)
      let options = harness.options { $0.deploymentName = "controller" }
      await #expect(throws: LeaderElectionError.self) {
        try await harness.running(options, as: account) {
          // The controller ends by itself.
          try await TimeSource.system.sleep(for: .seconds(60))
        }
      }
    }
  }
}
