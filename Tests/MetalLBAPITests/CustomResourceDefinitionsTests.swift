import KubernetesAPI
import KubernetesTesting
import KubernetesYAML
import MetalLBAPI
import Testing

@Suite struct CustomResourceDefinitionsTests {
  /// A kind, its Swift type's fields, and members of its schema that have no Swift twin on purpose.
  struct Row: CustomTestStringConvertible, Sendable {
    var resource: ResourceKind
    var fields: @Sendable () throws -> Set<String>
    var schemaOnly: Set<String> = []
    var testDescription: String { resource.kind }

    init<Kind: KubernetesResource>(_ kind: Kind.Type, schemaOnly: Set<String> = []) {
      resource = Kind.resource
      fields = { try FieldProbe.fields(of: kind) }
      self.schemaOnly = schemaOnly
    }
  }

  static let rows = [
    Row(MetalLB.self), Row(AddressPool.self), Row(IPAddressPool.self), Row(L2Advertisement.self),
    Row(BGPPeer.self), Row(BGPAdvertisement.self), Row(BFDProfile.self), Row(Community.self),
    Row(ServiceL2Status.self), Row(ServiceBGPStatus.self), Row(ConfigurationState.self),
    Row(FRRConfiguration.self), Row(FRRNodeState.self), Row(BGPSessionState.self),
    Row(FRRK8sConfiguration.self),
  ]

  static func definition(of plural: String) throws -> JSONValue {
    let text = try #require(CustomResourceDefinitions.yaml.first { $0.plural == plural }?.text)
    return try JSONValue(yaml: text)
  }

  @Test(arguments: rows)
  func `The schema and the Swift type have the same fields`(row: Row) throws {
    let definition = try Self.definition(of: row.resource.plural)
    #expect(definition["spec"]?["group"]?.stringValue == row.resource.group)
    #expect(definition["spec"]?["names"]?["kind"]?.stringValue == row.resource.kind)
    #expect(
      definition["spec"]?["scope"] == (row.resource.isNamespaced ? "Namespaced" : "Cluster"))
    let version = try #require(
      definition["spec"]?["versions"]?.arrayValue?.first { $0["storage"] == true })
    #expect(version["name"]?.stringValue == row.resource.version)
    #expect(version["subresources"]?["status"] != nil)
    var inSchema: Set<String> = []
    Self.collect(try #require(version["schema"]?["openAPIV3Schema"]), at: "", into: &inSchema)
    inSchema.subtract(row.schemaOnly)
    let inType = try row.fields()
    let free = inType.filter { $0.hasSuffix(": any") }.map { $0.dropLast(5) }
    inSchema = inSchema.filter { field in
      !free.contains {
        field.hasPrefix($0 + ".") || field.hasPrefix($0 + "[") || field.hasPrefix($0 + ":")
      }
    }
    inSchema.formUnion(free.map { "\($0): any" })
    #expect(inSchema == inType)
  }

  /// The leaves of a schema in the notation of `FieldProbe`. Empty objects are no fields.
  static func collect(_ schema: JSONValue, at path: String, into fields: inout Set<String>) {
    if schema["x-kubernetes-preserve-unknown-fields"] == true && schema["properties"] == nil
      || schema["x-kubernetes-int-or-string"] == true
    {
      fields.insert("\(path): any")
      return
    }
    switch schema["type"]?.stringValue {
    case "object":
      for (name, property) in schema["properties"]?.objectValue ?? [:]
      where !(path.isEmpty && ["apiVersion", "kind", "metadata"].contains(name)) {
        collect(property, at: path.isEmpty ? name : "\(path).\(name)", into: &fields)
      }
      if let value = schema["additionalProperties"] {
        collect(value, at: "\(path).*", into: &fields)
      }
    case "array": if let items = schema["items"] { collect(items, at: "\(path)[]", into: &fields) }
    case let type: fields.insert("\(path): \(type ?? "any")")
    }
  }

  @Test func `Both versions of AddressPool differ in the ignored name only`() throws {
    let versions = try #require(
      try Self.definition(of: "addresspools")["spec"]?["versions"]?.arrayValue)
    #expect(versions.map { $0["name"]?.stringValue } == ["v1beta1", "v1alpha1"])
    #expect(versions.map { $0["storage"]?.boolValue } == [true, false])
    var schemas = versions.compactMap { $0["schema"]?["openAPIV3Schema"] }
    schemas[1][path: ["properties", "spec", "properties", "name"]] = nil
    #expect(schemas[0] == schemas[1])
  }

  @Test func `Every CRD file is embedded`() throws {
    for (plural, text) in CustomResourceDefinitions.yaml {
      let definition = try JSONValue(yaml: text)
      let group = try #require(definition["spec"]?["group"]?.stringValue)
      #expect(definition["metadata"]?["name"]?.stringValue == "\(plural).\(group)")
      #expect(definition["spec"]?["names"]?["plural"]?.stringValue == plural)
    }
    #expect(
      CustomResourceDefinitions.yaml.map(\.plural) == Self.rows.map(\.resource.plural).sorted())
  }

  @Test func `The conversion of BGPPeer is asked of the installation's own namespace`() throws {
    let definitions = try CustomResourceDefinitions.yaml(namespace: "elsewhere")
      .map { try JSONValue(yaml: $0) }
    let services = definitions.compactMap {
      $0[path: ["spec", "conversion", "webhook", "clientConfig", "service"]]
    }
    #expect(
      services == [
        ["name": "metallb-webhook-service", "namespace": "elsewhere", "path": "/convert"]
      ])
  }

  @Test func `The fields of BGPPeer v1beta1 are a part of those of v1beta2`() throws {
    let versions = try #require(
      try Self.definition(of: "bgppeers")["spec"]?["versions"]?.arrayValue)
    #expect(versions.map { $0["name"]?.stringValue } == ["v1beta2", "v1beta1"])
    let fields = try versions.map { version in
      var fields: Set<String> = []
      Self.collect(try #require(version["schema"]?["openAPIV3Schema"]), at: "", into: &fields)
      return fields
    }
    #expect(fields[1].isStrictSubset(of: fields[0]))
  }

  @Test func `An API server takes every definition`() async throws {
    try await withTestCluster { cluster in
      for (_, text) in CustomResourceDefinitions.yaml { try await cluster.installCRDs(yaml: text) }
    }
  }
}
