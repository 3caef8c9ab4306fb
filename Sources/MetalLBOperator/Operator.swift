internal import Backoff
internal import ControllerRuntime
package import CoreMetrics
internal import KubernetesAPI
package import KubernetesClient
package import Logging
internal import MetalLBAPI
package import OperatorRendering
internal import ServiceLifecycle
internal import Synchronization

/// The operator: installs MetalLB as the MetalLB object says, and keeps it so.
///
/// ```
/// MetalLB ───────────┐                                    ┌─▶ apply what differs, prune what is left over
/// AddressPool ───────┼─▶ keys in a queue ─▶ reconcilers ──┼─▶ conditions, events
/// everything it made ┘   (one worker)                     └─▶ ConfigMap `config`
/// ```
///
/// Level-based: an event only says that something may differ; a reconcile reads everything it needs from
/// the informers, renders what should be (`OperatorRendering`), compares, and writes what differs. No
/// object has a finalizer: without a MetalLB object nothing should be, which is enforced at the start
/// too. Of several operators the one that holds the Lease acts; the others only watch.
///
/// Left out here: health and metrics endpoints, which the process adds, and webhooks. They are told by ``tls`` what they
/// may negotiate.
package final class Operator: ServiceLifecycle.Service {
  private let client: APIClient
  private let options: OperatorOptions
  private let time: TimeSource
  private let logger: Logger
  private let metrics: OperatorMetrics
  /// Asked why the operator is not ready.
  private let obstacle = Mutex<@Sendable () -> String?>({ "does not know the cluster yet" })
  /// What servers of this process may negotiate, as soon as it is known, and then each change. For one reader.
  package let tls: AsyncStream<OperatorEnvironment.TLSOptions>
  private let tellTLS: AsyncStream<OperatorEnvironment.TLSOptions>.Continuation
  private let toldTLS = Mutex<OperatorEnvironment.TLSOptions?>(nil)

  package init(
    client: APIClient, options: OperatorOptions,
    metrics factory: any MetricsFactory = NOOPMetricsHandler.instance, time: TimeSource = .system,
    logger: Logger
  ) {
    metrics = OperatorMetrics(factory: factory)
    (tls, tellTLS) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.client = client
    self.options = options
    self.time = time
    self.logger = logger
  }

  /// Why the operator neither acts nor would act if it led; `nil` when it would.
  package var failure: String? { obstacle.withLock { $0 }() }

  /// Runs until graceful shutdown or cancellation.
  /// - Throws: `LeaderElectionError` when leadership is lost: the process should end.
  package func run() async throws {
    guard let facts = try await readFacts() else { return }
    logger.info(
      "found cluster",
      metadata: [
        "platform": "\(facts.platform.rawValue)",
        "version": "\(facts.version.map(\.description) ?? "unknown")",
      ])
    note(tls: facts.tls)
    let elector = options.isLeaderElected ? makeElector() : nil
    var writer = client
    if let elector { writer = client.guardingWrites { try elector.checkDeadline() } }
    let context = makeContext(facts, client: writer)
    context.openShift?.onTLSChange { [weak self] in self?.note(tls: $0) }
    obstacle.withLock { $0 = { context.obstacle ?? "has not read everything yet" } }
    let controller = makeController(context, elector)
    let services: [[any ServiceLifecycle.Service]] = [
      [context.recorder, context.platform], context.allInformers, elector.map { [$0] } ?? [],
      [controller],
    ]
    try await ServiceGroup(services: services.flatMap(\.self), logger: logger).run()
  }

  /// - Parameter tls: what the cluster says, in place of the environment.
  private func note(tls: OperatorEnvironment.TLSOptions?) {
    let current = (tls ?? options.environment.tls).forServers
    let isNews = toldTLS.withLock { told in
      defer { told = current }
      return told != current
    }
    if isNews { tellTLS.yield(current) }
  }

  /// An API server that is not there yet is waited for. `nil` when the operator shall end.
  private func readFacts() async throws -> ClusterFacts? {
    let backoff = Backoff(initial: .milliseconds(200), cap: .seconds(15), jitter: 0.5)
    var failures = 0
    var generator = SystemRandomNumberGenerator()
    while true {
      do {
        return try await cancelWhenGracefulShutdown {
          try await ClusterFacts.read(self.client, environment: self.options.environment)
        }
      } catch is CancellationError {
        return nil
      } catch {
        failures += 1
        let delay = backoff.delay(afterFailures: failures, using: &generator)
        logger.warning(
          "cannot read about the cluster", metadata: ["error": "\(error)", "retryIn": "\(delay)"])
        do {
          try await cancelWhenGracefulShutdown { try await self.time.sleep(for: delay) }
        } catch {
          return nil
        }
      }
    }
  }

  private func makeElector() -> LeaderElector {
    LeaderElector(
      client: client,
      lease: NamespacedName(
        namespace: options.environment.namespace, name: OperatorOptions.leaseName),
      identity: options.identity, timing: options.leaseTiming, time: time, logger: logger)
  }

  private func makeContext(_ facts: ClusterFacts, client: APIClient) -> OperatorContext {
    let environment = options.environment
    let queue = WorkQueue<OperatorKey>(maximumDelay: .seconds(60), time: time)
    let context = OperatorContext(
      client: client, environment: environment, facts: facts,
      restartsWebhookServers: options.restartsWebhookServers,
      platform: PlatformSurvey(
        client: client, namespace: environment.namespace, version: facts.version,
        interval: options.platformSurveyInterval, time: time, logger: logger,
        onChange: { queue.add(.installation) }),
      openShift: facts.platform == .openshift
        ? OpenShiftSettings(client: client, time: time, logger: logger) : nil,
      objects: OwnedObjects(
        client: client, kinds: OwnedKinds.all(on: facts.platform),
        namespace: environment.namespace, time: time, logger: logger),
      status: StatusWriter(client: client),
      recorder: EventRecorder(
        client: client, component: "metallb-operator", time: time, logger: logger),
      queue: queue, time: time, logger: logger,
      metalLBs: Informer(client: client, time: time, logger: logger),
      addressPools: Informer(client: client, isOptional: true, time: time, logger: logger),
      currentObjects: CurrentObjects(
        client: client, namespace: environment.namespace, time: time, logger: logger),
      configMaps: Informer(
        client: client, kind: ConfigMap.resource, namespace: environment.namespace,
        fieldSelector: "metadata.name=config", time: time, logger: logger))
    context.enqueueChanges()
    return context
  }

  private func makeController(
    _ context: OperatorContext, _ elector: LeaderElector?
  ) -> Controller<OperatorKey> {
    let reconcilers = Reconcilers(context)
    return Controller(
      name: "operator", queue: context.queue, logger: logger,
      ready: {
        for informer in context.allInformers { try await informer.waitForSync() }
        try await context.platform.waitForFirst()
        self.obstacle.withLock { $0 = { context.obstacle } }
        try await elector?.waitForLeadership()
        self.metrics.leads()
        // Also what has no event: the absence of the MetalLB object.
        context.queue.add(.installation)
        context.queue.add(.addressPools)
      },
      reconcile: { key in
        do {
          let result = try await reconcilers.reconcile(key)
          self.metrics.reconciled(key, succeeded: true)
          return result
        } catch {
          self.metrics.reconciled(key, succeeded: false)
          throw error
        }
      })
  }
}
