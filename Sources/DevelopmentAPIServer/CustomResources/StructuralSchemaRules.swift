import KubernetesAPI

/// What the OpenAPI schema of a CRD version must satisfy, in the words of a real server: no `$ref`,
/// valid list types, and *structural*: every value has one type, and what `anyOf` and its kin say only
/// narrows what stands outside of them.
struct StructuralSchemaRules {
  private enum Level { case root, item, field }

  private var errors: [FieldError] = []
  private var structural: [FieldError] = []

  static func validate(_ schema: JSONValue, at path: String) -> [FieldError] {
    var rules = StructuralSchemaRules()
    rules.check(schema, .root, path)
    // The structural errors would only repeat the others.
    return rules.errors.isEmpty
      ? rules.structural.sorted { $0.description < $1.description } : rules.errors
  }

  private mutating func check(_ schema: JSONValue, _ level: Level, _ path: String) {
    checkBasics(schema, level, path)
    checkLists(schema, path)
    checkStructure(schema, level, path)
    for (name, property) in schema["properties"]?.objectValue ?? [:] {
      check(property, .field, "\(path).properties[\(name)]")
    }
    if let items = schema["items"], !items.isNull { check(items, .item, "\(path).items") }
    if case .object? = schema["additionalProperties"], let values = schema["additionalProperties"] {
      check(values, .field, "\(path).additionalProperties")
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
      for (index, nested) in schema.list(keyword).enumerated() {
        checkNested(nested, "\(path).\(keyword)[\(index)]", in: schema, keyword)
      }
    }
    if let not = schema["not"], !not.isNull { checkNested(not, "\(path).not", in: schema, "not") }
  }

  // MARK: OpenAPI

  private mutating func checkBasics(_ schema: JSONValue, _ level: Level, _ path: String) {
    if schema.has("$ref") { errors.append(.forbidden("\(path).$ref", "$ref is not supported")) }
    if schema.flag("uniqueItems") {
      errors.append(
        .forbidden(
          "\(path).uniqueItems",
          "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"))
    }
    let additional = schema["additionalProperties"]
    if additional != nil, additional != .null, additional != .bool(false) {
      if level == .root {
        errors.append(
          .forbidden("\(path).additionalProperties", "must not be used at the root"))
      }
      if schema.has("properties") {
        errors.append(
          .forbidden(
            "\(path).additionalProperties",
            "additionalProperties and properties are mutual exclusive"))
      }
    }
    if additional == .bool(false) {
      errors.append(
        .forbidden("\(path).additionalProperties", "additionalProperties cannot be set to false"))
    }
    let type = schema.text("type")
    let types = ["array", "boolean", "integer", "number", "object", "string"]
    if !type.isEmpty, !types.contains(type) {
      errors.append(.notSupported("\(path).type", .string(type), supported: types))
    }
    if schema.text("type") == "array", !schema.has("items") {
      errors.append(.required("\(path).items", "must be specified"))
    }
    if level == .root, schema.flag("nullable") {
      errors.append(.forbidden("\(path).nullable", "nullable cannot be true at the root"))
    }
    if let pattern = schema["pattern"]?.stringValue {
      do throws(RegularExpression.Malformed) {
        _ = try RegularExpression(pattern)
      } catch {
        errors.append(
          .invalid(
            "\(path).pattern", .string(pattern),
            "must be a valid regular expression, but isn't: \(error)"))
      }
    }
  }

  private mutating func checkLists(_ schema: JSONValue, _ path: String) {
    let type = schema.text("type")
    let keys = schema.texts("x-kubernetes-list-map-keys")
    let keysPath = "\(path).x-kubernetes-list-map-keys"
    if let kind = schema["x-kubernetes-list-type"]?.stringValue {
      let kinds = ["atomic", "map", "set"]
      if !kinds.contains(kind) {
        errors.append(
          .notSupported(
            "\(path).x-kubernetes-list-type", .string(kind), supported: ["atomic", "set", "map"]))
      }
      mustBe("array", type, "x-kubernetes-list-type", path)
      if kind == "map" { checkListMap(schema, keys, path) }
      if kind != "map", !keys.isEmpty {
        errors.append(
          .invalid(
            "\(path).x-kubernetes-list-type", .string(kind),
            "must be map if x-kubernetes-list-map-keys is non-empty"))
      }
      if kind == "set" { checkSet(schema, path) }
    } else if !keys.isEmpty {
      errors.append(
        .required(
          "\(path).x-kubernetes-list-type",
          "must be map if x-kubernetes-list-map-keys is non-empty"))
    }
    if Set(keys).count != keys.count {
      errors.append(.invalid(keysPath, .strings(keys), "must not contain duplicate entries"))
    }
    if let kind = schema["x-kubernetes-map-type"]?.stringValue {
      if kind != "atomic", kind != "granular" {
        errors.append(
          .notSupported(
            "\(path).x-kubernetes-map-type", .string(kind), supported: ["granular", "atomic"]))
      }
      mustBe("object", type, "x-kubernetes-map-type", path)
    }
  }

