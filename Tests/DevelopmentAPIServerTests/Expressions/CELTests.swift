import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct CELTests {
  static func schema(_ json: JSONValue) -> ObjectSchema { StructuralSchemaReader.read(json) }

  static let document: JSONValue = [
    "name": "metallb", "count": 3, "ratio": 1.5, "flag": true, "tags": ["b", "a"],
    "labels": ["k": "v"], "port": "http", "when": "2026-01-01T00:00:00Z", "every": "90s",
    "rules": [["port": 1, "proto": "TCP"], ["port": 2]], "namespace": "n", "a.b": 1,
    "addresses": ["10.0.0.0/24", "2001:db8::/64"],
  ]

  static let documentSchema = schema([
    "type": "object",
    "properties": [
      "name": ["type": "string", "maxLength": 63], "count": ["type": "integer"],
      "ratio": ["type": "number"], "flag": ["type": "boolean"],
      "tags": ["type": "array", "items": ["type": "string"]],
      "labels": ["type": "object", "additionalProperties": ["type": "string"]],
      "port": ["x-kubernetes-int-or-string": true],
      "when": ["type": "string", "format": "date-time"],
      "every": ["type": "string", "format": "duration"],
      "rules": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": ["port": ["type": "integer"], "proto": ["type": "string"]],
        ],
      ], "missing": ["type": "string"], "namespace": ["type": "string"], "a.b": ["type": "integer"],
      "addresses": ["type": "array", "items": ["type": "string"]],
    ],
  ])

  static func evaluate(_ source: String) throws -> CELValue {
    let expression = try CELParser.parse(source)
    let type = CELType(documentSchema) ?? .dyn
    _ = try CELChecker.check(expression, variables: ["self": type]).get()
    var evaluator = CELEvaluator(
      variables: ["self": CELValue(document, documentSchema)], budget: 100_000)
    return try evaluator.evaluate(expression)
  }

  @Test(arguments: [
    "self.count == 3 && self.ratio > 1", "self.count + 2 * 3 - 1 == 8", "7 / 2 == 3 && 7 % 2 == 1",
    "-self.count < 0", "!(self.count > 3) || false", "self.count > 2 ? true : false",
    "has(self.name) && !has(self.missing)", "!has(self.missing) || self.missing == 'x'",
    "self.missing == 'x' || true", "!(false && self.missing == 'x')",
    "'a' in self.tags && !('c' in self.tags)", "'k' in self.labels && self.labels['k'] == 'v'",
    "self.labels.k == 'v'",
    "size(self.tags) == 2 && self.tags.size() == 2 && self.name.size() == 7",
    "self.tags.all(t, t.size() == 1)", "self.tags.exists(t, t == 'a')",
    "self.tags.exists_one(t, t > 'a')", "self.tags.map(t, t + '!') == ['b!', 'a!']",
    "self.tags.filter(t, t != 'a') == ['b']", "self.rules.map(r, r.port > 1, r.port) == [2]",
    "self.rules.all(r, !has(r.proto) || r.proto == 'TCP')", "self.labels.all(k, k == 'k')",
    "self.name.startsWith('metal') && self.name.endsWith('lb') && self.name.contains('tall')",
    "self.name.matches('^[a-z]+$')", "self.name.upperAscii() == 'METALLB'",
    "self.name.replace('l', 'L', 1) == 'metaLlb'", "self.name.substring(0, 5) == 'metal'",
    "self.name.indexOf('l') == 4 && self.name.lastIndexOf('l') == 5 && self.name.indexOf('z') == -1",
    "'a,b,c'.split(',') == ['a', 'b', 'c'] && ['a', 'b'].join('-') == 'a-b'",
    "' x '.trim() == 'x' && 'abc'.charAt(1) == 'b'", "'a1b22'.findAll('[0-9]+') == ['1', '22']",
    "self.port == 'http'", "type(self.port) == string", "int('5') == 5 && string(5) == '5'",
    "double(1) == 1.0 && dyn(1) == dyn(1.0) && uint(1) == 1u",
    "self.when < timestamp('2027-01-01T00:00:00Z')",
    "self.when.getFullYear() == 2026 && self.when.getDayOfWeek() == 4",
    "self.every == duration('1m30s') && self.every.getSeconds() == 90",
    "duration('1h') > duration('59m')", "self.__namespace__ == 'n' && self.a__dot__b == 1",
    "[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [1, 2].isSorted()",
    "sets.contains([1, 2], [1]) && sets.equivalent([1, 2], [2, 1]) && !sets.intersects([1], [2])",
    "{'a': 1}['a'] == 1 && size({'a': 1}) == 1", "quantity('1Ki').isGreaterThan(quantity('1k'))",
    "isQuantity('100m') && !isQuantity('x')", "self.addresses.all(a, isCIDR(a))",
    "ip('10.0.0.1').family() == 4 && !isIP('x')", "cidr('10.0.0.0/24').containsIP('10.0.0.5')",
    "cidr('10.0.0.0/16').containsCIDR(cidr('10.0.1.0/24'))", "self.tags[0] == 'b'",
    "optional.of(1).hasValue() && optional.none().orValue(2) == 2", "b'ab' == bytes('ab')",
    "'\\u00e4' == 'ä' && r'\\d' == '\\\\d' && \"\"\"a\nb\"\"\".size() == 3",
    "self.rules.map(r, r.port).sum() == 3 // a comment",
  ])
  func `Expressions hold`(_ source: String) throws {
    #expect(try Self.evaluate(source) == .bool(true))
  }

  @Test(arguments: [
    ("self.missing == 'x'", "no such key: missing"),
    ("1 / (self.count - 3) == 1", "division by zero"),
    ("self.tags[5] == 'x'", "index out of bounds: 5"),
    ("self.labels['z'] == 'x'", "no such key: z"),
    ("9223372036854775807 + self.count > 0", "integer overflow"),
    (
      "duration(self.name) > duration('1s')",
      "type conversion error from 'string' to 'google.protobuf.Duration'"
    ),
    ("self.tags.all(t, self.missing == t)", "no such key: missing"),
  ])
  func `What cannot be evaluated says why`(_ source: String, _ text: String) {
    #expect(throws: CELFailure(text)) { try Self.evaluate(source) }
  }

  @Test(arguments: [
    (
      "self.name.nosuch > 1",
      "ERROR: <input>:1:10: type 'string' does not support field selection\n | self.name.nosuch > 1\n | .........^"
    ),
    (
      "self.nosuch == 1",
      "ERROR: <input>:1:5: undefined field 'nosuch'\n | self.nosuch == 1\n | ....^"
    ),
    (
      "nosuch == 1",
      "ERROR: <input>:1:1: undeclared reference to 'nosuch' (in container '')\n | nosuch == 1\n | ^"
    ),
    (
      "self.count == 'x'",
      "ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(int, string)'\n | self.count == 'x'\n | ...........^"
    ),
    (
      "self.name.size(1)",
      "ERROR: <input>:1:15: found no matching overload for 'size' applied to '(string, int)'\n | self.name.size(1)\n | ..............^"
    ),
    (
      "self.count.all(x, true)",
      "ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.count.all(x, true)\n | ....^"
    ),
  ])
  func `What does not type-check is refused with its place`(_ source: String, _ text: String) throws
  {
    let expression = try CELParser.parse(source)
    let type = CELType(Self.documentSchema) ?? .dyn
    guard case .failure(let issues) = CELChecker.check(expression, variables: ["self": type]) else {
      Issue.record("it compiles")
      return
    }
    #expect(issues.description(in: source) == text)
  }

  @Test(arguments: [
    "self.", "1 +", "(1", "[1, 2", "a b", "'open", "has(x)", "self.all(1, true)", "if", "&& true",
    "",
    "{1: }", "x ? y", "1 ?? 2", "\u{1F600}",
  ])
  func `What does not parse is refused`(_ source: String) {
    #expect(throws: CELIssue.self) { try CELParser.parse(source) }
  }

  @Test func `Nesting is bounded`() {
    let deep = String(repeating: "(", count: 2000) + "1" + String(repeating: ")", count: 2000)
    #expect(throws: CELIssue.self) { try CELParser.parse(deep) }
    #expect(throws: CELIssue.self) {
      try CELParser.parse(String(repeating: "!", count: 2000) + "a")
    }
  }

  @Test func `Evaluation ends when the budget does`() throws {
    let expression = try CELParser.parse(
      "[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, a+b+c > 0)))"
    )
    var evaluator = CELEvaluator(variables: [:], budget: 500)
    #expect(throws: CELFailure.budget) { try evaluator.evaluate(expression) }
  }
}
