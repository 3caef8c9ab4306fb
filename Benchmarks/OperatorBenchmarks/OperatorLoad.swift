import CoreMetrics
import DevelopmentAPIServer
import KubernetesAPI
import KubernetesClient
import KubernetesYAML
import Logging
import MetalLBAPI
import MetalLBOperator
import OperatorRendering
import Synchronization

/// An operator that has installed MetalLB on an API server of its own, and runs.
final class OperatorLoad: Sendable {
  private static let namespace = "metallb-system"
  private static let current = Mutex<OperatorLoad?>(nil)

  private let server: APIServer
  private let client: APIClient
  private let reconciles: ReconcileCounter
  private let writes: WriteCounter
  /// Owned here, cancelled by ``stop()``.
  private let running: Task<Void, any Error>

  struct Sample: Sendable {
    var took: Duration
    var writes: Int
  }

  /// Counts the requests of the operator that change something.
  private final class WriteCounter: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
    func increment() { value.add(1, ordering: .sequentiallyConsistent) }
  }

  private init(server: APIServer) throws {
    self.server = server
    let configuration = try ClientConfiguration.kubeconfig(text: server.kubeconfig())
    client = APIClient(configuration: configuration, userAgent: "benchmark")
    let (writes, reconciles) = (WriteCounter(), ReconcileCounter())
    let image = try ImageReference("example.org/metallb:v1")
    let service = Operator(
      client: client.guardingWrites { writes.increment() },
      options: OperatorOptions(
        environment: OperatorEnvironment(
          namespace: Self.namespace, images: .init(controller: image, speaker: image)),
        identity: "benchmark"),
      metrics: reconciles, logger: Logger(label: "operator") { _ in SwiftLogNoOpLogHandler() })
    self.writes = writes
    self.reconciles = reconciles
    running = Task { try await service.run() }
  }

  static func start(pools: Int) async throws -> OperatorLoad {
    let server = try APIServer(configuration: .init(host: "127.0.0.1", port: 0))
    try await server.start()
    let load = try OperatorLoad(server: server)
    current.withLock { $0 = load }
    try await load.install(pools: pools)
    return load
  }

  static func stop() async {
    let load = current.withLock { load in
      defer { load = nil }
      return load
    }
    load?.running.cancel()
    _ = await load?.running.result
    await load?.server.stop()
  }

  private func install(pools: Int) async throws {
    _ = try await client.create(Namespace(metadata: ObjectMeta(name: Self.namespace)))
    let kind = ResourceKind(
      group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
      plural: "customresourcedefinitions", isNamespaced: false)
    for definition in CustomResourceDefinitions.yaml {
      _ = try await client.create(JSONValue(yaml: definition.text), kind)
    }
    for pool in RenderedPools.make(pools) { _ = try await client.create(pool) }
    _ = try await client.create(
      MetalLB(metadata: ObjectMeta(name: MetalLB.singletonName, namespace: Self.namespace)))
    try await settle()
  }

  /// Waits until everything is there and a reconcile has nothing to write.
  private func settle() async throws {
    while true {
      let writes = try await reconcile().writes
      if writes == 0, try await speaker() != nil { return }
    }
  }

  /// Changes what nothing depends on: everything is looked at.
  private func touch() async throws {
    _ = try await client.patch(
      MetalLB.self, MetalLB.singletonName, namespace: Self.namespace,
      .merge(["metadata": ["labels": ["touched": .string("\(UInt32.random(in: 0 ... .max))")]]]))
  }

  /// One reconcile of the MetalLB object, with the change that causes it: from sending that to the reconcile's end.
  func reconcile() async throws -> Sample {
    let (seen, before) = (reconciles.count, writes.count)
    let begin = ContinuousClock.now
    try await touch()
    let end = await reconciles.wait(beyond: seen)
    return Sample(took: end - begin, writes: writes.count - before)
  }

  /// Deletes the speakers' DaemonSet.
  ///
  /// - Returns: how long it was gone.
  func repair() async throws -> Duration {
    guard let old = try await speaker() else { throw Missing() }
    let changes = try await client.watch(
      DaemonSet.resource, namespace: Self.namespace,
      options: WatchOptions(resourceVersion: old.metadata.resourceVersion))
    try await client.delete(old)
    let begin = ContinuousClock.now
    for try await change in changes {
      if case .added(let object) = change,
        object[path: ["metadata", "name"]] == .string(ComponentName.speaker)
      {
        return ContinuousClock.now - begin
      }
    }
    throw Missing()
  }

  private func speaker() async throws -> DaemonSet? {
    try await client.find(DaemonSet.self, ComponentName.speaker, namespace: Self.namespace)
  }

  struct Missing: Error {}
}
