package import KubernetesAPI
internal import Synchronization

/// A way to look objects up besides their name: by what `keys` reads from each of them.
package struct StoreIndex<R: KubernetesResource>: Sendable {
  package var name: String
  package var keys: @Sendable (R) -> [String]

  package init(name: String, keys: @escaping @Sendable (R) -> [String]) {
    self.name = name
    self.keys = keys
  }
}

/// The objects of one kind as an informer last saw them. Reads are synchronous and see a consistent
/// state; only the informer writes.
package final class Store<R: KubernetesResource>: Sendable {
  private let contents: Mutex<StoreContents<R>>

  package init(indexes: [StoreIndex<R>] = []) {
    contents = Mutex(StoreContents(indexes: indexes))
  }

  package subscript(key: NamespacedName) -> R? { contents.withLock { $0.objects[key] } }

  /// All objects at one moment. Taking it costs nothing; keeping it makes the next write copy.
  package var snapshot: [NamespacedName: R] { contents.withLock { $0.objects } }

  /// All objects, in no particular order.
  package var values: [R] { Array(snapshot.values) }
  package var keys: [NamespacedName] { Array(snapshot.keys) }
  package var count: Int { contents.withLock { $0.objects.count } }

  package func values(namespace: String) -> [R] {
    snapshot.values.filter { $0.metadata.namespace == namespace }
  }

  /// The objects whose index function gave `key`. An index that was not declared finds nothing.
  package func values(index: String, key: String) -> [R] {
    contents.withLock { contents in
      (contents.keys(index: index, key: key)).compactMap { contents.objects[$0] }
    }
  }

  func upsert(_ object: R) -> Change<R>? { contents.withLock { $0.upsert(object) } }
  func remove(_ key: NamespacedName) -> Change<R>? { contents.withLock { $0.remove(key) } }

  /// Makes the snapshot the whole contents and says what that changed. Unreadable objects stay at
  /// their last readable version.
  func replace(_ snapshot: WatchSnapshot<R>) -> [Change<R>] {
    contents.withLock { $0.replace(snapshot.objects, keeping: snapshot.unreadable) }
  }
}

/// One difference between two states of a store. Not both sides are `nil`.
package struct Change<R: KubernetesResource>: Sendable, Hashable {
  package var key: NamespacedName
  /// `nil` when the object is new.
  package var old: R?
  /// `nil` when the object is gone.
  package var new: R?

  package init(key: NamespacedName, old: R?, new: R?) {
    self.key = key
    self.old = old
    self.new = new
  }

  /// Whether the specification changed: false for updates that leave `generation` as it was, such
  /// as status writes. Kinds without a generation always count as changed.
  package var isGenerationChange: Bool {
    guard let old, let new, let generation = new.metadata.generation else { return true }
    return old.metadata.generation != generation || old.metadata.uid != new.metadata.uid
  }
}
