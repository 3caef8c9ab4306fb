/// Cuts an expression into tokens.
struct CELLexer {
  struct Token: Sendable {
    enum Kind: Sendable {
      case identifier(String)
      case int(Int64)
      case uint(UInt64)
      case double(Double)
      case string(String)
      case bytes([UInt8])
      case symbol(String)
      case end
    }

    var kind: Kind
    var offset: Int

    var text: String {
      switch kind {
      case .identifier(let name): name
      case .symbol(let symbol): symbol
      case .end: "<EOF>"
      case .int(let number): String(number)
      case .uint(let number): "\(number)u"
      case .double(let number): "\(number)"
      case .string(let text): "'\(text)'"
      case .bytes: "b'…'"
      }
    }
  }

  private let source: [Character]
  private var position = 0

  static func tokens(of source: String) throws(CELIssue) -> [Token] {
    var lexer = CELLexer(source: Array(source))
    var tokens: [Token] = []
    while true {
      let token = try lexer.next()
      tokens.append(token)
      if case .end = token.kind { return tokens }
    }
  }

  private init(source: [Character]) { self.source = source }

  private func peek(_ ahead: Int = 0) -> Character? {
    position + ahead < source.count ? source[position + ahead] : nil
  }

  private static let symbols = [
    "&&", "||", "==", "!=", "<=", ">=", "?", ":", "+", "-", "*", "/", "%", "!", "<", ">", "(", ")",
    "[", "]", "{", "}", ",", ".",
  ]

  private mutating func next() throws(CELIssue) -> Token {
    skipSpace()
    let start = position
    guard let first = peek() else { return Token(kind: .end, offset: start) }
    if first.isASCII, first.isNumber || first == "." && (peek(1)?.isNumber ?? false) {
      return try number(from: start)
    }
    if let token = try string(from: start) { return token }
    if first == "_" || first.isASCII && first.isLetter {
      var name = ""
      while let character = peek(),
        character == "_" || character.isASCII && (character.isLetter || character.isNumber)
      {
        name.append(character)
        position += 1
      }
      return Token(kind: .identifier(name), offset: start)
    }
    for symbol in Self.symbols where source[position...].starts(with: symbol) {
      position += symbol.count
      return Token(kind: .symbol(symbol), offset: start)
    }
    throw CELIssue(
      message: "Syntax error: token recognition error at: '\(first)'", offset: start)
  }

  private mutating func skipSpace() {
    while let character = peek() {
      if character.isWhitespace {
        position += 1
      } else if character == "/", peek(1) == "/" {
        while let character = peek(), character != "\n" { position += character.isNewline ? 0 : 1 }
      } else {
        return
      }
    }
  }

  private mutating func number(from start: Int) throws(CELIssue) -> Token {
    var text = ""
    func invalid() -> CELIssue { CELIssue(message: "invalid int literal", offset: start) }
    if peek() == "0", peek(1) == "x" || peek(1) == "X" {
      position += 2
      while let character = peek(), character.isHexDigit {
        text.append(character)
        position += 1
      }
      if let suffix = peek(), suffix == "u" || suffix == "U" {
        position += 1
        guard let value = UInt64(text, radix: 16) else { throw invalid() }
        return Token(kind: .uint(value), offset: start)
      }
      guard let value = Int64(text, radix: 16) else { throw invalid() }
      return Token(kind: .int(value), offset: start)
    }
    var isDouble = false
    while let character = peek() {
      if character.isASCII, character.isNumber {
        text.append(character)
      } else if character == ".", !isDouble, peek(1)?.isNumber ?? false {
        isDouble = true
        text.append(character)
      } else if character == "e" || character == "E" {
        isDouble = true
        text.append(character)
        if let sign = peek(1), sign == "+" || sign == "-" {
          text.append(sign)
          position += 1
        }
      } else {
        break
      }
      position += 1
    }
    if isDouble {
      guard let value = Double(text) else { throw invalid() }
      return Token(kind: .double(value), offset: start)
    }
    if let suffix = peek(), suffix == "u" || suffix == "U" {
      position += 1
      guard let value = UInt64(text) else { throw invalid() }
      return Token(kind: .uint(value), offset: start)
    }
    // -9223372036854775808 is a negated literal one beyond the largest.
    if text == "9223372036854775808" { return Token(kind: .int(.min), offset: start) }
    guard let value = Int64(text) else { throw invalid() }
    return Token(kind: .int(value), offset: start)
  }

  private mutating func string(from start: Int) throws(CELIssue) -> Token? {
    var isRaw = false
    var isBytes = false
    var ahead = 0
    while let character = peek(ahead), "rRbB".contains(character), ahead < 2 {
      if character == "r" || character == "R" { isRaw = true } else { isBytes = true }
      ahead += 1
    }
    guard let quote = peek(ahead), quote == "'" || quote == "\"" else { return nil }
    position += ahead
    let isTriple = peek(1) == quote && peek(2) == quote
    position += isTriple ? 3 : 1
    var text = ""
    while true {
      guard let character = peek(), isTriple || !character.isNewline else {
        throw CELIssue(
          message: "Syntax error: token recognition error at: '\(String(source[start...]))'",
          offset: start)
      }
      if character == quote, !isTriple || peek(1) == quote && peek(2) == quote {
        position += isTriple ? 3 : 1
        break
      }
      position += 1
      if character == "\\", !isRaw {
        text.append(try escape(from: start))
      } else {
        text.append(character)
      }
    }
    return Token(
      kind: isBytes ? .bytes(Array(text.utf8)) : .string(text), offset: start)
  }

  private mutating func escape(from start: Int) throws(CELIssue) -> Character {
    guard let character = peek() else {
      throw CELIssue(message: "invalid escape sequence", offset: start)
    }
    position += 1
    let simple: [Character: Character] = [
      "n": "\n", "t": "\t", "r": "\r", "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}",
      "v": "\u{0B}", "\\": "\\", "'": "'", "\"": "\"", "`": "`", "?": "?",
    ]
    if let plain = simple[character] { return plain }
    let (width, radix): (Int, Int)
    switch character {
    case "x", "X": (width, radix) = (2, 16)
    case "u": (width, radix) = (4, 16)
    case "U": (width, radix) = (8, 16)
    case "0"..."3":
      position -= 1
      (width, radix) = (3, 8)
    default: throw CELIssue(message: "invalid escape sequence", offset: start)
    }
    var digits = ""
    for _ in 0..<width {
      if let digit = peek() {
        digits.append(digit)
        position += 1
      }
    }
    guard let value = UInt32(digits, radix: radix), let scalar = Unicode.Scalar(value) else {
      throw CELIssue(message: "invalid escape sequence", offset: start)
    }
    return Character(scalar)
  }
}
