import KubernetesAPI
import OrderedCollections

/// Validates values against structural schemas, in the words of a real server.
struct SchemaValidator {
  /// Where a value stands. `name` is how texts call it, `field` how errors point at it: they differ
  /// below `status`, which the status endpoint validates by itself.
  struct Place {
    var field: String
    var name: String

    static let root = Place(field: "", name: "")

    func member(_ key: String) -> Place {
      Place(
        field: field.isEmpty ? key : "\(field).\(key)", name: name.isEmpty ? key : "\(name).\(key)")
    }

    func index(_ index: Int) -> Place {
      Place(field: "\(field)[\(index)]", name: "\(name)[\(index)]")
    }
  }

  private(set) var errors: [FieldError] = []

  static func validate(
    _ value: JSONValue, _ schema: ObjectSchema, at place: Place = .root
  ) -> [FieldError] {
    var validator = SchemaValidator()
    validator.check(value, schema, place)
    return validator.errors
  }

  private mutating func check(_ value: JSONValue, _ schema: ObjectSchema, _ place: Place) {
    if value.isNull, schema.isNullable { return }
    checkType(value, schema, place)
    if let assertions = schema.assertions?.value {
      checkCombinations(value, assertions, place)
      switch value {
      case .string(let text): checkString(text, assertions, place)
      case .integer, .double: checkNumber(value, assertions, place)
      case .array(let elements): checkArray(elements, assertions, place)
      case .object(let members): checkObject(members, assertions, place)
      case .null, .bool: break
      }
      if !assertions.enumeration.isEmpty, !assertions.enumeration.contains(value) {
        errors.append(
          FieldError(
            .notSupported, place.field, value: value,
            detail: "supported values: "
              + assertions.enumeration.map(\.jsonText).joined(separator: ", ")))
      }
    }
    switch value {
    case .array(let elements):
      guard let items = schema.items?.value else { break }
      for (index, element) in elements.enumerated() { check(element, items, place.index(index)) }
    case .object(let members):
      for (key, member) in members {
        if let property = schema.member(key) { check(member, property, place.member(key)) }
      }
    case .null, .bool, .integer, .double, .string: break
    }
  }

  // MARK: Types and formats

