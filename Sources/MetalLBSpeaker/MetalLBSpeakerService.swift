import Announcement
import ConfigurationWatch
import ControllerRuntime
package import CoreMetrics
import KubernetesAPI
package import KubernetesClient
import Layer2
import Layer2Transport
package import Logging
import ServiceLifecycle

/// The speaker process: announces the addresses of Services from its node.
///
/// ```
///  pools, advertisements, ConfigMap ─▶ SpeakerInputs ─┐
///  Nodes, SpeakerGossip ──────────────▶      │        ▼
///  Services, EndpointSlices ──────────▶ ServiceAnnouncer ─▶ Layer2Announcer ─▶ links
///                                            │ queue
///                                            └──────────▶ L2StatusWriter, events
/// ```
///
/// Nothing is announced before everything that decides about it has been read and the first attempt to join the other
/// speakers has ended. Afterwards what is announced stays as it is while the API server does not answer.
///
/// It ends in order: the others are told first and announce what was announced here; then this node stops answering, removes
/// its status objects and closes.
package struct MetalLBSpeakerService: ServiceLifecycle.Service {
  /// What must be true before the process is ready.
  package enum Check: String, Sendable, Hashable, CaseIterable {
    /// Everything that decides has been read.
    case caches
    /// A configuration is in force.
    case configuration
    /// The interfaces are known, and sockets are open on those that can be used.
    case sockets
  }

  /// How long a graceful stop goes on removing status objects.
  private static let farewell = Duration.seconds(2)

  /// How long members may take to agree who announces after one of them came back; to be told again is what is announced
  /// here then.
  private static let settling = Duration.seconds(1)

  /// How long a graceful stop goes on answering while others take over.
  private static let leave = Duration.seconds(2)

  /// How long to wait before a status object that somebody removed is made again.
  private static let patience = Duration.seconds(5)

  private let options: SpeakerOptions
  private let client: APIClient
  private let metrics: SpeakerMetrics
  private let metricsFactory: any MetricsFactory
  private let announcer: any AddressAnnouncing
  private let time: TimeSource
  private let logger: Logger
  private let onReady: @Sendable (Check) -> Void

  /// Throws when the file of excluded interfaces, or an expression in it, cannot be understood.
  ///
  /// - Parameter onReady: told of each check once it holds; it holds from then on.
  package init(
    options: SpeakerOptions, client: APIClient, metrics factory: any MetricsFactory,
    time: TimeSource = .system, logger: Logger,
    onReady: @escaping @Sendable (Check) -> Void = { _ in }
  ) throws {
    let excluded = try ExcludedInterfacesFile(path: options.excludedInterfacesPath)
    if let doubt = excluded.doubt {
      logger.warning(
        "no interface is excluded from announcing",
        metadata: [
          LogKey.path: "\(options.excludedInterfacesPath)", LogKey.reason: "\(doubt)",
        ])
    }
    var configuration = Layer2Announcer.Configuration()
    configuration.excludedInterfaces = excluded.patterns
    let announcer = try Layer2Announcer(
      configuration: configuration, logger: logger, metricsFactory: factory)
    self.init(
      options: options, client: client, metrics: factory, announcer: announcer, time: time,
      logger: logger, onReady: onReady)
  }

  init(
    options: SpeakerOptions, client: APIClient, metrics factory: any MetricsFactory,
    announcer: any AddressAnnouncing, time: TimeSource = .system, logger: Logger,
    onReady: @escaping @Sendable (Check) -> Void = { _ in }
  ) {
    self.options = options
    self.client = client
    self.announcer = announcer
    self.time = time
    self.logger = logger
    self.onReady = onReady
    metricsFactory = factory
    metrics = SpeakerMetrics(factory: factory, node: options.nodeName)
  }

  /// Runs until graceful shutdown: withdraws everything, removes this node's status objects, closes. Throws when packets
  /// cannot be sent from this node, or gossip cannot begin.
  package func run() async throws {
    if options.bgpType != .native {
      logger.warning(
        "this version announces on layer 2 only",
        metadata: [LogKey.protocolName: "\(options.bgpType.rawValue)"])
    }
    try await ServiceGroup(services: try services(), logger: logger).run()
  }

  /// What others depend on comes first, so that it stops last.
  private func services() throws -> [any ServiceLifecycle.Service] {
    let recorder = EventRecorder(
      client: client, component: "metallb-speaker", host: options.nodeName, time: time,
      logger: logger)
    let informers = SpeakerInformers(client: client, options: options, time: time, logger: logger)
    let gossip = try SpeakerGossip(
      options: options, speakers: informers.speakers, metrics: metricsFactory, time: time,
      logger: logger)
    let queue = WorkQueue<NamespacedName>(time: time)
    let statusQueue = WorkQueue<NamespacedName>(time: time)
    let pod = OwnPod(options.podName, namespace: options.namespace, client: client)
    let stateWriter = ConfigurationStateWriter(
      .speaker(node: options.nodeName), namespace: options.namespace,
      states: informers.states.store, client: client, time: time, logger: logger,
      owner: { try await pod.reference() })
    let interfaceCheck = InterfaceCheck(
      node: options.nodeName, nodes: informers.nodes.store, announcer: announcer,
      recorder: recorder, time: time, logger: logger, report: { stateWriter.report($0) })
    informers.states.onChange { _ in stateWriter.schedule() }
    let inputs = SpeakerInputs(
      informers: informers, gossip: gossip, node: options.nodeName, metrics: metrics, time: time,
      logger: logger,
      onChange: { for key in informers.services.store.keys { queue.add(key) } },
      report: { interfaceCheck.note($0) })
    let rules = Layer2Rules(
      node: options.nodeName,
      loadBalancerClass: options.loadBalancerClass.isEmpty ? nil : options.loadBalancerClass,
      ignoresExclusionLabel: options.ignoresExclusionLabel)
    let serviceAnnouncer = ServiceAnnouncer(
      queue: queue, statusQueue: statusQueue, rules: rules, informers: informers, inputs: inputs,
      announcer: announcer, recorder: recorder, metrics: metrics, time: time, logger: logger)
    let strictARPCheck = StrictARPCheck(
      rules: rules, informers: informers, announcer: announcer, recorder: recorder, time: time,
      logger: logger)
    let writer = L2StatusWriter(
      statuses: informers.statuses.store, client: client, options: options, pod: pod, time: time,
      logger: logger, desired: { serviceAnnouncer.desiredStatus(of: $0) })
    informers.statuses.onChange { change in
      writer.note(change)
      guard let service = change.new?.service ?? change.old?.service else { return }
      // Two nodes that both believe it is their turn delete each other's objects: not faster than this.
      let isOwnLoss = change.new == nil && change.old?.node == options.nodeName
      statusQueue.add(service, after: isOwnLoss ? Self.patience : .zero)
    }
    let links = AnnouncingLinks(announcer: announcer, onReport: { serviceAnnouncer.handle($0) }) {
      isFirst in
      if isFirst { onReady(.sockets) }
      gossip.setInterfaces(announcer.interfaces)
      interfaceCheck.schedule()
      serviceAnnouncer.noteInterfaceChange()
    }
    let doubts = WorkQueue<String>(time: time)
    gossip.observe(
      onChange: { inputs.queue.add(.cluster) },
      onDoubt: { doubts.add("announcements", after: Self.settling) })
    return [recorder] + informers.all + [
      gossip, links,
      Controller(
        name: "doubts", queue: doubts, logger: logger,
        reconcile: { _ in
          serviceAnnouncer.announceAgain()
          return .done
        }),
      Controller(
        name: "status", queue: statusQueue, workers: 4, logger: logger,
        ready: {
          // A Service that has not been read must not look like one that is gone.
          try await informers.waitForSync()
          try await informers.statuses.waitForSync()
        },
        reconcile: { try await writer.reconcile($0) }),
      Controller(
        name: "configurationState", queue: stateWriter.queue, logger: logger,
        ready: { try await informers.states.waitForSync() },
        reconcile: { _ in try await stateWriter.reconcile() }),
      Controller(
        name: "interfaces", queue: interfaceCheck.queue, logger: logger,
        ready: { try await links.waitUntilKnown() },
        reconcile: { _ in interfaceCheck.reconcile() }),
      Controller(
        name: "strictARP", queue: strictARPCheck.queue, logger: logger,
        ready: {
          try await informers.waitForSync()
          try await links.waitUntilKnown()
        },
        reconcile: { _ in strictARPCheck.reconcile() }),
      Controller(
        name: "inputs", queue: inputs.queue, logger: logger,
        ready: { try await informers.waitForSync() },
        reconcile: { part in
          defer { serviceAnnouncer.setPeers(inputs.peers) }
          return inputs.reconcile(part)
        }),
      WithdrawingAfterwards(
        controller: Controller(
          name: "services", queue: queue, logger: logger,
          ready: {
            try await informers.waitForSync()
            onReady(.caches)
            try await gossip.waitUntilKnown()
            inputs.load()
            serviceAnnouncer.setPeers(inputs.peers)
            onReady(.configuration)
            try await links.waitUntilKnown()
          },
          reconcile: { serviceAnnouncer.reconcile($0) }),
        withdraw: {
          // The others take over while this node still answers, until each address was told by its next owner.
          let patience = inputs.hasOtherMembers ? Self.leave : .zero
          serviceAnnouncer.leave(within: patience)
          await gossip.leave()
          await serviceAnnouncer.untilHandedOver(within: patience + .seconds(1))
          let announced = serviceAnnouncer.stop()
          _ = try? await time.limit(Self.farewell) {
            for service in announced { _ = try await writer.reconcile(service) }
          }
        }),
    ]
  }
}

