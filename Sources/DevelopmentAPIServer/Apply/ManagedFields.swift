import KubernetesAPI

/// `metadata.managedFields`, decoded: which manager owns which fields, and since when.
struct ManagedFields: Sendable, Hashable {
  enum Operation: String, Sendable, Hashable { case apply = "Apply", update = "Update" }

  /// Who owns. An applier is the same whatever API version it applies; an updater is one per version.
  struct Manager: Sendable, Hashable {
    var name: String
    var operation: Operation
    var subresource: String = ""
    /// Of an updater; empty for an applier.
    var apiVersion: String = ""
  }

  struct Ownership: Sendable, Hashable {
    /// Whose schema the fields follow.
    var apiVersion: String
    var fields: FieldSet
    var time: Timestamp?
  }

  var owners: [Manager: Ownership] = [:]

  var isEmpty: Bool { owners.isEmpty }

  /// Why entries cannot be read. Updates ignore it and keep the live entries.
  struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
  }
}

extension ManagedFields {
  init(decoding entries: JSONValue?) throws(Malformed) {
    for entry in entries?.arrayValue ?? [] {
      let operation = entry["operation"]?.stringValue ?? ""
      guard let operation = Operation(rawValue: operation) else {
        throw Malformed(description: "invalid operation \(operation)")
      }
      let apiVersion = entry["apiVersion"]?.stringValue ?? ""
      guard let fields = FieldSet(encoded: entry["fieldsV1"] ?? [:]) else {
        throw Malformed(description: "invalid fieldsV1")
      }
      let manager = Manager(
        name: entry["manager"]?.stringValue ?? "", operation: operation,
        subresource: entry["subresource"]?.stringValue ?? "",
        apiVersion: operation == .update ? apiVersion : "")
      owners[manager] = Ownership(
        apiVersion: apiVersion, fields: fields,
        time: entry["time"]?.stringValue.flatMap { Timestamp($0) })
    }
  }

  /// The entries as stored: appliers first, then by age, name, version and subresource.
  var encoded: JSONValue? {
    guard !owners.isEmpty else { return nil }
    let sorted = owners.sorted { left, right in
      Self.order(left) < Self.order(right)
    }
    return .array(sorted.map { manager, ownership in entry(manager, ownership) })
  }

  private func entry(_ manager: Manager, _ ownership: Ownership) -> JSONValue {
    var entry: JSONObject = [:]
    if !manager.name.isEmpty { entry["manager"] = .string(manager.name) }
    entry["operation"] = .string(manager.operation.rawValue)
    entry["apiVersion"] = .string(ownership.apiVersion)
    if let time = ownership.time { entry["time"] = .string(time.rfc3339) }
    entry["fieldsType"] = "FieldsV1"
    entry["fieldsV1"] = ownership.fields.encoded
    if !manager.subresource.isEmpty { entry["subresource"] = .string(manager.subresource) }
    return .object(entry)
  }

  private struct Order: Comparable {
    var keys: (Int, Int64, String, String, String)
    static func == (left: Order, right: Order) -> Bool { left.keys == right.keys }
    static func < (left: Order, right: Order) -> Bool { left.keys < right.keys }
  }

  private static func order(_ owner: (key: Manager, value: Ownership)) -> Order {
    Order(
      keys: (
        owner.key.operation == .apply ? 0 : 1, (owner.value.time?.microseconds ?? 0) / 1_000_000,
        owner.key.name, owner.value.apiVersion, owner.key.subresource
      ))
  }

  /// Whether a request asks to forget all owners: with an empty list, or with one empty entry.
  static func isReset(_ entries: JSONValue?) -> Bool {
    guard case .array(let elements)? = entries else { return false }
    guard let only = elements.first else { return true }
    return elements.count == 1 && only == [:]
  }

  /// An update that changed nothing but the times of entries changed nothing: its entries become
  /// the live ones again.
  static func keepingTimes(of live: JSONValue, in object: JSONValue) -> JSONValue {
    var object = object
    let path = ["metadata", "managedFields"]
    func withoutTimes(_ entries: JSONValue?) -> [JSONValue] {
      (entries?.arrayValue ?? []).map { entry in
        var entry = entry
        entry["time"] = nil
        return entry
      }
    }
    let (before, after) = (live[path: path], object[path: path])
    if before != after, withoutTimes(before) == withoutTimes(after) { object[path: path] = before }
    return object
  }
}

extension ManagedFields.Manager: CustomStringConvertible {
  /// As conflicts name it: `"three" with subresource "status" using v1`.
  var description: String {
    var text = JSONValue.string(name).jsonText
    if !subresource.isEmpty {
      text += " with subresource \(JSONValue.string(subresource).jsonText)"
    }
    if operation == .update { text += " using \(apiVersion)" }
    return text
  }
}
