import KubernetesAPI

/// Which objects of a kind a list, watch or deletion of a collection is about.
struct ObjectSelection: Sendable {
  private let labels: LabelSelector
  private let fields: [(path: String, value: String, equal: Bool)]

  init(labels: String, fields: String, definition: ResourceDefinition) throws(APIError) {
    self.labels = try Self.parse(labels)
    self.fields = try Self.fields(fields, definition)
  }

  var isEverything: Bool { labels.isEmpty && fields.isEmpty }

  func matches(_ object: StoredObject) -> Bool {
    guard labels.isEmpty || labels.matches(object.labels) else { return false }
    var value: JSONValue?
    for field in fields {
      let found: String
      switch field.path {
      case "metadata.name": found = object.name
      case "metadata.namespace": found = object.namespace
      default:
        let parsed = value ?? (try? JSONValue(parsing: object.body)) ?? .null
        value = parsed
        found = Self.text(parsed[path: field.path.split(separator: ".").map(String.init)])
      }
      if (found == field.value) != field.equal { return false }
    }
    return true
  }

  private static func text(_ value: JSONValue?) -> String {
    switch value {
    case .string(let text)?: text
    case .bool(let flag)?: flag ? "true" : "false"
    case .integer(let number)?: String(number)
    case .null?, .double?, .array?, .object?, nil: ""
    }
  }

  private static func fields(
    _ text: String, _ definition: ResourceDefinition
  ) throws(APIError) -> [(path: String, value: String, equal: Bool)] {
    var fields: [(path: String, value: String, equal: Bool)] = []
    for term in text.split(separator: ",") {
      let equal = !term.contains("!=")
      let parts = term.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw .badRequest("invalid selector: '\(text)'; can't understand '\(term)'")
      }
      let path = String(parts[0].filter { $0 != "!" })
      let value = parts[1].first == "=" ? parts[1].dropFirst() : parts[1]
      fields.append((path, String(value), equal))
    }
    return fields
  }

  private static func parse(_ text: String) throws(APIError) -> LabelSelector {
    var requirements: [LabelSelector.Requirement] = []
    var terms: [String] = []
    var depth = 0
    var current = ""
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        terms.append(current)
        current = ""
      } else {
        current.append(character)
      }
    }
    if !current.isEmpty { terms.append(current) }
    for term in terms {
      let words = term.split(separator: " ").map(String.init)
      if words.count >= 2, words[1] == "in" || words[1] == "notin",
        let open = term.firstIndex(of: "("), let close = term.lastIndex(of: ")")
      {
        let values = term[term.index(after: open)..<close].split(separator: ",").map {
          String($0.filter { $0 != " " })
        }
        requirements.append(
          .init(key: words[0], operator: words[1] == "in" ? "In" : "NotIn", values: values))
      } else if let range = term.firstRange(of: "!=") {
        requirements.append(
          .init(
            key: String(term[..<range.lowerBound]), operator: "NotIn",
            values: [String(term[range.upperBound...])]))
      } else if let range = term.firstRange(of: "==") ?? term.firstRange(of: "=") {
        requirements.append(
          .init(
            key: String(term[..<range.lowerBound]), operator: "In",
            values: [String(term[range.upperBound...])]))
      } else if term.hasPrefix("!") {
        requirements.append(.init(key: String(term.dropFirst()), operator: "DoesNotExist"))
      } else {
        requirements.append(.init(key: term, operator: "Exists"))
      }
    }
    return LabelSelector(matchExpressions: requirements.isEmpty ? nil : requirements)
  }
}
