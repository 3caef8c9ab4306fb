import ClusterConfiguration
import ControllerRuntime
import CoreMetrics
import IPAllocation
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import NetworkAddresses
import Synchronization

/// What the service workers work on.
enum ServiceKeyOrWaiters: Hashable, Sendable, CustomStringConvertible {
  case service(NamespacedName)
  /// Something became free: those who wait are to be served.
  case waiters
  /// An address was kept from everybody for long enough.
  case endOfQuarantine(IPAddress)

  var description: String {
    switch self {
    case .service(let name): "\(name)"
    case .waiters: "waiting services"
    case .endOfQuarantine(let address): "quarantine of \(address)"
    }
  }
}

/// Drives ``ServiceConvergence``: reads Services from the store, writes what was decided with one request, and records
/// the events. Several workers write at the same time; each Service is worked on by one of them.
final class ServiceReconciler: Sendable {
  typealias Queue = WorkQueue<ServiceKeyOrWaiters>

  /// How many status writes may be under way.
  static let writers = 16
  /// Gathers releases that come together into one round for those who wait.
  private static let waiterDelay = Duration.milliseconds(5)
  /// How long nobody gets an address that another host was found to have. Whoever gets it next is told again if it still
  /// is so.
  static let quarantine = Duration.seconds(600)
  /// When to look again after a write that lost against another one, should no event come before.
  private static let conflictDelay = Duration.milliseconds(100)
  /// Work that somebody may be waiting for comes before the backlog of a restart or a new configuration.
  private static let changePriority = 1

  let queue: Queue
  private let services: Store<Service>
  private let client: APIClient
  private let recorder: EventRecorder
  private let metrics: ControllerMetrics
  private let logger: Logger
  /// Told whenever addresses may have been taken or given back.
  private let onAllocationChange: @Sendable () -> Void
  private let state: Mutex<State>

  private struct State {
    var convergence: ServiceConvergence
    /// Our writes that the store has not caught up with.
    var writes: [NamespacedName: Write] = [:]
    /// Writes under way, and what came meanwhile: it may be the write itself, heard of before its answer.
    var underWay: [NamespacedName: Meanwhile] = [:]

    /// The Service as it stands in the API: what the store has, or what we wrote over it.
    mutating func present(_ stored: Service) -> Service {
      let name = stored.namespacedName
      guard let write = writes[name] else { return stored }
      if write.replacedVersion == stored.metadata.resourceVersion,
        write.service.metadata.uid == stored.metadata.uid
      {
        return write.service
      }
      writes[name] = nil
      return stored
    }
  }

  private struct Meanwhile {
    var hasChanged = false
    /// The last version; nil when the Service is gone.
    var version: String?
  }

  private struct Write {
    /// The version that was replaced: while the store shows it, the store is behind.
    var replacedVersion: String?
    var service: Service
  }

  init(
    services: Store<Service>, client: APIClient, recorder: EventRecorder,
    loadBalancerClass: String, metrics: ControllerMetrics, time: TimeSource, logger: Logger,
    onAllocationChange: @escaping @Sendable () -> Void
  ) {
    self.services = services
    self.client = client
    self.recorder = recorder
    self.metrics = metrics
    self.logger = logger
    self.onAllocationChange = onAllocationChange
    queue = Queue(time: time)
    state = Mutex(
      State(convergence: ServiceConvergence(loadBalancerClass: loadBalancerClass)))
  }

  /// Takes over a configuration: adopts what all Services have, then has each of them looked at, the oldest first.
  func configure(_ assessment: ConfigurationAssessment) {
    let losses = state.withLock { state in
      let losses = state.convergence.configure(assessment)
      state.convergence.adopt(services.values.map { state.present($0) })
      return losses
    }
    if !losses.isEmpty {
      logger.info(
        "services lose addresses to a change of pools", metadata: ["count": "\(losses.count)"])
    }
    // Read after the first configuration is in force: what came before was not queued by its own change.
    let order = services.values.sorted {
      ($0.metadata.creationTimestamp?.microseconds ?? .max, $0.namespacedName)
        < ($1.metadata.creationTimestamp?.microseconds ?? .max, $1.namespacedName)
    }
    for service in order { queue.add(.service(service.namespacedName)) }
    onAllocationChange()
  }

  /// A Service changed in the store. Nothing is queued before the first configuration, which queues all.
  func noteChange(_ change: Change<Service>) {
    let isNews = state.withLock { state in
      guard state.convergence.isConfigured else { return false }
      // The store caught up with our own write.
      if let write = state.writes[change.key], let version = change.new?.metadata.resourceVersion,
        write.service.metadata.resourceVersion == version
      {
        state.writes[change.key] = nil
        return false
      }
      if state.underWay[change.key] != nil {
        state.underWay[change.key] = Meanwhile(
          hasChanged: true, version: change.new?.metadata.resourceVersion)
        return false
      }
      return true
    }
    if isNews { queue.add(.service(change.key), priority: Self.changePriority) }
  }

  /// The Service as we wrote it, if that is the version.
  func written(_ name: NamespacedName, version: String) -> Service? {
    state.withLock { state in
      guard let service = state.writes[name]?.service,
        service.metadata.resourceVersion == version
      else { return nil }
      return service
    }
  }

  /// Whether Services wait for a free writer.
  var isBusy: Bool { queue.count > Self.writers }

