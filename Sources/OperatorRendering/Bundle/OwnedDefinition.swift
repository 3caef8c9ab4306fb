import KubernetesAPI
import KubernetesYAML
import MetalLBAPI

/// One CRD of the bundle, as the ClusterServiceVersion describes it to consoles and to the lifecycle manager.
struct OwnedDefinition {
  let definition: JSONValue

  static func all(namespace: String) throws -> [OwnedDefinition] {
    try CustomResourceDefinitions.yaml(namespace: namespace).map {
      OwnedDefinition(definition: try JSONValue(yaml: $0))
    }
  }

  /// `bgppeers.metallb.io`
  var name: String { definition[path: ["metadata", "name"]]?.stringValue ?? "" }
  private var kind: String {
    definition[path: ["spec", "names", "kind"]]?.stringValue ?? ""
  }

  /// One entry for each version that is served.
  var descriptions: [JSONValue] {
    let versions = definition[path: ["spec", "versions"]]?.arrayValue ?? []
    return versions.filter { $0["served"] == true }.map { version in
      let schema = version[path: ["schema", "openAPIV3Schema"]] ?? [:]
      let name = version["name"]?.stringValue ?? ""
      var entry: JSONValue = [
        "name": .string(self.name),
        "version": .string(name),
        "kind": .string(kind),
        "displayName": .string(displayName),
        "description": .string(
          schema["description"]?.stringValue ?? "\(displayName) of MetalLB."),
      ]
      if kind == MetalLB.resource.kind { entry["resources"] = Self.resources }
      for (part, key) in [("spec", "specDescriptors"), ("status", "statusDescriptors")] {
        let fields = SchemaField.all(in: part, ofSchema: schema)
        if !fields.isEmpty { entry[key] = .array(fields.map(Self.descriptor)) }
      }
      return entry
    }
  }

  /// Whether people write objects of it: kinds that only report have no spec.
  var isWrittenByPeople: Bool {
    let versions = definition[path: ["spec", "versions"]]?.arrayValue ?? []
    return versions.contains { version in
      let spec = version[path: ["schema", "openAPIV3Schema", "properties", "spec", "properties"]]
      return spec?.objectValue?.isEmpty == false
    }
  }

  private var displayName: String {
    let known = [
      "BFDProfile": "BFD Profile", "BGPAdvertisement": "BGP Advertisement", "BGPPeer": "BGP Peer",
      "IPAddressPool": "IP Address Pool", "L2Advertisement": "L2 Advertisement",
      "MetalLB": "MetalLB", "FRRConfiguration": "FRR Configuration",
      "FRRK8sConfiguration": "FRR-K8s Configuration", "FRRNodeState": "FRR Node State",
    ]
    return known[kind] ?? SchemaField.words(kind).joined(separator: " ")
  }

  private static func descriptor(_ field: SchemaField) -> JSONValue {
    var descriptor: JSONValue = [
      "path": .string(field.path), "displayName": .string(field.displayName),
    ]
    if let text = field.description { descriptor["description"] = .string(text) }
    if !field.controls.isEmpty { descriptor["x-descriptors"] = .strings(field.controls) }
    return descriptor
  }

  /// What comes of a MetalLB object.
  private static let resources: JSONValue = [
    ["kind": "ConfigMap", "name": "", "version": "v1"],
    ["kind": "DaemonSet", "name": "", "version": "v1"],
    ["kind": "Deployment", "name": "", "version": "v1"],
    ["kind": "NetworkPolicy", "name": "", "version": "v1"],
    ["kind": "Service", "name": "", "version": "v1"],
  ]
}
