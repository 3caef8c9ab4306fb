import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct CustomResourceSchemaTests {
  static let crd: JSONValue = [
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": ["name": "gadgets.crds.example.com"],
    "spec": [
      "group": "crds.example.com", "scope": "Namespaced",
      "names": ["plural": "gadgets", "kind": "Gadget"],
      "versions": [
        [
          "name": "v1", "served": true, "storage": true,
          "schema": [
            "openAPIV3Schema": [
              "type": "object", "required": ["spec"],
              "properties": [
                "spec": [
                  "type": "object", "required": ["mode"],
                  "properties": [
                    "mode": ["type": "string", "enum": ["fast", "slow"]],
                    "name": [
                      "type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 5,
                      "default": "abc",
                    ], "count": ["type": "integer", "minimum": 1, "maximum": 10, "default": 3],
                    "ratio": ["type": "number", "multipleOf": 0.5],
                    "maybe": ["type": "string", "nullable": true],
                    "labels": [
                      "type": "object", "additionalProperties": ["type": "string"],
                      "maxProperties": 2,
                    ], "port": ["x-kubernetes-int-or-string": true],
                    "raw": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                    "tags": [
                      "type": "array", "x-kubernetes-list-type": "set", "maxItems": 3,
                      "items": ["type": "string"],
                    ], "when": ["type": "string", "format": "date-time"],
                    "addr": ["type": "string", "format": "ipv4"],
                    "small": ["type": "integer", "format": "int32"], "flag": ["type": "boolean"],
                    "nested": [
                      "type": "object", "default": [:],
                      "properties": [
                        "deep": ["type": "string", "default": "x"],
                        "template": [
                          "type": "object", "x-kubernetes-embedded-resource": true,
                          "x-kubernetes-preserve-unknown-fields": true,
                        ],
                      ],
                    ],
                    "rules": [
                      "type": "array", "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": ["port"],
                      "items": [
                        "type": "object", "required": ["port"],
                        "properties": [
                          "port": ["type": "integer"],
                          "proto": ["type": "string", "default": "TCP"],
                        ],
                      ],
                    ],
                    "oneof": [
                      "type": "object",
                      "properties": ["a": ["type": "string"], "b": ["type": "string"]],
                      "oneOf": [["required": ["a"]], ["required": ["b"]]],
                    ],
                  ],
                ], "status": ["type": "object", "properties": ["phase": ["type": "string"]]],
              ],
            ]
          ],
          "subresources": [
            "status": [:],
            "scale": [
              "specReplicasPath": ".spec.count", "statusReplicasPath": ".status.replicas",
            ],
          ],
        ]
      ],
    ],
  ]

  let schema: CustomResourceSchema

  init() throws {
    schema = try #require(CustomResourceSchema(customResourceDefinition: Self.crd))
  }

  func gadget(_ spec: JSONValue) -> JSONValue {
    [
      "apiVersion": "crds.example.com/v1", "kind": "Gadget", "metadata": ["name": "g"],
      "spec": spec,
    ]
  }

  @Test func `The CRD itself is valid, and metadata has its table`() {
    #expect(CustomResourceSchema.problems(ofCustomResourceDefinition: Self.crd).isEmpty)
    #expect(CustomResourceSchema.metadata.member("labels") != nil)
    #expect(CustomResourceSchema(customResourceDefinition: Self.crd, version: "v9") == nil)
  }

  @Test func `Defaults reach into what they bring`() {
    let admitted = schema.admit(gadget(["mode": "fast"]))
    #expect(
      admitted.object["spec"] == [
        "mode": "fast", "name": "abc", "count": 3, "nested": ["deep": "x"],
      ])
    #expect(admitted.unknownFields.isEmpty && admitted.problems.isEmpty)
  }

  @Test func `Unknown fields are pruned and named, nulls stay where they may`() {
    let admitted = schema.admit(
      gadget([
        "mode": "slow", "maybe": nil, "flag": nil, "count": nil, "unknown": 1,
        "raw": ["any": [1, ["thing": nil]]],
        "nested": [
          "unknown": 1,
          "template": [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "unknown": 1],
            "spec": ["x": 1],
          ],
        ], "rules": [["port": 1], ["port": 2, "x": 1]],
      ]))
    #expect(
      admitted.unknownFields == [
        "spec.nested.unknown", "spec.rules[1].x", "spec.unknown",
        "spec.nested.template.metadata.unknown",
      ])
    #expect(
      admitted.object["spec"] == [
        "mode": "slow", "maybe": nil, "count": 3, "name": "abc",
        "raw": ["any": [1, ["thing": nil]]],
        "nested": [
          "deep": "x",
          "template": [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"], "spec": ["x": 1],
          ],
        ], "rules": [["port": 1, "proto": "TCP"], ["port": 2, "proto": "TCP"]],
      ])
  }

  @Test(
    arguments: [
      ([:], ["spec.mode: Required value"]),
      (
        ["mode": "other"],
        ["spec.mode: Unsupported value: \"other\": supported values: \"fast\", \"slow\""]
      ),
      (
        ["mode": "fast", "name": "A"],
        ["spec.name: Invalid value: \"A\": spec.name in body should be at least 2 chars long"]
      ),
      (
        ["mode": "fast", "name": "A1"],
        ["spec.name: Invalid value: \"A1\": spec.name in body should match '^[a-z]+$'"]
      ),
      (["mode": "fast", "name": "abcdef"], ["spec.name: Too long: may not be more than 5 bytes"]),
      (
        ["mode": "fast", "count": 0],
        ["spec.count: Invalid value: 0: spec.count in body should be greater than or equal to 1"]
      ),
      (
        ["mode": "fast", "count": 11],
        ["spec.count: Invalid value: 11: spec.count in body should be less than or equal to 10"]
      ),
      (
        ["mode": "fast", "count": "3"],
        [
          "spec.count: Invalid value: \"string\": spec.count in body must be of type integer: \"string\"",
          ".spec.count: Invalid value: 0: .spec.count accessor error: 3 is of the type string, expected int64",
        ]
      ),
      (
        ["mode": "fast", "ratio": 0.7],
        ["spec.ratio: Invalid value: 0.7: spec.ratio in body should be a multiple of 0.5"]
      ),
      (
        ["mode": "fast", "labels": ["a": "1", "b": "2", "c": "3"]],
        ["spec.labels: Too many: 3: must have at most 2 items"]
      ),
      (
        ["mode": "fast", "port": true],
        [
          "spec.port: Invalid value: \"boolean\": spec.port in body must be of type integer,string: \"boolean\""
        ]
      ), (["mode": "fast", "tags": ["a", "a"]], ["spec.tags[1]: Duplicate value: \"a\""]),
      (
        ["mode": "fast", "tags": ["a", "b", "c", "d"]],
        ["spec.tags: Too many: 4: must have at most 3 items"]
      ),
      (
        ["mode": "fast", "rules": [["port": 1], ["port": 1]]],
        ["spec.rules[1]: Duplicate value: {\"port\":1}"]
      ), (["mode": "fast", "rules": [[:]]], ["spec.rules[0].port: Required value"]),
      (
        ["mode": "fast", "when": "yesterday"],
        [
          "spec.when: Invalid value: \"yesterday\": spec.when in body must be of type date-time: \"yesterday\""
        ]
      ),
      (
        ["mode": "fast", "addr": "300.1.1.1"],
        [
          "spec.addr: Invalid value: \"300.1.1.1\": spec.addr in body must be of type ipv4: \"300.1.1.1\""
        ]
      ),
      (
        ["mode": "fast", "small": 4_294_967_296],
        [
          "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec.small"
        ]
      ),
      (
        ["mode": "fast", "oneof": ["a": "1", "b": "2"]],
        [
          "<nil>: Invalid value: \"\": \"spec.oneof\" must validate one and only one schema (oneOf). Found 2 valid alternatives"
        ]
      ),
      (
        ["mode": "fast", "oneof": [:]],
        [
          "<nil>: Invalid value: \"\": \"spec.oneof\" must validate one and only one schema (oneOf). Found none valid",
          "spec.oneof.a: Required value",
        ]
      ),
      (
        ["mode": "fast", "nested": ["template": ["metadata": [:]]]],
        [
          "spec.nested.template.apiVersion: Required value",
          "spec.nested.template.kind: Required value",
        ]
      ),
    ] as [(JSONValue, [String])])
  func `Every assertion is checked`(_ spec: JSONValue, _ problems: [String]) {
    #expect(schema.admit(gadget(spec)).problems == problems)
  }

  @Test func `Another kind is refused, and status by itself`() {
    var other = gadget(["mode": "fast"])
    other["kind"] = "Other"
    #expect(schema.admit(other).problems == ["kind: Invalid value: \"Other\": must be Gadget"])
    let old = gadget(["mode": "fast"])
    var new = old
    new["status"] = ["phase": 5]
    #expect(
      schema.validateStatus(new, old: old).map(\.description) == [
        "status.phase: Invalid value: \"integer\": phase in body must be of type string: \"integer\""
      ])
  }

  @Test func `Metadata is decoded strictly`() {
    var object = gadget(["mode": "fast"])
    object[path: ["metadata", "labels"]] = ["a": 1]
    #expect(
      schema.admit(object).problems == [
        "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
      ])
  }
}
