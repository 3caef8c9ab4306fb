import KubernetesAPI

/// The paths of printer columns: `.spec.mode`, `.status.conditions[?(@.type=="Ready")].status`,
/// `.spec.addresses[0]`, `.spec.list[*].name`.
struct JSONPath: Sendable, Hashable {
  struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
  }

  private enum Step: Sendable, Hashable {
    case member(String)
    case index(Int)
    case all
    case filter(path: [String], relation: String, value: JSONValue)
    case exists(path: [String])
  }

  private var steps: [Step] = []

  init(_ text: String) throws(Malformed) {
    var rest = Substring(text)
    if rest.first == "{", rest.last == "}" { rest = rest.dropFirst().dropLast() }
    if rest.first == "$" { rest.removeFirst() }
    guard rest.isEmpty || rest.first == "." || rest.first == "[" else {
      throw Malformed(description: "must be a simple json path starting with .")
    }
    while let first = rest.first {
      rest.removeFirst()
      switch first {
      case ".":
        var name = ""
        while let character = rest.first, character != ".", character != "[" {
          rest.removeFirst()
          if character == "\\", let escaped = rest.popFirst() {
            name.append(escaped)
          } else {
            name.append(character)
          }
        }
        if name == "*" {
          steps.append(.all)
        } else if !name.isEmpty {
          steps.append(.member(name))
        }
      case "[":
        guard let end = Self.closingBracket(rest) else {
          throw Malformed(description: "unterminated array")
        }
        steps.append(try Self.subscription(String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      default: throw Malformed(description: "unrecognized character in action: U+\(first)")
      }
    }
  }

  private static func closingBracket(_ text: Substring) -> Substring.Index? {
    var depth = 0
    var quote: Character?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == "[" {
        depth += 1
      } else if character == "]" {
        if depth == 0 { return index }
        depth -= 1
      }
    }
    return nil
  }

  private static func subscription(_ text: String) throws(Malformed) -> Step {
    if text == "*" { return .all }
    if let index = Int(text) { return .index(index) }
    if let first = text.first, first == "'" || first == "\"", text.last == first {
      return .member(String(text.dropFirst().dropLast()))
    }
    guard text.hasPrefix("?("), text.hasSuffix(")") else {
      throw Malformed(description: "invalid array index \(text)")
    }
    let body = text.dropFirst(2).dropLast()
    for relation in ["==", "!=", "<=", ">=", "<", ">"] {
      guard let range = body.firstRange(of: relation) else { continue }
      let literal = body[range.upperBound...].trimmed
      return .filter(
        path: memberPath(body[..<range.lowerBound].trimmed), relation: relation,
        value: value(of: literal))
    }
    return .exists(path: memberPath(body.trimmed))
  }

  private static func memberPath(_ text: Substring) -> [String] {
    text.drop { $0 == "@" }.split(separator: ".").map(String.init)
  }

  private static func value(of literal: Substring) -> JSONValue {
    if let first = literal.first, first == "'" || first == "\"", literal.last == first {
      return .string(String(literal.dropFirst().dropLast()))
    }
    return (try? JSONValue(parsing: String(literal))) ?? .string(String(literal))
  }

  /// All values that the path leads to.
  func values(in document: JSONValue) -> [JSONValue] {
    var values = [document]
    for step in steps { values = values.flatMap { Self.apply(step, to: $0) } }
    return values
  }

  private static func apply(_ step: Step, to value: JSONValue) -> [JSONValue] {
    switch step {
    case .member(let name): return value[name].map { [$0] } ?? []
    case .index(let index):
      guard let elements = value.arrayValue else { return [] }
      let place = index < 0 ? index + elements.count : index
      return elements.indices.contains(place) ? [elements[place]] : []
    case .all:
      if let elements = value.arrayValue { return elements }
      return (value.objectValue ?? [:]).map(\.value)
    case .exists(let path):
      return (value.arrayValue ?? []).filter { $0[path: path] != nil }
    case .filter(let path, let relation, let literal):
      return (value.arrayValue ?? []).filter { element in
        guard let found = element[path: path] else { return false }
        return holds(found, relation, literal)
      }
    }
  }

  private static func holds(_ found: JSONValue, _ relation: String, _ literal: JSONValue) -> Bool {
    switch relation {
    case "==": return found == literal
    case "!=": return found != literal
    default: break
    }
    guard let left = found.doubleValue, let right = literal.doubleValue else { return false }
    switch relation {
    case "<": return left < right
    case "<=": return left <= right
    case ">": return left > right
    default: return left >= right
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let start = drop { $0 == " " }
    guard let end = start.lastIndex(where: { $0 != " " }) else { return start }
    return start[...end]
  }
}
