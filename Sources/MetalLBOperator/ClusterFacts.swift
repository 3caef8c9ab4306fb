import KubernetesAPI
import KubernetesClient
import OperatorRendering

/// What the operator has to know about the cluster before it renders anything. Read once: what changes while a cluster
/// runs, its version and what servers may negotiate, is looked at again elsewhere.
struct ClusterFacts: Sendable, Hashable {
  var platform: Platform
  /// `nil` when the server does not say.
  var version: KubernetesVersion?
  var apiServerPorts: [Int]
  /// The owner of cluster-scoped objects.
  var namespaceOwner: OwnerReference?
  /// What an OpenShift cluster asks of all its servers; `nil` elsewhere, and when it says nothing.
  var tls: OperatorEnvironment.TLSOptions?

  /// - Throws: `KubernetesError` when the platform cannot be told. What is not allowed to be read, and
  ///   has a default, is left at that.
  static func read(
    _ client: APIClient, environment: OperatorEnvironment
  ) async throws -> ClusterFacts {
    let groups = try await client.json("/apis")["groups"]?.arrayValue ?? []
    let platform = Platform(apiGroups: groups.compactMap { $0["name"]?.stringValue })
    return ClusterFacts(
      platform: platform, version: KubernetesVersion(try await client.json("/version")),
      apiServerPorts: try await apiServerPorts(client, environment),
      namespaceOwner: try await namespaceOwner(client, environment.namespace),
      tls: platform == .openshift ? try await tls(client) : nil)
  }

  private static func tls(_ client: APIClient) async throws -> OperatorEnvironment.TLSOptions? {
    let profile: JSONValue? = try await optional {
      try await client.get(TLSProfile.resource, TLSProfile.objectName)
    }
    return profile.map(TLSProfile.options)
  }

  /// Where the API server's endpoints listen: a network policy has to let the controller through.
  private static func apiServerPorts(
    _ client: APIClient, _ environment: OperatorEnvironment
  ) async throws -> [Int] {
    let slice: EndpointSlice? = try await optional {
      try await client.get(EndpointSlice.self, "kubernetes", namespace: "default")
    }
    return environment.apiServerPorts(found: (slice?.ports ?? []).compactMap(\.port))
  }

  private static func namespaceOwner(
    _ client: APIClient, _ name: String
  ) async throws -> OwnerReference? {
    let namespace: Namespace? = try await optional { try await client.get(Namespace.self, name) }
    return namespace?.ownerReference(controller: false, blockOwnerDeletion: false)
  }

  /// `nil` for what does not exist or may not be read.
  private static func optional<Value>(
    _ body: () async throws -> Value
  ) async throws -> Value? {
    do {
      return try await body()
    } catch let error as KubernetesError where error.isNotFound || error.isForbidden {
      return nil
    }
  }
}
