import KubernetesAPI

/// The `labelSelector` of a request: requirements that must all hold.
///
/// Grammar: `requirement {"," requirement}`, a requirement being `key`, `!key`, `key op value` with
/// `=`, `==`, `!=`, `<`, `>`, or `key in|notin (value {, value})`.
struct LabelQuery: Sendable, Hashable {
  struct Requirement: Sendable, Hashable {
    enum Relation: Sendable, Hashable {
      case exists
      case doesNotExist
      case isIn(Set<String>)
      /// Holds too when the label is missing.
      case isNotIn(Set<String>)
      case greaterThan(Int64)
      case lessThan(Int64)
    }

    var key: String
    var relation: Relation
  }

  var requirements: [Requirement] = []

  var isEmpty: Bool { requirements.isEmpty }

  func matches(_ labels: JSONObject?) -> Bool {
    requirements.allSatisfy { $0.matches(labels?[$0.key]?.stringValue) }
  }

  /// Whether the labels of an object match.
  func matches(object: JSONValue) -> Bool {
    requirements.isEmpty || matches(object[path: ["metadata", "labels"]]?.objectValue)
  }
}

extension LabelQuery.Requirement {
  func matches(_ value: String?) -> Bool {
    switch relation {
    case .exists: value != nil
    case .doesNotExist: value == nil
    case .isIn(let values): value.map(values.contains) ?? false
    case .isNotIn(let values): value.map { !values.contains($0) } ?? true
    case .greaterThan(let bound): value.flatMap { Int64($0) }.map { $0 > bound } ?? false
    case .lessThan(let bound): value.flatMap { Int64($0) }.map { $0 < bound } ?? false
    }
  }
}

extension LabelQuery {
  init(parsing text: String) throws(SelectorError) {
    var parser = Parser(text)
    requirements = try parser.query()
  }
}

private struct Token: Equatable {
  enum Kind {
    case identifier, openParenthesis, closedParenthesis, comma, not, equals, doubleEquals
    case notEquals, greaterThan, lessThan, isIn, isNotIn, end
  }

  var kind: Kind
  var text: String
}

private struct Parser {
  private var tokens: [Token]
  private var position = 0

  init(_ text: String) { tokens = Self.tokens(of: text) }

  private static func tokens(of text: String) -> [Token] {
    var tokens: [Token] = []
    var rest = Substring(text)
    while let first = rest.first {
      if first == " " || first == "\t" || first == "\n" || first == "\r" {
        rest.removeFirst()
      } else if let (kind, length) = symbol(rest) {
        tokens.append(Token(kind: kind, text: String(rest.prefix(length))))
        rest.removeFirst(length)
      } else {
        let word = rest.prefix { !" \t\n\r=!(),<>".contains($0) }
        let kind: Token.Kind = word == "in" ? .isIn : word == "notin" ? .isNotIn : .identifier
        tokens.append(Token(kind: kind, text: String(word)))
        rest.removeFirst(word.count)
      }
    }
    return tokens
  }

  private static func symbol(_ text: Substring) -> (Token.Kind, Int)? {
    let symbols: [(String, Token.Kind)] = [
      ("==", .doubleEquals), ("!=", .notEquals), ("=", .equals), ("!", .not), (">", .greaterThan),
      ("<", .lessThan), ("(", .openParenthesis), (")", .closedParenthesis), (",", .comma),
    ]
    for (symbol, kind) in symbols where text.hasPrefix(symbol) { return (kind, symbol.count) }
    return nil
  }

  /// `in` and `notin` are words where a value or a key may stand.
  private func peek(asOperator: Bool = false) -> Token {
    guard position < tokens.count else { return Token(kind: .end, text: "") }
    var token = tokens[position]
    if !asOperator, token.kind == .isIn || token.kind == .isNotIn { token.kind = .identifier }
    return token
  }

  private mutating func next(asOperator: Bool = false) -> Token {
    defer { position += 1 }
    return peek(asOperator: asOperator)
  }

  mutating func query() throws(SelectorError) -> [LabelQuery.Requirement] {
    var requirements: [LabelQuery.Requirement] = []
    while true {
      let token = peek()
      switch token.kind {
      case .identifier, .not:
        do throws(SelectorError) {
          requirements.append(try requirement())
        } catch {
          throw SelectorError("unable to parse requirement: \(error)")
        }
        let separator = next()
        switch separator.kind {
        case .end: return requirements
        case .comma:
          let following = peek()
          guard following.kind == .identifier || following.kind == .not else {
            throw SelectorError("found '\(following.text)', expected: identifier after ','")
          }
        default:
          throw SelectorError("found '\(separator.text)', expected: ',' or 'end of string'")
        }
      case .end: return requirements
      default:
        throw SelectorError("found '\(token.text)', expected: !, identifier, or 'end of string'")
      }
    }
  }

