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

  package let store: Store<R>
  package let kind: ResourceKind
  private let client: KubernetesClient
  private let namespace: String?
  private let labelSelector: String?
  private let fieldSelector: String?
  private let resync: Duration?
  private let isOptional: Bool
  private let transform: (@Sendable (inout R) -> Void)?
  private let time: TimeSource
  private let logger: Logger
  private let handlers = Mutex<[Handler]>([])

  /// - Parameters:
  ///   - kind: which resource to read, where it is not the type's own: `PartialObject` needs it.
  ///   - namespace: `nil` for all namespaces.
  ///   - indexes: further ways to look objects up in the store.
  ///   - resync: hand every object to the handlers again after this time.
  ///   - isOptional: the kind may be unknown (404) or forbidden (403). Then the store counts as in
  ///     sync and empty, one warning is logged, and it is tried again every few minutes. Others
  ///     stay out of sync and are tried again with back-off.
  ///   - transform: strips what nobody reads before an object is stored.
  package init(
    client: KubernetesClient, _ type: R.Type = R.self, kind: ResourceKind = R.resource,
    namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
    indexes: [StoreIndex<R>] = [], resync: Duration? = nil, isOptional: Bool = false,
    time: TimeSource = .system, logger: Logger, transform: (@Sendable (inout R) -> Void)? = nil
  ) {
    self.client = client
    self.kind = kind
    self.namespace = namespace
    self.labelSelector = labelSelector
    self.fieldSelector = fieldSelector
    self.resync = resync
    self.isOptional = isOptional
    self.transform = transform
    self.time = time
    self.logger = logger
    store = Store(indexes: indexes)
  }

  /// Adds a handler. Register before ``run()``; one that comes later first gets what the store
  /// already holds.
  package func onChange(_ handler: @escaping Handler) {
    handlers.withLock { $0.append(handler) }
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
  package var hasSynced: Bool { false }

  /// Returns once the store has been filled; throws `CancellationError`.
  package func waitForSync() async throws {
  }

  /// Lists and watches until graceful shutdown or cancellation. Errors of the API never end it.
  package func run() async throws {
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
