import KubernetesAPI
import NIOCore
import Synchronization

/// One change of one object. Its JSON line is made once for each form in which it is asked for, and
/// shared by all watchers.
final class StoreEvent: Sendable {
  enum Change: Sendable {
    /// The object now, and before if there was one.
    case put(StoredObject, previous: StoredObject?)
    /// The last version of the object, carrying the version of its removal, and the one before.
    case remove(StoredObject, previous: StoredObject)

    var key: ObjectKey {
      switch self {
      case .put(let object, _), .remove(let object, _): object.key
      }
    }

    /// What undoes this change.
    var inverse: Change {
      switch self {
      case .put(let object, let previous?): .put(previous, previous: object)
      case .put(let object, nil): .remove(object, previous: object)
      case .remove(let object, let previous): .put(previous, previous: object)
      }
    }
  }

  let resourceVersion: UInt64
  let change: Change
  private let lines = Mutex<[Form: ByteBuffer]>([:])

  init(resourceVersion: UInt64, change: Change) {
    self.resourceVersion = resourceVersion
    self.change = change
  }

  var object: StoredObject {
    switch change {
    case .put(let object, _), .remove(let object, _): object
    }
  }

  var previous: StoredObject? {
    switch change {
    case .put(_, let previous): previous
    case .remove(_, let previous): previous
    }
  }

  var isRemoval: Bool {
    switch change {
    case .put: false
    case .remove: true
    }
  }

  /// How an event looks to one kind of watcher. An object that starts or stops to match a selector
  /// is added or deleted for that watcher, whatever happened to it.
  struct Form: Hashable, Sendable {
    var type: WatchEventType
    var kind: ResourceKind
  }

  /// `{"type":…,"object":…}` and a line end.
  func line(_ form: Form) -> ByteBuffer {
    lines.withLock { lines in
      if let line = lines[form] { return line }
      let line = Self.line(form, object: object)
      lines[form] = line
      return line
    }
  }

  /// Lets go of the lines: watchers that are still behind get them made anew.
  func forgetLines() { lines.withLock { $0 = [:] } }

  static func line(_ form: Form, object: StoredObject) -> ByteBuffer {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(object.body.count + 128)
    bytes.append(contentsOf: "{\"type\":\"\(form.type.rawValue)\",\"object\":".utf8)
    object.append(form.kind, to: &bytes)
    bytes.append(contentsOf: "}\n".utf8)
    return ByteBuffer(bytes: bytes)
  }
}

enum WatchEventType: String, Sendable, Hashable {
  case added = "ADDED"
  case modified = "MODIFIED"
  case deleted = "DELETED"
  case bookmark = "BOOKMARK"
  case error = "ERROR"
}