/// Runs a controller, and withdraws what it announced when it has ended in whatever way.
private struct WithdrawingAfterwards: ServiceLifecycle.Service {
  let controller: Controller<NamespacedName>
  let withdraw: @Sendable () async -> Void

  func run() async throws {
    do {
      try await controller.run()
    } catch {
      await withdraw()
      throw error
    }
    await withdraw()
  }
}

/// Runs the announcer and follows its interfaces.
private struct AnnouncingLinks: ServiceLifecycle.Service {
  let announcer: any AddressAnnouncing
  let onReport: @Sendable (AddressReport) -> Void
  let onChange: @Sendable (_ isFirst: Bool) -> Void
  private let known = Gate()

  init(
    announcer: any AddressAnnouncing, onReport: @escaping @Sendable (AddressReport) -> Void,
    onChange: @escaping @Sendable (_ isFirst: Bool) -> Void
  ) {
    self.announcer = announcer
    self.onReport = onReport
    self.onChange = onChange
  }

  /// Returns once the interfaces have been read.
  func waitUntilKnown() async throws { try await known.wait() }

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in announcer.interfaceChanges {
            let isFirst = !known.isOpen
            known.open()
            onChange(isFirst)
          }
        }
        group.addTask {
          for await report in announcer.reports { onReport(report) }
        }
        try await announcer.run()
        group.cancelAll()
      }
    } onGracefulShutdown: {
      announcer.stop()
    }
  }
}
