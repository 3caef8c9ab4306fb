import KubernetesAPI

/// Values as the API's error texts print them: a real server formats them with Go's `fmt` and
/// `encoding/json`, and clients compare those texts.
enum GoText {
  /// Go's JSON: members sorted, `<`, `>` and `&` escaped.
  static func json(_ value: JSONValue) -> String {
    switch value {
    case .object(let members):
      let text = members.sorted { $0.key < $1.key }.map {
        "\(json(.string($0.key))):\(json($0.value))"
      }
      return "{\(text.joined(separator: ","))}"
    case .array(let elements): return "[\(elements.map(json).joined(separator: ","))]"
    case .string:
      return escaped(value.jsonText)
    case .null, .bool, .integer, .double: return value.jsonText
    }
  }

  /// A value that is quoted in an error: texts as they are, anything larger as Go's JSON, in the
  /// order of its struct.
  static func quoted(_ value: JSONValue) -> String {
    switch value {
    case .null, .bool, .integer, .double, .string: value.jsonText
    case .array, .object: escaped(value.jsonText)
    }
  }

  private static func escaped(_ json: String) -> String {
    json.replacing("<", with: "\\u003c").replacing(">", with: "\\u003e")
      .replacing("&", with: "\\u0026")
  }

  /// `%v`: `map[a:1 b:[x y]]`.
  static func plain(_ value: JSONValue) -> String {
    switch value {
    case .null: "<nil>"
    case .bool(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .double(let number): JSONValue.double(number).jsonText
    case .string(let text): text
    case .array(let elements): "[\(elements.map(plain).joined(separator: " "))]"
    case .object(let members):
      "map[\(members.sorted { $0.key < $1.key }.map { "\($0.key):\(plain($0.value))" }.joined(separator: " "))]"
    }
  }

  /// `%#v`: `map[string]interface {}{"a":1}`.
  static func syntax(_ value: JSONValue) -> String {
    switch value {
    case .null: return "interface {}(nil)"
    case .bool, .integer, .double, .string: return value.jsonText
    case .array(let elements):
      return "[]interface {}{\(elements.map(syntax).joined(separator: ", "))}"
    case .object(let members):
      let text = members.sorted { $0.key < $1.key }
        .map { "\(JSONValue.string($0.key).jsonText):\(syntax($0.value))" }
      return "map[string]interface {}{\(text.joined(separator: ", "))}"
    }
  }

  /// What `encoding/json` calls a value that it cannot take.
  static func jsonType(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "bool"
    case .integer, .double: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
