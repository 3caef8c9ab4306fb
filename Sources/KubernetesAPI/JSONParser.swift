/// Why a text is not JSON. `offset` counts bytes from the start of the text.
package struct JSONParsingError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    case unexpectedEnd
    case unexpectedByte(UInt8)
    case invalidEscape
    case invalidNumber
    case invalidUTF8
    case controlCharacter
    case tooDeep(limit: Int)
    case trailingBytes
  }

  package var reason: Reason
  package var offset: Int

  package var description: String {
    let text =
      switch reason {
      case .unexpectedEnd: "unexpected end of JSON input"
      case .unexpectedByte(let byte):
        "invalid character '\(Character(UnicodeScalar(byte)))' looking for a JSON value"
      case .invalidEscape: "invalid escape sequence in string literal"
      case .invalidNumber: "invalid number literal"
      case .invalidUTF8: "invalid UTF-8 in string literal"
      case .controlCharacter: "invalid control character in string literal"
      case .tooDeep(let limit): "exceeded max depth of \(limit)"
      case .trailingBytes: "invalid character after top-level value"
      }
    return "\(text) (byte \(offset))"
  }
}

extension JSONValue {
  /// How many arrays and objects may be nested. Go stops at 10,000, and we stop far earlier because
  /// reading recurses.
  package static let depthLimit = 512

  /// Parses one JSON text (RFC 8259) that fills `bytes`. Of duplicate members the last one counts,
  /// as in Go's decoder.
  ///
  /// - Parameter outline: what to read. The rest is stepped over and not built, which costs a fraction; only its quotes and
  ///   brackets are looked at.
  package init(
    parsing bytes: some Collection<UInt8>, depthLimit: Int = JSONValue.depthLimit,
    only outline: JSONOutline = .whole
  ) throws(JSONParsingError) {
    var outcome: Result<JSONValue, JSONParsingError>?
    bytes.withContiguousStorageIfAvailable { buffer in
      outcome = Result { () throws(JSONParsingError) in
        try JSONParser.parse(buffer.span, depthLimit: depthLimit, only: outline)
      }
    }
    if let outcome {
      self = try outcome.get()
    } else {
      self = try JSONParser.parse(Array(bytes).span, depthLimit: depthLimit, only: outline)
    }
  }

  package init(parsing text: String) throws(JSONParsingError) {
    try self.init(parsing: Array(text.utf8))
  }
}

/// Which parts of a JSON text are wanted: `.members(["metadata": .members(["name": .whole])])`.
package enum JSONOutline: Sendable, Hashable {
  case whole
  /// Of an object these members; anything else becomes `null`.
  case members([String: JSONOutline])
}

/// A recursive-descent parser over borrowed bytes.
private struct JSONParser: ~Escapable {
  private let bytes: Span<UInt8>
  private var offset = 0
  private let depthLimit: Int

  @_lifetime(copy bytes)
  private init(_ bytes: Span<UInt8>, depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
  }

  static func parse(
    _ bytes: Span<UInt8>, depthLimit: Int, only outline: JSONOutline
  ) throws(JSONParsingError) -> JSONValue {
    var parser = JSONParser(bytes, depthLimit: depthLimit)
    parser.skipSpace()
    let value = try parser.value(depth: 0, only: outline)
    parser.skipSpace()
    guard parser.offset == bytes.count else { throw parser.error(.trailingBytes) }
    return value
  }

  private func error(_ reason: JSONParsingError.Reason) -> JSONParsingError {
    JSONParsingError(reason: reason, offset: offset)
  }

  private func peek() throws(JSONParsingError) -> UInt8 {
    guard offset < bytes.count else { throw error(.unexpectedEnd) }
    return bytes[offset]
  }

  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(JSONParsingError) -> JSONValue {
    switch try peek() {
    case UInt8(ascii: "{"):
      guard depth < depthLimit else { throw error(.tooDeep(limit: depthLimit)) }
      return try object(depth: depth + 1)
    case UInt8(ascii: "["):
      guard depth < depthLimit else { throw error(.tooDeep(limit: depthLimit)) }
      return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case let byte: throw error(.unexpectedByte(byte))
    }
  }

  private mutating func literal(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONParsingError) -> JSONValue {
    for index in 0..<text.utf8CodeUnitCount {
      guard try peek() == text.utf8Start[index] else { throw error(.unexpectedByte(bytes[offset])) }
      offset += 1
    }
    return value
  }

  private mutating func value(
    depth: Int, only outline: JSONOutline
  ) throws(JSONParsingError) -> JSONValue {
    guard case .members(let wanted) = outline else { return try value(depth: depth) }
    guard try peek() == UInt8(ascii: "{") else {
      try skipValue()
      return .null
    }
    guard depth < depthLimit else { throw error(.tooDeep(limit: depthLimit)) }
    return try object(depth: depth + 1, only: wanted)
  }

  /// Steps over a value of any kind.
  private mutating func skipValue() throws(JSONParsingError) {
    var open = 0
    repeat {
      switch try peek() {
      case UInt8(ascii: "\""): try skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open += 1
        guard open <= depthLimit else { throw error(.tooDeep(limit: depthLimit)) }
        offset += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard open > 0 else { throw error(.unexpectedByte(bytes[offset])) }
        open -= 1
        offset += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard open > 0 else { throw error(.unexpectedByte(bytes[offset])) }
        offset += 1
      default: skipWord()
      }
    } while open > 0
  }

  private mutating func skipString() throws(JSONParsingError) {
    offset += 1
    while try peek() != UInt8(ascii: "\"") {
      // Whatever is escaped by it does not end the string.
      offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
    }
    offset += 1
  }

