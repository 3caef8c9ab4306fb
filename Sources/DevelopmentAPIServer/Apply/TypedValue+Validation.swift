import KubernetesAPI

extension TypedValue {
  /// Why a configuration cannot be typed, in the words of a real server, which answers with code 500.
  struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    var errors: [String]

    var description: String {
      errors.count == 1 ? errors[0] : "errors:\n" + errors.map { "  \($0)" }.joined(separator: "\n")
    }
  }

  /// Checks that every member is declared, every type fits and every entry has a key of its own.
  func validate() throws(Failure) {
    var errors: [String] = []
    Self.validate(value, schema, at: [], into: &errors)
    if !errors.isEmpty { throw Failure(errors: errors) }
  }

  private static func validate(
    _ value: JSONValue, _ schema: ObjectSchema, at path: [FieldPathElement],
    into errors: inout [String]
  ) {
    func fail(_ text: String, below element: FieldPathElement? = nil) {
      let path = (element.map { path + [$0] } ?? path).map(\.description).joined()
      errors.append(path.isEmpty ? text : "\(path): \(text)")
    }
    func expected(_ what: String) {
      fail("expected \(what), got &value.valueUnstructured{Value:\(GoText.syntax(value))}")
    }
    if value.isNull || schema.isUntyped && !schema.isIntOrString { return }
    switch (schema.type, value) {
    case (.object, .object(let members)), (nil, .object(let members)):
      if schema.isIntOrString { return expected("scalar") }
      for (name, member) in members {
        guard let declared = schema.member(name) else {
          if !schema.preservesUnknownFields {
            fail("field not declared in schema", below: .field(name))
          }
          continue
        }
        validate(member, declared, at: path + [.field(name)], into: &errors)
      }
    case (.object, _): expected("map")
    case (.array, .array(let elements)):
      validate(elements, schema, at: path, into: &errors)
    case (.array, _): expected("list")
    case (.string, .string), (.boolean, .bool), (.integer, .integer), (.integer, .double),
      (.number, .integer), (.number, .double):
      break
    case (.string, _): expected("string")
    case (.boolean, _): expected("boolean")
    case (.integer, _), (.number, _): expected("numeric (int or float)")
    case (nil, .array): if schema.isIntOrString { expected("scalar") }
    case (nil, _): break
    }
  }

  private static func validate(
    _ elements: [JSONValue], _ schema: ObjectSchema, at path: [FieldPathElement],
    into errors: inout [String]
  ) {
    let shape = shape(of: .array(elements), schema)
    let prefix = path.map(\.description).joined()
    var seen: Set<FieldPathElement> = []
    for (index, element) in elements.enumerated() {
      var place = FieldPathElement.index(index)
      if case .leaf = shape {
      } else {
        do throws(MissingKey) {
          place = try pathElement(of: element, shape, schema)
        } catch {
          errors.append("\(prefix): element \(index): \(error)")
          return
        }
        if !seen.insert(place).inserted {
          errors.append("\(prefix): duplicate entries for key \(place)")
        }
      }
      validate(element, schema.elementOrAny, at: path + [place], into: &errors)
    }
  }
}
