import Testing

@testable import DevelopmentAPIServer

@Suite struct RegularExpressionTests {
  struct Row: CustomTestStringConvertible, Sendable {
    var pattern: String
    var matching: [String]
    var other: [String]
    var testDescription: String { pattern }
  }

  @Test(arguments: [
    Row(pattern: "^[a-z]+$", matching: ["abc"], other: ["", "aBc", "abc1"]),
    Row(pattern: "b+", matching: ["abba"], other: ["aa"]),
    Row(pattern: "^(a|bc)*d?$", matching: ["", "abca", "bcd"], other: ["c", "dd"]),
    Row(
      pattern: #"^\d{1,3}(\.\d{1,3}){3}$"#, matching: ["10.0.0.1"], other: ["10.0.0", "1000.1.1.1"]),
    Row(pattern: "^(?i)tcp$", matching: ["TCP", "tcp"], other: ["udp"]),
    Row(pattern: "^[^0-9]+$", matching: ["abc"], other: ["a1"]),
    Row(pattern: "^[-._a-zA-Z0-9]+$", matching: ["a-b_c.9"], other: ["a b"]),
    Row(pattern: #"^[\w\-]+$"#, matching: ["a-b"], other: ["a.b"]),
    Row(pattern: "^[[:alpha:]]+$", matching: ["aZ"], other: ["a1"]),
    Row(pattern: #"\bfoo\b"#, matching: ["a foo b"], other: ["afoob"]),
    Row(pattern: "^a{2,}$", matching: ["aa", "aaaa"], other: ["a"]),
    Row(pattern: "^a{,2}$", matching: ["a{,2}"], other: ["aa"]),
    Row(pattern: "^.$", matching: ["ä"], other: ["\n", "ab"]),
    Row(
      pattern: "^(?:(?:a*)*)*$", matching: ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
      other: ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"]),
    Row(pattern: #"^\x41\.$"#, matching: ["A."], other: ["Ab"]),
  ])
  func `Expressions match what RE2 matches`(_ row: Row) throws {
    let expression = try RegularExpression(row.pattern)
    for text in row.matching { #expect(expression.matches(text), "\(text)") }
    for text in row.other { #expect(!expression.matches(text), "\(text)") }
  }

  @Test(arguments: [
    ("(", "error parsing regexp: missing closing ): `(`"),
    ("a)", "error parsing regexp: unexpected ): `a)`"),
    ("[a", "error parsing regexp: missing closing ]: `[a`"),
    ("*", "error parsing regexp: missing argument to repetition operator: `*`"),
    ("a**", "error parsing regexp: invalid nested repetition operator: `**`"),
    (#"\q"#, #"error parsing regexp: invalid escape sequence: `\q`"#),
    ("a{2000}", "error parsing regexp: invalid repeat count: `{2000}`"),
    ("(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
  ])
  func `Malformed expressions are refused in Go's words`(_ pattern: String, _ text: String) {
    #expect(throws: RegularExpression.Malformed(description: text)) {
      try RegularExpression(pattern)
    }
  }

  @Test func `The leftmost match is found, as long as its operators ask`() throws {
    func find(_ pattern: String, _ text: String) throws -> Range<Int>? {
      try RegularExpression(pattern).firstMatch(in: Array(text.unicodeScalars), from: 0)
    }
    #expect(try find("a+", "baaa") == 1..<4)
    #expect(try find("a+?", "baaa") == 1..<2)
    #expect(try find("x", "baaa") == nil)
  }
}
