import KubernetesAPI
import OrderedCollections

/// What values of one field may look like: the one description that built-in kinds (compact tables)
/// and custom resources (structural OpenAPI schemas) share.
///
/// Everything that depends on a kind's shape reads it: decoding and unknown fields, defaults,
/// validation, strategic merge patch, server-side apply, OpenAPI documents.
struct ObjectSchema: Sendable {
  enum ValueType: String, Sendable, Hashable {
    case object, array, string, integer, number, boolean
  }

  /// How lists merge (`x-kubernetes-list-type`).
  enum ListKind: Sendable, Hashable {
    case atomic
    case set
    case map(keys: [String])
  }

  /// How strategic merge patches treat a field of a built-in kind (`patchStrategy`).
  struct PatchStrategy: Sendable, Hashable {
    var merges = false
    var retainsKeys = false
    var mergeKey: String?
  }

  /// How a built-in kind writes a field (the `json` tag of its Go type).
  enum Presence: Sendable, Hashable {
    /// A pointer: absent or null is left out, zero is kept.
    case pointer
    /// `omitempty`: zero is left out too. Structs are never empty to Go.
    case omitEmpty
    /// Always written; what is absent is written as zero.
    case always
  }

  /// `nil` takes any type, or an integer and a string where `isIntOrString`.
  var type: ValueType?
  var properties: OrderedDictionary<String, ObjectSchema> = [:]
  /// Elements of an array.
  var items: Indirect<ObjectSchema>?
  /// Members of an object that `properties` does not name.
  var additionalProperties: Indirect<ObjectSchema>?
  var isIntOrString = false
  var preservesUnknownFields = false
  var isEmbeddedResource = false
  var isNullable = false
  var listKind = ListKind.atomic
  var isAtomicMap = false
  var defaultValue: JSONValue?
  var format: String?
  /// For OpenAPI documents and `kubectl explain`.
  var summary: String?

  /// What beside the type a value must satisfy. Built-in kinds are validated by code instead.
  var assertions: Indirect<SchemaAssertions>?
  /// `x-kubernetes-validations`
  var rules: [ValidationRule] = []

  /// Name of the Go type of a struct, for texts of decoding errors: `DeploymentSpec`.
  var structName: String?
  var presence = Presence.pointer
  var patch = PatchStrategy()

  init(type: ValueType? = nil) { self.type = type }

  subscript(property name: String) -> ObjectSchema? { properties[name] }

  /// The schema of the member of an object, declared or not.
  func member(_ name: String) -> ObjectSchema? { properties[name] ?? additionalProperties?.value }

  /// Whether nothing is known of values here, so that they are merged by what they look like.
  var isUntyped: Bool {
    type == nil && properties.isEmpty && items == nil && additionalProperties == nil
  }

  /// Takes anything, keeps everything.
  static let any: ObjectSchema = {
    var schema = ObjectSchema()
    schema.preservesUnknownFields = true
    return schema
  }()
}

/// A value on the heap, so that a struct can contain others of its own type.
indirect enum Indirect<Value: Sendable>: Sendable {
  case some(Value)

  init(_ value: Value) { self = .some(value) }

  var value: Value {
    switch self {
    case .some(let value): value
    }
  }
}

/// One entry of `x-kubernetes-validations`, as written.
struct ValidationRule: Sendable, Hashable {
  var rule: String
  var message: String?
  var messageExpression: String?
  /// A cause's reason, `FieldValueInvalid` when absent.
  var reason: String?
  var fieldPath: String?
  var optionalOldSelf: Bool?
}

/// The value validations of a structural schema, and those that only combine other schemas.
struct SchemaAssertions: Sendable {
  var required: [String] = []
  var enumeration: [JSONValue] = []
  var minimum: Double?
  var maximum: Double?
  var exclusiveMinimum = false
  var exclusiveMaximum = false
  var multipleOf: Double?
  var minLength: Int64?
  var maxLength: Int64?
  var pattern: RegularExpression?
  var minItems: Int64?
  var maxItems: Int64?
  var uniqueItems = false
  var minProperties: Int64?
  var maxProperties: Int64?
  var allOf: [ObjectSchema] = []
  var anyOf: [ObjectSchema] = []
  var oneOf: [ObjectSchema] = []
  var not: [ObjectSchema] = []
}
