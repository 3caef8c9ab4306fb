import DequeModule
import KubernetesAPI

/// All objects of one kind, sorted, and their recent history.
///
/// History is a log of events. A watch is a position in that log (a resource version), so watchers
/// hold no buffers of their own; a list of the past is the present with later events undone.
struct ResourceTable: Sendable {
  /// Sorted by key. Sorted arrays beat trees here: 10,000 references move in microseconds, and a
  /// list takes the whole array without copying it.
  private(set) var objects: [StoredObject] = []
  private(set) var log: Deque<StoreEvent> = []
  /// Events up to and including this version are forgotten.
  private(set) var forgottenThrough: UInt64 = 0
  /// The version of the last change.
  private(set) var lastChange: UInt64 = 0

  let historyLimit: Int
  /// Bytes of the objects that the log mentions beyond those that are there.
  private var historyBytes = 0
  /// Large objects are forgotten sooner.
  private static let historyByteLimit = 64 << 20
  /// So many of the last events keep their lines: nearly all watchers are among those.
  private static let recentEvents = 256

  init(historyLimit: Int, createdAt revision: UInt64) {
    self.historyLimit = historyLimit
    forgottenThrough = 0
    lastChange = revision
  }

  /// The index of the first object that is not before `key`.
  func lowerBound(_ key: ObjectKey) -> Int {
    var low = 0
    var high = objects.count
    while low < high {
      let middle = (low + high) / 2
      if objects[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  subscript(key: ObjectKey) -> StoredObject? {
    let index = lowerBound(key)
    guard index < objects.count, objects[index].key == key else { return nil }
    return objects[index]
  }

  /// Applies one event to the objects and keeps it.
  mutating func apply(_ event: StoreEvent) {
    Self.apply(event.change, to: &objects)
    log.append(event)
    historyBytes += event.object.body.count
    if log.count > Self.recentEvents { log[log.count - 1 - Self.recentEvents].forgetLines() }
    lastChange = event.resourceVersion
    while log.count > historyLimit || historyBytes > Self.historyByteLimit,
      let first = log.popFirst()
    {
      historyBytes -= first.object.body.count
      forgottenThrough = first.resourceVersion
    }
  }

  /// Forgets all history up to `revision`.
  mutating func compact(through revision: UInt64) {
    while let first = log.first, first.resourceVersion <= revision {
      historyBytes -= first.object.body.count
      log.removeFirst()
    }
    forgottenThrough = max(forgottenThrough, revision)
  }

  /// Events after a version, oldest first; `nil` when some of them are forgotten.
  func events(after revision: UInt64, limit: Int) -> [StoreEvent]? {
    guard revision >= forgottenThrough else { return nil }
    var low = 0
    var high = log.count
    while low < high {
      let middle = (low + high) / 2
      if log[middle].resourceVersion <= revision { low = middle + 1 } else { high = middle }
    }
    return Array(log[low..<min(log.count, low + limit)])
  }

  /// The objects as they were at a version; `nil` when that is forgotten.
  func objects(at revision: UInt64) -> [StoredObject]? {
    guard revision >= forgottenThrough else { return nil }
    if revision >= lastChange { return objects }
    var past = objects
    for event in log.reversed() {
      if event.resourceVersion <= revision { break }
      Self.apply(event.change.inverse, to: &past)
    }
    return past
  }

  private static func apply(_ change: StoreEvent.Change, to objects: inout [StoredObject]) {
    let key = change.key
    var low = 0
    var high = objects.count
    while low < high {
      let middle = (low + high) / 2
      if objects[middle].key < key { low = middle + 1 } else { high = middle }
    }
    let found = low < objects.count && objects[low].key == key
    switch change {
    case .put(let object, _):
      if found { objects[low] = object } else { objects.insert(object, at: low) }
    case .remove:
      if found { objects.remove(at: low) }
    }
  }
}
