import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct StrategicMergePatchTests {
  let schema: ObjectSchema
  let pod: JSONValue = [
    "spec": [
      "containers": [
        [
          "name": "one", "image": "one:1",
          "env": [["name": "A", "value": "1"], ["name": "B", "value": "2"]],
          "ports": [["containerPort": 80, "name": "http"], ["containerPort": 81]],
        ], ["name": "two", "image": "two:1"],
      ], "tolerations": [["key": "k", "operator": "Exists"]],
      "volumes": [["name": "v", "emptyDir": [:]]], "nodeSelector": ["n": "1"],
    ]
  ]

  init() throws {
    schema = try #require(try BuiltInSchemas()[group: "", kind: "Pod"])
  }

  func spec(_ patch: JSONValue) throws -> JSONValue {
    try StrategicMergePatch.apply(["spec": patch], to: pod, schema: schema)["spec"] ?? .null
  }

  func names(_ list: JSONValue?) -> [String] {
    (list?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
  }

  @Test func `Lists of objects merge by their key`() throws {
    let spec = try spec([
      "containers": [
        [
          "name": "one", "env": [["name": "B", "value": "3"], ["name": "C", "value": "4"]],
          "ports": [["containerPort": 81, "protocol": "UDP"]],
        ]
      ]
    ])
    let container = spec["containers"]?[0]
    #expect(
      container?["env"] == [
        ["name": "A", "value": "1"], ["name": "B", "value": "3"], ["name": "C", "value": "4"],
      ])
    #expect(
      container?["ports"] == [
        ["containerPort": 80, "name": "http"], ["containerPort": 81, "protocol": "UDP"],
      ])
    #expect(names(spec["containers"]) == ["one", "two"])
  }

  @Test func `A new element goes first`() throws {
    let spec = try spec(["containers": [["name": "three", "image": "three:1"]]])
    #expect(names(spec["containers"]) == ["three", "one", "two"])
  }

  @Test func `An element can be deleted`() throws {
    let spec = try spec(["containers": [["name": "one", "$patch": "delete"]]])
    #expect(names(spec["containers"]) == ["two"])
  }

  @Test func `A list can be replaced`() throws {
    let spec = try spec([
      "containers": [
        ["name": "one", "env": [["$patch": "replace"], ["name": "ONLY", "value": "1"]]]
      ]
    ])
    #expect(spec["containers"]?[0]?["env"] == [["name": "ONLY", "value": "1"]])
  }

  @Test func `The order of elements can be set`() throws {
    let spec = try spec([
      "$setElementOrder/containers": [["name": "two"], ["name": "one"]],
      "containers": [["name": "two", "image": "two:3"]],
    ])
    #expect(names(spec["containers"]) == ["two", "one"])
    #expect(spec["containers"]?[0]?["image"] == "two:3")
    #expect(spec["$setElementOrder/containers"] == nil)
  }

  @Test func `Lists without a merge key and maps of their own are replaced or merged`() throws {
    let spec = try spec([
      "tolerations": [["key": "other", "operator": "Exists"]],
      "nodeSelector": ["n": nil, "m": "2"],
    ])
    #expect(spec["tolerations"] == [["key": "other", "operator": "Exists"]])
    #expect(spec["nodeSelector"] == ["m": "2"])
    #expect(
      try self.spec(["nodeSelector": ["$patch": "replace", "only": "1"]])["nodeSelector"] == [
        "only": "1"
      ])
  }

  @Test func `Keys that are not retained go`() throws {
    let spec = try spec([
      "volumes": [
        ["name": "v", "$retainKeys": ["name", "configMap"], "configMap": ["name": "a"]]
      ]
    ])
    #expect(spec["volumes"] == [["name": "v", "configMap": ["name": "a"]]])
  }

  @Test func `Lists of texts merge as sets and give up members`() throws {
    let object: JSONValue = ["metadata": ["finalizers": ["a", "b"]]]
    let added = try StrategicMergePatch.apply(
      ["metadata": ["finalizers": ["c"]]], to: object, schema: schema)
    // A patched member that is new to the server comes first, as for objects.
    #expect(added[path: ["metadata", "finalizers"]] == ["c", "a", "b"])
    let removed = try StrategicMergePatch.apply(
      ["metadata": ["$deleteFromPrimitiveList/finalizers": ["a"]]], to: object, schema: schema)
    #expect(removed[path: ["metadata", "finalizers"]] == ["b"])
  }

  @Test func `Malformed entries are refused in the API's words`() {
    #expect(
      throws: StrategicMergePatch.Failure(
        "map: map[image:x] does not contain declared merge key: name")
    ) { try spec(["containers": [["image": "x"]]]) }
    #expect(
      throws: StrategicMergePatch.Failure(
        "unknown patch type: nosuch in map: map[$patch:nosuch name:one]")
    ) { try spec(["containers": [["name": "one", "$patch": "nosuch"]]]) }
  }
}
