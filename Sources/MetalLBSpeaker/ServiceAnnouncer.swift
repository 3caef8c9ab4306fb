import Announcement
import ControllerRuntime
import CoreMetrics
import KubernetesAPI
import KubernetesClient
import Layer2
import Layer2Transport
import Logging
import MetalLBAPI
import NetworkAddresses
import Synchronization

/// Brings what this node announces in line with the cluster, one Service at a time: the shell of ``Layer2Ownership``.
///
/// Nothing here waits: deciding is a function of the stores, announcing changes a table that the packet thread reads,
/// and what has to be written to the API server is queued for others. So a slow API server delays no failover.
final class ServiceAnnouncer: Sendable {
  let queue: WorkQueue<NamespacedName>
  /// Services whose status object may have to change.
  let statusQueue: WorkQueue<NamespacedName>
  let informers: SpeakerInformers
  let recorder: EventRecorder
  let metrics: SpeakerMetrics
  let time: TimeSource
  let logger: Logger
  private let inputs: SpeakerInputs
  private let announcer: any AddressAnnouncing
  private let ownership: Mutex<Layer2Ownership>
  private let peers = Mutex(Peers())
  private let departure = Gate()

  let node: String

  init(
    queue: WorkQueue<NamespacedName>, statusQueue: WorkQueue<NamespacedName>, rules: Layer2Rules,
    informers: SpeakerInformers, inputs: SpeakerInputs, announcer: any AddressAnnouncing,
    recorder: EventRecorder, metrics: SpeakerMetrics, time: TimeSource, logger: Logger
  ) {
    self.queue = queue
    self.statusQueue = statusQueue
    self.informers = informers
    self.inputs = inputs
    self.announcer = announcer
    self.recorder = recorder
    self.metrics = metrics
    self.time = time
    self.logger = logger
    node = rules.node
    ownership = Mutex(Layer2Ownership(rules: rules))
    informers.services.onChange { [weak self] change in
      self?.noteAddresses(change)
      queue.add(change.key)
    }
    informers.endpointSlices.onChange { change in
      for service in Set([change.old?.service, change.new?.service].compactMap(\.self)) {
        queue.add(service)
      }
    }
  }

  private func noteAddresses(_ change: Change<KubernetesAPI.Service>) {
    let addresses = { (service: KubernetesAPI.Service?) in
      service.map { ServiceFacts($0).addresses }
    }
    let now = time.now
    ownership.withLock {
      $0.noteAddresses(from: addresses(change.old), to: addresses(change.new) ?? [], now: now)
    }
  }

  // MARK: Services

  func reconcile(_ key: NamespacedName) -> ReconcileResult {
    guard let (configuration, cluster) = inputs.current else { return .done }
    metrics.updates.increment()
    let service = informers.services.store[key]
    let facts = service.map { ServiceFacts($0) }
    let endpoints = UsableEndpoints(
      informers.endpointSlices.store.values(
        index: SpeakerInformers.serviceIndex, key: "\(key)"))
    let interfaces = LocalInterfaces(announcer.interfaces)
    let now = time.now
    let change = ownership.withLock { ownership in
      let change = ownership.reconcile(
        key, facts, endpoints: endpoints, configuration: configuration, cluster: cluster,
        interfaces: interfaces, now: now)
      // Under the lock, so that nothing is announced after everything was withdrawn.
      perform(change?.commands ?? [])
      return change
    }
    if let change, change.isNews { note(change, of: key, service) }
    // Whoever it yielded to may have fallen silent by then.
    if case .yielded = change?.outcome {
      return .requeue(after: LinkKnowledge.witnessLife + .milliseconds(100))
    }
    return .done
  }

  /// Interfaces appeared, changed or went.
  func noteInterfaceChange() {
    for (service, outcome) in ownership.withLock({ Array($0.all) }) {
      switch outcome {
      case .announced(let announcement):
        queue.add(service)
        // Those that are named stand in the status.
        if announcement.terms.interfaces != .all { statusQueue.add(service) }
      case .interfacesMissing: queue.add(service)
      case .withheld, .yielded: break
      }
    }
  }

  /// Tells the network again who has the addresses: another node may have announced them for a while.
  func announceAgain() {
    for address in ownership.withLock({ $0.announcedAddresses }) { announcer.defend(address) }
  }

