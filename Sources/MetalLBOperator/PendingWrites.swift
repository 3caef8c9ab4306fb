import KubernetesAPI

/// Answers to writes that an informer has not shown yet, so that a reconcile right after a write compares
/// with what it wrote and not with what was there before.
///
/// A write is announced before it is sent: what the informer shows meanwhile may already be its result,
/// or even the end of it.
struct PendingWrites: Sendable {
  private enum State: Sendable {
    /// The request is under way; the newest version that the informer showed since.
    case writing(seen: UInt64)
    case written(LiveObject)
    case deleted(uid: String?)
  }

  private var states: [ObjectKey: State] = [:]

  mutating func begin(_ key: ObjectKey) { states[key] = .writing(seen: 0) }

  mutating func finish(_ key: ObjectKey, written object: LiveObject) {
    guard case .writing(let seen) = states[key], seen < object.version else {
      states[key] = nil
      return
    }
    states[key] = .written(object)
  }

  mutating func finish(_ key: ObjectKey, deleted object: LiveObject) {
    guard case .writing(let seen) = states[key], seen < .max else {
      states[key] = nil
      return
    }
    states[key] = .deleted(uid: object.metadata.uid)
  }

  mutating func fail(_ key: ObjectKey) { states[key] = nil }

  /// The informer shows an object, or that there is none any more.
  mutating func observe(_ key: ObjectKey, _ object: LiveObject?) {
    switch states[key] {
    case .writing(let seen): states[key] = .writing(seen: max(seen, object?.version ?? .max))
    case .written(let written):
      if (object?.version ?? .max) >= written.version { states[key] = nil }
    case .deleted(let uid):
      if object?.metadata.uid != uid { states[key] = nil }
    case nil: return
    }
  }

  /// The object as it is known best.
  func current(_ key: ObjectKey, shown: LiveObject?) -> LiveObject? {
    switch states[key] {
    case .written(let object): object
    case .deleted: nil
    case .writing, nil: shown
    }
  }
}

extension LiveObject {
  /// Resource versions of one kind are decimal numbers that grow. Anything else counts as the newest.
  fileprivate var version: UInt64 { metadata.resourceVersion.flatMap { UInt64($0) } ?? .max - 1 }
}
