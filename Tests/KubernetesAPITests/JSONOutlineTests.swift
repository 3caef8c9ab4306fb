import KubernetesAPI
import SeededRandomness
import Testing

@Suite struct JSONOutlineTests {
  private static let outline = JSONOutline.members([
    "type": .whole, "object": .members(["metadata": .members(["name": .whole])]),
  ])

  @Test(
    arguments: [
      (
        #"{"type":"ADDED","object":{"kind":"a}\"]","metadata":{"labels":{"x":[1,{"y":"\\"}]},"name":"n"},"spec":{}}}"#,
        ["type": "ADDED", "object": ["metadata": ["name": "n"]]]
      ),
      (
        #" { "object" : { "metadata" : { "name" : { "whole" : [ 1 ] } } } } "#,
        ["object": ["metadata": ["name": ["whole": [1]]]]]
      ),
      (#"{"\u0074ype":1,"object":[{"metadata":1}]}"#, ["type": 1, "object": nil]),
      (#"{"type":1,"type":2}"#, ["type": 2]),
      (#"{"other":-1.5e3 ,"and":true}"#, [:]),
      ("[1,2]", nil),
    ] as [(String, JSONValue)])
  func `Only what is named is read`(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: Array(text.utf8), only: Self.outline) == value)
  }

  @Test(arguments: [
    "", "{", #"{"a"#, #"{"a":"#, #"{"a":}"#, #"{"a":]}"#, #"{"a":{"b":1}"#, #"{"a":"b\"#,
    #"{"a":"b\""#,
    #"{"type":tru}"#, #"{"a":1}}"#, #"{"a":1 "b":2}"#, #"{,"a":1}"#, #"{"a":1,}"#,
  ])
  func `A text that is cut or unbalanced is refused`(text: String) {
    #expect(throws: JSONParsingError.self) {
      try JSONValue(parsing: Array(text.utf8), only: Self.outline)
    }
  }

  @Test func `Nesting is bounded`() {
    let text = #"{"a":"# + String(repeating: "[", count: 100_000)
    #expect(throws: JSONParsingError.self) {
      try JSONValue(parsing: Array(text.utf8), only: Self.outline)
    }
  }

  @Test func `What is JSON says the same as a whole`() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<2000 {
      let value = Self.random(depth: 5, using: &generator)
      #expect(
        try JSONValue(parsing: value.jsonBytes, only: Self.outline)
          == Self.reduced(value, to: Self.outline))
    }
  }

  @Test func `Any bytes are read or refused`() {
    var generator = SeededGenerator(seed: 12)
    let alphabet = Array(#"{}[]",:\u01tpe.-fal "#.utf8) + [0, 0xC3, 0xFF]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...24, using: &generator)).compactMap { _ in
        alphabet.randomElement(using: &generator)
      }
      _ = try? JSONValue(parsing: bytes, only: Self.outline)
    }
  }

  private static func reduced(_ value: JSONValue, to outline: JSONOutline) -> JSONValue {
    guard case .members(let wanted) = outline else { return value }
    guard case .object(let object) = value else { return .null }
    var result = JSONObject()
    for (key, member) in object {
      if let outline = wanted[key] { result[key] = reduced(member, to: outline) }
    }
    return .object(result)
  }

  private static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
    let texts = ["", "name", "a\"b", "\\", "}", "[1", "é,:"]
    switch Int.random(in: 0..<(depth > 0 ? 8 : 4), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .integer(.random(in: -1000...1000, using: &generator))
    case 3: return .string(texts.randomElement(using: &generator) ?? "")
    case 4:
      return .array(
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in
          random(depth: depth - 1, using: &generator)
        })
    default:
      var object = JSONObject()
      for key in ["type", "object", "metadata", "name", "a\"b"]
      where Bool.random(using: &generator) {
        object[key] = random(depth: depth - 1, using: &generator)
      }
      return .object(object)
    }
  }
}
