internal import KubernetesAPI

/// What a store holds: objects by key, and for each index the keys by index value. The indexes
/// follow from the objects and change with them.
struct StoreContents<R: KubernetesResource> {
  private(set) var objects: [NamespacedName: R] = [:]
  private let indexes: [StoreIndex<R>]
  private var indexed: [String: [String: Set<NamespacedName>]] = [:]

  init(indexes: [StoreIndex<R>] = []) { self.indexes = indexes }

  func keys(index: String, key: String) -> Set<NamespacedName> { indexed[index]?[key] ?? [] }

  /// `nil` when the store already holds exactly this object.
  mutating func upsert(_ object: R) -> Change<R>? {
    let key = object.namespacedName
    let old = objects.updateValue(object, forKey: key)
    if let old, old.metadata.resourceVersion == object.metadata.resourceVersion, old == object {
      return nil
    }
    if let old { unindex(old, key) }
    index(object, key)
    return Change(key: key, old: old, new: object)
  }

  mutating func remove(_ key: NamespacedName) -> Change<R>? {
    guard let old = objects.removeValue(forKey: key) else { return nil }
    unindex(old, key)
    return Change(key: key, old: old, new: nil)
  }

  /// Makes `replacement` the contents, except for objects under `kept`, which stay as they are.
  /// Changes are in no particular order, deletions first.
  mutating func replace(
    _ replacement: [NamespacedName: R], keeping kept: Set<NamespacedName> = []
  ) -> [Change<R>] {
    let gone = objects.keys.filter { replacement[$0] == nil && !kept.contains($0) }
    var changes = gone.compactMap { remove($0) }
    objects.reserveCapacity(replacement.count)
    for object in replacement.values {
      if let change = upsert(object) { changes.append(change) }
    }
    return changes
  }

  private mutating func index(_ object: R, _ key: NamespacedName) {
    for index in indexes {
      for value in index.keys(object) {
        indexed[index.name, default: [:]][value, default: []].insert(key)
      }
    }
  }

  private mutating func unindex(_ object: R, _ key: NamespacedName) {
    for index in indexes {
      for value in index.keys(object) {
        indexed[index.name]?[value]?.remove(key)
        if indexed[index.name]?[value]?.isEmpty ?? false { indexed[index.name]?[value] = nil }
      }
    }
  }
}
