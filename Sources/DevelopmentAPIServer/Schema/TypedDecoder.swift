import KubernetesAPI
import OrderedCollections

/// Decodes objects of built-in kinds as a real server does, which reads JSON into Go structs and
/// writes those: unknown fields fall out, members come in the order of the struct, zero values
/// appear or vanish as the field's tag says, and texts of times and quantities become canonical.
struct TypedDecoder {
  /// A value of the wrong type, in the words of Go's decoders.
  struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }

  /// Paths of members that the kind does not have, in the order of the document.
  private(set) var unknownFields: [String] = []

  /// The canonical form of an object of the kind that `schema` describes.
  static func decode(
    _ object: JSONValue, as schema: ObjectSchema
  ) throws(Failure) -> (object: JSONValue, unknownFields: [String]) {
    var decoder = TypedDecoder()
    let place = Place(structName: schema.structName ?? "", path: "", fields: [])
    let value = try decoder.value(object, schema, place)
    return (value, decoder.unknownFields)
  }

  /// What Go makes of nothing: the structs that are always there, everything else left out.
  static func empty(_ schema: ObjectSchema) -> JSONValue {
    var members: JSONObject = [:]
    for (name, property) in schema.properties {
      if let zero = zero(property) { members[name] = zero }
    }
    return .object(members)
  }

  /// Where a value stands: `path` for texts on unknown fields, `structName` and `fields` for texts on
  /// types, which name the innermost struct and all the fields down to it.
  private struct Place {
    var structName: String
    var path: String
    var fields: [String]

    func member(_ name: String) -> Place {
      Place(
        structName: structName, path: path.isEmpty ? name : "\(path).\(name)",
        fields: fields + [name])
    }

    func key(_ name: String) -> Place {
      Place(structName: structName, path: path.isEmpty ? name : "\(path).\(name)", fields: fields)
    }

    func index(_ index: Int) -> Place {
      Place(structName: structName, path: "\(path)[\(index)]", fields: fields)
    }
  }

  private mutating func value(
    _ value: JSONValue, _ schema: ObjectSchema, _ place: Place
  ) throws(Failure) -> JSONValue {
    if let name = schema.structName {
      var place = place
      place.structName = name
      return try structure(value, schema, place)
    }
    if let items = schema.items?.value {
      guard case .array(let elements) = value else { throw mismatch(value, schema, place) }
      var decoded: [JSONValue] = []
      decoded.reserveCapacity(elements.count)
      for (index, element) in elements.enumerated() {
        decoded.append(
          element.isNull
            ? Self.elementZero(items) : try self.value(element, items, place.index(index)))
      }
      return .array(decoded)
    }
    if let values = schema.additionalProperties?.value {
      guard case .object(let members) = value else { throw mismatch(value, schema, place) }
      var decoded: JSONObject = [:]
      for (key, member) in members {
        decoded[key] =
          member.isNull
          ? Self.elementZero(values) : try self.value(member, values, place.key(key))
      }
      return .object(decoded)
    }
    return try scalar(value, schema, place)
  }

  private mutating func structure(
    _ value: JSONValue, _ schema: ObjectSchema, _ place: Place
  ) throws(Failure) -> JSONValue {
    guard case .object(let members) = value else { throw mismatch(value, schema, place) }
    var decoded: [String: JSONValue] = [:]
    for (name, member) in members {
      guard let property = schema.properties[name] else {
        if schema.preservesUnknownFields {
          decoded[name] = member
        } else {
          unknownFields.append(place.member(name).path)
        }
        continue
      }
      if member.isNull { continue }
      let value = try self.value(member, property, place.member(name))
      if property.presence == .omitEmpty, Self.isZero(value) { continue }
      decoded[name] = value
    }
    var ordered: JSONObject = [:]
    for (name, property) in schema.properties {
      if let value = decoded[name] ?? Self.zero(property) { ordered[name] = value }
    }
    return .object(ordered)
  }

  private func scalar(
    _ value: JSONValue, _ schema: ObjectSchema, _ place: Place
  ) throws(Failure) -> JSONValue {
    switch (schema.format, value) {
    case ("quantity", .string(let text)):
      guard let quantity = Quantity(text) else { throw Failure(Quantity.malformed) }
      return .string(quantity.description)
    case ("quantity", .integer), ("quantity", .double):
      guard let quantity = Quantity(value.jsonText) else { throw Failure(Quantity.malformed) }
      return .string(quantity.description)
    case ("quantity", _): throw Failure(Quantity.malformed)
    case ("int-or-string", .integer(let number)) where Int32(exactly: number) != nil: return value
    case ("int-or-string", .string): return value
    case ("int-or-string", _):
      throw Failure("json: cannot unmarshal \(GoText.jsonType(value)) into Go value of type int32")
    case ("date-time", .string(let text)):
      guard let time = Timestamp(text) else {
        throw GoTime.parsingFailure(text, layout: GoTime.seconds)
      }
      return .string(time.rfc3339)
    case ("micro-time", .string(let text)):
      guard let time = Timestamp(text), GoTime.hasSixDecimals(text) else {
        throw GoTime.parsingFailure(text, layout: GoTime.microseconds)
      }
      return .string(time.rfc3339Micro)
    case ("byte", .string(let text)):
      if let offset = Base64.firstInvalidByte(text) {
        throw Failure("illegal base64 data at input byte \(offset)")
      }
      return value
    default: break
    }
    switch (schema.type, value) {
    case (.string, .string), (.boolean, .bool), (nil, _): return value
    case (.number, .integer), (.number, .double): return value
    case (.integer, .integer(let number)):
      if schema.format == "int32", Int32(exactly: number) == nil {
        throw mismatch(value, schema, place)
      }
      return value
    default: throw mismatch(value, schema, place)
    }
  }

  private func mismatch(_ value: JSONValue, _ schema: ObjectSchema, _ place: Place) -> Failure {
    var found = GoText.jsonType(value)
    // A number of the wrong kind is quoted, another type is only named.
    if schema.type == .integer, value.doubleValue != nil { found += " \(value.jsonText)" }
    let type = Self.goType(schema)
    if place.fields.isEmpty {
      return Failure("json: cannot unmarshal \(found) into Go value of type \(type)")
    }
    return Failure(
      "json: cannot unmarshal \(found) into Go struct field \(place.structName)."
        + "\(place.fields.joined(separator: ".")) of type \(type)")
  }

  private static func goType(_ schema: ObjectSchema) -> String {
    if let name = schema.structName { return "v1.\(name)" }
    if let items = schema.items?.value { return "[]\(goType(items))" }
    if let values = schema.additionalProperties?.value { return "map[string]\(goType(values))" }
    switch schema.type {
    case .string: return "string"
    case .boolean: return "bool"
    case .integer: return schema.format ?? "int64"
    case .number: return "float64"
    case .object, .array, nil: return "interface {}"
    }
  }

  /// What `omitempty` leaves out.
  private static func isZero(_ value: JSONValue) -> Bool {
    switch value {
    case .null: true
    case .bool(let flag): !flag
    case .integer(let number): number == 0
    case .double(let number): number == 0
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    }
  }

  /// What an absent field is written as; `nil` leaves it out.
  private static func zero(_ schema: ObjectSchema) -> JSONValue? {
    guard schema.presence == .always else { return nil }
    return schema.isNullable ? .null : elementZero(schema)
  }

  private static func elementZero(_ schema: ObjectSchema) -> JSONValue {
    if schema.structName != nil { return empty(schema) }
    switch (schema.type, schema.format) {
    case (.string, "date-time"), (.string, "micro-time"), (.string, "byte"): return .null
    case (nil, "quantity"): return "0"
    case (nil, "int-or-string"): return 0
    case (.string, _): return ""
    case (.boolean, _): return false
    case (.integer, _), (.number, _): return 0
    case (.object, _), (.array, _), (nil, _): return .null
    }
  }
}
