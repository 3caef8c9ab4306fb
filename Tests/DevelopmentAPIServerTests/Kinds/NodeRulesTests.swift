import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

/// What a real server answered (v1.36.2).
@Suite struct NodeRulesTests {
  private let definition: ResourceDefinition

  init() throws {
    let kind = ResourceKind(
      group: "", version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)
    definition = try #require(
      try BuiltInKinds().completing([ResourceDefinition(kind)]).first)
  }

  private func complete(_ node: JSONValue) throws -> JSONValue {
    var node = node
    node["kind"] = "Node"
    _ = try definition.behavior.decode(&node)
    definition.behavior.setDefaults(&node)
    return node
  }

  private static let badName =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
  private static let badEffect =
    "metadata.taints[0].effect: Unsupported value: \"X\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\""

  @Test(
    arguments: [
      (["taints": [["key": "a", "effect": "NoSchedule"]]], []),
      (
        ["taints": [["key": "a b", "effect": "X"]]],
        ["metadata.taints[0].key: Invalid value: \"a b\": \(badName)", badEffect]
      ),
      (["taints": [["key": "a"]]], ["metadata.taints[0].effect: Required value"]),
      (
        [
          "taints": [
            ["key": "a", "value": "b", "effect": "NoSchedule"],
            ["key": "a", "value": "c", "effect": "NoSchedule"],
            ["key": "a", "value": "c", "effect": "NoExecute"],
          ]
        ],
        [
          "metadata.taints[1]: Duplicate value: {\"Key\":\"a\",\"Value\":\"c\",\"Effect\":\"NoSchedule\",\"TimeAdded\":null}: taints must be unique by key and effect pair"
        ]
      ),
      (
        ["podCIDR": "10.1.0.0/33"],
        [
          "spec.podCIDRs[0]: Invalid value: \"10.1.0.0/33\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        ]
      ),
      (
        ["podCIDR": "010.1.0.0/24"],
        [
          "spec.podCIDRs[0]: Invalid value: \"010.1.0.0/24\": must not have leading 0s in IP or prefix length"
        ]
      ),
      (
        ["podCIDRs": ["10.1.0.1/24"]],
        [
          "spec.podCIDRs[0]: Invalid value: \"10.1.0.1/24\": must not have bits set beyond the prefix length"
        ]
      ),
      (
        ["podCIDRs": ["10.1.0.0/24", "10.2.0.0/24"]],
        [
          "spec.podCIDRs: Invalid value: [\"10.1.0.0/24\",\"10.2.0.0/24\"]: may specify no more than one CIDR for each IP family"
        ]
      ),
      (["podCIDRs": ["10.1.0.0/24", "fd00::/64"]], []),
    ] as [(JSONValue, [String])])
  func `What a spec must be`(_ spec: JSONValue, _ texts: [String]) throws {
    let node = try complete(["spec": spec])
    #expect(definition.behavior.validateCreate(node).map(\.description) == texts)
  }

  @Test(
    arguments: [
      (["podCIDR": "10.1.0.0/24"], "10.1.0.0/24", ["10.1.0.0/24"]),
      (["podCIDRs": ["10.1.0.0/24", "fd00::/64"]], "10.1.0.0/24", ["10.1.0.0/24", "fd00::/64"]),
      (["podCIDR": "10.1.0.0/24", "podCIDRs": ["10.2.0.0/24"]], "10.1.0.0/24", ["10.1.0.0/24"]),
    ] as [(JSONValue, String, [String])])
  func `Both fields of Pod addresses say the same`(
    _ spec: JSONValue, _ one: String, _ all: [String]
  ) throws {
    let node = try complete(["spec": spec])
    #expect(node.text("spec", "podCIDR") == one)
    #expect(node.texts("spec", "podCIDRs") == all)
  }

  @Test func `What is set once stays`() throws {
    let old = try complete([
      "spec": ["podCIDR": "10.1.0.0/24", "providerID": "a", "externalID": "e"]
    ])
    let new = try complete([
      "spec": [
        "podCIDR": "10.2.0.0/24", "providerID": "b", "externalID": "f",
        "taints": [["key": "a", "effect": "X"]],
      ]
    ])
    #expect(
      definition.behavior.validateUpdate(new, old).map(\.description) == [
        Self.badEffect,
        "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid",
        "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid",
        Self.badEffect,
        "spec.externalID: Forbidden: may not be updated",
      ])
    #expect(definition.behavior.validateUpdate(old, try complete([:])).count == 1)
  }

  @Test func `What a status must be`() throws {
    let node = try complete([
      "status": [
        "addresses": [["type": "a", "address": "b"], ["type": "a", "address": "b"]],
        "capacity": [
          "cpu": "-1", "memory": "1500m", "pods": "1.5", "example.com/gpu": "1.5", "foo": "1.5",
        ],
        "allocatable": ["foo": "-1"],
      ]
    ])
    #expect(
      definition.behavior.validateStatusUpdate(node, [:]).map(\.description) == [
        "status.capacity.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
        "status.capacity.pods: Invalid value: \"1500m\": must be an integer",
        "status.capacity.example.com/gpu: Invalid value: \"1500m\": must be an integer",
        "status.allocatable.foo: Invalid value: \"-1\": must be greater than or equal to 0",
        "status.addresses[1]: Duplicate value: {\"Type\":\"a\",\"Address\":\"b\"}",
      ])
  }

  @Test func `All of a node is for Pods unless it says otherwise`() throws {
    let node = try complete(["status": ["capacity": ["cpu": "4000m"]]])
    #expect(node[path: ["status", "allocatable"]] == ["cpu": "4"])
  }

  @Test func `Conditions have times, known or not`() throws {
    let node = try complete(["status": ["conditions": [["type": "Ready", "status": "True"]]]])
    #expect(
      node[path: ["status", "conditions"]] == [
        [
          "type": "Ready", "status": "True", "lastHeartbeatTime": .null,
          "lastTransitionTime": .null,
        ]
      ])
  }
}