  private mutating func mustBe(
    _ wanted: String, _ type: String, _ extensionName: String, _ path: String
  ) {
    let text = "must be \(wanted) if \(extensionName) is specified"
    if type.isEmpty {
      errors.append(.required("\(path).type", text))
    } else if type != wanted {
      errors.append(.invalid("\(path).type", .string(type), text))
    }
  }

  private mutating func checkListMap(_ schema: JSONValue, _ keys: [String], _ path: String) {
    let keysPath = "\(path).x-kubernetes-list-map-keys"
    if keys.isEmpty {
      errors.append(
        .required(keysPath, "must not be empty if x-kubernetes-list-type is map"))
    }
    guard let items = schema["items"], !items.isNull else {
      errors.append(
        .required("\(path).items", "must have a schema if x-kubernetes-list-type is map"))
      return
    }
    if items.text("type") != "object" {
      errors.append(
        .invalid(
          "\(path).items.type", .string(items.text("type")),
          "must be object if parent array's x-kubernetes-list-type is map"))
      return
    }
    for key in keys {
      guard let property = items[path: ["properties", key]] else {
        errors.append(
          .invalid(keysPath, .strings(keys), "entries must all be names of item properties"))
        continue
      }
      let place = "\(path).items.properties[\(key)]"
      if ["array", "object"].contains(property.text("type")) {
        errors.append(
          .invalid(
            "\(place).type", .string(property.text("type")),
            "must be a scalar type if parent array's x-kubernetes-list-type is map"))
      }
      if property.flag("nullable") {
        errors.append(
          .forbidden(
            "\(place).nullable",
            "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"))
      }
      if !items.texts("required").contains(key), !property.has("default") {
        errors.append(
          .required(
            "\(place).default",
            "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
          ))
      }
    }
  }

  private mutating func checkSet(_ schema: JSONValue, _ path: String) {
    guard let items = schema["items"] else { return }
    if items.flag("nullable") {
      errors.append(
        .forbidden(
          "\(path).items.nullable", "cannot be nullable when x-kubernetes-list-type is set"))
    }
    switch items.text("type") {
    case "object" where items.text("x-kubernetes-map-type") != "atomic":
      errors.append(
        .invalid(
          "\(path).items.x-kubernetes-map-type",
          items["x-kubernetes-map-type"] ?? "",
          "must be atomic as item of a list with x-kubernetes-list-type=set"))
    case "array" where !["", "atomic"].contains(items.text("x-kubernetes-list-type")):
      errors.append(
        .invalid(
          "\(path).items.x-kubernetes-list-type", items["x-kubernetes-list-type"] ?? "",
          "must be atomic as item of a list with x-kubernetes-list-type=set"))
    default: break
    }
  }

  // MARK: Structure

