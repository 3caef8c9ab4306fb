import KubernetesAPI
import SeededRandomness
import Testing

@Suite struct JSONValueTests {
  struct Row: CustomTestStringConvertible {
    var text: String
    var value: JSONValue
    /// What writing the value gives, when it is not `text`.
    var canonical: String?
    var testDescription: String { text }
  }

  static let rows: [Row] = [
    Row(text: "null", value: .null),
    Row(text: "true", value: true),
    Row(text: " [ 1 , 2 ] ", value: [1, 2], canonical: "[1,2]"),
    Row(text: "-0", value: 0, canonical: "0"),
    Row(text: "9223372036854775807", value: .integer(.max)),
    Row(text: "-9223372036854775808", value: .integer(.min)),
    Row(
      text: "9223372036854775808", value: .double(9_223_372_036_854_775_808),
      canonical: "9.223372036854776e+18"),
    Row(text: "1.5e3", value: .double(1500), canonical: "1500"),
    Row(text: "0.25", value: .double(0.25)),
    Row(
      text: #""a\"\\\/\b\f\n\r\t""#, value: "a\"\\/\u{8}\u{c}\n\r\t",
      canonical: #""a\"\\/\b\f\n\r\t""#),
    Row(text: #""\u00e9\ud83d\ude00""#, value: "é😀", canonical: "\"é😀\""),
    Row(text: #""\ud83dx""#, value: "\u{FFFD}x", canonical: "\"\u{FFFD}x\""),
    Row(text: #""\ud83d\u0041""#, value: "\u{FFFD}A", canonical: "\"\u{FFFD}A\""),
    Row(text: #""\u0001""#, value: "\u{1}"),
    Row(text: #"{"b":{},"a":[]}"#, value: ["b": [:], "a": []]),
    Row(text: #"{"a":1,"a":2}"#, value: ["a": 2], canonical: #"{"a":2}"#),
  ]

  @Test(arguments: rows)
  func `A text parses to its value and is written in canonical form`(row: Row) throws {
    let value = try JSONValue(parsing: row.text)
    #expect(value == row.value)
    #expect(value.jsonText == row.canonical ?? row.text)
    #expect(try JSONValue(parsing: value.jsonText) == value)
    #expect(try JSONValue(parsing: value.prettyText()) == value)
  }

  static let rejected: [(String, JSONParsingError.Reason)] = [
    ("", .unexpectedEnd),
    ("{", .unexpectedEnd),
    ("\"a", .unexpectedEnd),
    ("\"\\u12", .unexpectedEnd),
    ("[1,]", .unexpectedByte(UInt8(ascii: "]"))),
    ("{,}", .unexpectedByte(UInt8(ascii: ","))),
    ("{\"a\" 1}", .unexpectedByte(UInt8(ascii: "1"))),
    ("nul1", .unexpectedByte(UInt8(ascii: "1"))),
    ("01", .invalidNumber),
    ("1.", .invalidNumber),
    ("1e", .invalidNumber),
    ("-", .invalidNumber),
    ("1e999", .invalidNumber),
    ("\"\\x\"", .invalidEscape),
    ("\"\\u12g4\"", .invalidEscape),
    ("\"\n\"", .controlCharacter),
    ("1 2", .trailingBytes),
  ]

  @Test(arguments: rejected)
  func `A malformed text is refused with its reason`(
    text: String, reason: JSONParsingError.Reason
  ) {
    let error = #expect(throws: JSONParsingError.self) { try JSONValue(parsing: text) }
    #expect(error?.reason == reason)
  }

  @Test func `Nesting is bounded`() {
    let deep = String(repeating: "[", count: 100_000)
    let error = #expect(throws: JSONParsingError.self) { try JSONValue(parsing: deep) }
    #expect(error?.reason == .tooDeep(limit: 512))
  }

  @Test func `Strings must be UTF-8`() {
    let error = #expect(throws: JSONParsingError.self) {
      try JSONValue(parsing: [UInt8(ascii: "\""), 0xFF, UInt8(ascii: "\"")])
    }
    #expect(error?.reason == .invalidUTF8)
  }

  @Test func `Any bytes parse or throw`() {
    var generator = SeededGenerator(seed: 7)
    let alphabet = Array(#"{}[]",:\u0123456789.eE+-truefalsn "#.utf8) + [0, 0xC3, 0xFF]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...24, using: &generator)).compactMap { _ in
        alphabet.randomElement(using: &generator)
      }
      if let value = try? JSONValue(parsing: bytes) {
        #expect((try? JSONValue(parsing: value.jsonBytes)) == value)
      }
    }
  }

  @Test func `Objects are equal in any order and numbers by value`() {
    let left: JSONValue = ["a": 1, "b": [1, 2.0]]
    let right: JSONValue = ["b": [1.0, 2], "a": .double(1)]
    #expect(left == right)
    #expect(left.hashValue == right.hashValue)
    #expect(left != ["a": 1, "b": [2, 1]])
    #expect(left != ["a": 1])
  }

  @Test func `Paths read, create and remove members`() {
    var value: JSONValue = [:]
    value[path: ["spec", "template", "name"]] = "x"
    #expect(value == ["spec": ["template": ["name": "x"]]])
    value[path: ["spec", "absent", "deep"]] = nil
    #expect(value == ["spec": ["template": ["name": "x"]]])
    value[path: ["spec", "template", "name"]] = nil
    #expect(value == ["spec": ["template": [:]]])
  }
}
