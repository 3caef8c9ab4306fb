import ClusterConfiguration
import ConfigurationWatch
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import ServiceLifecycle

/// What the leading replica does: reads everything, decides, writes.
struct Leader: ServiceLifecycle.Service {
  let elector: LeaderElector
  /// Checks the deadline of the lease before every write.
  let client: APIClient
  let recorder: EventRecorder
  let options: ControllerOptions
  let metrics: ControllerMetrics
  let time: TimeSource
  let logger: Logger
  let readiness: @Sendable (_ failure: String?) -> Void

  func run() async throws {
    readiness("waiting for leadership")
    do {
      try await cancelWhenGracefulShutdown { try await waitForLeadership() }
    } catch is CancellationError {
      return
    }
    readiness("reading the cluster")
    try await ServiceGroup(services: services(), logger: logger).run()
  }

  /// A replica that waits behind another one is ready.
  private func waitForLeadership() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await elector.waitForLeadership() }
      group.addTask {
        while elector.holder.map({ $0 == elector.identity }) ?? true {
          try await time.sleep(for: .seconds(1))
        }
        readiness(nil)
        try await elector.waitForLeadership()
      }
      try await group.next()
      group.cancelAll()
    }
  }

  /// Informers first, so that they stop last.
  private func services() -> [any ServiceLifecycle.Service] {
    let informers = Informers(client: client, options: options, time: time, logger: logger)
    let poolStatusAgenda = PoolStatusReconciler.Agenda(time: time)
    let serviceReconciler = ServiceReconciler(
      services: informers.services.store, client: client, recorder: recorder,
      loadBalancerClass: options.loadBalancerClass, metrics: metrics, time: time, logger: logger,
      onAllocationChange: { poolStatusAgenda.schedule() })
    let pod = OwnPod(options.podName, namespace: options.namespace, client: client)
    let stateWriter = ConfigurationStateWriter(
      .controller, namespace: options.namespace, states: informers.states.store, client: client,
      time: time, logger: logger, owner: { try await pod.reference() })
    let configuration = ConfigurationReconciler(
      sources: {
        informers.configuration.sources(
          nodes: informers.nodeLabels,
          backend: ConfigurationSources.Backend(nil, bgpType: options.bgpType))
      }, recorder: recorder, metrics: metrics, time: time, logger: logger,
      apply: { serviceReconciler.configure($0) },
      report: {
        stateWriter.report($0)
        readiness(nil)
      })
    let poolStatusReconciler = PoolStatusReconciler(
      agenda: poolStatusAgenda, pools: informers.configuration.ipAddressPools.store, client: client,
      metrics: metrics,
      logger: logger, configuration: { configuration.current?.configuration },
      counters: { serviceReconciler.counters(ofPools: $0) })

    recorder.makeWay { serviceReconciler.isBusy }
    informers.services.recognize { serviceReconciler.written($0, version: $1) }
    informers.services.onChange { serviceReconciler.noteChange($0) }
    informers.configuration.onChange { configuration.schedule() }
    informers.configuration.ipAddressPools.onChange { _ in poolStatusAgenda.schedule() }
    informers.nodes.onChange { change in
      if change.old?.metadata.labels != change.new?.metadata.labels { configuration.schedule() }
    }
    informers.states.onChange { _ in stateWriter.schedule() }
    informers.layer2Statuses.onChange { serviceReconciler.noteStatus($0.new) }

    let secret = MemberlistSecret(options: options, client: client, logger: logger)
    let secretKey = SingleKey("memberlist secret")
    let secretQueue = WorkQueue<SingleKey>(time: time)
    secretQueue.add(secretKey)
    // One that somebody deletes is made anew at once: speakers that start wait for it.
    informers.memberlistSecret?.enqueue(into: secretQueue) { $0.new == nil ? secretKey : nil }
    return informers.all + [
      Controller(
        name: "secret", queue: secretQueue, logger: logger,
        reconcile: { _ in
          try await secret.ensure()
          return .done
        }),
      Controller(
        name: "configuration", queue: configuration.queue, logger: logger,
        ready: {
          try await informers.waitForSync()
          configuration.schedule()
        },
        reconcile: { _ in configuration.reconcile() }),
      Controller(
        name: "configurationState", queue: stateWriter.queue, logger: logger,
        ready: { try await informers.states.waitForSync() },
        reconcile: { _ in try await stateWriter.reconcile() }),
      Controller(
        name: "poolStatus", queue: poolStatusAgenda.queue, logger: logger,
        reconcile: { _ in try await poolStatusReconciler.reconcile() }),
      Controller(
        name: "services", queue: serviceReconciler.queue, workers: ServiceReconciler.writers,
        logger: logger, reconcile: { try await serviceReconciler.reconcile($0) }),
    ]
  }
}
