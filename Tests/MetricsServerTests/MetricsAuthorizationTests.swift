import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Testing

@testable import MetricsServer

@Suite(.timeLimit(.minutes(2))) struct MetricsAuthorizationTests {
  @Test func `Lets those read whom the API server lets read`() async throws {
    try await withTestCluster { cluster in
      let reader = try await token(of: "reader", in: cluster)
      let stranger = try await token(of: "stranger", in: cluster)
      let role = cluster.uniqueName("metrics-reader")
      _ = try await cluster.client.create(
        ClusterRole(
          metadata: ObjectMeta(name: role),
          rules: [PolicyRule(nonResourceURLs: ["/metrics"], verbs: ["get"])]))
      _ = try await cluster.client.create(
        ClusterRoleBinding(
          metadata: ObjectMeta(name: role), roleRef: RoleReference(kind: "ClusterRole", name: role),
          subjects: [
            Subject(kind: "ServiceAccount", name: "reader", namespace: cluster.namespace)
          ]))
      let authorizer = MetricsAuthorizer(client: cluster.client)
      #expect(await decision(of: authorizer, on: reader) == "allowed")
      #expect(await decision(of: authorizer, on: stranger) == "denied")
      #expect(await decision(of: authorizer, on: "nonsense") == "unauthenticated")
      try await cluster.client.delete(ClusterRoleBinding.self, role)
      try await cluster.client.delete(ClusterRole.self, role)
    }
  }

  private func token(of account: String, in cluster: TestCluster) async throws -> String {
    let path = "/api/v1/namespaces/\(cluster.namespace)/serviceaccounts"
    try await cluster.client.send(
      APIRequest(
        .post, path,
        json: [
          "apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": .string(account)],
        ]))
    let answer = try await cluster.client.send(
      APIRequest(
        .post, "\(path)/\(account)/token",
        json: [
          "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
          "spec": ["expirationSeconds": 600],
        ]))
    return try #require(answer[path: ["status", "token"]]?.stringValue)
  }

  private func decision(of authorizer: MetricsAuthorizer, on token: String) async -> String {
    switch await authorizer.decide(authorization: "Bearer \(token)") {
    case .allowed: "allowed"
    case .denied: "denied"
    case .unauthenticated: "unauthenticated"
    case .failed(let error): "\(error)"
    }
  }
}
