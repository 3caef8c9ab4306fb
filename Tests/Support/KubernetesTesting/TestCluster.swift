internal import DevelopmentAPIServer
internal import FoundationEssentials
internal import KubernetesAPI
package import KubernetesClient

/// A Kubernetes API to test against, and a namespace of its own for the test.
package struct TestCluster: Sendable {
  /// Where the API of a test comes from.
  package enum Kind: Sendable, Hashable {
    /// An `APIServer` in this process.
    case development
    /// The cluster that `METALLB_TEST_KUBECONFIG` names. Other things may be in it.
    case external
    /// etcd and kube-apiserver from the folder that `KUBEBUILDER_ASSETS` names. No controllers run:
    /// nothing is garbage collected.
    case binaries
  }

  package let kind: Kind
  /// An administrator's.
  package let configuration: ClientConfiguration
  /// An administrator's.
  package let client: APIClient
  /// The same administrator's kubeconfig, for programs that want a file.
  package let kubeconfig: String
  /// A fresh namespace, which is deleted when the test ends.
  package let namespace: String
  /// Makes the server forget its history, so that old versions are answered with 410. Only the
  /// development server can; `nil` for the others.
  package let compact: (@Sendable () async -> Void)?

  /// Whether a test can have a cluster for itself: not where one is given.
  package static var canBeAlone: Bool {
    processEnvironment()["METALLB_TEST_KUBECONFIG", default: ""].isEmpty
  }

  /// Whether the cluster has controllers that roll Deployments out and a node that runs their Pods. Takes
  /// ten seconds to say no.
  package func runsDeployments() async throws -> Bool {
    let nodes = try await client.list(Node.resource)
    let isReady = nodes.items.contains { node in
      (node[path: ["status", "conditions"]]?.arrayValue ?? []).contains {
        $0["type"] == "Ready" && $0["status"] == "True"
      }
    }
    guard isReady else { return false }
    let name = "probe"
    _ = try await client.create(
      [
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": ["name": .string(name), "namespace": .string(namespace)],
        "spec": [
          "replicas": 0, "selector": ["matchLabels": ["app": "probe"]],
          "template": [
            "metadata": ["labels": ["app": "probe"]],
            "spec": ["containers": [["name": "main", "image": "probe"]]],
          ],
        ],
      ], Deployment.resource)
    do {
      try await eventually(Deployment.resource, name, within: .seconds(10)) {
        $0?[path: ["status", "observedGeneration"]] != nil
      }
    } catch is NotEventually {
      return false
    }
    try await client.delete(Deployment.resource, name, namespace: namespace)
    return true
  }

  /// `prefix` and a part that no other test has: for cluster-scoped objects.
  package func uniqueName(_ prefix: String) -> String { Self.uniqueName(prefix) }

  static func uniqueName(_ prefix: String) -> String {
    "\(prefix)-\(String(UInt32.random(in: .min ... .max), radix: 36))"
  }
}

/// Runs `body` with a cluster: the one that `METALLB_TEST_KUBECONFIG` names, else one that is started from
/// the binaries in `KUBEBUILDER_ASSETS` and shared by all tests of the process, else an `APIServer` in this process. The test's
/// namespace, and everything that was started, is gone afterwards.
///
/// - Parameter isAlone: whether the test changes what concerns the whole cluster, so that binaries are
///   started for it alone. Where ``TestCluster/canBeAlone`` is false, it should not run.
package func withTestCluster<Result: Sendable>(
  isAlone: Bool = false, _ body: (TestCluster) async throws -> Result
) async throws -> Result {
  let environment = processEnvironment()
  if let path = environment["METALLB_TEST_KUBECONFIG"], !path.isEmpty {
    return try await withNamespace(
      .external, try .kubeconfig(path: path, environment: environment),
      kubeconfig: try String(contentsOf: URL(filePath: path), encoding: .utf8), compact: nil, body)
  }
  if let folder = environment["KUBEBUILDER_ASSETS"], !folder.isEmpty {
    func run(_ kubeconfig: String) async throws -> Result {
      try await withNamespace(
        .binaries, try .kubeconfig(text: kubeconfig), kubeconfig: kubeconfig, compact: nil, body)
    }
    if isAlone { return try await ControlPlane.with(binaries: folder, run) }
    return try await run(try await ControlPlane.shared.kubeconfig(binaries: folder))
  }
  let server = try APIServer(configuration: .init(host: "127.0.0.1", port: 0))
  try await server.start()
  do {
    let kubeconfig = try server.kubeconfig()
    let result = try await withNamespace(
      .development, try .kubeconfig(text: kubeconfig), kubeconfig: kubeconfig,
      compact: { await server.compact() }, body)
    await server.stop()
    return result
  } catch {
    await server.stop()
    throw error
  }
}

private func withNamespace<Result: Sendable>(
  _ kind: TestCluster.Kind, _ configuration: ClientConfiguration, kubeconfig: String,
  compact: (@Sendable () async -> Void)?, _ body: (TestCluster) async throws -> Result
) async throws -> Result {
  let client = APIClient(configuration: configuration, userAgent: "metallb-tests")
  let name = TestCluster.uniqueName("test")
  _ = try await client.create(Namespace(metadata: ObjectMeta(name: name)))
  if kind == .binaries {
    // Pods are refused without it, and no controller makes it.
    _ = try await client.create(
      ServiceAccount(metadata: ObjectMeta(name: "default", namespace: name)))
  }
  let cluster = TestCluster(
    kind: kind, configuration: configuration, client: client, kubeconfig: kubeconfig,
    namespace: name, compact: compact)
  do {
    let result = try await body(cluster)
    try await cluster.cleanUp()
    return result
  } catch {
    // The test's own error is the one to see. A cancelled test cleans up, too.
    await Task { try? await cluster.cleanUp() }.value
    throw error
  }
}

extension TestCluster {
  fileprivate func cleanUp() async throws {
    try await client.delete(Namespace.self, namespace)
  }
}
