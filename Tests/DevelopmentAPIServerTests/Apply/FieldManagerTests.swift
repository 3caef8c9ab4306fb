import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct FieldManagerTests {
  let configMaps: FieldManager
  let deployments: FieldManager
  let now = Timestamp(seconds: 1_800_000_000)
  let later = Timestamp(seconds: 1_800_000_060)

  init() throws {
    let schemas = try BuiltInSchemas()
    let configMap = try #require(schemas[group: "", kind: "ConfigMap"])
    configMaps = FieldManager(
      apiVersion: "v1", kind: "ConfigMap", schema: configMap,
      emptyObject: TypedDecoder.empty(configMap))
    let deployment = try #require(schemas[group: "apps", kind: "Deployment"])
    deployments = FieldManager(
      apiVersion: "apps/v1", kind: "Deployment", schema: deployment,
      emptyObject: TypedDecoder.empty(deployment),
      resetFields: FieldSet([.field("status")]))
  }

  func configMap(_ data: JSONValue, labels: JSONValue? = nil) -> JSONValue {
    var object: JSONValue = [
      "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"], "data": data,
    ]
    if let labels { object[path: ["metadata", "labels"]] = labels }
    return object
  }

  /// The fields of every owner, under its name.
  func owners(_ object: JSONValue) -> [String: JSONValue] {
    var owners: [String: JSONValue] = [:]
    for entry in object[path: ["metadata", "managedFields"]]?.arrayValue ?? [] {
      owners[entry["manager"]?.stringValue ?? ""] = entry["fieldsV1"]
    }
    return owners
  }

  func apply(
    _ configuration: JSONValue, to live: JSONValue?, by manager: String, force: Bool = false
  ) throws -> JSONValue {
    try configMaps.apply(
      live: live, configuration: configuration, manager: manager, force: force, now: now)
  }

  @Test func `An applier owns what it applies`() throws {
    let object = try apply(configMap(["k": "1", "l": "1"], labels: ["x": "1"]), to: nil, by: "one")
    #expect(object["data"] == ["k": "1", "l": "1"])
    #expect(
      object[path: ["metadata", "managedFields"]] == [
        [
          "manager": "one", "operation": "Apply", "apiVersion": "v1",
          "time": .string(now.rfc3339), "fieldsType": "FieldsV1",
          "fieldsV1": [
            "f:data": ["f:k": [:], "f:l": [:]], "f:metadata": ["f:labels": ["f:x": [:]]],
          ],
        ]
      ])
  }

  @Test func `Applying the same again changes nothing, not even the time`() throws {
    let object = try apply(configMap(["k": "1"]), to: nil, by: "one")
    let again = try configMaps.apply(
      live: object, configuration: configMap(["k": "1"]), manager: "one", force: false, now: later)
    #expect(again == object)
  }

  @Test func `A field given up by its only owner is removed`() throws {
    let object = try apply(configMap(["k": "1", "l": "1"]), to: nil, by: "one")
    let less = try apply(configMap(["k": "2"]), to: object, by: "one")
    #expect(less["data"] == ["k": "2"])
    #expect(owners(less) == ["one": ["f:data": ["f:k": [:]]]])
  }

  @Test func `Another value is a conflict, and force moves the field`() throws {
    let object = try apply(configMap(["k": "1"], labels: ["x": "1"]), to: nil, by: "one")
    let failure = #expect(throws: FieldManager.ApplyFailure.self) {
      try apply(configMap(["k": "3", "n": "3"]), to: object, by: "two")
    }
    #expect(failure?.message == "Apply failed with 1 conflict: conflict with \"one\": .data.k")
    #expect(
      failure?.causes == [
        APIStatus.Cause(
          reason: "FieldManagerConflict", message: "conflict with \"one\"", field: ".data.k")
      ])
    let forced = try apply(configMap(["k": "3", "n": "3"]), to: object, by: "two", force: true)
    #expect(forced["data"] == ["k": "3", "n": "3"])
    #expect(
      owners(forced) == [
        "one": ["f:metadata": ["f:labels": ["f:x": [:]]]],
        "two": ["f:data": ["f:k": [:], "f:n": [:]]],
      ])
  }

  @Test func `A field with two owners stays until the last one gives it up`() throws {
    var object = try apply(configMap(["k": "1"]), to: nil, by: "one")
    object = try apply(configMap(["k": "1"]), to: object, by: "two")
    object = try apply(configMap([:]), to: object, by: "one")
    #expect(object["data"] == ["k": "1"])
    object = try apply(configMap(["n": "1"]), to: object, by: "two")
    #expect(object["data"] == ["n": "1"])
  }

  @Test func `Updates take over what they change, and conflicts name their version`() throws {
    let object = try apply(configMap(["n": "3"]), to: nil, by: "two")
    var new = configMap(["n": "4", "u": "4"])
    new["metadata"] = object["metadata"]
    new[path: ["metadata", "uid"]] = "x"
    var live = object
    live[path: ["metadata", "uid"]] = "x"
    let updated = configMaps.update(live: live, new: new, manager: "recorder", now: now)
    #expect(owners(updated) == ["recorder": ["f:data": ["f:n": [:], "f:u": [:]]]])
    let failure = #expect(throws: FieldManager.ApplyFailure.self) {
      try apply(configMap(["n": "5"]), to: updated, by: "two")
    }
    #expect(
      failure?.message
        == "Apply failed with 1 conflict: conflict with \"recorder\" using v1: .data.n")
    let third = configMaps.update(
      live: updated, new: MergePatch.apply(["data": ["n": "6"]], to: updated), manager: "three",
      now: now)
    let both = #expect(throws: FieldManager.ApplyFailure.self) {
      try apply(configMap(["n": "7", "u": "7"]), to: third, by: "one")
    }
    #expect(
      both?.message
        == """
        Apply failed with 2 conflicts: conflicts with "recorder" using v1:
        - .data.u
        conflicts with "three" using v1:
        - .data.n
        """)
  }

  @Test func `A create owns everything but what the server alone writes`() throws {
    let created = configMaps.update(
      live: nil, new: configMap(["k": "v"], labels: ["app": "x"]), manager: "recorder", now: now)
    #expect(
      owners(created) == [
        "recorder": [
          "f:data": [".": [:], "f:k": [:]],
          "f:metadata": ["f:labels": [".": [:], "f:app": [:]]],
        ]
      ])
  }

  @Test func `Owners can be cleared, and the next apply meets what came before`() throws {
    var object = try apply(configMap(["k": "v"]), to: nil, by: "one")
    object[path: ["metadata", "uid"]] = "x"
    for reset in [[], [[:]]] as [JSONValue] {
      var new = object
      new[path: ["metadata", "managedFields"]] = reset
      let cleared = configMaps.update(live: object, new: new, manager: "r", now: now)
      #expect(cleared[path: ["metadata", "managedFields"]] == nil)
      let failure = #expect(throws: FieldManager.ApplyFailure.self) {
        try apply(configMap(["k": "w"]), to: cleared, by: "two")
      }
      #expect(
        failure?.message
          == "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.k")
      let forced = try apply(configMap(["k": "w"]), to: cleared, by: "two", force: true)
      #expect(
        owners(forced) == [
          "two": ["f:data": ["f:k": [:]]], "before-first-apply": ["f:data": [:]],
        ])
    }
  }

  struct Refusal: CustomTestStringConvertible, Sendable {
    var configuration: JSONValue
    var text: String
    var testDescription: String { text }
  }

  @Test(arguments: [
    Refusal(configuration: ["metadata": ["name": "b"]], text: "invalid object type: /, Kind="),
    Refusal(
      configuration: ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "b"]],
      text: "invalid object type: /v1, Kind=Secret"),
    Refusal(
      configuration: [
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "b", "managedFields": []],
      ], text: "metadata.managedFields must be nil"),
    Refusal(
      configuration: [
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "b"], "nosuch": 1,
      ],
      text:
        "failed to create typed patch object (/b; /v1, Kind=ConfigMap): .nosuch: field not declared in schema"
    ),
    Refusal(
      configuration: [
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "b"], "data": ["k": 1],
      ],
      text:
        "failed to create typed patch object (/b; /v1, Kind=ConfigMap): .data.k: expected string, got &value.valueUnstructured{Value:1}"
    ),
  ])
  func `What cannot be applied is refused in the API's words`(_ refusal: Refusal) {
    let failure = #expect(throws: FieldManager.ApplyFailure.self) {
      try apply(refusal.configuration, to: nil, by: "one")
    }
    #expect(failure?.message == refusal.text)
  }

  func deployment(_ template: JSONValue) -> JSONValue {
    [
      "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "d"],
      "spec": ["template": ["spec": template]],
    ]
  }

  @Test func `List maps have owners per entry, atomic lists one owner`() throws {
    let first = try deployments.apply(
      live: nil,
      configuration: deployment([
        "containers": [
          [
            "name": "c", "image": "c:1", "ports": [["containerPort": 80]],
            "env": [["name": "A", "value": "1"]], "args": ["x"],
          ]
        ], "nodeSelector": ["a": "1"],
      ]), manager: "one", force: false, now: now)
    #expect(
      owners(first)["one"]?["f:spec"]?["f:template"]?["f:spec"] == [
        "f:containers": [
          "k:{\"name\":\"c\"}": [
            ".": [:], "f:args": [:],
            "f:env": ["k:{\"name\":\"A\"}": [".": [:], "f:name": [:], "f:value": [:]]],
            "f:image": [:], "f:name": [:],
            "f:ports": [
              "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": [".": [:], "f:containerPort": [:]]
            ],
          ]
        ], "f:nodeSelector": [:],
      ])
    // Stored with defaults, as the server would.
    var live = first
    live[path: ["spec", "template", "spec", "containers"]] = [
      [
        "name": "c", "image": "c:1", "ports": [["containerPort": 80, "protocol": "TCP"]],
        "env": [["name": "A", "value": "1"]], "args": ["x"], "resources": [:],
      ]
    ]
    let failure = #expect(throws: FieldManager.ApplyFailure.self) {
      try deployments.apply(
        live: live,
        configuration: deployment([
          "containers": [["name": "c", "args": ["y"]]], "nodeSelector": ["b": "2"],
        ]), manager: "two", force: false, now: now)
    }
    #expect(
      failure?.causes.map(\.field) == [
        ".spec.template.spec.nodeSelector", ".spec.template.spec.containers[name=\"c\"].args",
      ])
    let added = try deployments.apply(
      live: live,
      configuration: deployment([
        "containers": [
          [
            "name": "c", "env": [["name": "B", "value": "2"]],
            "ports": [["containerPort": 80, "protocol": "UDP"]],
          ], ["name": "side", "image": "s:1"],
        ]
      ]), manager: "two", force: false, now: now)
    let containers = added[path: ["spec", "template", "spec", "containers"]]
    #expect(containers?[0]?["env"]?.arrayValue?.count == 2)
    #expect(containers?[0]?["ports"]?.arrayValue?.count == 2)
    #expect(containers?[1]?["name"] == "side")
    let given = try deployments.apply(
      live: added,
      configuration: [
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "d"],
      ], manager: "two", force: false, now: now)
    #expect(given["spec"] == live["spec"])
    #expect(owners(given).keys.sorted() == ["one"])
  }

  @Test func `Duplicate keys are refused`() {
    let failure = #expect(throws: FieldManager.ApplyFailure.self) {
      try deployments.apply(
        live: nil,
        configuration: deployment([
          "containers": [
            ["name": "c", "ports": [["containerPort": 80], ["containerPort": 80]]]
          ]
        ]), manager: "one", force: false, now: now)
    }
    #expect(
      failure?.message
        == "failed to create typed patch object (/d; apps/v1, Kind=Deployment): "
        + ".spec.template.spec.containers[name=\"c\"].ports: "
        + "duplicate entries for key [containerPort=80,protocol=\"TCP\"]")
  }

  @Test func `kubectl takes its client-side fields over without a conflict`() throws {
    let applied = configMap(["k": "1"])
    var object = applied
    object[path: ["metadata", "uid"]] = "x"
    object[path: [
      "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration",
    ]] = .string(applied.jsonText)
    let live = configMaps.update(
      live: nil, new: object, manager: "kubectl-client-side-apply", now: now)
    #expect(throws: FieldManager.ApplyFailure.self) {
      try apply(configMap(["k": "2"]), to: live, by: "other")
    }
    let result = try apply(configMap(["k": "2"]), to: live, by: "kubectl")
    #expect(result["data"] == ["k": "2"])
  }

  @Test func `Only the youngest updaters keep entries of their own`() {
    var object = configMap(["k0": "0"])
    object[path: ["metadata", "uid"]] = "x"
    var live = configMaps.update(live: nil, new: object, manager: "m0", now: now)
    live[path: ["metadata", "uid"]] = "x"
    for index in 1...15 {
      let patched = MergePatch.apply(["data": .object(["k\(index)": "v"])], to: live)
      live = configMaps.update(
        live: live, new: patched, manager: "m\(index)",
        now: Timestamp(seconds: 1_800_000_000 + Int64(index)))
    }
    let managers = owners(live).keys
    #expect(managers.count <= FieldManager.updaterLimit + 1)
    #expect(managers.contains("ancient-changes") && managers.contains("m15"))
  }
}
