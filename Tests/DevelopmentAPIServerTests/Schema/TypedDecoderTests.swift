import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct TypedDecoderTests {
  let schemas: BuiltInSchemas

  init() throws { schemas = try BuiltInSchemas() }

  func decode(
    _ object: JSONValue, _ kind: String, group: String = ""
  ) throws -> (object: JSONValue, unknownFields: [String]) {
    try TypedDecoder.decode(object, as: try #require(schemas[group: group, kind: kind]))
  }

  @Test func `Unknown fields fall out and are named in the order of the document`() throws {
    let decoded = try decode(
      ["metadata": ["name": "uf", "nosuch": "x"], "data": ["k": "v"], "extra": 1], "ConfigMap")
    #expect(decoded.object == ["metadata": ["name": "uf"], "data": ["k": "v"]])
    #expect(decoded.unknownFields == ["metadata.nosuch", "extra"])
    let service = try decode(["spec": ["ports": [["port": 1, "x": 1]]]], "Service")
    #expect(service.unknownFields == ["spec.ports[0].x"])
  }

  @Test func `Zero values appear or vanish as the field has it`() throws {
    let decoded = try decode(
      [
        "metadata": ["labels": [:], "generation": 0],
        "spec": ["replicas": 0, "paused": false, "template": ["spec": ["volumes": []]]],
      ], "Deployment", group: "apps")
    #expect(
      decoded.object == [
        "metadata": [:],
        "spec": [
          "replicas": 0, "selector": nil,
          "template": [
            "metadata": [:], "spec": ["containers": nil],
          ], "strategy": [:],
        ], "status": [:],
      ])
  }

  @Test func `Members come in the order of the struct`() throws {
    let decoded = try decode(
      ["data": ["k": "v"], "metadata": [:], "kind": "ConfigMap"], "ConfigMap")
    #expect(decoded.object.objectValue?.keys == ["kind", "metadata", "data"])
  }

  @Test func `Times and quantities become canonical`() throws {
    let lease = try decode(
      ["metadata": [:], "spec": ["renewTime": "2026-01-01T01:00:00.000000+01:00"]], "Lease",
      group: "coordination.k8s.io")
    #expect(lease.object[path: ["spec", "renewTime"]] == "2026-01-01T00:00:00.000000Z")
    let pod = try decode(
      ["spec": ["containers": [["name": "c", "resources": ["limits": ["cpu": 0.1]]]]]], "Pod")
    #expect(
      pod.object[path: ["spec", "containers"]]?[0]?[path: ["resources", "limits", "cpu"]] == "100m")
  }

  struct Mismatch: CustomTestStringConvertible, Sendable {
    var kind: String
    var group = ""
    var object: JSONValue
    var text: String
    var testDescription: String { text }
  }

  @Test(arguments: [
    Mismatch(
      kind: "ConfigMap", object: ["data": ["k": 1]],
      text: "json: cannot unmarshal number 1 into Go struct field ConfigMap.data of type string"),
    Mismatch(
      kind: "Deployment", group: "apps", object: ["spec": ["replicas": "x"]],
      text:
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    ),
    Mismatch(
      kind: "Deployment", group: "apps",
      object: ["spec": ["template": ["spec": ["containers": "x"]]]],
      text:
        "json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"
    ),
    Mismatch(
      kind: "Lease", group: "coordination.k8s.io",
      object: ["spec": ["renewTime": "2026-01-01T00:00:00Z"]],
      text:
        "parsing time \"2026-01-01T00:00:00Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\""
    ),
    Mismatch(
      kind: "Secret", object: ["data": ["k": "v2"]],
      text: "illegal base64 data at input byte 0"),
    Mismatch(
      kind: "Pod",
      object: ["spec": ["containers": [["resources": ["limits": ["cpu": "x"]]]]]],
      text: Quantity.malformed),
  ])
  func `Values of the wrong type are refused in Go's words`(_ row: Mismatch) {
    let failure = #expect(throws: TypedDecoder.Failure.self) {
      try decode(row.object, row.kind, group: row.group)
    }
    // The number itself is quoted only where an integer was wanted.
    #expect(
      failure?.description == row.text.replacing("number 1 into", with: "number into"))
  }

  @Test func `Nothing decodes to the empty object`() throws {
    let node = try #require(schemas[group: "", kind: "Node"])
    #expect(try TypedDecoder.decode([:], as: node).object == TypedDecoder.empty(node))
    #expect(TypedDecoder.empty(node)[path: ["status", "nodeInfo", "machineID"]] == "")
  }

  @Test func `Malformed tables name their line`() {
    #expect(
      throws: SchemaTable.MalformedTable(line: "  a nosuch", reason: "unknown type nosuch")
    ) { try SchemaTable(parsing: "A\n  a nosuch\n") }
    #expect(
      throws: SchemaTable.MalformedTable(line: "  a string odd", reason: "unknown attribute odd")
    ) { try SchemaTable(parsing: "A\n  a string odd\n") }
  }
}

@Suite struct DuplicateFieldsTests {
  @Test func `Members named twice are found`() {
    let json = #"{"a":{"k":"1","k":"2"},"l":[{"x":1},{"x":1, "x" : 2}],"s":"\"k\":{","a":1}"#
    #expect(DuplicateFields.find(in: Array(json.utf8)) == ["a.k", "l[1].x", "a"])
  }

  @Test(arguments: ["", "{", "[", "{\"a\"", "{\"a\":", "[1,", "{]", "\"", "[[[["])
  func `Broken texts do no harm`(_ json: String) {
    #expect(DuplicateFields.find(in: Array(json.utf8)).isEmpty)
  }
}
