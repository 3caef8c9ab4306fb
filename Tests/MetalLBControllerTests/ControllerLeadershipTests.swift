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
    let (client, namespace) = (harness.client, harness.cluster.namespace)
    _ = try await client.create(
      ServiceAccount(metadata: ObjectMeta(name: "controller", namespace: namespace)))
    let read = ["get", "list", "watch"]
    let role = harness.cluster.uniqueName("controller")
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
    _ = try await client.create(ClusterRole(metadata: ObjectMeta(name: role), rules: rules))
    _ = try await client.create(
      ClusterRoleBinding(
        metadata: ObjectMeta(name: role), roleRef: RoleReference(kind: "ClusterRole", name: role),
        subjects: [Subject(kind: "ServiceAccount", name: "controller", namespace: namespace)]))
    let path = ServiceAccount.resource.path(
      namespace: namespace, name: "controller", subresource: "token")
    let answer = try await client.send(
      APIRequest(
        .post, path,
        json: [
          "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": .object([:]),
        ]))
    let token = try #require(answer[path: ["status", "token"]]?.stringValue)
    var configuration = harness.cluster.configuration
    configuration.credentials = .token(.init(token))
    return APIClient(configuration: configuration, userAgent: "metallb-controller")
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
