/// Parses expressions (recursive descent over CEL's grammar) and expands its macros.
struct CELParser {
  private let tokens: [CELLexer.Token]
  private var position = 0
  private var depth = 0

  /// As deep as expressions may nest.
  private static let depthLimit = 250
  /// As high as trees may grow: chains of operators nest without parentheses.
  private static let heightLimit = 500

  static func parse(_ source: String) throws(CELIssue) -> CELExpression {
    var parser = CELParser(tokens: try CELLexer.tokens(of: source))
    let expression = try parser.expression()
    if case .end = parser.peek.kind { return expression }
    throw parser.unexpected()
  }

  private init(tokens: [CELLexer.Token]) { self.tokens = tokens }

  private var peek: CELLexer.Token { tokens[min(position, tokens.count - 1)] }

  private func isSymbol(_ symbol: String) -> Bool {
    if case .symbol(symbol) = peek.kind { true } else { false }
  }

  private mutating func take(_ symbol: String) -> Int? {
    guard isSymbol(symbol) else { return nil }
    defer { position += 1 }
    return peek.offset
  }

  private mutating func expect(_ symbol: String) throws(CELIssue) {
    guard take(symbol) != nil else {
      throw CELIssue(
        message: "Syntax error: mismatched input '\(peek.text)' expecting '\(symbol)'",
        offset: peek.offset)
    }
  }

  private func unexpected() -> CELIssue {
    if case .end = peek.kind {
      return CELIssue(
        message: "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', "
          + "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
        offset: peek.offset)
    }
    return CELIssue(
      message: "Syntax error: extraneous input '\(peek.text)' expecting <EOF>",
      offset: peek.offset)
  }

  private func call(
    _ function: String, _ arguments: [CELExpression], at offset: Int
  ) -> CELExpression {
    CELExpression(
      node: .call(function, target: nil, arguments: arguments), offset: offset)
  }

  private func bounded(_ expression: CELExpression) throws(CELIssue) -> CELExpression {
    guard expression.height <= Self.heightLimit else {
      throw CELIssue(
        message: "expression recursion limit exceeded: \(Self.heightLimit)",
        offset: expression.offset)
    }
    return expression
  }

  // MARK: Operators

