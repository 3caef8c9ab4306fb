import KubernetesAPI

/// Whether an object in the API already is what applying a rendered one would make of it.
///
/// Two things have to hold: our field manager owns exactly the fields that are rendered (so a field that
/// is no longer rendered, or that somebody else took over by changing it, is seen), and each of those has
/// the rendered value. Values that the server fills in are nobody's business. Lists are compared as
/// the managed fields say: item by item where the schema names keys, whole otherwise.
enum AppliedState {
  /// - Parameters:
  ///   - live: the whole object with its `managedFields`.
  ///   - desired: what would be applied.
  static func isCurrent(_ live: JSONValue, desired: JSONValue, manager: String) -> Bool {
    guard let fields = ManagedFields(live).applied(by: manager) else { return false }
    return members(of: .object(fields), live, desired, skipping: ["apiVersion", "kind"]) {
      key, fields, live, desired in
      // Its name is no field of an object that anybody could own.
      key == "metadata"
        ? members(of: fields, live, desired, skipping: ["name", "namespace"], matches)
        : matches(key, fields, live, desired)
    }
  }

  private typealias Comparison = (
    _ key: String, _ fields: JSONValue, _ live: JSONValue, _ desired: JSONValue
  ) -> Bool

  private static func matches(
    _ key: String, _ fields: JSONValue, _ live: JSONValue, _ desired: JSONValue
  ) -> Bool {
    // No fields inside: a scalar, an empty value, or something that is owned as a whole.
    guard fields.objectValue?.isEmpty == false else {
      return contains(live, desired, isQuantity: false)
    }
    switch desired {
    case .object:
      let isQuantities = key == "limits" || key == "requests"
      return members(of: fields, live, desired) { key, fields, live, desired in
        isQuantities
          ? contains(live, desired, isQuantity: true) : matches(key, fields, live, desired)
      }
    case .array(let items): return elements(of: fields, live.arrayValue ?? [], items)
    case .null, .bool, .integer, .double, .string: return false
    }
  }

  /// Compares the members of an object, which are owned one by one as `f:name`.
  private static func members(
    of fields: JSONValue, _ live: JSONValue, _ desired: JSONValue, skipping: Set<String> = [],
    _ compare: Comparison
  ) -> Bool {
    guard let wanted = desired.objectValue, let owned = fields.objectValue else { return false }
    let isOwnedWanted = owned.keys.allSatisfy { key in
      key == "." || (key.hasPrefix("f:") && wanted[String(key.dropFirst(2))] != nil)
    }
    return isOwnedWanted
      && wanted.allSatisfy { key, value in
        guard !skipping.contains(key) else { return true }
        guard let fields = owned["f:\(key)"], let live = live[key] else { return false }
        return compare(key, fields, live, value)
      }
  }

  /// Compares the items of a list, which are owned by their keys as `k:{…}` or by value as `v:…`.
  private static func elements(
    of fields: JSONValue, _ live: [JSONValue], _ desired: [JSONValue]
  ) -> Bool {
    var owned = fields.objectValue ?? [:]
    owned.removeValue(forKey: ".")
    guard owned.count == desired.count else { return false }
    return owned.allSatisfy { key, fields in
      guard let selector = try? JSONValue(parsing: key.dropFirst(2).utf8) else { return false }
      switch key.prefix(2) {
      case "k:":
        let selects = { (item: JSONValue) in
          selector.objectValue?.allSatisfy { item[$0] == nil || item[$0] == $1 } ?? false
        }
        guard let item = desired.first(where: selects), let present = live.first(where: selects)
        else { return false }
        return matches("", fields, present, item)
      case "v:": return desired.contains(selector) && live.contains(selector)
      default: return false
      }
    }
  }

  /// Whether everything in `desired` is in `live`; lists have to be equally long.
  private static func contains(
    _ live: JSONValue, _ desired: JSONValue, isQuantity: Bool
  ) -> Bool {
    switch desired {
    case .object(let object):
      return object.allSatisfy { key, value in
        live[key].map {
          contains($0, value, isQuantity: isQuantity || key == "limits" || key == "requests")
        } ?? false
      }
    case .array(let items):
      guard let live = live.arrayValue, live.count == items.count else { return false }
      return zip(live, items).allSatisfy { contains($0, $1, isQuantity: isQuantity) }
    case .null, .bool, .integer, .double, .string:
      return live == desired || (isQuantity && Quantity(live) == Quantity(desired))
    }
  }
}

extension Quantity {
  /// Quantities are written as strings or as plain numbers.
  fileprivate init?(_ value: JSONValue) {
    self.init(value.stringValue ?? value.jsonText)
  }
}
