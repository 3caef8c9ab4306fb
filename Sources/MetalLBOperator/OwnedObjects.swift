import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import OperatorRendering
import Synchronization

/// What the operator made, as it last saw it, and the way to change it.
///
/// One informer for each kind, restricted to the inventory label. Writes are compared with what the
/// informers show, so that nothing is written that already is. An informer learns of a write a moment
/// later; until then the answer to the write stands in for what it shows.
final class OwnedObjects: Sendable {
  /// In the order in which leftovers are removed.
  let informers: [Informer<LiveObject>]
  private let client: APIClient
  private let logger: Logger
  private let pending: Mutex<PendingWrites>

  init(
    client: APIClient, kinds: [ResourceKind], namespace: String, time: TimeSource,
    logger: Logger
  ) {
    self.client = client
    self.logger = logger
    pending = Mutex(PendingWrites())
    informers = kinds.map { kind in
      Informer(
        client: client, LiveObject.self, kind: kind, namespace: kind.isNamespaced ? namespace : nil,
        labelSelector: Inventory.selector(namespace: namespace), isOptional: true, time: time,
        logger: logger)
    }
    for informer in informers {
      informer.onChange { [weak self, kind = informer.kind] change in
        self?.pending.withLock { $0.observe(ObjectKey(kind, change.key), change.new) }
      }
    }
  }

  /// The object as far as is known; `nil` also for objects without the inventory label.
  func object(_ key: ObjectKey) -> LiveObject? {
    let shown = informer(of: key.resource)?.store[key.name]
    return pending.withLock { $0.current(key, shown: shown) }
  }

  func object<R: KubernetesResource>(_ name: String, namespace: String) throws -> R? {
    let key = ObjectKey(R.resource, NamespacedName(namespace: namespace, name: name))
    return try object(key)?.value.decode(R.self)
  }

  /// Whether the cluster knows a kind, as far as was seen.
  func isServed(_ kind: ResourceKind) -> Bool {
    informer(of: kind)?.unavailable?.isNotFound != true
  }

  /// Makes the API have the object as it is rendered. Writes only where that changes something.
  func apply(_ object: RenderedObject) async throws {
    let key = ObjectKey(object)
    let live = self.object(key)
    if let live, !ManagedFields(live.value).hasPredecessor,
      AppliedState.isCurrent(live.value, desired: object.value, manager: FieldManager.objects)
    {
      return
    }
    pending.withLock { $0.begin(key) }
    do {
      var written = try await write(object)
      if let entries = ManagedFields(written.value).takingOver(by: FieldManager.objects) {
        try await takeOver(written, key, entries)
        // Now that the fields are ours alone, those that are not rendered go.
        written = try await write(object)
      }
      // Without a watch nothing would ever end the wait for it.
      if informer(of: key.resource)?.unavailable == nil {
        pending.withLock { $0.finish(key, written: written) }
      } else {
        pending.withLock { $0.fail(key) }
      }
    } catch {
      pending.withLock { $0.fail(key) }
      throw error
    }
    logger.info(
      live == nil ? "applied object" : "brought object in line", metadata: ["object": "\(key)"])
  }

  /// Removes everything of the inventory that `isKept` does not name.
  func prune(keeping isKept: (ObjectKey) -> Bool) async throws {
    for informer in informers {
      for shown in informer.store.keys.sorted() {
        let key = ObjectKey(informer.kind, shown)
        guard !isKept(key), let object = self.object(key),
          object.metadata.deletionTimestamp == nil
        else { continue }
        try await delete(object, key)
      }
    }
  }

  /// Deletes exactly this incarnation of an object; one that is gone already is fine.
  func delete(_ object: LiveObject, _ key: ObjectKey) async throws {
    pending.withLock { $0.begin(key) }
    do {
      try await client.delete(
        key.resource, key.name.name,
        namespace: key.resource.isNamespaced ? key.name.namespace : nil,
        options: DeleteOptions(propagation: .background, uid: object.metadata.uid))
      pending.withLock { $0.finish(key, deleted: object) }
    } catch {
      pending.withLock { $0.fail(key) }
      // Gone, or another incarnation, of which the informer will tell.
      if let error = error.asKubernetesError, error.isNotFound || error.isConflict { return }
      throw error
    }
    logger.info("removed object", metadata: ["object": "\(key)"])
  }

  private func informer(of kind: ResourceKind) -> Informer<LiveObject>? {
    informers.first { $0.kind == kind }
  }

  private func write(_ object: RenderedObject) async throws -> LiveObject {
    try LiveObject(
      await client.apply(
        object.value, object.resource, fieldManager: FieldManager.objects, force: true))
  }

  /// Hands the fields of upstream's older operator to our field manager, at this version of the object.
  private func takeOver(
    _ object: LiveObject, _ key: ObjectKey, _ entries: [JSONValue]
  ) async throws {
    let version = object.metadata.resourceVersion ?? ""
    _ = try await client.patch(
      key.resource, key.name.name,
      namespace: key.resource.isNamespaced ? key.name.namespace : nil,
      .json([
        ["op": "replace", "path": "/metadata/managedFields", "value": .array(entries)],
        ["op": "replace", "path": "/metadata/resourceVersion", "value": .string(version)],
      ]), options: WriteOptions(fieldManager: FieldManager.objects))
    logger.info("took over fields", metadata: ["object": "\(key)"])
  }
}