  private func perform(_ commands: [Layer2Ownership.Command]) {
    for command in commands {
      switch command {
      case .announce(let address, let interfaces, let options):
        announcer.announce(address, interfaces: interfaces, options: options)
      case .withdraw(let address): announcer.withdraw(address)
      case .handOver(let address, let duration): announcer.handOver(address, within: duration)
      case .watch(let address, let interfaces): announcer.watch(address, interfaces: interfaces)
      case .defend(let address): announcer.defend(address)
      }
    }
  }

  // MARK: The link

  /// Takes over by what the other nodes are known.
  func setPeers(_ new: Peers) {
    let isNew = peers.withLock { peers in
      defer { peers = new }
      return peers != new
    }
    if isNew { announcer.setPeers(new) }
  }

  /// Takes in what happened to an address.
  func handle(_ report: AddressReport) {
    let now = time.now
    let (consequence, hasLeft) = ownership.withLock { ownership in
      let consequence = ownership.handle(report, now: now)
      perform(consequence.commands)
      return (consequence, ownership.hasLeft)
    }
    for service in consequence.services {
      queue.add(service)
      statusQueue.add(service)
    }
    if let (services, delay) = consequence.later {
      for service in services {
        queue.add(service, after: delay)
        statusQueue.add(service, after: delay)
      }
    }
    switch report {
    case .claimed(let claim): metrics.countConflict(claim.address, isNode: claim.peer != nil)
    case .handedOver(let address, let owner):
      logger.debug(
        "address handed over",
        metadata: [
          LogKey.event: "handedOver", LogKey.ips: "\(address)",
          LogKey.mac: "\(owner?.description ?? "nobody")",
        ])
      if hasLeft { departure.open() }
    case .announcedAfterProbing: break
    }
    if let news = consequence.news { tell(news, consequence.services) }
  }

  // MARK: The end

  /// Announces nothing new, and goes on answering for each address until its next owner tells the network, or the time
  /// is up. ``untilHandedOver(within:)`` waits for that, and ``stop()`` has to follow.
  func leave(within duration: Duration) {
    let count = ownership.withLock { ownership in
      let commands = ownership.leave(within: duration)
      perform(commands)
      if commands.isEmpty { departure.open() }
      return commands.count
    }
    guard count > 0 else { return }
    logger.info(
      "handing over", metadata: [LogKey.event: "handingOver", LogKey.count: "\(count)"])
  }

  /// Returns once every address has its next owner, or when the time is over.
  func untilHandedOver(within duration: Duration) async {
    _ = try? await time.limit(duration) { [departure] in try await departure.wait() }
  }

  /// Withdraws everything; nothing is announced afterwards. Returns the Services that were announced.
  func stop() -> [NamespacedName] {
    let announced = ownership.withLock { ownership in
      let (commands, announced) = ownership.stop()
      perform(commands)
      return announced
    }
    let isLast = !inputs.hasOtherMembers
    for (service, addresses) in announced {
      metrics.announce(service, from: addresses, to: [])
      if isLast { tellEnd(of: service) }
    }
    if !announced.isEmpty {
      logger.info("withdrew everything", metadata: [LogKey.services: "\(announced.count)"])
    }
    return announced.keys.sorted()
  }

  /// What the status object of a Service should say.
  func desiredStatus(of service: NamespacedName) -> L2StatusWriter.Desired {
    let now = time.now
    let (outcome, addresses, conflicts, isStopped) = ownership.withLock { ownership in
      (
        ownership[service], ownership.addresses(of: service),
        ownership.conflicts(of: service, now: now), ownership.isStopped
      )
    }
    switch outcome {
    case .announced(let announcement):
      // Nothing is answered for before probing has ended, and there is nothing to say about it.
      guard !addresses.isEmpty || !conflicts.isEmpty else { return .absent }
      return .contents(
        ServiceL2Status.contents(
          of: announcement, for: service, node: node,
          usableInterfaces: announcer.usableInterfaces(for: announcement.addresses),
          conflicts: conflicts.map { ServiceL2Status.Conflict($0.address, $0.conflict) }))
    case .withheld, .interfacesMissing, .yielded: return .absent
    case nil:
      return isStopped || informers.services.store[service] == nil ? .absent : .undecided
    }
  }
}
