import KubernetesAPI
import OrderedCollections

/// A value seen through its schema: which parts it has, how it differs from another, how two merge.
///
/// This is the algebra of server-side apply (structured merge and diff). What the schema does not
/// describe is typed by its looks: objects merge by member, lists are atomic.
struct TypedValue: Sendable {
  var value: JSONValue
  var schema: ObjectSchema

  /// What a value is to the algebra. Objects and lists may be owned as a whole (`leaf`).
  enum Shape: Sendable {
    case leaf
    case map
    case set
    case listMap(keys: [String])
  }

  static func shape(of value: JSONValue, _ schema: ObjectSchema) -> Shape {
    switch value {
    case .null, .bool, .integer, .double, .string: return .leaf
    case .object: return schema.isAtomicMap ? .leaf : .map
    case .array:
      switch schema.listKind {
      case .atomic: return .leaf
      case .set: return .set
      case .map(let keys): return .listMap(keys: keys)
      }
    }
  }

  /// What a list that is absent or null would be.
  static func shape(of schema: ObjectSchema) -> Shape {
    if schema.isAtomicMap { return .leaf }
    switch schema.type {
    case .object: return .map
    case .array: return shape(of: .array([]), schema)
    case .string, .integer, .number, .boolean: return .leaf
    case nil: return schema.properties.isEmpty ? .leaf : .map
    }
  }
}

extension ObjectSchema {
  func memberOrAny(_ name: String) -> ObjectSchema { member(name) ?? .any }
  var elementOrAny: ObjectSchema { items?.value ?? .any }

  /// What a key of a list map is where an entry leaves it out: its default, or zero for fields of
  /// built-in kinds that are always written.
  func keyDefault(_ name: String) -> JSONValue? {
    guard let schema = properties[name] else { return nil }
    if let value = schema.defaultValue { return value }
    guard schema.presence == .always else { return nil }
    switch schema.type {
    case .string: return ""
    case .integer, .number: return 0
    case .boolean: return false
    case .object, .array, nil: return nil
    }
  }
}

/// What the elements of a set or list map are called in paths.
extension TypedValue {
  struct MissingKey: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
  }

  static func pathElement(
    of element: JSONValue, _ shape: Shape, _ schema: ObjectSchema
  ) throws(MissingKey) -> FieldPathElement {
    guard case .listMap(let keys) = shape else {
      switch element {
      case .null:
        throw MissingKey(
          description: "associative list without keys has an element that's an explicit null")
      case .object, .array:
        throw MissingKey(
          description: "associative list without keys has an element that's not a scalar")
      case .bool, .integer, .double, .string: return .value(element)
      }
    }
    switch element {
    case .object(let members):
      var fields: [FieldPathElement.KeyField] = []
      for name in keys.sorted() {
        guard let value = members[name] ?? schema.elementOrAny.keyDefault(name) else {
          throw MissingKey(
            description: "associative list with keys has an element that omits key field "
              + "\"\(name)\" (and doesn't have default value)")
        }
        fields.append(.init(name: name, value: value))
      }
      return .key(fields)
    case .null:
      throw MissingKey(description: "associative list with keys may not have a null element")
    case .bool, .integer, .double, .string, .array:
      throw MissingKey(description: "associative list with keys may not have non-map elements")
    }
  }

  /// The elements of a list by their paths, in order; of duplicates the first one.
  static func elements(
    of list: [JSONValue], _ shape: Shape, _ schema: ObjectSchema
  ) -> OrderedDictionary<FieldPathElement, JSONValue> {
    var elements: OrderedDictionary<FieldPathElement, JSONValue> = [:]
    for element in list {
      guard let path = try? pathElement(of: element, shape, schema) else { continue }
      if elements[path] == nil { elements[path] = element }
    }
    return elements
  }
}