  private static func typeName(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "boolean"
    case .integer: "integer"
    case .double(let number): Int64(exactly: number) == nil ? "number" : "integer"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  private mutating func checkType(
    _ value: JSONValue, _ schema: ObjectSchema, _ place: Place
  ) {
    let found = Self.typeName(value)
    if schema.isIntOrString {
      if found != "integer", found != "string" { mistyped(found, "integer,string", place) }
      return
    }
    guard let type = schema.type else { return }
    let fits = found == type.rawValue || type == .number && found == "integer"
    if !fits { mistyped(found, type.rawValue, place) }
    if type == .integer || type == .number { checkNumberFormat(value, schema, place) }
    guard type == .string, let text = value.stringValue, let format = schema.format else { return }
    if StringFormat.isValid(text, format) == false {
      errors.append(
        FieldError(
          .typeInvalid, place.field, value: value,
          detail: "\(place.name) in body must be of type \(format): \(value.jsonText)"))
    }
  }

  private mutating func mistyped(_ found: String, _ wanted: String, _ place: Place) {
    errors.append(
      FieldError(
        .typeInvalid, place.field, value: .string(found),
        detail: "\(place.name) in body must be of type \(wanted): \"\(found)\""))
  }

  /// Numbers that do not fit their format are reported without a field, as the library does it.
  private mutating func checkNumberFormat(
    _ value: JSONValue, _ schema: ObjectSchema, _ place: Place
  ) {
    guard let number = value.doubleValue, schema.type == .integer else { return }
    let integer = value.integerValue
    let fits =
      switch schema.format {
      case "int32": integer.map { Int32(exactly: $0) != nil } ?? false
      case "uint32": integer.map { UInt32(exactly: $0) != nil } ?? false
      case "uint64": integer.map { $0 >= 0 } ?? (number >= 0 && number.rounded() == number)
      default: integer != nil
      }
    if fits { return }
    let format = schema.format.map { "with format \($0)" } ?? "(default format)"
    unplaced("Checked value must be of type integer \(format) in \(place.name)")
  }

  private mutating func unplaced(_ text: String) {
    errors.append(.invalid("<nil>", "", text))
  }

  // MARK: Values

  private mutating func invalid(_ value: JSONValue, _ text: String, _ place: Place) {
    errors.append(.invalid(place.field, value, "\(place.name) in body \(text)"))
  }

  /// The first broken rule counts.
  private mutating func checkString(
    _ text: String, _ assertions: SchemaAssertions, _ place: Place
  ) {
    let length = Int64(text.unicodeScalars.count)
    if let limit = assertions.maxLength, length > limit {
      errors.append(
        FieldError(.tooLong, place.field, detail: "may not be more than \(limit) bytes"))
    } else if let limit = assertions.minLength, length < limit {
      invalid(.string(text), "should be at least \(limit) chars long", place)
    } else if let pattern = assertions.pattern, !pattern.matches(text) {
      invalid(.string(text), "should match '\(pattern.pattern)'", place)
    }
  }

  private mutating func checkNumber(
    _ value: JSONValue, _ assertions: SchemaAssertions, _ place: Place
  ) {
    guard let number = value.doubleValue else { return }
    func text(_ bound: Double) -> String { JSONValue.double(bound).jsonText }
    if let factor = assertions.multipleOf, factor > 0,
      (number / factor).rounded() != number / factor
    {
      invalid(value, "should be a multiple of \(text(factor))", place)
    }
    if let bound = assertions.maximum {
      if assertions.exclusiveMaximum ? number >= bound : number > bound {
        let relation = assertions.exclusiveMaximum ? "less than" : "less than or equal to"
        invalid(value, "should be \(relation) \(text(bound))", place)
      }
    }
    if let bound = assertions.minimum {
      if assertions.exclusiveMinimum ? number <= bound : number < bound {
        let relation = assertions.exclusiveMinimum ? "greater than" : "greater than or equal to"
        invalid(value, "should be \(relation) \(text(bound))", place)
      }
    }
  }

  private mutating func tooMany(_ count: Int, _ limit: Int64, _ place: Place) {
    errors.append(
      FieldError(
        .tooMany, place.field, value: .integer(Int64(count)),
        detail: "must have at most \(limit) items"))
  }

  private mutating func checkArray(
    _ elements: [JSONValue], _ assertions: SchemaAssertions, _ place: Place
  ) {
    if let limit = assertions.maxItems, elements.count > limit {
      tooMany(elements.count, limit, place)
    }
    if let limit = assertions.minItems, elements.count < limit {
      invalid(
        .integer(Int64(elements.count)), "should have at least \(limit) items", place)
    }
  }

  private mutating func checkObject(
    _ members: JSONObject, _ assertions: SchemaAssertions, _ place: Place
  ) {
    if let limit = assertions.maxProperties, members.count > limit {
      tooMany(members.count, limit, place)
    }
    if let limit = assertions.minProperties, members.count < limit {
      invalid(
        .integer(Int64(members.count)), "should have at least \(limit) properties", place)
    }
    for name in assertions.required where members[name] == nil {
      errors.append(.required(place.member(name).field))
    }
  }

  // MARK: Combinations

  private mutating func checkCombinations(
    _ value: JSONValue, _ assertions: SchemaAssertions, _ place: Place
  ) {
    if !assertions.anyOf.isEmpty {
      let outcomes = assertions.anyOf.map { Self.validate(value, $0, at: place) }
      if !outcomes.contains(where: \.isEmpty) {
        unplaced("\"\(place.name)\" must validate at least one schema (anyOf)")
        errors += closest(outcomes)
      }
    }
    if !assertions.oneOf.isEmpty {
      let outcomes = assertions.oneOf.map { Self.validate(value, $0, at: place) }
      let valid = outcomes.filter(\.isEmpty).count
      if valid != 1 {
        let found = valid == 0 ? "Found none valid" : "Found \(valid) valid alternatives"
        unplaced("\"\(place.name)\" must validate one and only one schema (oneOf). \(found)")
        if valid == 0 { errors += closest(outcomes) }
      }
    }
    if !assertions.allOf.isEmpty {
      let outcomes = assertions.allOf.map { Self.validate(value, $0, at: place) }
      let failures = outcomes.filter { !$0.isEmpty }
      if !failures.isEmpty {
        errors += failures.flatMap(\.self)
        let none = failures.count == outcomes.count ? ". None validated" : ""
        unplaced("\"\(place.name)\" must validate all the schemas (allOf)\(none)")
      }
    }
    for schema in assertions.not where Self.validate(value, schema, at: place).isEmpty {
      unplaced("\"\(place.name)\" must not validate the schema (not)")
    }
  }

  /// The errors of the alternative that came closest, the first among equals.
  private func closest(_ outcomes: [[FieldError]]) -> [FieldError] {
    outcomes.min { $0.count < $1.count } ?? []
  }
}

/// Sets and list maps hold every element, or key, once.
enum ListUniqueness {
  static func validate(_ value: JSONValue, _ schema: ObjectSchema, at field: String) -> [FieldError]
  {
    switch value {
    case .array(let elements):
      var errors: [FieldError] = []
      var seen: Set<JSONValue> = []
      for (index, element) in elements.enumerated() {
        let identity: JSONValue
        switch schema.listKind {
        case .atomic: continue
        case .set: identity = element
        case .map(let keys):
          var members: JSONObject = [:]
          for key in keys { if let value = element[key] { members[key] = value } }
          identity = .object(members)
        }
        if !seen.insert(identity).inserted {
          errors.append(.duplicate("\(field)[\(index)]", identity))
        }
      }
      guard let items = schema.items?.value else { return errors }
      return errors
        + elements.enumerated().flatMap { validate($1, items, at: "\(field)[\($0)]") }
    case .object(let members):
      return members.flatMap { key, member in
        schema.member(key).map {
          validate(member, $0, at: field.isEmpty ? key : "\(field).\(key)")
        } ?? []
      }
    case .null, .bool, .integer, .double, .string: return []
    }
  }
}
