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

/// Brings what this node announces in line with the cluster, one Service at a time.
///
/// Nothing here waits: deciding is a function of the stores, announcing changes a table that the packet thread reads,
/// and what has to be written to the API server is queued for others. So a slow API server delays no failover.
final class ServiceAnnouncer: Sendable {
  /// What became of a Service when it was last looked at.
  enum Outcome: Hashable, Sendable {
    case announced(Layer2Announcement)
    case withheld(WithholdReason)
    /// It is this node's turn, and none of the interfaces to announce on exists here.
    case interfacesMissing(Layer2Announcement, Set<String>)

    var announcement: Layer2Announcement? {
      guard case .announced(let announcement) = self else { return nil }
      return announcement
    }
  }

  private struct State {
    var table = Layer2AnnouncementTable()
    /// Of the Services that exist and have been looked at.
    var outcomes: [NamespacedName: Outcome] = [:]
    var isStopped = false
  }

  let queue: WorkQueue<NamespacedName>
  /// Services whose status object may have to change.
  let statusQueue: WorkQueue<NamespacedName>
  private let rules: Layer2Rules
  private let informers: SpeakerInformers
  private let inputs: SpeakerInputs
  private let announcer: any AddressAnnouncing
  private let recorder: EventRecorder
  private let metrics: SpeakerMetrics
  private let logger: Logger
  private let state = Mutex(State())

  init(
    queue: WorkQueue<NamespacedName>, statusQueue: WorkQueue<NamespacedName>, rules: Layer2Rules,
    informers: SpeakerInformers, inputs: SpeakerInputs, announcer: any AddressAnnouncing,
    recorder: EventRecorder, metrics: SpeakerMetrics, logger: Logger
  ) {
    self.queue = queue
    self.statusQueue = statusQueue
    self.rules = rules
    self.informers = informers
    self.inputs = inputs
    self.announcer = announcer
    self.recorder = recorder
    self.metrics = metrics
    self.logger = logger
    informers.services.enqueue(into: queue) { $0.key }
    informers.endpointSlices.onChange { change in
      for service in Set([change.old?.service, change.new?.service].compactMap(\.self)) {
        queue.add(service)
      }
    }
  }

  func reconcile(_ key: NamespacedName) -> ReconcileResult {
    guard let (configuration, cluster) = inputs.current else { return .done }
    metrics.updates.increment()
    let service = informers.services.store[key]
    let slices = informers.endpointSlices.store.values(
      index: SpeakerInformers.serviceIndex, key: "\(key)")
    let decision = rules.decide(
      service.map { ServiceFacts($0) }, endpoints: UsableEndpoints(slices),
      configuration: configuration, cluster: cluster)
    let outcome = outcome(of: decision)
    let old = state.withLock { state -> Outcome? in
      guard !state.isStopped else { return outcome }
      let old = state.outcomes[key]
      state.outcomes[key] = service == nil ? nil : outcome
      // Under the lock, so that nothing is announced after everything was withdrawn.
      for change in state.table.set(outcome.announcement, for: key) { apply(change) }
      return old
    }
    if old != outcome { note(outcome, after: old, key, service) }
    return .done
  }

  private func outcome(of decision: Layer2Decision) -> Outcome {
    switch decision {
    case .withhold(let reason): return .withheld(reason)
    case .announce(let announcement):
      guard case .named(let names) = announcement.interfaces,
        names.isDisjoint(with: announcer.interfaces.map(\.name))
      else { return .announced(announcement) }
      return .interfacesMissing(announcement, names)
    }
  }

  private func apply(_ change: Layer2AnnouncementTable.Change) {
    switch change {
    case .announce(let address, let interfaces): announcer.announce(address, interfaces: interfaces)
    case .withdraw(let address): announcer.withdraw(address)
    }
  }

  /// Interfaces appeared, changed or went.
  func noteInterfaceChange() {
    let affected = state.withLock { state in
      state.outcomes.filter { _, outcome in
        switch outcome {
        case .announced(let announcement): announcement.interfaces != .all
        case .interfacesMissing: true
        case .withheld: false
        }
      }
    }
    for service in affected.keys {
      queue.add(service)
      statusQueue.add(service)
    }
  }

