import OrderedCollections

/// A static type. `dyn` agrees with everything, as values without a schema do.
indirect enum CELType: Sendable {
  case dyn
  case null, bool, int, uint, double, string, bytes, duration, timestamp
  case list(CELType)
  case map(CELType, CELType)
  /// An object with declared fields.
  case object(CELSchema)
  case optional(CELType)
  case type
  case quantity, address, block
  /// Stands for one type within a signature.
  case parameter(String)

  /// What values of a schema are; `nil` for values that expressions cannot see.
  init?(_ schema: ObjectSchema) {
    if schema.isIntOrString {
      self = .dyn
      return
    }
    switch schema.type {
    case .boolean: self = .bool
    case .integer: self = .int
    case .number: self = .double
    case .string:
      switch schema.format {
      case "date-time", "date": self = .timestamp
      case "duration": self = .duration
      case "byte": self = .bytes
      default: self = .string
      }
    case .array:
      guard let items = schema.items?.value, let element = CELType(items) else { return nil }
      self = .list(element)
    case .object:
      if let values = schema.additionalProperties?.value, schema.properties.isEmpty {
        guard let value = CELType(values) else { return nil }
        self = .map(.string, value)
      } else {
        self = .object(CELSchema(schema))
      }
    case nil: return nil
    }
  }

  /// The type of a field of an object.
  static func field(_ name: String, of schema: ObjectSchema) -> CELType? {
    schema.properties[CELNames.unescape(name)].flatMap { CELType($0) }
  }
}

extension CELType: CustomStringConvertible {
  var description: String {
    switch self {
    case .dyn: "dyn"
    case .null: "null"
    case .bool: "bool"
    case .int: "int"
    case .uint: "uint"
    case .double: "double"
    case .string: "string"
    case .bytes: "bytes"
    case .duration: "google.protobuf.Duration"
    case .timestamp: "google.protobuf.Timestamp"
    case .list(let element): "list(\(element))"
    case .map(let key, let value): "map(\(key), \(value))"
    case .object: "object"
    case .optional(let type): "optional_type(\(type))"
    case .type: "type"
    case .quantity: "kubernetes.Quantity"
    case .address: "net.IP"
    case .block: "net.CIDR"
    case .parameter(let name): name
    }
  }
}

extension CELType {
  /// Whether a value of this type may stand where a parameter of a signature is; binds the
  /// signature's type parameters.
  func fits(_ wanted: CELType, _ bindings: inout [String: CELType]) -> Bool {
    switch (self, wanted) {
    case (_, .parameter(let name)):
      guard let bound = bindings[name] else {
        bindings[name] = self
        return true
      }
      if case .dyn = bound {
        bindings[name] = self
        return true
      }
      return fits(bound, &bindings)
    case (.dyn, _), (_, .dyn): return true
    case (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double),
      (.string, .string), (.bytes, .bytes), (.duration, .duration), (.timestamp, .timestamp),
      (.type, .type), (.quantity, .quantity), (.address, .address), (.block, .block),
      (.object, .object):
      return true
    case (.null, .object), (.object, .null), (.null, .duration), (.null, .timestamp),
      (.null, .optional):
      return true
    case (.list(let a), .list(let b)): return a.fits(b, &bindings)
    case (.map(let a, let b), .map(let c, let d)):
      return a.fits(c, &bindings) && b.fits(d, &bindings)
    case (.optional(let a), .optional(let b)): return a.fits(b, &bindings)
    default: return false
    }
  }

  func substituting(_ bindings: [String: CELType]) -> CELType {
    switch self {
    case .parameter(let name): bindings[name] ?? .dyn
    case .list(let element): .list(element.substituting(bindings))
    case .map(let key, let value):
      .map(key.substituting(bindings), value.substituting(bindings))
    case .optional(let type): .optional(type.substituting(bindings))
    default: self
    }
  }

  /// A type for elements of both.
  func joined(with other: CELType) -> CELType {
    var bindings: [String: CELType] = [:]
    if case .null = self { return other }
    return other.fits(self, &bindings) ? self : .dyn
  }
}

/// Names of properties that are no identifiers are escaped in expressions.
enum CELNames {
  private static let escapes = [
    ("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"),
  ]
  private static let keywords: Set<String> = [
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function",
    "if", "import", "let", "loop", "package", "namespace", "return",
  ]

  /// The name of the property that an identifier stands for: `__namespace__` is `namespace`.
  static func unescape(_ identifier: String) -> String {
    guard identifier.contains("__") else { return identifier }
    let inner = String(identifier.dropFirst(2).dropLast(2))
    if identifier.hasPrefix("__"), identifier.hasSuffix("__"), keywords.contains(inner) {
      return inner
    }
    var name = identifier
    for (escaped, plain) in escapes { name = name.replacing(escaped, with: plain) }
    return name
  }
}
