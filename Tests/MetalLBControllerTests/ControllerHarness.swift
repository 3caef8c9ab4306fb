import ControllerRuntime
import CoreMetrics
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import MetalLBAPI
import PrometheusMetrics
import ServiceLifecycle
import Synchronization

@testable import MetalLBController

/// A controller against a real API, with a class of its own, so that it leaves other Services alone.
struct ControllerHarness: Sendable {
  let cluster: TestCluster
  let loadBalancerClass: String
  let metrics = PrometheusRegistry.described()

  var client: APIClient { cluster.client }

  func options(_ change: (inout ControllerOptions) -> Void = { _ in }) -> ControllerOptions {
    var options = ControllerOptions(namespace: cluster.namespace)
    options.loadBalancerClass = loadBalancerClass
    options.webhookMode = .disabled
    change(&options)
    return options
  }

  /// Runs a controller beside `body`, and shuts it down gracefully afterwards.
  func running<Result: Sendable>(
    _ options: ControllerOptions? = nil, as user: APIClient? = nil,
    timing: LeaseTiming = LeaseTiming(),
    readiness: @escaping @Sendable (String?) -> Void = { _ in },
    _ body: @Sendable @escaping () async throws -> Result
  ) async throws -> Result {
    let service = MetalLBControllerService(
      options: options ?? self.options(),
      client: user
        ?? APIClient(configuration: cluster.configuration, userAgent: "metallb-controller"),
      metrics: metrics, timing: timing, logger: Self.logger, readiness: readiness)
    let group = ServiceGroup(services: [service], logger: Self.logger)
    return try await withThrowingTaskGroup(of: Result?.self) { tasks in
      tasks.addTask {
        try await group.run()
        return nil
      }
      tasks.addTask { try await body() }
      var result: Result?
      while result == nil {
        guard let next = try await tasks.next() else { break }
        result = next
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      guard let result else { throw HarnessError.controllerEnded }
      return result
    }
  }

  static var logger: Logger {
    var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    logger.logLevel = .error
    return logger
  }

  // MARK: Objects

  @discardableResult
  func createPool(_ name: String, _ addresses: [String]) async throws -> IPAddressPool {
    try await client.create(
      IPAddressPool(
        metadata: ObjectMeta(name: name, namespace: cluster.namespace),
        spec: IPAddressPool.Spec(addresses: addresses)))
  }

  @discardableResult
  func createService(
    _ name: String, _ change: (inout KubernetesAPI.Service) -> Void = { _ in }
  ) async throws -> KubernetesAPI.Service {
    var spec = KubernetesAPI.Service.Spec(type: "LoadBalancer")
    spec.ports = [KubernetesAPI.Service.Port(port: 80)]
    spec.loadBalancerClass = loadBalancerClass
    var service = KubernetesAPI.Service(
      metadata: ObjectMeta(name: name, namespace: cluster.namespace), spec: spec)
    change(&service)
    return try await client.create(service)
  }

  /// Waits until the Service has exactly these addresses.
  @discardableResult
  func service(
    _ name: String, has addresses: [String]
  ) async throws -> KubernetesAPI.Service {
    let service = try await cluster.eventually(
      KubernetesAPI.Service.self, name, "\(name) has \(addresses)", within: .seconds(20)
    ) { $0?.ingressIPs == addresses }
    guard let service else { throw HarnessError.gone(name) }
    return service
  }

  func events(on name: String) async throws -> [Event] {
    try await client.list(Event.self, namespace: cluster.namespace).items
      .filter { $0.involvedObject.name == name }
  }
}

enum HarnessError: Error {
  case controllerEnded
  case gone(String)
}

/// A cluster with our CRDs.
func withHarness<Result: Sendable>(
  isAlone: Bool = false, _ body: (ControllerHarness) async throws -> Result
) async throws -> Result {
  try await withTestCluster(isAlone: isAlone) { cluster in
    try await cluster.installCRDs(
      yaml: CustomResourceDefinitions.yaml.map(\.text).joined(separator: "\n---\n"))
    return try await body(
      ControllerHarness(
        cluster: cluster, loadBalancerClass: "test.metallb.io/\(cluster.namespace)"))
  }
}
