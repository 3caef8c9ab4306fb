import KubernetesAPI
import KubernetesYAML
import Testing

/// Small texts that would take all stack or memory if they were followed.
@Suite(.timeLimit(.minutes(1))) struct HostileYAMLTests {
  /// Each level is a list that names the one before `width` times.
  private static func laughs(levels: Int, width: Int) -> String {
    var text = "a0: &a0 x\n"
    for level in 1...levels {
      let aliases = Array(repeating: "*a\(level - 1)", count: width).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    return text
  }

  @Test(arguments: [(12, 10), (100, 2), (2, 1000)])
  func `Aliases that multiply are refused`(levels: Int, width: Int) {
    let error = #expect(throws: YAMLReadingError.self) {
      try JSONValue(yaml: Self.laughs(levels: levels, width: width))
    }
    #expect(error?.message.contains("aliases") == true)
  }

  @Test func `Aliases that do not are read`() throws {
    let text = Self.laughs(levels: 2, width: 2)
    #expect(try JSONValue(yaml: text)["a2"] == [["x", "x"], ["x", "x"]])
    let prose = "text: |\n" + String(repeating: "  *very* &much\n", count: 4)
    #expect(try JSONValue(yaml: prose)["text"]?.stringValue?.count == 4 * 13)
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "a:\n  "])
  func `Deep nesting is refused`(_ opening: String) {
    #expect(throws: YAMLReadingError.self) {
      try JSONValue(yaml: String(repeating: opening, count: 100_000))
    }
  }
}