  private mutating func expression() throws(CELIssue) -> CELExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.depthLimit else {
      throw CELIssue(
        message: "expression recursion limit exceeded: \(Self.depthLimit)", offset: peek.offset)
    }
    let condition = try disjunction()
    guard let offset = take("?") else { return condition }
    let whenTrue = try disjunction()
    try expect(":")
    let whenFalse = try expression()
    return call("_?_:_", [condition, whenTrue, whenFalse], at: offset)
  }

  private mutating func disjunction() throws(CELIssue) -> CELExpression {
    var left = try conjunction()
    while let offset = take("||") {
      left = try bounded(call("_||_", [left, try conjunction()], at: offset))
    }
    return left
  }

  private mutating func conjunction() throws(CELIssue) -> CELExpression {
    var left = try relation()
    while let offset = take("&&") {
      left = try bounded(call("_&&_", [left, try relation()], at: offset))
    }
    return left
  }

  private mutating func relation() throws(CELIssue) -> CELExpression {
    var left = try sum()
    while true {
      if let symbol = ["==", "!=", "<=", ">=", "<", ">"].first(where: isSymbol) {
        let offset = peek.offset
        position += 1
        left = try bounded(call("_\(symbol)_", [left, try sum()], at: offset))
      } else if case .identifier("in") = peek.kind {
        let offset = peek.offset
        position += 1
        left = try bounded(call("@in", [left, try sum()], at: offset))
      } else {
        return left
      }
    }
  }

  private mutating func sum() throws(CELIssue) -> CELExpression {
    var left = try product()
    while let symbol = ["+", "-"].first(where: isSymbol) {
      let offset = peek.offset
      position += 1
      left = try bounded(call("_\(symbol)_", [left, try product()], at: offset))
    }
    return left
  }

  private mutating func product() throws(CELIssue) -> CELExpression {
    var left = try unary()
    while let symbol = ["*", "/", "%"].first(where: isSymbol) {
      let offset = peek.offset
      position += 1
      left = try bounded(call("_\(symbol)_", [left, try unary()], at: offset))
    }
    return left
  }

  private mutating func unary() throws(CELIssue) -> CELExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.depthLimit else {
      throw CELIssue(
        message: "expression recursion limit exceeded: \(Self.depthLimit)", offset: peek.offset)
    }
    if let offset = take("!") { return call("!_", [try unary()], at: offset) }
    if let offset = take("-") {
      if case .int(let number) = peek.kind {
        position += 1
        return try member(
          of: CELExpression(node: .literal(.int(0 &- number)), offset: offset))
      }
      if case .double(let number) = peek.kind {
        position += 1
        return try member(of: CELExpression(node: .literal(.double(-number)), offset: offset))
      }
      return call("-_", [try unary()], at: offset)
    }
    return try member(of: try primary())
  }

  // MARK: Members

  private mutating func member(
    of start: CELExpression
  ) throws(CELIssue) -> CELExpression {
    var operand = start
    while true {
      if let offset = take(".") {
        guard case .identifier(let name) = peek.kind else {
          throw CELIssue(
            message: "Syntax error: no viable alternative at input '.\(peek.text)'",
            offset: peek.offset)
        }
        position += 1
        guard let open = take("(") else {
          operand = try bounded(
            CELExpression(node: .select(operand, field: name), offset: offset))
          continue
        }
        let arguments = try arguments(until: ")")
        operand = try bounded(try memberCall(name, operand, arguments, at: open))
      } else if let offset = take("[") {
        let index = try expression()
        try expect("]")
        operand = try bounded(call("_[_]", [operand, index], at: offset))
      } else {
        return operand
      }
    }
  }

  private mutating func arguments(until close: String) throws(CELIssue) -> [CELExpression] {
    var arguments: [CELExpression] = []
    if take(close) != nil { return arguments }
    while true {
      arguments.append(try expression())
      if take(",") != nil {
        if take(close) != nil { return arguments }  // a trailing comma
        continue
      }
      try expect(close)
      return arguments
    }
  }

  private func memberCall(
    _ name: String, _ target: CELExpression, _ arguments: [CELExpression], at offset: Int
  ) throws(CELIssue) -> CELExpression {
    let macro = CELExpression.Macro(rawValue: name == "existsOne" ? "exists_one" : name)
    if let macro, arguments.count == 2 || macro == .map && arguments.count == 3 {
      guard case .identifier(let variable) = arguments[0].node else {
        throw CELIssue(
          message: "argument must be a simple name", offset: arguments[0].offset)
      }
      return CELExpression(
        node: .macro(
          macro, range: target, variable: variable, body: Array(arguments.dropFirst())),
        offset: offset)
    }
    return CELExpression(
      node: .call(name, target: target, arguments: arguments), offset: offset)
  }

  // MARK: Primaries

  private static let reserved: Set<String> = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
    "package", "namespace", "return", "var", "void", "while",
  ]

  private mutating func primary() throws(CELIssue) -> CELExpression {
    let token = peek
    func literal(_ value: CELValue) -> CELExpression {
      CELExpression(node: .literal(value), offset: token.offset)
    }
    switch token.kind {
    case .int(let number):
      position += 1
      guard number != .min else {
        throw CELIssue(message: "invalid int literal", offset: token.offset)
      }
      return literal(.int(number))
    case .uint(let number): position += 1; return literal(.uint(number))
    case .double(let number): position += 1; return literal(.double(number))
    case .string(let text): position += 1; return literal(.string(text))
    case .bytes(let bytes): position += 1; return literal(.bytes(bytes))
    case .identifier(let name):
      position += 1
      switch name {
      case "true": return literal(.bool(true))
      case "false": return literal(.bool(false))
      case "null": return literal(.null)
      default: break
      }
      if Self.reserved.contains(name) {
        throw CELIssue(message: "reserved identifier: \(name)", offset: token.offset)
      }
      guard let open = take("(") else {
        return CELExpression(node: .identifier(name), offset: token.offset)
      }
      return try globalCall(name, try arguments(until: ")"), at: open)
    case .symbol("("):
      position += 1
      let inner = try expression()
      try expect(")")
      return inner
    case .symbol("["):
      position += 1
      return CELExpression(node: .list(try arguments(until: "]")), offset: token.offset)
    case .symbol("{"):
      position += 1
      return CELExpression(node: .map(try entries()), offset: token.offset)
    case .symbol, .end: throw unexpected()
    }
  }

  private mutating func entries() throws(CELIssue) -> [(key: CELExpression, value: CELExpression)] {
    var entries: [(key: CELExpression, value: CELExpression)] = []
    while take("}") == nil {
      let key = try expression()
      try expect(":")
      entries.append((key, try expression()))
      if take(",") == nil {
        try expect("}")
        return entries
      }
    }
    return entries
  }

  private func globalCall(
    _ name: String, _ arguments: [CELExpression], at offset: Int
  ) throws(CELIssue) -> CELExpression {
    if name == "has" {
      guard arguments.count == 1, case .select(let operand, let field) = arguments[0].node else {
        throw CELIssue(message: "invalid argument to has() macro", offset: offset)
      }
      return CELExpression(node: .has(operand, field: field), offset: offset)
    }
    return call(name, arguments, at: offset)
  }
}
