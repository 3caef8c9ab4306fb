import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct MetadataRulesTests {
  let configMaps = ResourceDefinition(
    ResourceKind(version: "v1", kind: "ConfigMap", plural: "configmaps"))

  struct Row: CustomTestStringConvertible, Sendable {
    var metadata: JSONValue
    var text: String
    var testDescription: String { text }
  }

  static let subdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    + "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
    + "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

  @Test(arguments: [
    Row(metadata: [:], text: "metadata.name: Required value: name or generateName is required"),
    Row(
      metadata: ["name": "Not_Valid"],
      text: "metadata.name: Invalid value: \"Not_Valid\": \(subdomain)"),
    Row(
      metadata: ["name": .string(String(repeating: "x", count: 254))],
      text:
        "metadata.name: Invalid value: \"\(String(repeating: "x", count: 254))\": must be no more than 253 characters"
    ),
    Row(
      metadata: ["name": "a", "generateName": "Gen-"],
      text: "metadata.generateName: Invalid value: \"Gen-\": \(subdomain)"),
    Row(
      metadata: ["name": "a", "labels": ["ok": "not ok!"]],
      text:
        "metadata.labels: Invalid value: \"not ok!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    ),
    Row(
      metadata: ["name": "a", "annotations": ["-x": "y"]],
      text:
        "metadata.annotations: Invalid value: \"-x\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    ),
    Row(
      metadata: ["name": "a", "finalizers": ["noslash"]],
      text:
        "metadata.finalizers[0]: Invalid value: \"noslash\": name is neither a standard finalizer name nor is it fully qualified"
    ),
    Row(
      metadata: [
        "name": "a", "ownerReferences": [["apiVersion": "v1", "kind": "ConfigMap", "name": "x"]],
      ],
      text: "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"),
    Row(
      metadata: [
        "name": "a",
        "ownerReferences": [["apiVersion": "v1", "kind": "Event", "name": "x", "uid": "u"]],
      ],
      text:
        "metadata.ownerReferences: Invalid value: {\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"x\",\"uid\":\"u\"}: /v1, Kind=Event is disallowed from being an owner"
    ),
    Row(
      metadata: [
        "name": "a", "annotations": ["big": .string(String(repeating: "x", count: 262_144))],
      ],
      text: "metadata.annotations: Too long: may not be more than 262144 bytes"),
  ])
  func `What names, labels and owners may not be is refused`(_ row: Row) {
    var metadata = row.metadata
    metadata["namespace"] = "n"
    #expect(
      MetadataRules.validate(metadata, definition: configMaps).map(\.description) == [row.text])
  }

  @Test func `Only one owner controls`() {
    let owners: JSONValue = [
      ["apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u", "controller": true],
      ["apiVersion": "v1", "kind": "ConfigMap", "name": "y", "uid": "v", "controller": true],
    ]
    let errors = MetadataRules.validate(
      ["name": "a", "namespace": "n", "ownerReferences": owners], definition: configMaps)
    #expect(errors.count == 1)
    #expect(
      errors.first?.detail
        == "Only one reference can have Controller set to true. Found \"true\" in references for ConfigMap/x and ConfigMap/y"
    )
  }

  @Test func `Names follow their kind`() {
    func errors(_ name: String, _ group: String, _ kind: String) -> [String] {
      MetadataRules.nameErrors(
        name, ResourceKind(group: group, version: "v1", kind: kind, plural: ""))
    }
    #expect(errors("not.a.label", "", "Service") == ["must not contain dots"])
    #expect(errors("1bad", "", "Service").isEmpty)
    #expect(errors("a.b", "", "Namespace").count == 1)
    #expect(errors("system:node", "rbac.authorization.k8s.io", "ClusterRole").isEmpty)
    #expect(errors("a/b", "rbac.authorization.k8s.io", "Role") == ["may not contain '/'"])
  }

  @Test func `Some fields never change, and a dying object gets no new finalizers`() {
    func errors(_ new: JSONValue, _ old: JSONValue) -> Set<String> {
      Set(MetadataRules.validateUpdate(new, old: old, configMaps).map(\.description))
    }
    #expect(
      errors(["name": "a", "uid": "2"], ["name": "a", "uid": "1"]) == [
        "metadata.uid: Invalid value: \"2\": field is immutable"
      ])
    #expect(
      errors(
        ["name": "a", "deletionTimestamp": "t", "finalizers": ["x.y/a", "x.y/b"]],
        ["name": "a", "deletionTimestamp": "t", "finalizers": ["x.y/a"]]) == [
          "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"x.y/b\"}"
        ])
    #expect(
      errors(["name": "a", "generation": 1], ["name": "a", "generation": 2]) == [
        "metadata.generation: Invalid value: 1: must not be decremented"
      ])
  }
}
