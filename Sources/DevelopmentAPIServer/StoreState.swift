import KubernetesAPI

/// All objects of all kinds under one counter of versions. A value: the store's actor owns one and
/// changes it in transactions.
struct StoreState: Sendable {
  typealias TableKey = ResourceDefinition.StorageKey

  /// The version of the last change anywhere.
  private(set) var revision: UInt64 = 1
  private(set) var tables: [TableKey: ResourceTable] = [:]
  /// Kinds that changed since the store's actor last looked.
  private(set) var touched: Set<TableKey> = []
  /// By the UID of an owner, the objects that name it.
  private(set) var dependents: [String: Set<ObjectReference>] = [:]
  /// What the garbage collector has to look at.
  private(set) var collectable: Set<ObjectReference> = []
  var addresses: ServiceAddresses
  let historyLimit: Int

  init(historyLimit: Int, addresses: ServiceAddresses) {
    self.historyLimit = historyLimit
    self.addresses = addresses
  }

  /// One object of any kind.
  struct ObjectReference: Sendable, Hashable {
    var table: TableKey
    var key: ObjectKey
  }

  enum Failure: Error, Hashable, Sendable {
    case exists
    case missing
    /// The object is another version than the writer saw.
    case changed
  }

  subscript(table: TableKey) -> ResourceTable {
    tables[table] ?? ResourceTable(historyLimit: historyLimit, createdAt: 0)
  }

  subscript(table: TableKey, key: ObjectKey) -> StoredObject? { tables[table]?[key] }

  /// Adds an object under the next version.
  mutating func insert(
    _ value: JSONValue, in table: TableKey, schema: Int = 0
  ) throws(Failure) -> StoredObject {
    let object = StoredObject(value, resourceVersion: revision + 1, schema: schema)
    guard self[table, object.key] == nil else { throw .exists }
    commit(.put(object, previous: nil), in: table)
    return object
  }

  /// Replaces the version `expected` of an object.
  mutating func replace(
    _ expected: StoredObject, with value: JSONValue, in table: TableKey, schema: Int = 0
  ) throws(Failure) -> StoredObject {
    try check(expected, in: table)
    let object = StoredObject(value, resourceVersion: revision + 1, schema: schema)
    commit(.put(object, previous: expected), in: table)
    return object
  }

  /// Removes the version `expected` of an object and returns what watchers see last: `value` (the
  /// object itself, if not given) at the version of the removal.
  mutating func remove(
    _ expected: StoredObject, lastly value: JSONValue? = nil, from table: TableKey
  ) throws(Failure) -> StoredObject {
    try check(expected, in: table)
    let value = value ?? expected.value(Self.anyKind(expected))
    let last = StoredObject(value, resourceVersion: revision + 1, schema: expected.schema)
    commit(.remove(last, previous: expected), in: table)
    return last
  }

  /// Forgets all history, as etcd's compaction does.
  mutating func compact() {
    for key in tables.keys { tables[key]?.compact(through: revision) }
    for key in tables.keys { touched.insert(key) }
  }

  mutating func takeTouched() -> Set<TableKey> {
    defer { touched = [] }
    return touched
  }

  mutating func takeCollectable() -> Set<ObjectReference> {
    defer { collectable = [] }
    return collectable
  }

  /// A kind is not stored, so any will do to read a body.
  private static func anyKind(_ object: StoredObject) -> ResourceKind {
    ResourceKind(
      apiVersion: object.apiVersion, of: ResourceKind(version: "", kind: "", plural: ""))
  }

  private func check(_ expected: StoredObject, in table: TableKey) throws(Failure) {
    guard let current = self[table, expected.key] else { throw .missing }
    guard current.resourceVersion == expected.resourceVersion else { throw .changed }
  }

  private mutating func commit(_ change: StoreEvent.Change, in table: TableKey) {
    revision += 1
    let event = StoreEvent(resourceVersion: revision, change: change)
    tables[
      table, default: ResourceTable(historyLimit: historyLimit, createdAt: revision)
    ].apply(event)
    touched.insert(table)
    index(event, in: table)
  }

  /// Keeps `dependents` and `collectable` in step with a change.
  private mutating func index(_ event: StoreEvent, in table: TableKey) {
    let reference = ObjectReference(table: table, key: event.object.key)
    let before = event.previous?.ownerUIDs ?? []
    let after = event.isRemoval ? [] : event.object.ownerUIDs
    if before != after {
      for owner in before where !after.contains(owner) {
        dependents[owner]?.remove(reference)
        if dependents[owner]?.isEmpty == true { dependents[owner] = nil }
      }
      for owner in after where !before.contains(owner) {
        dependents[owner, default: []].insert(reference)
      }
      if !after.isEmpty { collectable.insert(reference) }
    }
    if event.isRemoval {
      collectable.formUnion(dependents[event.object.uid] ?? [])
      // An owner that waits in foreground deletion looks again at what still depends on it.
      for owner in before { collectable.formUnion(waiting[owner].map { [$0] } ?? []) }
      waiting[event.object.uid] = nil
      // So does a namespace that waits for its content, and a CRD that waits for its objects.
      let namespace = ObjectKey(name: event.object.namespace)
      if self[BuiltInResources.namespaces, namespace]?.isTerminating == true {
        collectable.insert(
          ObjectReference(table: BuiltInResources.namespaces, key: namespace))
      }
      if let crd = waitingKinds[table] { collectable.insert(crd) }
    } else if event.object.isTerminating {
      collectable.insert(reference)
      waiting[event.object.uid] = reference
    }
  }

  /// Terminating objects by UID.
  private var waiting: [String: ObjectReference] = [:]
  /// Of terminating CRDs, by the table of their objects.
  private var waitingKinds: [TableKey: ObjectReference] = [:]

  /// Makes a terminating CRD be looked at whenever one of its objects goes.
  mutating func wait(_ crd: ObjectReference, for table: TableKey) { waitingKinds[table] = crd }
}
