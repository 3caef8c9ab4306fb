import KubernetesAPI
import OperatorRendering

/// The `metadata.managedFields` of an object: who owns which of its fields.
struct ManagedFields {
  private let entries: [JSONValue]

  init(_ object: JSONValue) {
    entries = object[path: ["metadata", "managedFields"]]?.arrayValue ?? []
  }

  /// The fields that a manager applied, `nil` when it applied none.
  func applied(by manager: String) -> JSONObject? {
    entries.first { Self.isApplied($0, by: manager) }?["fieldsV1"]?.objectValue
  }

  /// When a manager last changed anything by applying.
  func time(by manager: String) -> Timestamp? {
    entries.first { Self.isApplied($0, by: manager) }?["time"]?.stringValue.flatMap {
      Timestamp($0)
    }
  }

  /// Whether the object still has fields that upstream's operator wrote before it used apply. A forced
  /// apply shares those and never removes them.
  var hasPredecessor: Bool { entries.contains(where: Self.isPredecessor) }

  /// Whether nobody but upstream's older operator wrote the object.
  var isPredecessorOnly: Bool {
    !entries.isEmpty && entries.allSatisfy(Self.isPredecessor)
  }

  /// The entries with everything of the predecessor's handed to `manager`; `nil` when there is nothing
  /// to hand over, or `manager` has applied nothing yet.
  func takingOver(by manager: String) -> [JSONValue]? {
    guard hasPredecessor, let index = entries.firstIndex(where: { Self.isApplied($0, by: manager) })
    else { return nil }
    var result = entries
    let all = entries.filter(Self.isPredecessor) + [entries[index]]
    result[index]["fieldsV1"] = all.compactMap { $0["fieldsV1"]?.objectValue }
      .reduce(nil as JSONObject?) { union, fields in union.map { Self.union($0, fields) } ?? fields
      }
      .map(JSONValue.object)
    return result.filter { !Self.isPredecessor($0) }
  }

  private static func isApplied(_ entry: JSONValue, by manager: String) -> Bool {
    entry["manager"]?.stringValue == manager && entry["operation"] == "Apply"
      && entry["subresource"] == nil
  }

  private static func isPredecessor(_ entry: JSONValue) -> Bool {
    entry["manager"]?.stringValue == FieldManager.predecessor && entry["operation"] == "Update"
      && entry["subresource"] == nil
  }

  private static func union(_ first: JSONObject, _ second: JSONObject) -> JSONObject {
    var result = first
    for (key, value) in second {
      if case .object(let mine) = result[key], case .object(let others) = value {
        result[key] = .object(union(mine, others))
      } else {
        result[key] = value
      }
    }
    return result
  }
}
