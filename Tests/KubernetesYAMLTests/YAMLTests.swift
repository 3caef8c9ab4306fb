import KubernetesAPI
import KubernetesYAML
import Testing

@Suite struct YAMLTests {
  @Test func `A manifest reads as Kubernetes reads it`() throws {
    let text = """
      apiVersion: v1
      data:
        number: 12
        text: "12"
        octal: 0x10
        float: 1.5
        yes: true
        quoted: 'true'
        nothing: ~
        empty:
        list: [a, 1]
        literal: |
          two
          lines
      """
    #expect(
      try JSONValue(yaml: text) == [
        "apiVersion": "v1",
        "data": [
          "number": 12, "text": "12", "octal": 16, "float": 1.5, "yes": true, "quoted": "true",
          "nothing": nil, "empty": nil, "list": ["a", 1], "literal": "two\nlines",
        ],
      ])
  }

  @Test(arguments: ["1234:1", "65000:65535", "1:30:00", "-1:2", "1:2.5"])
  func `Numbers to the base of 60 are text`(scalar: String) throws {
    #expect(
      try JSONValue(yaml: "a: \(scalar)\nb: [\(scalar)]") == [
        "a": .string(scalar), "b": [.string(scalar)],
      ])
  }

  @Test func `Documents are separated and empty ones left out`() throws {
    #expect(
      try JSONValue.documents(yaml: "---\na: 1\n---\n---\n# nothing\n---\nb: 2\n") == [
        ["a": 1], ["b": 2],
      ])
    #expect(try JSONValue(yaml: "") == .null)
    #expect(throws: YAMLReadingError.self) { try JSONValue(yaml: "a: 1\n---\nb: 2") }
  }

  static let mistakes: [(String, String)] = [
    ("a: 1\na: 2\n", "stands twice"),
    ("a: [1\n", "line 2"),
    ("a: b: c\n", "line 1"),
    ("\ta: 1\n", "line 1"),
    ("? [a]\n: 1\n", "a key must be a string"),
  ]

  @Test(arguments: mistakes)
  func `A mistake is told with its line`(text: String, part: String) {
    let error = #expect(throws: YAMLReadingError.self) { try JSONValue(yaml: text) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  static let values: [JSONValue] = [
    nil, true, 1, -5, 1.25, "", "text", "true", "no", "null", "~", "12", "0x1f", "1e3", "1.5",
    " padded ",
    "a: b", "# no comment", "- item", "multi\nline\n", "tab\there", "é😀", "2026-11-20",
    "2026-11-20T23:01:42Z",
    "=", "<<", "*a", "&a", "!x", "%p", "@q", "`r", "{}", "[]", ",",
    [], [:], [[], [:], [1, [2]]], ["a": ["b": ["c": [["d": 1], "e"]]]],
    ["true": 1, "12": 2, "": 3],
  ]

  @Test(arguments: values)
  func `What is written reads the same`(value: JSONValue) throws {
    let text = try value.yamlText()
    #expect(try JSONValue.documents(yaml: text).first ?? .null == value, "\(text)")
    let nested: JSONValue = ["member": value, "list": [value]]
    #expect(try JSONValue(yaml: nested.yamlText()) == nested)
  }

  @Test func `Order and block style are kept`() throws {
    let value: JSONValue = [
      "kind": "ConfigMap", "apiVersion": "v1", "data": ["config": "a: 1\nb: 2\n"],
    ]
    #expect(
      try value.yamlText()
        == "kind: ConfigMap\napiVersion: v1\ndata:\n  config: |\n    a: 1\n    b: 2\n")
    #expect(try [["a": 1], ["b": 2]].yamlDocuments() == "a: 1\n---\nb: 2\n")
  }
}