  private mutating func checkStructure(_ schema: JSONValue, _ level: Level, _ path: String) {
    let type = schema.text("type")
    let isOpen = schema.flag("x-kubernetes-preserve-unknown-fields")
    let isIntOrString = schema.flag("x-kubernetes-int-or-string")
    let isEmbedded = schema.flag("x-kubernetes-embedded-resource")
    if isIntOrString, isOpen {
      structural.append(
        .invalid(
          "\(path).x-kubernetes-preserve-unknown-fields", true,
          "must be false if x-kubernetes-int-or-string is true"))
    }
    if isIntOrString, isEmbedded {
      structural.append(
        .invalid(
          "\(path).x-kubernetes-embedded-resource", true,
          "must be false if x-kubernetes-int-or-string is true"))
    }
    if isEmbedded, type != "object" {
      let text = "must be object if x-kubernetes-embedded-resource is true"
      structural.append(
        type.isEmpty
          ? .required("\(path).type", text) : .invalid("\(path).type", .string(type), text))
    } else if type.isEmpty, !isIntOrString, !isOpen {
      let text =
        switch level {
        case .root: "must not be empty at the root"
        case .item: "must not be empty for specified array items"
        case .field: "must not be empty for specified object fields"
        }
      structural.append(.required("\(path).type", text))
    }
    if isIntOrString, !type.isEmpty {
      structural.append(
        .forbidden("\(path).type", "must be empty if x-kubernetes-int-or-string is true"))
    }
    if isEmbedded, schema.has("additionalProperties") {
      structural.append(
        .forbidden(
          "\(path).additionalProperties",
          "must not be used if x-kubernetes-embedded-resource is set"))
    }
    if isEmbedded, !isOpen, !schema.has("properties") {
      structural.append(
        .required(
          "\(path).properties",
          "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        ))
    }
    if level == .root, !type.isEmpty, type != "object" {
      structural.append(
        .invalid("\(path).type", .string(type), "must be object at the root"))
    }
    if level == .root || isEmbedded { checkResource(schema, level, path) }
  }

  private mutating func checkResource(_ schema: JSONValue, _ level: Level, _ path: String) {
    for name in ["kind", "apiVersion"] {
      guard let property = schema[path: ["properties", name]] else { continue }
      if property.text("type") != "string" {
        structural.append(
          .invalid(
            "\(path).properties[\(name)].type", .string(property.text("type")), "must be string"))
      }
    }
    guard var metadata = schema[path: ["properties", "metadata"]] else { return }
    let place = "\(path).properties[metadata]"
    if metadata.text("type") != "object" {
      structural.append(
        .invalid("\(place).type", .string(metadata.text("type")), "must be object"))
    }
    guard level == .root else { return }
    for keyword in ["type", "default", "description"] { metadata[keyword] = nil }
    let names = Set(metadata["properties"]?.objectValue?.keys ?? [])
    if names.isSubset(of: ["name", "generateName"]) { metadata["properties"] = nil }
    if metadata != [:] {
      structural.append(
        .forbidden(
          place,
          "must not specify anything other than name and generateName, but metadata is implicitly specified"
        ))
    }
  }

  /// Schemas in `allOf`, `anyOf`, `oneOf` and `not` only narrow.
  private mutating func checkNested(
    _ nested: JSONValue, _ path: String, in parent: JSONValue, _ keyword: String
  ) {
    if nested.has("$ref") { errors.append(.forbidden("\(path).$ref", "$ref is not supported")) }
    let isIntOrString = parent.flag("x-kubernetes-int-or-string")
    if nested.has("type"), !isIntOrString {
      structural.append(.forbidden("\(path).type", "must be empty to be structural"))
    }
    for text in ["title", "description"] where nested.has(text) {
      structural.append(.forbidden("\(path).\(text)", "must be empty to be structural"))
    }
    if nested.has("default") {
      structural.append(.forbidden("\(path).default", "must be undefined to be structural"))
    }
    if nested.has("additionalProperties") {
      structural.append(
        .forbidden("\(path).additionalProperties", "must be undefined to be structural"))
    }
    for flag in [
      "nullable", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource",
      "x-kubernetes-int-or-string",
    ] where nested.flag(flag) {
      structural.append(.forbidden("\(path).\(flag)", "must be false to be structural"))
    }
    checkCompleteness(nested, path, parent, origin: path)
    for keyword in ["allOf", "anyOf", "oneOf"] {
      for (index, inner) in nested.list(keyword).enumerated() {
        checkNested(inner, "\(path).\(keyword)[\(index)]", in: parent, keyword)
      }
    }
    if let not = nested["not"], !not.isNull { checkNested(not, "\(path).not", in: parent, "not") }
  }

  /// What a nested schema names, the outer one must have.
  private mutating func checkCompleteness(
    _ nested: JSONValue, _ path: String, _ outer: JSONValue, origin: String
  ) {
    let outerPath = String(path[..<(Self.lastCombination(in: path) ?? path.endIndex)])
    for (name, property) in nested["properties"]?.objectValue ?? [:] {
      let place = "\(path).properties[\(name)]"
      guard let declared = outer[path: ["properties", name]] else {
        structural.append(
          .required("\(outerPath).properties[\(name)]", "because it is defined in \(place)"))
        continue
      }
      checkNested(property, place, in: declared, "properties")
    }
    if let items = nested["items"], !items.isNull {
      guard let declared = outer["items"] else {
        structural.append(
          .required("\(outerPath).items", "because it is defined in \(path).items"))
        return
      }
      checkNested(items, "\(path).items", in: declared, "items")
    }
  }

  private static func lastCombination(in path: String) -> String.Index? {
    [".allOf[", ".anyOf[", ".oneOf[", ".not"]
      .compactMap { path.ranges(of: $0).last?.lowerBound }.max()
  }
}
