package import KubernetesAPI
package import KubernetesClient

/// A service account of a test that has no token.
package struct NoToken: Error {}

extension TestCluster {
  /// A client of a new service account with these rights in the whole cluster.
  package func account(_ name: String, _ rules: [PolicyRule]) async throws -> APIClient {
    _ = try await client.create(
      ServiceAccount(metadata: ObjectMeta(name: name, namespace: namespace)))
    let role = uniqueName(name)
    _ = try await client.create(ClusterRole(metadata: ObjectMeta(name: role), rules: rules))
    _ = try await client.create(
      ClusterRoleBinding(
        metadata: ObjectMeta(name: role), roleRef: RoleReference(kind: "ClusterRole", name: role),
        subjects: [Subject(kind: "ServiceAccount", name: name, namespace: namespace)]))
    let path = ServiceAccount.resource.path(
      namespace: namespace, name: name, subresource: "token")
    let answer = try await client.send(
      APIRequest(
        .post, path,
        json: [
          "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": .object([:]),
        ]))
    guard let token = answer[path: ["status", "token"]]?.stringValue else { throw NoToken() }
    var limited = configuration
    limited.credentials = .token(.init(token))
    return APIClient(configuration: limited, userAgent: "metallb-\(name)")
  }
}
