import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

/// Small documents that would take all stack or memory if they were followed.
@Suite(.timeLimit(.minutes(1))) struct HostileDocumentTests {
  private static func laughs(levels: Int, width: Int, asKeys: Bool) -> String {
    var text = "a0: &a0 x\n"
    for level in 1...levels {
      let aliases = Array(repeating: "*a\(level - 1)", count: width).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    return asKeys ? text + "? *a\(levels)\n: 1\n? [*a\(levels)]\n: 2\n" : text
  }

  @Test(arguments: [false, true])
  func `Aliases that multiply are refused`(_ asKeys: Bool) {
    #expect(throws: YAMLText.Refusal.aliasing) {
      _ = try YAMLText.read(Self.laughs(levels: 12, width: 10, asKeys: asKeys))
    }
  }

  @Test func `Aliases that do not are read`() throws {
    let text = Self.laughs(levels: 2, width: 2, asKeys: false)
    #expect(try YAMLText.read(text)["a2"] == [["x", "x"], ["x", "x"]])
    // Stars and ampersands of texts are none.
    let prose = "text: |\n" + String(repeating: "  *very* &much\n", count: 4)
    #expect(try YAMLText.read(prose)["text"]?.stringValue?.count == 4 * 13)
  }

  @Test func `Scalars are read as Go reads them`() throws {
    let text = "a: 1234:1\nb: yes\nc: Off\nd: \"yes\"\ne: 0x10\nf: !!str 12\ng: ~\nyes: 1\n0x11: 2"
    #expect(
      try YAMLText.read(text) == [
        "a": "1234:1", "b": true, "c": false, "d": "yes", "e": 16, "f": "12", "g": nil,
        "true": 1, "17": 2,
      ])
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "a:\n  "])
  func `Deep YAML is refused`(_ opening: String) {
    #expect(throws: (any Error).self) {
      _ = try YAMLText.read(String(repeating: opening, count: 100_000))
    }
  }

  @Test(arguments: [".inf", "-.inf", ".nan"])
  func `Numbers that JSON does not have are refused`(_ number: String) {
    #expect(throws: YAMLText.Refusal.number) { _ = try YAMLText.read("a: \(number)") }
  }

  @Test func `A JSON patch cannot nest or copy without end`() throws {
    let nest: JSONValue = ["op": "copy", "from": "", "path": "/a"]
    #expect(throws: JSONPatch.Failure.doesNotApply("exceeded max depth")) {
      _ = try JSONPatch(.array(Array(repeating: nest, count: 9000))).apply(to: ["a": 1])
    }
    let double: JSONValue = ["op": "copy", "from": "/l", "path": "/l/-"]
    #expect(throws: JSONPatch.Failure.self) {
      _ = try JSONPatch(.array(Array(repeating: double, count: 400))).apply(to: ["l": [1, 2]])
    }
    // Deep values at deep places.
    var deep: JSONValue = 1
    for _ in 0..<500 { deep = ["a": deep] }
    let path = String(repeating: "/a", count: 400)
    #expect(throws: JSONPatch.Failure.doesNotApply("exceeded max depth")) {
      _ = try JSONPatch([["op": "add", "path": .string(path), "value": deep]]).apply(to: deep)
    }
  }

  struct Pattern: Sendable, CustomTestStringConvertible {
    var what: String
    var text: String
    var testDescription: String { what }
  }

  @Test(arguments: [
    Pattern(
      what: "deep groups",
      text: String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000)),
    Pattern(what: "groups without an end", text: String(repeating: "(?:", count: 10_000)),
    Pattern(what: "repetitions that multiply", text: "((a{1000}){1000}){1000}"),
    Pattern(what: "many repetitions", text: String(repeating: "(a{50}){50}", count: 100)),
  ])
  func `A regular expression has a bounded program`(_ pattern: Pattern) {
    #expect(throws: RegularExpression.Malformed.self) { _ = try RegularExpression(pattern.text) }
  }

  @Test func `An expression that nests too deeply does not compile`() {
    for opening in ["(", "[", "!", "-", "{1: ", "a ? ", "a.b(", "has("] {
      #expect(throws: CELIssue.self) {
        _ = try CELParser.parse(String(repeating: opening, count: 50_000))
      }
    }
    // Long chains are deep trees.
    for link in ["+1", ".a", "[0]", "||a", "?1:1", "==1", "*1", ".f()"] {
      #expect(throws: CELIssue.self) {
        _ = try CELParser.parse("a" + String(repeating: link, count: 50_000))
      }
    }
    #expect(throws: Never.self) {
      _ = try CELParser.parse("a" + String(repeating: " && a", count: 400))
    }
  }
}
