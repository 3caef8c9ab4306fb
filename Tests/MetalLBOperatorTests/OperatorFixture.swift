import ControllerRuntime
import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import MetalLBAPI
import MetalLBOperator
import OperatorRendering
import PrometheusMetrics
import Synchronization
import Testing

/// An operator that runs against a test cluster, in the test's namespace.
struct OperatorFixture {
  let cluster: TestCluster
  let writes = WriteCounter()
  /// What the operators measure.
  let metrics = PrometheusRegistry.described()

  var client: APIClient { cluster.client }
  var namespace: String { cluster.namespace }

  /// How many requests that change something the operators made.
  final class WriteCounter: Sendable {
    private let writes = Atomic(0)
    var count: Int { writes.load(ordering: .sequentiallyConsistent) }
    func increment() { writes.add(1, ordering: .sequentiallyConsistent) }
  }

  static let image = "example.org/metallb:v1@sha256:\(String(repeating: "0", count: 64))"

  /// Runs an operator while `body` runs; as an administrator, or with a client of its own.
  func withOperator<Result>(
    _ variables: [String: String] = [:], identity: String = "one", isElected: Bool = false,
    as user: APIClient? = nil,
    onTLS: @escaping @Sendable (OperatorEnvironment.TLSOptions) -> Void = { _ in },
    _ body: () async throws -> Result
  ) async throws -> Result {
    let environment = try OperatorEnvironment(
      variables: [
        "OPERATOR_NAMESPACE": namespace, "CONTROLLER_IMAGE": Self.image,
        "SPEAKER_IMAGE": Self.image,
      ].merging(variables) { $1 })
    var options = OperatorOptions(
      environment: environment, isLeaderElected: isElected,
      leaseTiming: LeaseTiming(
        duration: .seconds(2), renewDeadline: .seconds(1), retryPeriod: .milliseconds(200)),
      identity: identity)
    options.platformSurveyInterval = .milliseconds(200)
    options.restartsWebhookServers = true
    let user = user ?? client
    let counting = user.guardingWrites { [writes] in writes.increment() }
    let service = Operator(
      // Under election the guard is the operator's own.
      client: isElected ? user : counting,
      options: options, metrics: metrics,
      logger: Logger(label: "operator") { _ in SwiftLogNoOpLogHandler() })
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await service.run() }
      group.addTask { for await options in service.tls { onTLS(options) } }
      defer { group.cancelAll() }
      return try await body()
    }
  }

  @discardableResult
  func createMetalLB(
    _ name: String = "metallb", namespace: String? = nil,
    _ change: (inout MetalLB.Spec) -> Void = { _ in }
  ) async throws -> MetalLB {
    var spec = MetalLB.Spec()
    change(&spec)
    return try await client.create(
      MetalLB(
        metadata: ObjectMeta(name: name, namespace: namespace ?? self.namespace), spec: spec))
  }

  @discardableResult
  func createPool(
    _ name: String, _ addresses: [String], namespace: String? = nil,
    _ change: (inout AddressPool.Spec) -> Void = { _ in }
  ) async throws -> AddressPool {
    var spec = AddressPool.Spec(protocol: "layer2", addresses: addresses)
    change(&spec)
    return try await client.create(
      AddressPool(
        metadata: ObjectMeta(name: name, namespace: namespace ?? self.namespace), spec: spec))
  }

  /// What kubelets and workload controllers would report once all Pods run. Where a cluster has its own,
  /// the test cannot go on.
  func reportWorkloadsReady() async throws {
    if cluster.kind == .external { try Test.cancel("the cluster itself says what is ready") }
    let deployment = try await client.get(Deployment.self, "controller", namespace: namespace)
    let daemonSet = try await client.get(DaemonSet.self, "speaker", namespace: namespace)
    try await patchStatus(
      Deployment.self, "controller",
      [
        "observedGeneration": .integer(deployment.metadata.generation ?? 0), "replicas": 1,
        "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1,
      ])
    try await patchStatus(
      DaemonSet.self, "speaker",
      [
        "observedGeneration": .integer(daemonSet.metadata.generation ?? 0),
        "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 2,
        "updatedNumberScheduled": 2, "numberMisscheduled": 0,
      ])
  }

  /// The same for frr-k8s.
  func reportFRRK8sReady() async throws {
    let daemonSet = try await eventuallyExists(DaemonSet.self, "frr-k8s")
    let cleaner = try await eventuallyExists(Deployment.self, "statuscleaner")
    try await patchStatus(
      DaemonSet.self, "frr-k8s",
      [
        "observedGeneration": .integer(daemonSet.metadata.generation ?? 0),
        "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 2,
        "updatedNumberScheduled": 2, "numberMisscheduled": 0,
      ])
    try await patchStatus(
      Deployment.self, "statuscleaner",
      [
        "observedGeneration": .integer(cleaner.metadata.generation ?? 0), "replicas": 1,
        "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1,
      ])
  }

  /// A CRD for a kind that others define, which takes any object.
  static func openKind(_ kind: ResourceKind) -> String {
    """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata:
      name: \(kind.plural).\(kind.group)
    spec:
      group: \(kind.group)
      names:
        kind: \(kind.kind)
        listKind: \(kind.kind)List
        plural: \(kind.plural)
        singular: \(kind.kind.lowercased())
      scope: \(kind.isNamespaced ? "Namespaced" : "Cluster")
      versions:
      - name: \(kind.version)
        served: true
        storage: true
        schema:
          openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
    """
  }

  /// Makes the cluster look like OpenShift.
  func becomeOpenShift() async throws {
    let route = ResourceKind(
      group: "route.openshift.io", version: "v1", kind: "Route", plural: "routes")
    for kind in [
      route, SecurityContextConstraints.resource, TLSProfile.resource, NetworkOperator.resource,
      NetworkOperator.networkResource,
    ] {
      try await cluster.installCRDs(yaml: Self.openKind(kind))
    }
  }

  func patchStatus<R: KubernetesResource>(
    _ type: R.Type, _ name: String, _ status: JSONValue
  ) async throws {
    _ = try await client.patch(
      R.resource, name, namespace: namespace, .merge(["status": status]), subresource: "status",
      options: WriteOptions(fieldManager: "kube-controller-manager"))
  }

  /// Waits for an object of the test's namespace.
  @discardableResult
  func eventuallyExists<R: KubernetesResource>(_ type: R.Type, _ name: String) async throws -> R {
    let object = try await cluster.eventually(R.self, name) { $0 != nil }
    return try #require(object)
  }

  /// Waits until the text of the ConfigMap is this; `nil` for no ConfigMap.
  func eventuallyConfig(_ text: String?, _ what: String = "") async throws {
    try await cluster.eventually(ConfigMap.self, "config", what) { configMap in
      configMap?.data?["config"] == text
    }
  }

  @discardableResult
  func eventuallyCondition(
    _ type: String, _ status: String, reason: String? = nil, of metalLB: String = "metallb",
    namespace: String? = nil
  ) async throws -> Condition {
    let object = try await cluster.eventually(
      MetalLB.self, metalLB, namespace: namespace, "\(type)=\(status) \(reason ?? "")"
    ) { object in
      object?.status?.conditions?.contains {
        $0.type == type && $0.status == status && (reason == nil || $0.reason == reason)
      } ?? false
    }
    return try #require(object?.status?.conditions?.first { $0.type == type })
  }

  @discardableResult
  func eventuallyPool(
    _ name: String, namespace: String? = nil, accepted status: String, reason: String
  ) async throws -> Condition {
    let pool = try await cluster.eventually(
      AddressPool.self, name, namespace: namespace, "Accepted=\(status) \(reason)"
    ) { pool in
      pool?.status?.conditions?.contains { $0.status == status && $0.reason == reason } ?? false
    }
    return try #require(pool?.status?.conditions?.first)
  }

  /// Waits for an event about an object.
  func eventuallyEvent(_ reason: String, about name: String) async throws {
    let isThere = try await TimeSource.system.limit(.seconds(30)) { [client, namespace] in
      while true {
        let list = try await client.list(Event.self, namespace: namespace)
        if list.items.contains(where: { $0.reason == reason && $0.involvedObject.name == name }) {
          return true
        }
        let changes = try await client.watch(
          Event.resource, namespace: namespace,
          options: WatchOptions(resourceVersion: list.metadata.resourceVersion))
        for try await _ in changes { break }
      }
    }
    #expect(isThere == true, "no event \(reason) about \(name)")
  }
}

/// A cluster with the kinds of MetalLB.
func withOperatorFixture(
  without plural: String? = nil, isAlone: Bool = false,
  _ body: (OperatorFixture) async throws -> Void
) async throws {
  try await withTestCluster(isAlone: isAlone) { cluster in
    for crd in CustomResourceDefinitions.yaml where crd.plural != plural {
      try await cluster.installCRDs(yaml: crd.text)
    }
    try await body(OperatorFixture(cluster: cluster))
  }
}

extension Trait where Self == ConditionTrait {
  /// For tests that write cluster-scoped objects of fixed names, or count what an operator does about
  /// the whole cluster.
  static var needsClusterOfItsOwn: Self {
    .enabled("the cluster is shared with others") { TestCluster.canBeAlone }
  }
}
