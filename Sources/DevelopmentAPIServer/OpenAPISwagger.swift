import KubernetesAPI

/// What OpenAPI v2 says differently from v3, of which the server's schemas are.
enum Swagger {
  /// A schema without what v2 cannot say.
  static func schema(_ schema: JSONValue) -> JSONValue {
    guard case .object(var object) = schema else { return schema }
    for member in ["oneOf", "anyOf", "not", "nullable"] { object[member] = nil }
    // A reference and what is said about it stand side by side.
    if let parts = object["allOf"]?.arrayValue {
      object["allOf"] = nil
      if parts.count == 1, case .object(let only) = parts[0] {
        for (name, value) in only { object[name] = value }
      }
    }
    if object["format"]?.stringValue == "int-or-string" { object["type"] = "string" }
    if let properties = object["properties"]?.objectValue {
      object["properties"] = self.schemas(properties)
    }
    for member in ["items", "additionalProperties"] {
      if let inner = object[member] { object[member] = self.schema(inner) }
    }
    return .object(object)
  }

  static func schemas(_ schemas: JSONObject) -> JSONValue {
    .object(JSONObject(schemas.map { ($0.key, schema($0.value)) }))
  }

  /// A path whose parameters have their types beside their names.
  static func path(_ item: JSONValue) -> JSONValue {
    guard case .object(var object) = item else { return item }
    for (method, operation) in object {
      var operation = operation
      operation["parameters"] = .array(
        (operation["parameters"]?.arrayValue ?? []).map { parameter in
          var parameter = parameter
          parameter["type"] = parameter[path: ["schema", "type"]]
          parameter["schema"] = nil
          return parameter
        })
      object[method] = operation
    }
    return .object(object)
  }
}

/// An OpenAPI v2 document in the protobuf form of `google/gnostic-models`
/// (`openapiv2/OpenAPIv2.proto`), which kubectl before 1.30 asks for and takes in no other form.
/// Field numbers are those of that file; members without a place in it are left out.
enum SwaggerProtobuf {
  static let contentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
  /// Under either name clients ask for it.
  static let accepted: Set<String> = [
    contentType, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
  ]

  static func write(_ document: JSONValue) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.string(1, text(document, "swagger"))
    writer.message(2) { info in
      info.string(1, text(document["info"], "title"))
      info.string(2, text(document["info"], "version"))
    }
    writer.message(8) { paths in
      for (path, item) in members(document, "paths") {
        paths.message(2) { entry in
          entry.string(1, path)
          entry.message(2) { write(path: item, to: &$0) }
        }
      }
    }
    writer.message(9) { write(schemas: members(document, "definitions"), to: &$0) }
    return writer.bytes
  }

  private static let methods = [(2, "get"), (3, "put"), (4, "post"), (5, "delete"), (8, "patch")]

  private static let limits = [
    (11, "maxLength"), (12, "minLength"), (14, "maxItems"), (15, "minItems"),
    (17, "maxProperties"), (18, "minProperties"),
  ]

  private static func write(path: JSONValue, to writer: inout ProtobufWriter) {
    for (number, method) in methods {
      guard let operation = path[method] else { continue }
      writer.message(number) { write(operation: operation, to: &$0) }
    }
  }

  private static func write(operation: JSONValue, to writer: inout ProtobufWriter) {
    for tag in operation["tags"]?.arrayValue ?? [] { writer.string(1, tag.stringValue ?? "") }
    writer.string(5, text(operation, "operationId"))
    for parameter in operation["parameters"]?.arrayValue ?? [] {
      // ParametersItem, Parameter, NonBodyParameter: each a choice with one message in it.
      writer.message(8) { item in
        item.message(1) { parameterChoice in
          parameterChoice.message(2) { place in
            place.message(3) { query in
              query.string(2, text(parameter, "in"))
              query.string(4, text(parameter, "name"))
              query.string(6, text(parameter, "type"))
            }
          }
        }
      }
    }
    writer.message(9) { responses in
      for (code, response) in members(operation, "responses") {
        responses.message(1) { entry in
          entry.string(1, code)
          entry.message(2) { value in
            value.message(1) { $0.string(1, text(response, "description")) }
          }
        }
      }
    }
    write(extensionsOf: operation, as: 13, to: &writer)
  }

  private static func write(schemas: JSONObject, to writer: inout ProtobufWriter) {
    for (name, schema) in schemas {
      writer.message(1) { entry in
        entry.string(1, name)
        entry.message(2) { write(schema: schema, to: &$0) }
      }
    }
  }

  private static func write(schema: JSONValue, to writer: inout ProtobufWriter) {
    writer.string(1, text(schema, "$ref"))
    writer.string(2, text(schema, "format"))
    writer.string(4, text(schema, "description"))
    if let value = schema["default"] { write(any: value, as: 5, to: &writer) }
    writer.double(7, number(schema, "maximum"))
    writer.bool(8, schema["exclusiveMaximum"]?.boolValue ?? false)
    writer.double(9, number(schema, "minimum"))
    writer.bool(10, schema["exclusiveMinimum"]?.boolValue ?? false)
    for (number, name) in limits { writer.integer(number, schema[name]?.integerValue ?? 0) }
    writer.string(13, text(schema, "pattern"))
    for name in schema["required"]?.arrayValue ?? [] { writer.string(19, name.stringValue ?? "") }
    for value in schema["enum"]?.arrayValue ?? [] { write(any: value, as: 20, to: &writer) }
    switch schema["additionalProperties"] {
    case .bool(let isAllowed)?: writer.message(21) { $0.bool(2, isAllowed) }
    case let values?:
      writer.message(21) { $0.message(1) { write(schema: values, to: &$0) } }
    case nil: break
    }
    let type = text(schema, "type")
    if !type.isEmpty { writer.message(22) { $0.string(1, type) } }
    if let items = schema["items"] {
      writer.message(23) { $0.message(1) { write(schema: items, to: &$0) } }
    }
    let properties = members(schema, "properties")
    if !properties.isEmpty { writer.message(25) { write(schemas: properties, to: &$0) } }
    write(extensionsOf: schema, as: 31, to: &writer)
  }

  private static func write(
    extensionsOf object: JSONValue, as number: Int, to writer: inout ProtobufWriter
  ) {
    for (name, value) in object.objectValue ?? [:] where name.hasPrefix("x-") {
      writer.message(number) { entry in
        entry.string(1, name)
        write(any: value, as: 2, to: &entry)
      }
    }
  }

  /// `Any` holds YAML, of which JSON is a part.
  private static func write(any value: JSONValue, as number: Int, to writer: inout ProtobufWriter) {
    writer.message(number) { $0.string(2, value.jsonText) }
  }

  private static func text(_ object: JSONValue?, _ member: String) -> String {
    object?[member]?.stringValue ?? ""
  }

  private static func number(_ object: JSONValue, _ member: String) -> Double {
    switch object[member] {
    case .integer(let value)?: Double(value)
    case .double(let value)?: value
    case .null?, .bool?, .string?, .array?, .object?, nil: 0
    }
  }

  private static func members(_ object: JSONValue, _ member: String) -> JSONObject {
    object[member]?.objectValue ?? [:]
  }
}
