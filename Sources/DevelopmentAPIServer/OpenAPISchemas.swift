import KubernetesAPI
import OrderedCollections

/// Collects the schemas of kinds and of the structs in them, by name.
struct OpenAPISchemas: Sendable {
  /// What references begin with: `#/components/schemas/`.
  let prefix: String
  private(set) var components = JSONObject()

  init(prefix: String) { self.prefix = prefix }

  private static let metaPackage = "io.k8s.apimachinery.pkg.apis.meta.v1"
  private static let metaTypes: Set<String> = [
    "OwnerReference", "ManagedFieldsEntry", "ObjectMeta", "LabelSelectorRequirement",
    "LabelSelector", "Condition",
  ]

  /// `apps`, `coordination`, `rbac`; `core` for the group without a name.
  static func shortGroup(_ group: String) -> String {
    group.isEmpty ? "core" : String(group.prefix { $0 != "." })
  }

  mutating func add(_ definition: ResourceDefinition) {
    let kind = definition.kind
    let package = Self.package(of: kind, isCustom: definition.isCustom)
    let name = "\(package).\(kind.kind)"
    var schema: JSONValue =
      definition.openAPISchema
      ?? definition.schema.map { body($0, package: package) } ?? ["type": "object"]
    if definition.openAPISchema != nil { addObjectFields(&schema) }
    schema["x-kubernetes-group-version-kind"] = [Self.identity(kind, kind.kind)]
    components[name] = schema
    guard definition.storage != nil else { return }
    components["\(package).\(definition.listKind)"] = [
      "description": .string("\(definition.listKind) is a list of \(kind.kind)"),
      "type": "object", "required": ["items"],
      "properties": [
        "apiVersion": ["type": "string"],
        "items": ["type": "array", "items": reference(name)],
        "kind": ["type": "string"],
        "metadata": reference("\(Self.metaPackage).ListMeta"),
      ],
      "x-kubernetes-group-version-kind": [Self.identity(kind, definition.listKind)],
    ]
    components["\(Self.metaPackage).ListMeta"] = [
      "type": "object",
      "properties": [
        "continue": ["type": "string"],
        "remainingItemCount": ["type": "integer", "format": "int64"],
        "resourceVersion": ["type": "string"], "selfLink": ["type": "string"],
      ],
    ]
  }

  private static func identity(_ kind: ResourceKind, _ name: String) -> JSONValue {
    [
      "group": .string(kind.group), "kind": .string(name), "version": .string(kind.version),
    ]
  }

  /// `io.k8s.api.apps.v1`; for custom kinds the group backwards.
  private static func package(of kind: ResourceKind, isCustom: Bool) -> String {
    if isCustom {
      return kind.group.split(separator: ".").reversed().joined(separator: ".") + ".\(kind.version)"
    }
    if kind.group == CustomResources.kind.group {
      return "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
    }
    return "io.k8s.api.\(shortGroup(kind.group)).\(kind.version)"
  }

  private func reference(_ name: String) -> JSONValue { ["$ref": .string(prefix + name)] }

  /// Schemas of CRDs leave out what every object has.
  private mutating func addObjectFields(_ schema: inout JSONValue) {
    schema["type"] = "object"
    for field in ["apiVersion", "kind"] {
      schema[path: ["properties", field]] = ["type": "string"]
    }
    schema[path: ["properties", "metadata"]] = reference("\(Self.metaPackage).ObjectMeta")
    if components["\(Self.metaPackage).ObjectMeta"] == nil, let metadata = MetadataSchema.shared {
      _ = named(metadata, package: "")
    }
  }

  // MARK: Built-in kinds

  /// A reference to a struct, which is added unless it is there.
  private mutating func named(_ schema: ObjectSchema, package: String) -> JSONValue {
    guard let structName = schema.structName else { return body(schema, package: package) }
    let name =
      Self.metaTypes.contains(structName)
      ? "\(Self.metaPackage).\(structName)" : "\(package).\(structName)"
    if components[name] == nil {
      components[name] = [:]  // ends the recursion of types that contain themselves
      components[name] = body(schema, package: package)
    }
    return reference(name)
  }

  private mutating func body(_ schema: ObjectSchema, package: String) -> JSONValue {
    var body = JSONObject()
    if let summary = schema.summary { body["description"] = .string(summary) }
    if schema.isIntOrString {
      body["format"] = .string(schema.format ?? "int-or-string")
      body["oneOf"] = [["type": "integer"], ["type": "string"]]
      return .object(body)
    }
    if let type = schema.type { body["type"] = .string(type.rawValue) }
    if let format = schema.format { body["format"] = .string(format) }
    if let items = schema.items?.value { body["items"] = named(items, package: package) }
    if let values = schema.additionalProperties?.value {
      body["additionalProperties"] = named(values, package: package)
    }
    if !schema.properties.isEmpty {
      var properties = JSONObject()
      for (name, property) in schema.properties {
        properties[name] = self.property(property, package: package)
      }
      body["properties"] = .object(properties)
    }
    if schema.preservesUnknownFields { body["x-kubernetes-preserve-unknown-fields"] = true }
    if schema.isAtomicMap { body["x-kubernetes-map-type"] = "atomic" }
    return .object(body)
  }

  /// A member of a struct, with what only members have: defaults and ways to merge.
  private mutating func property(_ schema: ObjectSchema, package: String) -> JSONValue {
    var property = named(schema, package: package)
    if schema.structName != nil {
      // A reference cannot stand beside other members.
      property = ["allOf": [property]]
    }
    if let value = schema.defaultValue { property["default"] = value }
    switch schema.listKind {
    case .atomic:
      if schema.type == .array, !schema.patch.merges {
        property["x-kubernetes-list-type"] = "atomic"
      }
    case .set: property["x-kubernetes-list-type"] = "set"
    case .map(let keys):
      property["x-kubernetes-list-type"] = "map"
      property["x-kubernetes-list-map-keys"] = .strings(keys)
    }
    var strategies: [String] = []
    if schema.patch.merges { strategies.append("merge") }
    if schema.patch.retainsKeys { strategies.append("retainKeys") }
    if !strategies.isEmpty {
      property["x-kubernetes-patch-strategy"] = .string(strategies.joined(separator: ","))
    }
    if let key = schema.patch.mergeKey { property["x-kubernetes-patch-merge-key"] = .string(key) }
    return property
  }
}

/// The schema of `metadata`, for kinds whose own schema does not have it.
enum MetadataSchema {
  static let shared: ObjectSchema? = (try? BuiltInSchemas())?[type: "ObjectMeta"]
}
