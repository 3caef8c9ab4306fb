import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct CustomResourceDefinitionRulesTests {
  static let path = "spec.validation.openAPIV3Schema"

  func problems(_ schema: JSONValue) -> [String] { problems(versions: [version(schema)]) }

  func version(_ schema: JSONValue, _ name: String = "v1", storage: Bool = true) -> JSONValue {
    [
      "name": .string(name), "served": true, "storage": .bool(storage),
      "schema": ["openAPIV3Schema": schema],
    ]
  }

  func problems(
    versions: JSONValue, name: String = "bad.crds.example.com", _ more: JSONValue = [:]
  ) -> [String] {
    var spec: JSONValue = [
      "group": "crds.example.com", "scope": "Namespaced",
      "names": ["plural": "bad", "kind": "Bad"], "versions": versions,
    ]
    for (key, value) in more.objectValue ?? [:] { spec[key] = value }
    return CustomResourceSchema.problems(ofCustomResourceDefinition: [
      "metadata": ["name": .string(name)], "spec": spec,
    ])
  }

  @Test(
    arguments: [
      (
        ["spec": ["properties": ["a": ["type": "string"]]]],
        "\(path).properties[spec].type: Required value: must not be empty for specified object fields"
      ),
      (
        ["a": ["type": "integer", "default": "x"]],
        "\(path).properties[a].default: Invalid value: \"string\":  in body must be of type integer: \"string\""
      ),
      (["a": ["type": "array"]], "\(path).properties[a].items: Required value: must be specified"),
      (
        ["a": ["type": "array", "x-kubernetes-list-type": "map", "items": ["type": "object"]]],
        "\(path).properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"
      ),
      (
        [
          "a": [
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
            "items": ["type": "object", "properties": ["k": ["type": "string"]]],
          ]
        ],
        "\(path).properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
      ),
      (
        ["a": ["type": "string", "pattern": "("]],
        "\(path).properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`"
      ),
      (
        ["metadata": ["type": "object", "properties": ["labels": ["type": "object"]]]],
        "\(path).properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"
      ), (["a": ["$ref": "#/x"]], "\(path).properties[a].$ref: Forbidden: $ref is not supported"),
      (
        ["a": ["type": "array", "uniqueItems": true, "items": ["type": "string"]]],
        "\(path).properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
      ),
      (
        ["a": ["type": "string", "anyOf": [["type": "string"]]]],
        "\(path).properties[a].anyOf[0].type: Forbidden: must be empty to be structural"
      ),
      (
        ["a": ["type": "object", "anyOf": [["properties": ["b": ["minLength": 1]]]]]],
        "\(path).properties[a].properties[b]: Required value: because it is defined in \(path).properties[a].anyOf[0].properties[b]"
      ),
      (
        ["a": ["type": "string", "x-kubernetes-list-type": "set"]],
        "\(path).properties[a].type: Invalid value: \"string\": must be array if x-kubernetes-list-type is specified"
      ),
      (
        ["a": ["type": "object", "x-kubernetes-embedded-resource": true]],
        "\(path).properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
      ),
    ] as [(JSONValue, String)])
  func `Schemas must be structural`(_ properties: JSONValue, _ text: String) {
    #expect(problems(["type": "object", "properties": properties]) == [text])
  }

  @Test func `Additional properties stand alone, and not at the root`() {
    #expect(
      problems([
        "type": "object", "additionalProperties": ["type": "string"],
        "properties": ["a": ["type": "string"]],
      ]) == [
        "\(Self.path).additionalProperties: Forbidden: must not be used at the root",
        "\(Self.path).additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
      ])
  }

  @Test func `Names, scope and versions must fit`() {
    let object: JSONValue = ["type": "object"]
    #expect(
      problems(versions: [version(object)], name: "wrong.crds.example.com") == [
        "metadata.name: Invalid value: \"wrong.crds.example.com\": must be spec.names.plural+\".\"+spec.group"
      ])
    #expect(
      problems(
        versions: [version(object)], ["scope": "Nosuch", "preserveUnknownFields": true]) == [
          "spec.scope: Unsupported value: \"Nosuch\": supported values: \"Cluster\", \"Namespaced\"",
          "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ])
    #expect(
      problems(versions: [["name": "v1", "served": true, "storage": true]]) == [
        "spec.versions[0].schema.openAPIV3Schema: Required value"
      ])
    #expect(
      problems(versions: [version(object, storage: false)]) == [
        "spec.versions: Invalid value: [{\"Name\":\"v1\",\"Served\":true,\"Storage\":false,\"Deprecated\":false,\"DeprecationWarning\":null,\"Schema\":null,\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}]: must have exactly one version marked as storage version",
        "status.storedVersions: Invalid value: null: must have at least one stored version",
      ])
    #expect(
      problems(versions: [version(object), version(object, "v2")]).last
        == "status.storedVersions: Invalid value: [\"v1\"]: must have the storage version v2")
  }

  @Test func `Conversion by webhook needs a client and versions`() {
    #expect(
      problems(versions: [version(["type": "object"])], ["conversion": ["strategy": "Webhook"]])
        == [
          "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
          "spec.conversion.conversionReviewVersions: Required value",
        ])
  }

  @Test func `Stored versions stay, and scope too once established`() {
    var old: JSONValue = [
      "metadata": ["name": "things.x.y"],
      "spec": [
        "group": "x.y", "scope": "Namespaced", "names": ["plural": "things", "kind": "Thing"],
        "versions": [version(["type": "object"])],
      ],
    ]
    KindDefaults.apply(group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", to: &old)
    CustomResourceDefinitionRules.prepareForCreate(&old)
    old["status"] =
      CustomResourceNames.status(of: old, among: [], now: Timestamp(seconds: 0)) ?? .null
    var new = old
    new[path: ["spec", "scope"]] = "Cluster"
    #expect(
      CustomResourceDefinitionRules.validateUpdate(new, old: old).map(\.description) == [
        "spec.scope: Invalid value: \"Cluster\": field is immutable"
      ])
    new = old
    new[path: ["spec", "versions"]] = [version(["type": "object"], "v2")]
    CustomResourceDefinitionRules.prepareForUpdate(&new, old: old)
    #expect(new.texts("status", "storedVersions") == ["v1", "v2"])
    #expect(
      CustomResourceDefinitionRules.validateUpdate(new, old: old).map(\.description) == [
        "status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions"
      ])
  }

  @Test func `Names go to the first that asks`() {
    func crd(_ plural: String, _ kind: String) -> JSONValue {
      var crd: JSONValue = [
        "metadata": ["name": .string("\(plural).x.y")],
        "spec": [
          "group": "x.y", "names": ["plural": .string(plural), "kind": .string(kind)],
        ],
      ]
      KindDefaults.apply(group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", to: &crd)
      CustomResourceDefinitionRules.prepareForCreate(&crd)
      return crd
    }
    let now = Timestamp(seconds: 1_800_000_000)
    var first = crd("multis", "Multi")
    first["status"] = CustomResourceNames.status(of: first, among: [], now: now)
    #expect(
      first.list("status", "conditions").map { $0["status"] } == ["True", "True"])
    #expect(CustomResourceNames.status(of: first, among: [], now: now) == nil)
    let second = CustomResourceNames.status(of: crd("multis2", "Multi"), among: [first], now: now)
    #expect(second?["acceptedNames"] == ["plural": "multis2", "kind": ""])
    #expect(
      second?.list("conditions").first == [
        "type": "NamesAccepted", "status": "False", "lastTransitionTime": .string(now.rfc3339),
        "reason": "ListKindConflict", "message": "\"MultiList\" is already in use",
      ])
  }
}
