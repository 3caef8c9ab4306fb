package import KubernetesAPI
internal import KubernetesClient
internal import KubernetesYAML

/// A condition that a test waited for did not come true in time.
package struct NotEventually: Error, CustomStringConvertible {
  package var description: String
}

extension TestCluster {
  /// Creates the CRDs of a YAML text, or brings those that exist in line, and returns when their
  /// kinds are served. They stay: in an external cluster other tests may use them.
  package func installCRDs(yaml: String) async throws {
    for document in try JSONValue.documents(yaml: yaml) {
      guard document["kind"]?.stringValue == "CustomResourceDefinition" else { continue }
      _ = try await client.apply(
        document, Self.customResourceDefinitions, fieldManager: "metallb-tests", force: true)
      let name = document[path: ["metadata", "name"]]?.stringValue ?? ""
      try await eventually(
        Self.customResourceDefinitions, name, "CRD \(name) is established"
      ) { object in
        let conditions = object?[path: ["status", "conditions"]]?.arrayValue ?? []
        return conditions.contains {
          $0["type"]?.stringValue == "Established" && $0["status"]?.stringValue == "True"
        }
      }
    }
  }

  static let customResourceDefinitions = ResourceKind(
    group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions", isNamespaced: false)

  /// Watches one object until `condition` holds, and returns it as it is then; `nil` when the
  /// condition holds without it. Throws `NotEventually` after `limit`.
  @discardableResult
  package func eventually<R: KubernetesResource>(
    _ type: R.Type = R.self, _ name: String, namespace: String? = nil, _ what: String = "",
    within limit: Duration = .seconds(30), _ condition: @escaping @Sendable (R?) throws -> Bool
  ) async throws -> R? {
    let object = try await eventually(
      R.resource, name, namespace: namespace, what, within: limit
    ) { value in try condition(try value?.decode(R.self)) }
    return try object?.decode(R.self)
  }

  /// The same for a kind without a Swift type. Namespaced kinds default to the test's namespace.
  @discardableResult
  package func eventually(
    _ kind: ResourceKind, _ name: String, namespace: String? = nil, _ what: String = "",
    within limit: Duration = .seconds(30),
    _ condition: @escaping @Sendable (JSONValue?) throws -> Bool
  ) async throws -> JSONValue? {
    let namespace = kind.isNamespaced ? namespace ?? self.namespace : nil
    let outcome = try await TimeSource.system.limit(limit) { [client] in
      try await Outcome(
        object: client.firstState(kind, name, namespace: namespace, where: condition))
    }
    if let outcome { return outcome.object }
    let last = try? await client.get(kind, name, namespace: namespace)
    throw NotEventually(
      description: """
        not within \(limit): \(what.isEmpty ? "\(kind) \(name)" : what)
        \(last?.prettyText() ?? "there is no such object")
        """)
  }

  /// Returns when the object does not exist any more.
  package func eventuallyGone<R: KubernetesResource>(
    _ type: R.Type, _ name: String, namespace: String? = nil, within limit: Duration = .seconds(30)
  ) async throws {
    try await eventually(
      R.resource, name, namespace: namespace, "\(R.resource) \(name) is gone", within: limit
    ) { $0 == nil }
  }
}

private struct Outcome: Sendable { var object: JSONValue? }

extension APIClient {
  /// Reads the object, then watches it, until a state of it satisfies the condition.
  fileprivate func firstState(
    _ kind: ResourceKind, _ name: String, namespace: String?,
    where condition: @Sendable (JSONValue?) throws -> Bool
  ) async throws -> JSONValue? {
    let selector = "metadata.name=\(name)"
    while true {
      let list = try await list(
        kind, namespace: namespace, options: ListOptions(fieldSelector: selector))
      let object = list.items.first
      if try condition(object) { return object }
      let events = try await watch(
        kind, namespace: namespace,
        options: WatchOptions(
          fieldSelector: selector, resourceVersion: list.metadata.resourceVersion))
      watching: for try await event in events {
        switch event {
        case .added(let object), .modified(let object):
          if try condition(object) { return object }
        case .deleted: if try condition(nil) { return nil }
        case .bookmark: continue
        case .error: break watching
        }
      }
      try Task.checkCancellation()
    }
  }
}