  /// A number, a literal, or space.
  private mutating func skipWord() {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "{"),
        UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"):
        return
      default: offset += 1
      }
    }
  }

  /// - Parameter wanted: nil for all members.
  private mutating func object(
    depth: Int, only wanted: [String: JSONOutline]? = nil
  ) throws(JSONParsingError) -> JSONValue {
    offset += 1
    var object = JSONObject()
    var isFirst = true
    while let key = try nextKey(isFirst: isFirst) {
      isFirst = false
      if wanted == nil {
        object[key] = try value(depth: depth)
      } else if let outline = wanted?[key] {
        object[key] = try value(depth: depth, only: outline)
      } else {
        try skipValue()
      }
    }
    return .object(object)
  }

  /// Reads up to the value of an object's next member; nil behind the end of the object.
  private mutating func nextKey(isFirst: Bool) throws(JSONParsingError) -> String? {
    skipSpace()
    switch try peek() {
    case UInt8(ascii: "}"):
      offset += 1
      return nil
    case UInt8(ascii: ",") where !isFirst:
      offset += 1
      skipSpace()
    case let byte: guard isFirst else { throw error(.unexpectedByte(byte)) }
    }
    guard try peek() == UInt8(ascii: "\"") else { throw error(.unexpectedByte(bytes[offset])) }
    let key = try string()
    skipSpace()
    guard try peek() == UInt8(ascii: ":") else { throw error(.unexpectedByte(bytes[offset])) }
    offset += 1
    skipSpace()
    return key
  }

  private mutating func array(depth: Int) throws(JSONParsingError) -> JSONValue {
    offset += 1
    var array: [JSONValue] = []
    skipSpace()
    if try peek() == UInt8(ascii: "]") {
      offset += 1
      return .array(array)
    }
    while true {
      skipSpace()
      array.append(try value(depth: depth))
      skipSpace()
      switch try peek() {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "]"):
        offset += 1
        return .array(array)
      case let byte: throw error(.unexpectedByte(byte))
      }
    }
  }

  /// RFC 8259 §6. Integers that fit 64 bits stay integers.
  private mutating func number() throws(JSONParsingError) -> JSONValue {
    let start = offset
    var isInteger = true
    if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    guard let first = digit() else { throw error(.invalidNumber) }
    offset += 1
    if first != UInt8(ascii: "0") {
      skipDigits()
    } else if digit() != nil {
      throw error(.invalidNumber)
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      guard digit() != nil else { throw error(.invalidNumber) }
      skipDigits()
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      offset += 1
      if offset < bytes.count,
        bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-")
      {
        offset += 1
      }
      guard digit() != nil else { throw error(.invalidNumber) }
      skipDigits()
    }
    if isInteger, let value = integer(from: start) { return .integer(value) }
    let text = bytes.extracting(start..<offset).withUnsafeBufferPointer {
      String(decoding: $0, as: UTF8.self)
    }
    guard let value = Double(text), value.isFinite else { throw error(.invalidNumber) }
    return .double(value)
  }

  private func digit() -> UInt8? {
    guard offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] else {
      return nil
    }
    return bytes[offset]
  }

  private mutating func skipDigits() {
    while digit() != nil { offset += 1 }
  }

  /// The digits between `start` and the offset as a number, `nil` when it does not fit.
  private func integer(from start: Int) -> Int64? {
    let negative = bytes[start] == UInt8(ascii: "-")
    var value: Int64 = 0
    for index in (negative ? start + 1 : start)..<offset {
      let digit = Int64(bytes[index] - UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowed) = product.subtractingReportingOverflow(digit)
      if overflow || overflowed { return nil }
      value = sum
    }
    if negative { return value }
    return value == .min ? nil : -value
  }

  private mutating func string() throws(JSONParsingError) -> String {
    offset += 1
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        let text = try utf8(start..<offset)
        offset += 1
        return text
      case UInt8(ascii: "\\"): return try escapedString(start: start)
      case 0..<0x20: throw error(.controlCharacter)
      default: offset += 1
      }
    }
    throw error(.unexpectedEnd)
  }

  private func utf8(_ range: Range<Int>) throws(JSONParsingError) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes.extracting(range)))
    } catch {
      throw self.error(.invalidUTF8)
    }
  }

  /// The slow path: from the first backslash on, bytes are collected one by one.
  private mutating func escapedString(start: Int) throws(JSONParsingError) -> String {
    var text: [UInt8] = []
    for index in start..<offset { text.append(bytes[index]) }
    while true {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error(.invalidUTF8)
        }
        return string
      case UInt8(ascii: "\\"):
        offset += 1
        try escape(into: &text)
      case 0..<0x20: throw error(.controlCharacter)
      default:
        text.append(byte)
        offset += 1
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONParsingError) {
    let byte = try peek()
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try unicodeEscape()
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw error(.invalidEscape)
    }
  }

  /// RFC 8259 §7: surrogate pairs join; a lone surrogate becomes U+FFFD, as in Go's decoder.
  private mutating func unicodeEscape() throws(JSONParsingError) -> UnicodeScalar {
    let first = try hex4()
    guard 0xD800...0xDFFF ~= first else { return UnicodeScalar(first) ?? "\u{FFFD}" }
    guard first < 0xDC00, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    let resume = offset
    offset += 2
    let second = try hex4()
    guard 0xDC00...0xDFFF ~= second else {
      offset = resume
      return "\u{FFFD}"
    }
    return UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func hex4() throws(JSONParsingError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = try peek()
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
        throw error(.invalidEscape)
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
