internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging

/// What the stand-ins know of the API server's objects: one informer per kind, shared by all.
struct ClusterView: Sendable {
  let client: APIClient
  let nodes: Informer<Node>
  let leases: Informer<Lease>
  let pods: Informer<Pod>
  let services: Informer<Service>
  let endpointSlices: Informer<EndpointSlice>
  let deployments: Informer<Deployment>
  let replicaSets: Informer<ReplicaSet>
  let daemonSets: Informer<DaemonSet>
  let secrets: Informer<KubernetesAPI.Secret>
  let configMaps: Informer<ConfigMap>

  static let leaseNamespace = "kube-node-lease"

  init(client: APIClient, logger: Logger) {
    self.client = client
    nodes = Informer(client: client, logger: logger)
    leases = Informer(client: client, namespace: Self.leaseNamespace, logger: logger)
    pods = Informer(client: client, logger: logger)
    services = Informer(client: client, logger: logger)
    endpointSlices = Informer(client: client, logger: logger)
    deployments = Informer(client: client, logger: logger)
    replicaSets = Informer(client: client, logger: logger)
    daemonSets = Informer(client: client, logger: logger)
    secrets = Informer(client: client, logger: logger)
    configMaps = Informer(client: client, logger: logger)
  }

  /// Keeps all stores up to date until cancellation.
  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await nodes.run() }
      group.addTask { try await leases.run() }
      group.addTask { try await pods.run() }
      group.addTask { try await services.run() }
      group.addTask { try await endpointSlices.run() }
      group.addTask { try await deployments.run() }
      group.addTask { try await replicaSets.run() }
      group.addTask { try await daemonSets.run() }
      group.addTask { try await secrets.run() }
      group.addTask { try await configMaps.run() }
      try await group.waitForAll()
    }
  }

  /// Returns once every store has been filled.
  func waitForSync() async throws {
    try await nodes.waitForSync()
    try await leases.waitForSync()
    try await pods.waitForSync()
    try await services.waitForSync()
    try await endpointSlices.waitForSync()
    try await deployments.waitForSync()
    try await replicaSets.waitForSync()
    try await daemonSets.waitForSync()
    try await secrets.waitForSync()
    try await configMaps.waitForSync()
  }

  /// The Pods that an object controls, as the API server has them at this moment: a store that
  /// lags behind would have a controller make Pods twice.
  func pods(ownedBy uid: String?, namespace: String) async throws -> [Pod] {
    guard let uid else { return [] }
    return try await client.list(Pod.self, namespace: namespace).items.filter {
      $0.controllerUID == uid
    }
  }
}

extension APIClient {
  /// Writes the status of an object when it differs from `old`.
  func writeStatus<R: KubernetesResource, Status: Codable & Hashable>(
    of object: R, _ status: Status, replacing old: Status?
  ) async throws {
    guard status != old else { return }
    var body: JSONValue = [:]
    body["status"] = try JSONValue(encoding: status)
    _ = try await patch(
      R.resource, object.metadata.name, namespace: object.metadata.namespace, .merge(body),
      subresource: "status")
  }

  /// Deletes an object that may be gone already or be another one by now.
  func deleteIfPresent<R: KubernetesResource>(
    _ object: R, gracePeriodSeconds: Int? = nil
  ) async throws {
    do {
      try await delete(object, options: DeleteOptions(gracePeriodSeconds: gracePeriodSeconds))
    } catch let error as KubernetesError where error.isNotFound || error.isConflict {}
  }
}
