import KubernetesAPI

/// The one place where objects change. Every transaction runs to its end before the next begins, so
/// resource versions, uniqueness and allocations have a single order.
///
/// Whoever computes a new version of an object does so outside, from the version that it read, and
/// commits it against that version; if another write came first it starts over, as with etcd.
actor ObjectStore {
  typealias TableKey = ResourceDefinition.StorageKey

  private var state: StoreState
  private var waiters: [TableKey: [UInt64: Waiter]] = [:]
  private var lastWake: [TableKey: ContinuousClock.Instant] = [:]
  /// Kinds whose watchers are about to be woken.
  private var pendingWakes: Set<TableKey> = []
  private var collectorWaiter: CheckedContinuation<Void, Never>?
  private var nextWaiter: UInt64 = 0
  private var isClosed = false
  private var registryCache: (revision: UInt64, registry: ResourceRegistry)?
  private var authorizerCache: (revision: UInt64, authorizer: Authorizer)?
  private var webhooksCache: (revision: UInt64, webhooks: AdmissionWebhooks)?
  private let builtIns: [ResourceDefinition]
  private let auxiliary: [ResourceDefinition]

  init(
    historyLimit: Int, addresses: ServiceAddresses, builtIns: [ResourceDefinition],
    auxiliary: [ResourceDefinition]
  ) {
    self.auxiliary = auxiliary
    state = StoreState(historyLimit: historyLimit, addresses: addresses)
    self.builtIns = builtIns
  }

  /// Runs one transaction; a thrown error undoes nothing, so bodies check before they change.
  func transact<R: Sendable, E: Error>(
    _ body: @Sendable (inout StoreState) throws(E) -> R
  ) throws(E) -> R {
    defer { wake() }
    return try body(&state)
  }

  func read<R: Sendable>(_ body: @Sendable (StoreState) -> R) -> R { body(state) }

  /// An object, if it is there.
  func object(_ table: TableKey, _ key: ObjectKey) -> StoredObject? { state[table, key] }

  /// Every kind that is served now.
  func registry() -> ResourceRegistry {
    let revision = state[CustomResources.table].lastChange
    if let cache = registryCache, cache.revision == revision { return cache.registry }
    let registry = ResourceRegistry(
      builtIns + CustomResources.definitions(state[CustomResources.table].objects),
      auxiliary: auxiliary)
    registryCache = (revision, registry)
    return registry
  }

  /// The bindings and roles as they are now.
  func authorizer() -> Authorizer {
    let revision = Authorizer.tables.map { state[$0].lastChange }.max() ?? 0
    if let cache = authorizerCache, cache.revision == revision { return cache.authorizer }
    let authorizer = Authorizer(state: state)
    authorizerCache = (revision, authorizer)
    return authorizer
  }

  /// The webhooks that are in force now.
  func admissionWebhooks() -> AdmissionWebhooks {
    let revision = max(
      state[AdmissionWebhooks.mutatingTable].lastChange,
      state[AdmissionWebhooks.validatingTable].lastChange)
    if let cache = webhooksCache, cache.revision == revision { return cache.webhooks }
    let webhooks = AdmissionWebhooks(state)
    webhooksCache = (revision, webhooks)
    return webhooks
  }

  // MARK: Watching

  private struct Waiter {
    var continuation: CheckedContinuation<Void, Never>
    var deadline: ContinuousClock.Instant
  }

  /// What a watcher that has seen everything up to `after` sees next.
  enum Batch: Sendable {
    /// Events in order, and the version that they lead to.
    case events([StoreEvent], through: UInt64)
    /// Some events after `after` are forgotten.
    case expired
    case closed
  }

  /// While a kind changes more often than this, its watchers get several changes at a time: waking a
  /// hundred of them for each of a thousand changes a second would be most of the server's work.
  private static let wakeInterval: Duration = .milliseconds(5)

  /// Returns as soon as there is something after `revision`, which may be at once, or when
  /// `deadline` has passed: then there may be no events.
  func events(
    in table: TableKey, after revision: UInt64, until deadline: ContinuousClock.Instant,
    limit: Int = 500
  ) async -> Batch {
    while true {
      if isClosed || Task.isCancelled { return .closed }
      guard let events = state[table].events(after: revision, limit: limit) else { return .expired }
      let isOver = ContinuousClock.now >= deadline
      if let last = events.last, isOver || !pendingWakes.contains(table) {
        return .events(
          events, through: events.count < limit ? state.revision : last.resourceVersion)
      }
      if isOver {
        return .events([], through: max(revision, state.revision))
      }
      await change(of: table, until: deadline)
    }
  }

  /// Waits until a kind changes, the deadline passes or the task is cancelled.
  private func change(of table: TableKey, until deadline: ContinuousClock.Instant) async {
    nextWaiter += 1
    let id = nextWaiter
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled || isClosed {
          continuation.resume()
        } else {
          waiters[table, default: [:]][id] = Waiter(continuation: continuation, deadline: deadline)
        }
      }
    } onCancel: {
      // The actor must be entered to find the waiter; nobody waits for this task.
      Task { await self.cancel(id, in: table) }
    }
  }

  private func cancel(_ id: UInt64, in table: TableKey) {
    waiters[table]?.removeValue(forKey: id)?.continuation.resume()
  }

  /// Wakes everyone whose deadline has passed. One service calls this often, so that waiting needs
  /// no timer for each watcher.
  func expireWaiters(now: ContinuousClock.Instant = .now) {
    for (table, waiting) in waiters {
      for (id, waiter) in waiting where waiter.deadline <= now { cancel(id, in: table) }
    }
  }

  private func wake() {
    for table in state.takeTouched() where !pendingWakes.contains(table) {
      let now = ContinuousClock.now
      if let last = lastWake[table], now < last + Self.wakeInterval {
        pendingWakes.insert(table)
        // Ends by itself within the interval; nobody waits for this task.
        Task {
          try? await Task.sleep(until: last + Self.wakeInterval)
          wakeWatchers(of: table)
        }
      } else {
        wakeWatchers(of: table)
      }
    }
    if !state.collectable.isEmpty, let waiter = collectorWaiter {
      collectorWaiter = nil
      waiter.resume()
    }
  }

  private func wakeWatchers(of table: TableKey) {
    pendingWakes.remove(table)
    lastWake[table] = .now
    guard let waiting = waiters.removeValue(forKey: table) else { return }
    for waiter in waiting.values { waiter.continuation.resume() }
  }

  /// Ends all watches; the store answers nothing after that.
  func close() {
    isClosed = true
    for waiting in waiters.values {
      for waiter in waiting.values { waiter.continuation.resume() }
    }
    waiters = [:]
    collectorWaiter?.resume()
    collectorWaiter = nil
  }

  // MARK: Garbage collection

  /// Waits for objects that the garbage collector has to look at; `nil` when the store closed.
  func collectable() async -> Set<StoreState.ObjectReference>? {
    while !isClosed, !Task.isCancelled {
      let work = state.takeCollectable()
      if !work.isEmpty { return work }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled || isClosed {
            continuation.resume()
          } else {
            collectorWaiter = continuation
          }
        }
      } onCancel: {
        Task { await self.wakeCollector() }
      }
    }
    return nil
  }

  private func wakeCollector() {
    collectorWaiter?.resume()
    collectorWaiter = nil
  }
}
