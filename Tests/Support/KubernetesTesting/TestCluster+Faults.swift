package import KubernetesAPI
internal import KubernetesClient

/// A fault that a test put in force with ``TestCluster/inject(_:)``.
package struct InjectedFault: Sendable {
  let client: APIClient
  let path: String

  /// Ends it; how many requests it meant, and how many it hit.
  @discardableResult
  package func end() async throws -> (seen: Int, hits: Int) {
    let record = try await client.send(APIRequest(.delete, path))
    return (
      seen: Int(record["seen"]?.integerValue ?? 0), hits: Int(record["hits"]?.integerValue ?? 0)
    )
  }
}

extension TestCluster {
  /// Whether tests run against a server that goes wrong on request: the development API server.
  package static var canGoWrong: Bool {
    let environment = processEnvironment()
    return ["METALLB_TEST_KUBECONFIG", "KUBEBUILDER_ASSETS"].allSatisfy {
      environment[$0, default: ""].isEmpty
    }
  }

  /// Makes the server go wrong: `["type": "Conflict", "resources": ["services"], "every": 2]`. What a
  /// fault can say is documented at `DevelopmentAPIServer.Fault`.
  @discardableResult
  package func inject(_ fault: JSONValue) async throws -> InjectedFault {
    let record = try await client.send(APIRequest(.post, "/debug/faults", json: fault))
    return InjectedFault(
      client: client, path: "/debug/faults/\(record["id"]?.integerValue ?? 0)")
  }

  /// Cuts the open watches that the members of a fault match; returns how many.
  @discardableResult
  package func cutWatches(_ match: JSONValue = [:]) async throws -> Int {
    let answer = try await client.send(APIRequest(.delete, "/debug/watches", json: match))
    return Int(answer["cut"]?.integerValue ?? 0)
  }
}
