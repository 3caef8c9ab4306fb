package import KubernetesAPI
package import KubernetesClient
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Keeps a ``Store`` equal to what the API server has of one kind, and tells handlers what changed.
///
/// Handlers run in order, one change after the other, on the informer's task: they must be quick,
/// usually they add a key to a work queue. They see every object when it first appears, also after a
/// reconnection that skipped events: then old and new state of the store are compared.
package final class Informer<R: KubernetesResource>: ServiceLifecycle.Service {
  package typealias Handler = @Sendable (Change<R>) -> Void
  /// An object as it is stored, by name and version, where somebody has it already.
  package typealias Recognizer = @Sendable (NamespacedName, _ version: String) -> R?

  package let store: Store<R>
  package let kind: ResourceKind
  private let client: APIClient
  private let selection: Reflector<R>.Selection
  private let resync: Duration?
  private let isOptional: Bool
  private let transform: (@Sendable (inout R) -> Void)?
  private let time: TimeSource
  private let logger: Logger
  private let synced = Gate()
  private let state = Mutex(State())

  private struct State {
    var handlers: [Handler] = []
    var recognize: Recognizer?
    /// Why the kind cannot be read at the moment.
    var unavailable: KubernetesError?
  }

  /// - Parameters:
  ///   - kind: which resource to read, where it is not the type's own: `PartialObject` needs it.
  ///   - namespace: `nil` for all namespaces.
  ///   - indexes: further ways to look objects up in the store.
  ///   - resync: hand every object to the handlers again each time this has passed.
  ///   - isOptional: the kind may be unknown (404) or forbidden (403). Then the store counts as in
  ///     sync and empty, and it is tried again with back-off. Others stay out of sync meanwhile.
  ///     Both log it once; an optional kind that is unknown is not worth a warning.
  ///   - transform: strips what nobody reads before an object is stored.
  package init(
    client: APIClient, _ type: R.Type = R.self, kind: ResourceKind = R.resource,
    namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
    indexes: [StoreIndex<R>] = [], resync: Duration? = nil, isOptional: Bool = false,
    time: TimeSource = .system, logger: Logger, transform: (@Sendable (inout R) -> Void)? = nil
  ) {
    self.client = client
    self.kind = kind
    self.resync = resync
    self.isOptional = isOptional
    self.transform = transform
    self.time = time
    selection = .init(
      kind: kind, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
    var logger = logger
    logger[metadataKey: "kind"] = "\(kind)"
    self.logger = logger
    store = Store(indexes: indexes)
  }

  /// Adds a handler. Register before ``run()``; one that comes later first gets what the store
  /// holds by then.
  package func onChange(_ handler: @escaping Handler) {
    state.withLock { $0.handlers.append(handler) }
    for (key, object) in store.snapshot { handler(Change(key: key, old: nil, new: object)) }
  }

  /// Takes objects of known versions that a watch brings as they are, and does not read them again: who writes
  /// much saves reading its own writes. Set before ``run()``.
  package func recognize(by recognizer: @escaping Recognizer) {
    state.withLock { $0.recognize = recognizer }
  }

  /// Queues a key for every change; `nil` queues none.
  package func enqueue<Key>(
    into queue: WorkQueue<Key>, _ key: @escaping @Sendable (Change<R>) -> Key?
  ) {
    onChange { change in
      if let key = key(change) { queue.add(key) }
    }
  }

  /// Whether the store has been filled once since the start.
  package var hasSynced: Bool { synced.isOpen }

  /// Why the server does not let us read the kind (403, 404), `nil` while it does.
  package var unavailable: KubernetesError? { state.withLock { $0.unavailable } }

  /// Returns once the store has been filled; throws `CancellationError`.
  package func waitForSync() async throws { try await synced.wait() }

  /// Lists and watches until graceful shutdown or cancellation. Errors of the API never end it.
  package func run() async throws {
    let reflector = Reflector(
      client: client, selection: selection, recognize: state.withLock { $0.recognize },
      transform: transform, store: store, time: time, logger: logger
    ) { self.note($0) }
    do {
      try await cancelWhenGracefulShutdown {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await reflector.run() }
          if let resync = self.resync {
            group.addTask {
              while true {
                try await self.time.sleep(for: resync)
                await reflector.resync()
              }
            }
          }
          try await group.waitForAll()
        }
      }
    } catch is CancellationError {
      return
    }
  }

  private func note(_ report: Reflector<R>.Report) {
    switch report {
    case .changed(let change):
      for handler in state.withLock({ $0.handlers }) { handler(change) }
    case .listed:
      let wasUnavailable = state.withLock { state in
        defer { state.unavailable = nil }
        return state.unavailable != nil
      }
      if wasUnavailable { logger.info("the kind is available now") }
      synced.open()
    case .unavailable(let error):
      let isNews = state.withLock { state in
        defer { state.unavailable = error }
        return state.unavailable?.failure != error.failure
      }
      if isNews {
        // What is optional and not installed is nothing to worry about.
        logger.log(
          level: isOptional && error.isNotFound ? .info : .warning,
          "the kind cannot be read; trying again now and then", metadata: ["error": "\(error)"])
      }
      if isOptional { synced.open() }
    }
  }
}

/// An object of any kind of which only the metadata is of interest. The server sends no more than
/// that.
package struct PartialObject: KubernetesResource {
  package static let resource = ResourceKind(
    group: "meta.k8s.io", version: "v1", kind: "PartialObjectMetadata",
    plural: "partialobjectmetadata")

  package var metadata: ObjectMeta

  package init(metadata: ObjectMeta) { self.metadata = metadata }
}