  /// A speaker found, before it announced an address for the first time, that another host has it: the Service gets
  /// another one. An address that somebody announces stays where it is.
  func noteStatus(_ status: ServiceL2Status?) {
    guard let service = status?.service else { return }
    for conflict in status?.status?.extensions?.conflicts ?? [] where !conflict.announced {
      guard let address = IPAddress(conflict.address) else { continue }
      let losers = state.withLock { state -> [ServiceKey] in
        let holders = state.convergence.allocator.services(on: address)
        guard holders.contains(ServiceKey(service)) else { return [] }
        return state.convergence.quarantine(address)
      }
      guard !losers.isEmpty else { continue }
      logger.warning(
        "another host has an address that was given out; it is kept from everybody",
        metadata: [
          "service": "\(service)", "ip": "\(address)", "mac": "\(conflict.hardwareAddress)",
        ])
      for loser in losers {
        queue.add(.service(loser.namespacedName), priority: Self.changePriority)
      }
      queue.add(.endOfQuarantine(address), after: Self.quarantine)
    }
  }

  func counters(ofPools names: some Sequence<String>) -> [String: PoolCounters] {
    state.withLock { state in
      var counters: [String: PoolCounters] = [:]
      for name in names { counters[name] = state.convergence.allocator.counters(ofPool: name) }
      return counters
    }
  }

  func reconcile(_ key: ServiceKeyOrWaiters) async throws -> ReconcileResult {
    metrics.updates.increment()
    defer {
      if state.withLock({ $0.convergence.hasNewsForWaiters }) {
        queue.add(.waiters, after: Self.waiterDelay)
      }
      onAllocationChange()
    }
    switch key {
    case .waiters:
      for served in state.withLock({ $0.convergence.serveWaiters() }) {
        queue.add(.service(served.namespacedName), priority: Self.changePriority)
      }
      return .done
    case .endOfQuarantine(let address):
      state.withLock { $0.convergence.allocator.endQuarantine(of: address) }
      return .done
    case .service(let name):
      do {
        return try await reconcile(name)
      } catch {
        metrics.updateErrors.increment()
        throw error
      }
    }
  }

  private func reconcile(_ name: NamespacedName) async throws -> ReconcileResult {
    let decided = state.withLock { state -> (Service, ServiceDecision)? in
      guard let stored = services[name] else {
        state.convergence.forget(ServiceKey(name))
        state.writes[name] = nil
        return nil
      }
      let service = state.present(stored)
      return (service, state.convergence.converge(service))
    }
    guard let (service, decision) = decided else { return .done }
    for evicted in decision.evicted {
      queue.add(.service(evicted.namespacedName), priority: Self.changePriority)
    }
    if let update = decision.update {
      guard try await write(update, replacing: service) else {
        return .requeue(after: Self.conflictDelay)
      }
    }
    state.withLock { $0.convergence.confirm(ServiceKey(name)) }
    report(decision, on: service)
    return .done
  }

  /// Writes status and annotations in one request. Returns false when somebody else was faster.
  private func write(_ update: Service, replacing service: Service) async throws -> Bool {
    let name = service.namespacedName
    state.withLock { $0.underWay[name] = Meanwhile() }
    var stored: Service?
    defer {
      let isBehind = state.withLock { state in
        let meanwhile = state.underWay.removeValue(forKey: name) ?? Meanwhile()
        guard let stored else { return meanwhile.hasChanged }
        let isCaughtUp = meanwhile.version == stored.metadata.resourceVersion
        if !isCaughtUp {
          state.writes[name] = Write(
            replacedVersion: service.metadata.resourceVersion, service: stored)
        }
        return meanwhile.hasChanged && !isCaughtUp
      }
      if isBehind { queue.add(.service(name), priority: Self.changePriority) }
    }
    do {
      let sent = try update.jsonValue()
      let answer = try await client.update(sent, Service.resource, subresource: "status")
      stored = try update.stored(sent: sent, answer: answer)
      return true
    } catch let error as KubernetesError where error.isConflict || error.isNotFound {
      logger.debug("the service changed meanwhile", metadata: ["service": "\(name)"])
      return false
    }
  }

  private func report(_ decision: ServiceDecision, on service: Service) {
    for event in decision.events {
      recorder.record(
        event.reason.isWarning ? .warning : .normal, reason: event.reason.rawValue, event.message,
        on: service)
    }
    let metadata: Logger.Metadata = ["service": "\(service.namespacedName)"]
    switch decision.outcome {
    case .ignored: break
    case .released where decision.update == nil: break
    case .released:
      logger.info("address released", metadata: metadata)
    case .assigned where decision.update == nil: break
    case .assigned(let assignment):
      logger.info(
        "address assigned",
        metadata: metadata.merging([
          "ip": .list(assignment.addresses), "pool": .string(assignment.pool),
        ]) { $1 })
    case .kept(let addresses):
      logger.warning(
        "no valid pool has the service's address; it stays while a pool is at fault",
        metadata: metadata.merging(["ip": .list(addresses)]) { $1 })
    case .failed(let failure):
      guard !decision.events.isEmpty else { break }
      logger.warning(
        "no address", metadata: metadata.merging(["reason": "\(failure)"]) { $1 })
    }
  }
}

extension Logger.MetadataValue {
  fileprivate static func list(_ addresses: [IPAddress]) -> Self {
    .array(addresses.map { .string($0.description) })
  }
}
