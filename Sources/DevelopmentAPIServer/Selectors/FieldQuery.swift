import KubernetesAPI

/// The `fieldSelector` of a request: comparisons of fields with texts that must all hold.
///
/// Grammar: terms joined by commas, each `field=value`, `field==value` or `field!=value`; a
/// backslash takes the special meaning from `,`, `=` and `\` in a value.
struct FieldQuery: Sendable, Hashable {
  struct Term: Sendable, Hashable {
    var field: String
    var isNegated: Bool
    var value: String
  }

  var terms: [Term] = []

  var isEmpty: Bool { terms.isEmpty }

  /// The name that all matches have, where the query names one.
  var name: String? {
    terms.first { $0.field == "metadata.name" && !$0.isNegated }?.value
  }

  init() {}

  init(parsing text: String) throws(SelectorError) {
    for term in Self.split(text) {
      if term.isEmpty { continue }
      guard let parsed = try Term(parsing: term) else {
        throw SelectorError("invalid selector: '\(text)'; can't understand '\(term)'")
      }
      terms.append(parsed)
    }
  }

  /// Cuts at commas that no backslash precedes.
  private static func split(_ text: String) -> [String] {
    var terms: [String] = []
    var term = ""
    var isEscaped = false
    for character in text {
      switch character {
      case _ where isEscaped:
        isEscaped = false
        term.append(character)
      case "\\":
        isEscaped = true
        term.append(character)
      case ",":
        terms.append(term)
        term = ""
      default: term.append(character)
      }
    }
    terms.append(term)
    return terms
  }

  /// Whether an object matches, a field being read by `value`.
  func matches(_ value: (_ field: String) -> String) -> Bool {
    terms.allSatisfy { (value($0.field) == $0.value) != $0.isNegated }
  }
}

extension FieldQuery.Term {
  fileprivate init?(parsing term: String) throws(SelectorError) {
    let characters = Array(term)
    for index in characters.indices where characters[index] != "\\" {
      let isEscaped = index > 0 && characters[index - 1] == "\\"
      if isEscaped { continue }
      let rest = characters[index...]
      for (symbol, negated) in [("!=", true), ("==", false), ("=", false)]
      where rest.starts(with: symbol) {
        field = String(characters[..<index])
        isNegated = negated
        value = try Self.unescape(characters[(index + symbol.count)...])
        return
      }
    }
    return nil
  }

  private static func unescape(_ text: ArraySlice<Character>) throws(SelectorError) -> String {
    var value = ""
    var isEscaped = false
    for character in text {
      switch character {
      case _ where isEscaped:
        guard "\\,=".contains(character) else {
          throw SelectorError("invalid field selector: invalid escape sequence: \\\(character)")
        }
        isEscaped = false
        value.append(character)
      case "\\": isEscaped = true
      case ",", "=":
        throw SelectorError("invalid field selector: unescaped character in value: \(character)")
      default: value.append(character)
      }
    }
    if isEscaped { throw SelectorError("invalid field selector: invalid escape sequence: \\") }
    return value
  }
}

/// Which fields a kind lets clients select by, and how they are read.
///
/// Built-in kinds and custom resources word the refusal of other fields differently.
struct SelectableFields: Sendable, Hashable {
  /// Beyond `metadata.name` and `metadata.namespace`; a field reads as text, an absent one as the
  /// default given (`""`, or `false` for `spec.unschedulable`).
  var fields: [String: String] = [:]
  var isCustom = false

  static let metadata = SelectableFields()

  func check(_ query: FieldQuery) throws(SelectorError) {
    for term in query.terms where !isSupported(term.field) {
      if isCustom || !fields.isEmpty {
        throw SelectorError("field label not supported: \(term.field)")
      }
      throw SelectorError(
        "\"\(term.field)\" is not a known field selector: only \"metadata.name\", "
          + "\"metadata.namespace\"")
    }
  }

  func isSupported(_ field: String) -> Bool {
    field == "metadata.name" || field == "metadata.namespace" || fields[field] != nil
  }

  func matches(_ query: FieldQuery, object: JSONValue) -> Bool {
    query.isEmpty
      || query.matches { field in
        let value = object[path: field.split(separator: ".").map(String.init)]
        let absent = fields[field] ?? ""
        switch value {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .double(let number): return "\(number)"
        case .null, .array, .object, nil: return absent
        }
      }
  }
}
