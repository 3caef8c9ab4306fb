import KubernetesAPI
import Synchronization

/// One version of one object, as the store keeps it: its JSON text once, beside the few fields that
/// lists, selectors and the garbage collector look at. Immutable, so lists, watchers and history
/// share it.
///
/// `body` is the object without `apiVersion` and `kind`: those depend on the version in which it
/// is asked for and are put in front when it is sent.
final class StoredObject: Sendable {
  let namespace: String
  let name: String
  let uid: String
  let resourceVersion: UInt64
  /// The version in which `body` is written.
  let apiVersion: String
  let labels: [String: String]
  let ownerUIDs: [String]
  /// Has a `deletionTimestamp`.
  let isTerminating: Bool
  /// The CRD schema that pruned and defaulted this text; 0 for built-in kinds.
  let schema: Int
  let body: [UInt8]
  /// What a conversion webhook made of this version of the object, by `apiVersion`. As with a real
  /// server's watch caches, lists and watches need no webhook for what was converted before.
  private let conversions = Mutex<[String: JSONValue]>([:])

  /// - Parameters:
  ///   - value: the whole object; its `resourceVersion` is replaced.
  ///   - resourceVersion: 0 for an object that is not really stored: it has none then.
  init(_ value: JSONValue, resourceVersion: UInt64, schema: Int = 0) {
    var value = value
    apiVersion = value["apiVersion"]?.stringValue ?? ""
    value["apiVersion"] = nil
    value["kind"] = nil
    value["metadata"] = Self.ordered(
      value["metadata"]?.objectValue ?? [:], resourceVersion: resourceVersion)
    let metadata = value["metadata"]
    namespace = metadata?["namespace"]?.stringValue ?? ""
    name = metadata?["name"]?.stringValue ?? ""
    uid = metadata?["uid"]?.stringValue ?? ""
    self.resourceVersion = resourceVersion
    var labels: [String: String] = [:]
    for (key, value) in metadata?["labels"]?.objectValue ?? [:] { labels[key] = value.stringValue }
    self.labels = labels
    ownerUIDs = (metadata?["ownerReferences"]?.arrayValue ?? []).compactMap {
      $0["uid"]?.stringValue
    }
    isTerminating = metadata?["deletionTimestamp"]?.stringValue != nil
    self.schema = schema
    var bytes: [UInt8] = []
    value.write(to: &bytes)
    body = Array(bytes)  // no spare capacity
  }

  func converted(to apiVersion: String) -> JSONValue? { conversions.withLock { $0[apiVersion] } }

  func keep(_ value: JSONValue, convertedTo apiVersion: String) {
    conversions.withLock { $0[apiVersion] = value }
  }

  var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }

  /// The object as a value, `apiVersion` and `kind` first.
  func value(_ kind: ResourceKind) -> JSONValue {
    var object: JSONObject = ["kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion)]
    if case .object(let members)? = try? JSONValue(parsing: body) {
      for (key, value) in members { object[key] = value }
    }
    return .object(object)
  }

  /// The JSON text with `apiVersion` and `kind`.
  func bytes(_ kind: ResourceKind) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(body.count + 64)
    append(kind, to: &bytes)
    return bytes
  }

  func append(_ kind: ResourceKind, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "{\"kind\":\"".utf8)
    bytes.append(contentsOf: kind.kind.utf8)
    bytes.append(contentsOf: "\",\"apiVersion\":\"".utf8)
    bytes.append(contentsOf: kind.apiVersion.utf8)
    bytes.append(contentsOf: "\",".utf8)
    bytes.append(contentsOf: body.dropFirst())
  }

  /// The members of `metav1.ObjectMeta` in the order in which the API prints them.
  static let metadataFields = [
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation",
    "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "labels",
    "annotations", "ownerReferences", "finalizers", "managedFields",
  ]

  private static func ordered(_ metadata: JSONObject, resourceVersion: UInt64) -> JSONValue {
    var ordered = JSONObject()
    for field in metadataFields {
      if field == "resourceVersion" {
        if resourceVersion > 0 { ordered[field] = .string(String(resourceVersion)) }
      } else if let value = metadata[field], !value.isNull {
        ordered[field] = value
      }
    }
    return .object(ordered)
  }
}

/// Where an object is within its table. Ordered as the API lists: bytewise over `namespace/name`.
struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  var namespace: String
  var name: String

  init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }

  var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

  static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    if left.namespace == right.namespace { return left.name < right.name }
    // Where one namespace starts with the other, its next byte meets the slash of the shorter:
    // `a-b/x` comes before `a/x`.
    if right.namespace.hasPrefix(left.namespace) {
      return UInt8(ascii: "/")
        < (right.namespace.utf8.dropFirst(left.namespace.utf8.count).first ?? 0)
    }
    if left.namespace.hasPrefix(right.namespace) {
      return (left.namespace.utf8.dropFirst(right.namespace.utf8.count).first ?? 0)
        < UInt8(ascii: "/")
    }
    return left.namespace < right.namespace
  }
}
