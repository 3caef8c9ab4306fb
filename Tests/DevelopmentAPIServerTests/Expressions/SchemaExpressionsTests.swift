import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct SchemaExpressionsTests {
  func schema(_ json: JSONValue) -> ObjectSchema { StructuralSchemaReader.read(json) }

  func spec(_ properties: JSONValue, rules: JSONValue = []) -> ObjectSchema {
    schema([
      "type": "object",
      "properties": [
        "spec": [
          "type": "object", "properties": properties, "x-kubernetes-validations": rules,
        ]
      ],
    ])
  }

  func refusals(
    _ schema: ObjectSchema, _ object: JSONValue, old: JSONValue? = nil
  ) -> [String] {
    SchemaExpressions(schema).evaluate(object, old: old, after: []).map(\.description)
  }

  let bounds: JSONValue = [
    [
      "rule": "!has(self.low) || !has(self.high) || self.low <= self.high",
      "messageExpression": "self.low > 4 ? 'low is far too high' : 'low is above high'",
      "reason": "FieldValueForbidden", "fieldPath": ".low",
    ]
  ]

  @Test func `A rule speaks through its message expression, reason and path`() {
    let schema = spec(["low": ["type": "integer"], "high": ["type": "integer"]], rules: bounds)
    #expect(
      refusals(schema, ["spec": ["low": 5, "high": 2]])
        == ["spec.low: Forbidden: low is far too high"])
    #expect(
      refusals(schema, ["spec": ["low": 3, "high": 2]]) == [
        "spec.low: Forbidden: low is above high"
      ]
    )
    #expect(refusals(schema, ["spec": ["low": 1, "high": 2]]).isEmpty)
    #expect(refusals(schema, [:]).isEmpty)
  }

  @Test func `A transition rule needs a past`() {
    let schema = spec([
      "frozen": [
        "type": "string",
        "x-kubernetes-validations": [
          ["rule": "self == oldSelf", "message": "frozen is immutable"]
        ],
      ]
    ])
    let new: JSONValue = ["spec": ["frozen": "b"]]
    #expect(refusals(schema, new).isEmpty)
    #expect(refusals(schema, new, old: ["spec": [:]]).isEmpty)
    #expect(
      refusals(schema, new, old: ["spec": ["frozen": "a"]])
        == ["spec.frozen: Invalid value: \"b\": frozen is immutable"])
    #expect(refusals(schema, ["spec": [:]], old: ["spec": ["frozen": "a"]]).isEmpty)
  }

  @Test func `An optional past can be asked for`() {
    let schema = spec(
      ["a": ["type": "integer"]],
      rules: [
        [
          "rule": "oldSelf.hasValue() || self.a == 1", "optionalOldSelf": true,
          "message": "starts at 1",
        ]
      ])
    #expect(
      refusals(schema, ["spec": ["a": 2]]) == ["spec: Invalid value: \"object\": starts at 1"])
    #expect(refusals(schema, ["spec": ["a": 2]], old: ["spec": ["a": 1]]).isEmpty)
  }

  @Test func `Entries of list maps know their past by key`() {
    let schema = spec([
      "rules": [
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
        "items": [
          "type": "object", "required": ["port"],
          "properties": ["port": ["type": "integer"], "proto": ["type": "string"]],
          "x-kubernetes-validations": [["rule": "self.proto == oldSelf.proto"]],
        ],
      ]
    ])
    let old: JSONValue = [
      "spec": ["rules": [["port": 1, "proto": "TCP"], ["port": 2, "proto": "UDP"]]]
    ]
    let moved: JSONValue = [
      "spec": ["rules": [["port": 2, "proto": "UDP"], ["port": 1, "proto": "TCP"]]]
    ]
    #expect(refusals(schema, moved, old: old).isEmpty)
    let changed: JSONValue = ["spec": ["rules": [["port": 2, "proto": "TCP"]]]]
    #expect(
      refusals(schema, changed, old: old) == [
        "spec.rules[0]: Invalid value: \"object\": failed rule: self.proto == oldSelf.proto"
      ])
  }

  @Test func `A rule that fails says so`() {
    let schema = spec(["a": ["type": "string"]], rules: [["rule": "self.a == 'x'"]])
    #expect(
      refusals(schema, ["spec": [:]]) == [
        "spec: Invalid value: \"object\": no such key: a evaluating rule: failed rule: self.a == 'x'"
      ])
  }

  @Test func `Rules wait until the object is well-formed`() {
    let schema = spec(["low": ["type": "integer"]], rules: bounds)
    let errors = SchemaExpressions(schema).evaluate(
      ["spec": [:]], old: nil, after: [.required("spec.low")])
    #expect(
      errors.map(\.description) == [
        "<nil>: Invalid value: null: some validation rules were not checked because the object was "
          + "invalid; correct the existing errors to complete validation"
      ])
    #expect(
      SchemaExpressions(spec([:])).evaluate([:], old: nil, after: [.required("spec")]).isEmpty)
  }

  func problems(_ property: JSONValue) -> [String] {
    ExpressionRules.validate(
      schema(["type": "object", "properties": ["a": property]]), at: "schema"
    ).map(\.description)
  }

  @Test func `Rules that do not compile are refused with their text`() {
    #expect(
      problems([
        "type": "string", "x-kubernetes-validations": [["rule": "self.nosuch > 1"]],
      ]) == [
        "schema.properties[a].x-kubernetes-validations[0].rule: Invalid value: "
          + "{\"Rule\":\"self.nosuch \\u003e 1\",\"Message\":\"\",\"MessageExpression\":\"\","
          + "\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: "
          + "ERROR: <input>:1:5: type 'string' does not support field selection\n"
          + " | self.nosuch > 1\n | ....^"
      ])
  }

  let tooDear =
    "exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, "
    + "maxProperties, and maxLength where arrays, maps, and strings are declared)"

  @Test func `Rules that could cost too much are refused`() {
    let path = "schema.properties[a].x-kubernetes-validations[0].rule"
    #expect(
      problems([
        "type": "array", "items": ["type": "array", "items": ["type": "string"]],
        "x-kubernetes-validations": [["rule": "self.all(x, x.all(y, y.contains('a')))"]],
      ]) == [
        "\(path): Forbidden: estimated rule cost \(tooDear)",
        "\(path): Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
        "schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema \(tooDear)",
      ])
    #expect(
      problems([
        "type": "integer",
        "x-kubernetes-validations": [
          ["rule": "self > 1", "messageExpression": "'a is ' + string(self)"]
        ],
      ]).first
        == "schema.properties[a].x-kubernetes-validations[0].messageExpression: Forbidden: estimated messageExpression cost \(tooDear)"
    )
  }

  @Test(
    arguments: [
      ["type": "string", "x-kubernetes-validations": [["rule": "self == oldSelf"]]],
      [
        "type": "string",
        "x-kubernetes-validations": [["rule": "isCIDR(self) || self.matches('^[0-9.]+-[0-9.]+$')"]],
      ],
      [
        "type": "array", "maxItems": 100, "items": ["type": "string", "maxLength": 64],
        "x-kubernetes-validations": [["rule": "self.all(x, self.exists_one(y, x == y))"]],
      ],
      [
        "type": "string",
        "x-kubernetes-validations": [["rule": "duration(self) >= duration('1s')"]],
      ],
    ] as [JSONValue])
  func `Rules that are worth their cost are accepted`(_ property: JSONValue) {
    #expect(problems(property).isEmpty)
  }
}