  private mutating func requirement() throws(SelectorError) -> LabelQuery.Requirement {
    var token = next()
    let isNegated = token.kind == .not
    if isNegated { token = next() }
    guard token.kind == .identifier else {
      throw SelectorError("found '\(token.text)', expected: identifier")
    }
    let key = token.text
    try check(NameRules.qualifiedName(key), at: "<nil>", value: key)
    if isNegated { return .init(key: key, relation: .doesNotExist) }
    switch peek().kind {
    case .end, .comma: return .init(key: key, relation: .exists)
    default: break
    }
    let relation: LabelQuery.Requirement.Relation
    let symbol = next(asOperator: true)
    switch symbol.kind {
    case .isIn: relation = .isIn(try values(of: key))
    case .isNotIn: relation = .isNotIn(try values(of: key))
    case .equals, .doubleEquals: relation = .isIn([try value(of: key)])
    case .notEquals: relation = .isNotIn([try value(of: key)])
    case .greaterThan: relation = .greaterThan(try number(of: key))
    case .lessThan: relation = .lessThan(try number(of: key))
    default:
      throw SelectorError(
        "found '\(symbol.text)', expected: in, notin, =, ==, !=, gt, lt")
    }
    return .init(key: key, relation: relation)
  }

  private mutating func value(of key: String) throws(SelectorError) -> String {
    switch peek().kind {
    case .end, .comma: return ""
    default: break
    }
    let token = next()
    guard token.kind == .identifier else {
      throw SelectorError("found '\(token.text)', expected: identifier")
    }
    try check(NameRules.labelValue(token.text), at: "values[0][\(key)]", value: token.text)
    return token.text
  }

  private mutating func number(of key: String) throws(SelectorError) -> Int64 {
    let text = try value(of: key)
    guard let number = Int64(text) else {
      throw SelectorError(
        "values[0]: Invalid value: \(JSONValue.string(text).jsonText): "
          + "for 'Gt', 'Lt' operators, the value must be an integer")
    }
    return number
  }

  /// `(a, b)`; an empty place is the empty value.
  private mutating func values(of key: String) throws(SelectorError) -> Set<String> {
    let open = next()
    guard open.kind == .openParenthesis else {
      throw SelectorError("found '\(open.text)' expected: '('")
    }
    let first = peek()
    switch first.kind {
    case .identifier, .comma, .closedParenthesis: break
    default: throw SelectorError("found '\(first.text)', expected: ',', ')' or identifier")
    }
    var values: Set<String> = []
    while true {
      let token = next()
      switch token.kind {
      case .identifier:
        values.insert(token.text)
        let following = peek()
        switch following.kind {
        case .comma:
          position += 1
          if peek().kind == .closedParenthesis { values.insert("") }
        case .closedParenthesis: break
        default: throw SelectorError("found '\(following.text)', expected: ',' or ')'")
        }
      case .comma: values.insert("")
      case .closedParenthesis:
        if values.isEmpty { values.insert("") }
        for (index, value) in values.sorted().enumerated() {
          try check(NameRules.labelValue(value), at: "values[\(index)][\(key)]", value: value)
        }
        return values
      default: throw SelectorError("found '\(token.text)', expected: ',', or identifier")
      }
    }
  }

  private func check(_ errors: [String], at field: String, value: String) throws(SelectorError) {
    guard !errors.isEmpty else { return }
    throw SelectorError(
      "\(field): Invalid value: \(JSONValue.string(value).jsonText): "
        + errors.joined(separator: "; "))
  }
}

extension LabelQuery {
  /// The query that a `metav1.LabelSelector` stands for. Requirements with operators that do not
  /// exist are validated elsewhere; here they match nothing.
  init(_ selector: JSONValue?) {
    guard let selector else { return }
    for (key, value) in selector["matchLabels"]?.objectValue ?? [:] {
      requirements.append(.init(key: key, relation: .isIn([value.stringValue ?? ""])))
    }
    for expression in selector["matchExpressions"]?.arrayValue ?? [] {
      let key = expression["key"]?.stringValue ?? ""
      let values = Set((expression["values"]?.arrayValue ?? []).compactMap(\.stringValue))
      switch expression["operator"]?.stringValue {
      case "In": requirements.append(.init(key: key, relation: .isIn(values)))
      case "NotIn": requirements.append(.init(key: key, relation: .isNotIn(values)))
      case "Exists": requirements.append(.init(key: key, relation: .exists))
      case "DoesNotExist": requirements.append(.init(key: key, relation: .doesNotExist))
      default: requirements.append(.init(key: key, relation: .isIn([])))
      }
    }
  }
}

extension LabelQuery: CustomStringConvertible {
  /// The text that a scale subresource shows, requirements sorted by key: `app=d,tier in (a,b)`.
  var description: String {
    requirements.sorted { $0.key < $1.key }.map(\.description).joined(separator: ",")
  }
}

extension LabelQuery.Requirement: CustomStringConvertible {
  var description: String {
    switch relation {
    case .exists: key
    case .doesNotExist: "!\(key)"
    case .isIn(let values):
      values.count == 1
        ? "\(key)=\(values.first ?? "")" : "\(key) in (\(values.sorted().joined(separator: ",")))"
    case .isNotIn(let values):
      values.count == 1
        ? "\(key)!=\(values.first ?? "")"
        : "\(key) notin (\(values.sorted().joined(separator: ",")))"
    case .greaterThan(let bound): "\(key)>\(bound)"
    case .lessThan(let bound): "\(key)<\(bound)"
    }
  }
}
