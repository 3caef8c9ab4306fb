import KubernetesAPI
import OrderedCollections

/// Reads the OpenAPI v3 schema of a CRD version.
///
/// What a schema says beyond this list is text for people. What a *structural* schema may not say is
/// found by `StructuralSchemaRules` on the written form.
enum StructuralSchemaReader {
  static func read(_ json: JSONValue) -> ObjectSchema {
    var schema = ObjectSchema(
      type: json.text("type").isEmpty ? nil : .init(rawValue: json.text("type")))
    for (name, property) in json["properties"]?.objectValue ?? [:] {
      schema.properties[name] = read(property)
    }
    if let items = json["items"], !items.isNull { schema.items = Indirect(read(items)) }
    switch json["additionalProperties"] {
    case .object?: schema.additionalProperties = Indirect(read(json["additionalProperties"] ?? [:]))
    // `true` allows any members, and prunes what is inside of them.
    case .bool(true)?: schema.additionalProperties = Indirect(ObjectSchema())
    default: break
    }
    schema.isIntOrString = json.flag("x-kubernetes-int-or-string")
    schema.preservesUnknownFields = json.flag("x-kubernetes-preserve-unknown-fields")
    schema.isEmbeddedResource = json.flag("x-kubernetes-embedded-resource")
    schema.isNullable = json.flag("nullable")
    schema.isAtomicMap = json.text("x-kubernetes-map-type") == "atomic"
    switch json.text("x-kubernetes-list-type") {
    case "set": schema.listKind = .set
    case "map": schema.listKind = .map(keys: json.texts("x-kubernetes-list-map-keys"))
    default: break
    }
    if let value = json["default"], !value.isNull { schema.defaultValue = value }
    schema.format = json["format"]?.stringValue
    schema.summary = json["description"]?.stringValue
    schema.assertions = assertions(json).map { Indirect($0) }
    schema.rules = json.list("x-kubernetes-validations").map(rule)
    if schema.isEmbeddedResource { addResourceFields(to: &schema) }
    return schema
  }

  /// Embedded resources have `apiVersion`, `kind` and `metadata`, declared or not.
  static func addResourceFields(to schema: inout ObjectSchema) {
    for name in ["apiVersion", "kind"] where schema.properties[name] == nil {
      schema.properties[name] = ObjectSchema(type: .string)
    }
    if schema.properties["metadata"] == nil {
      var metadata = ObjectSchema(type: .object)
      metadata.preservesUnknownFields = true
      schema.properties["metadata"] = metadata
    }
  }

  private static func rule(_ json: JSONValue) -> ValidationRule {
    ValidationRule(
      rule: json.text("rule"), message: json["message"]?.stringValue,
      messageExpression: json["messageExpression"]?.stringValue,
      reason: json["reason"]?.stringValue, fieldPath: json["fieldPath"]?.stringValue,
      optionalOldSelf: json["optionalOldSelf"]?.boolValue)
  }

  private static func assertions(_ json: JSONValue) -> SchemaAssertions? {
    let keywords: Set<String> = [
      "required", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
      "multipleOf", "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems",
      "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "not",
    ]
    guard json.objectValue?.keys.contains(where: keywords.contains) ?? false else { return nil }
    var assertions = SchemaAssertions()
    assertions.required = json.texts("required")
    assertions.enumeration = json.list("enum")
    assertions.minimum = json["minimum"]?.doubleValue
    assertions.maximum = json["maximum"]?.doubleValue
    assertions.exclusiveMinimum = json.flag("exclusiveMinimum")
    assertions.exclusiveMaximum = json.flag("exclusiveMaximum")
    assertions.multipleOf = json["multipleOf"]?.doubleValue
    assertions.minLength = json.integer("minLength")
    assertions.maxLength = json.integer("maxLength")
    assertions.pattern = (json["pattern"]?.stringValue).flatMap { try? RegularExpression($0) }
    assertions.minItems = json.integer("minItems")
    assertions.maxItems = json.integer("maxItems")
    assertions.uniqueItems = json.flag("uniqueItems")
    assertions.minProperties = json.integer("minProperties")
    assertions.maxProperties = json.integer("maxProperties")
    assertions.allOf = json.list("allOf").map(read)
    assertions.anyOf = json.list("anyOf").map(read)
    assertions.oneOf = json.list("oneOf").map(read)
    if let not = json["not"], !not.isNull { assertions.not = [read(not)] }
    return assertions
  }
}
