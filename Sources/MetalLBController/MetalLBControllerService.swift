package import ControllerRuntime
import ClusterConfiguration
package import CoreMetrics
import KubernetesAPI
package import KubernetesClient
package import Logging
import MetalLBAPI
import ServiceLifecycle

/// The controller process: gives addresses of pools to Services.
///
/// ```
///  IPAddressPools, L2Advertisements, ─▶ ConfigurationReconciler ─▶ ServiceReconciler ◀─ Services
///  ConfigMap, Namespaces                   │                        │ 16 writers     │
///                                          ▼                        ▼                ▼
///                                ConfigurationState, events   Service status   pool status, metrics
/// ```
///
/// One of several replicas leads; the others wait for the Lease. A new leader reads everything anew before it decides
/// anything: its informers start when it leads. Every write is checked against the deadline of the lease on the monotonic
/// clock. When leadership is lost, ``run()`` ends with an error, and the process with it.
package struct MetalLBControllerService: ServiceLifecycle.Service {
  private let options: ControllerOptions
  private let client: APIClient
  private let time: TimeSource
  private let timing: LeaseTiming
  private let logger: Logger
  private let metrics: ControllerMetrics
  private let readiness: @Sendable (_ failure: String?) -> Void

  /// - Parameters:
  ///   - readiness: told why the process is not ready, or nil once it is: when it leads and has read everything, or
  ///     when another replica leads.
  package init(
    options: ControllerOptions, client: APIClient, metrics factory: any MetricsFactory,
    time: TimeSource = .system, timing: LeaseTiming = LeaseTiming(), logger: Logger,
    readiness: @escaping @Sendable (_ failure: String?) -> Void = { _ in }
  ) {
    self.options = options
    self.client = client
    self.time = time
    self.timing = timing
    self.logger = logger
    self.readiness = readiness
    metrics = ControllerMetrics(factory: factory)
  }

  /// Runs until graceful shutdown: work that was begun is finished, then the lease is given up.
  package func run() async throws {
    guard options.webhookMode != .onlyWebhook else {
      readiness(nil)
      try await gracefulShutdown()
      return
    }
    // Known from the start: a lease that is made anew while the Deployment goes away has to go with it.
    let owner = await leaseOwner()
    let elector = LeaderElector(
      client: client, lease: options.lease, identity: identity, timing: timing, time: time,
      logger: logger, owner: { [self] in if let owner { owner } else { await leaseOwner() } },
      mayRunUnelected: mayRunUnelected)
    let guarded = client.timeout(.seconds(4)).guardingWrites { try elector.checkDeadline() }
    let recorder = EventRecorder(
      client: guarded, component: "metallb-controller", time: time, logger: logger)
    let leader = Leader(
      elector: elector, client: guarded, recorder: recorder, options: options, metrics: metrics,
      time: time, logger: logger, readiness: readiness)
    try await ServiceGroup(services: [elector, recorder, leader], logger: logger).run()
  }

  private var identity: String {
    let name = options.podName.isEmpty ? "controller" : options.podName
    return "\(name)_\(String(UInt64.random(in: .min ... .max), radix: 16))"
  }

  /// The lease goes with the Deployment, so that an uninstallation leaves none behind. Where the Deployment cannot be
  /// read, the lease has no owner.
  @Sendable private func leaseOwner() async -> OwnerReference? {
    guard !options.deploymentName.isEmpty,
      let deployment = try? await client.timeout(.seconds(4)).find(
        Deployment.self, options.deploymentName, namespace: options.namespace)
    else { return nil }
    return deployment.ownerReference(controller: false, blockOwnerDeletion: false)
  }

  /// Without Leases, as in installations of another make, only a single replica may act.
  @Sendable private func mayRunUnelected() async throws -> Bool {
    guard !options.deploymentName.isEmpty else { return false }
    let deployment = try await client.find(
      Deployment.self, options.deploymentName, namespace: options.namespace)
    return deployment.map { ($0.spec?.replicas ?? 1) == 1 } ?? false
  }
}
