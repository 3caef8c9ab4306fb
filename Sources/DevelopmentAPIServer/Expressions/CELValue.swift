import KubernetesAPI
import NetworkAddresses

/// A value while an expression is evaluated. Objects of the document stay JSON beside their schema and
/// are read as far as expressions look.
indirect enum CELValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  case uint(UInt64)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case duration(GoDuration)
  case timestamp(Timestamp)
  case list([CELValue])
  case map([CELValue: CELValue])
  /// An object of the document, declared fields and all; also a map of the document.
  case object(JSONObject, CELSchema)
  case optional(CELValue?)
  case type(String)
  case quantity(Quantity)
  case address(IPAddress)
  case block(CIDRBlock, IPAddress)
}

/// A schema within a value. Values are compared by their contents alone.
struct CELSchema: Sendable, Hashable {
  let schema: ObjectSchema

  init(_ schema: ObjectSchema) { self.schema = schema }

  static func == (left: CELSchema, right: CELSchema) -> Bool { true }
  func hash(into hasher: inout Hasher) {}
}

extension CELValue {
  /// A value of the document, typed by its schema: formats make times, durations and bytes of texts.
  init(_ json: JSONValue, _ schema: ObjectSchema) {
    switch json {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .integer(let number):
      self = schema.type == .number ? .double(Double(number)) : .int(number)
    case .double(let number):
      if schema.type == .integer, let integer = Int64(exactly: number) {
        self = .int(integer)
      } else {
        self = .double(number)
      }
    case .string(let text): self = Self.text(text, schema.format)
    case .array(let elements):
      let items = schema.items?.value ?? .any
      self = .list(elements.map { CELValue($0, items) })
    case .object(let members): self = .object(members, CELSchema(schema))
    }
  }

  private static func text(_ text: String, _ format: String?) -> CELValue {
    switch format {
    case "date-time": return Timestamp(text).map { .timestamp($0) } ?? .string(text)
    case "date": return Timestamp("\(text)T00:00:00Z").map { .timestamp($0) } ?? .string(text)
    case "duration": return GoDuration(text).map { .duration($0) } ?? .string(text)
    case "byte": return Base64.decode(text).map { .bytes($0) } ?? .string(text)
    default: return .string(text)
    }
  }

  /// CEL's name for the type of the value.
  var typeName: String {
    switch self {
    case .null: "null_type"
    case .bool: "bool"
    case .int: "int"
    case .uint: "uint"
    case .double: "double"
    case .string: "string"
    case .bytes: "bytes"
    case .duration: "google.protobuf.Duration"
    case .timestamp: "google.protobuf.Timestamp"
    case .list: "list"
    case .map, .object: "map"
    case .optional: "optional_type"
    case .type: "type"
    case .quantity: "kubernetes.Quantity"
    case .address: "net.IP"
    case .block: "net.CIDR"
    }
  }

  /// The member of an object or map of the document.
  func member(_ name: String) -> CELValue? {
    switch self {
    case .object(let members, let schema):
      guard let value = members[name] else { return nil }
      return CELValue(value, schema.schema.member(name) ?? .any)
    case .map(let entries): return entries[.string(name)]
    case .optional(let value?): return value.member(name)
    default: return nil
    }
  }

  /// How many parts there are to walk over: characters, bytes, elements, entries.
  var length: Int? {
    switch self {
    case .string(let text): text.unicodeScalars.count
    case .bytes(let bytes): bytes.count
    case .list(let elements): elements.count
    case .map(let entries): entries.count
    case .object(let members, _): members.count
    default: nil
    }
  }

  /// What a macro iterates over: the elements of a list, the keys of a map.
  var iterated: [CELValue]? {
    switch self {
    case .list(let elements): elements
    case .map(let entries): Array(entries.keys)
    case .object(let members, _): members.keys.map { .string($0) }
    default: nil
    }
  }

  /// CEL's equality: numbers by value, whatever their type.
  func isEqual(to other: CELValue) -> Bool {
    switch (self, other) {
    case (.list(let a), .list(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.isEqual(to: $1) }
    case (.object(let a, _), .object(let b, _)): return a == b
    case (.map(let a), .map(let b)):
      return a.count == b.count
        && a.allSatisfy { key, value in b[key].map { $0.isEqual(to: value) } ?? false }
    case (.map, .object), (.object, .map): return asMap == other.asMap
    default:
      if let order = compare(to: other) { return order == 0 }
      return self == other
    }
  }

  private var asMap: [CELValue: CELValue]? {
    switch self {
    case .map(let entries): return entries
    case .object(let members, let schema):
      var entries: [CELValue: CELValue] = [:]
      for (key, value) in members {
        entries[.string(key)] = CELValue(value, schema.schema.member(key) ?? .any)
      }
      return entries
    default: return nil
    }
  }

  /// Negative, zero or positive; `nil` where CEL has no order.
  func compare(to other: CELValue) -> Int? {
    func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }
    switch (self, other) {
    case (.int(let a), .int(let b)): return order(a, b)
    case (.uint(let a), .uint(let b)): return order(a, b)
    case (.double(let a), .double(let b)): return a.isNaN || b.isNaN ? nil : order(a, b)
    case (.int(let a), .uint(let b)): return a < 0 ? -1 : order(UInt64(a), b)
    case (.uint, .int): return other.compare(to: self).map { -$0 }
    case (.int(let a), .double(let b)): return b.isNaN ? nil : order(Double(a), b)
    case (.uint(let a), .double(let b)): return b.isNaN ? nil : order(Double(a), b)
    case (.double, .int), (.double, .uint): return other.compare(to: self).map { -$0 }
    case (.string(let a), .string(let b)):
      return a == b ? 0 : a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) ? -1 : 1
    case (.bytes(let a), .bytes(let b)): return a == b ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
    case (.bool(let a), .bool(let b)): return a == b ? 0 : b ? -1 : 1
    case (.duration(let a), .duration(let b)): return order(a.nanoseconds, b.nanoseconds)
    case (.timestamp(let a), .timestamp(let b)): return order(a, b)
    case (.quantity(let a), .quantity(let b)): return order(a, b)
    default: return nil
    }
  }
}