  /// Tells the network again who has the addresses: another node may have announced them for a while.
  func announceAgain() {
    state.withLock { state in
      guard !state.isStopped else { return }
      for (address, interfaces) in state.table.placements {
        announcer.withdraw(address)
        announcer.announce(address, interfaces: interfaces)
      }
    }
  }

  /// Withdraws everything; nothing is announced afterwards. Returns the Services that were announced.
  func stop() -> [NamespacedName] {
    let announced = state.withLock { state in
      state.isStopped = true
      for change in state.table.removeAll() { apply(change) }
      defer { state.outcomes = [:] }
      return state.outcomes.compactMapValues(\.announcement)
    }
    for (service, announcement) in announced {
      metrics.announce(service, from: announcement.addresses, to: [])
    }
    if !announced.isEmpty {
      logger.info("withdrew everything", metadata: [LogKey.services: "\(announced.count)"])
    }
    return announced.keys.sorted()
  }

  /// What the status object of a Service should say.
  func desiredStatus(of service: NamespacedName) -> L2StatusWriter.Desired {
    let (outcome, isStopped) = state.withLock { ($0.outcomes[service], $0.isStopped) }
    switch outcome {
    case .announced(let announcement):
      let usable = announcer.interfaces.filter { $0.responderInterface != nil }.map(\.name)
      return .contents(
        ServiceL2Status.contents(
          of: announcement, for: service, node: rules.node, usableInterfaces: Set(usable)))
    case .withheld, .interfacesMissing: return .absent
    case nil:
      return isStopped || informers.services.store[service] == nil ? .absent : .undecided
    }
  }
}

// MARK: - Telling

extension ServiceAnnouncer {
  private func note(
    _ outcome: Outcome, after old: Outcome?, _ key: NamespacedName,
    _ service: KubernetesAPI.Service?
  ) {
    let addresses = (
      old: old?.announcement?.addresses ?? [], new: outcome.announcement?.addresses ?? []
    )
    metrics.announce(key, from: addresses.old, to: addresses.new)
    if old == nil || old?.announcement != outcome.announcement { statusQueue.add(key) }
    switch outcome {
    case .announced(let announcement):
      guard addresses.old != addresses.new else { return }
      logger.info(
        "service announced",
        metadata: [
          LogKey.event: "serviceAnnounced", LogKey.service: "\(key)",
          LogKey.pool: "\(announcement.pool)", LogKey.ips: "\(announcement.addresses)",
          LogKey.protocolName: "layer2",
        ])
      guard let service else { return }
      recorder.record(
        .normal, reason: "nodeAssigned",
        "announcing from node \"\(rules.node)\" with protocol \"layer2\"", on: service)
    case .interfacesMissing(let announcement, let names):
      noteWithdrawal(key, addresses.old, reason: "interfacesMissing")
      guard let service else { return }
      let addresses = announcement.addresses.map(\.description).joined(separator: ", ")
      let interfaces = names.sorted().joined(separator: ", ")
      recorder.record(
        .warning, reason: "announceFailed",
        "cannot announce \(addresses) from node \"\(rules.node)\" with protocol \"layer2\": it has none of the interfaces \(interfaces)",
        on: service)
    case .withheld(let reason):
      noteWithdrawal(key, addresses.old, reason: "\(reason)")
    }
  }

  private func noteWithdrawal(_ key: NamespacedName, _ addresses: [IPAddress], reason: String) {
    // What was never announced here is news only to those who look for it.
    logger.log(
      level: addresses.isEmpty ? .debug : .info,
      addresses.isEmpty ? "service not announced" : "service withdrawn",
      metadata: [
        LogKey.event: "serviceWithdrawn", LogKey.service: "\(key)", LogKey.reason: "\(reason)",
        LogKey.ips: "\(addresses)", LogKey.protocolName: "layer2",
      ])
  }
}
