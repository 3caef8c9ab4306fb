import KubernetesAPI

/// Kinds that CRDs define.
enum CustomResources {
  static let table = ResourceDefinition.StorageKey(
    group: "apiextensions.k8s.io", plural: "customresourcedefinitions")
  static let kind = ResourceKind(
    group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions", isNamespaced: false)

  /// One definition for every served version of every CRD.
  static func definitions(_ crds: [StoredObject]) -> [ResourceDefinition] {
    crds.flatMap { definitions($0.value(kind)) }
  }

  static func definitions(_ crd: JSONValue) -> [ResourceDefinition] {
    guard let spec = crd["spec"], let group = spec["group"]?.stringValue,
      let names = spec["names"], let plural = names["plural"]?.stringValue,
      let kindName = names["kind"]?.stringValue
    else { return [] }
    return (spec["versions"]?.arrayValue ?? []).compactMap { version in
      guard version["served"]?.boolValue ?? false, let name = version["name"]?.stringValue else {
        return nil
      }
      var definition = ResourceDefinition(
        ResourceKind(
          group: group, version: name, kind: kindName, plural: plural,
          isNamespaced: spec["scope"]?.stringValue != "Cluster"),
        singular: names["singular"]?.stringValue)
      if let list = names["listKind"]?.stringValue { definition.listKind = list }
      definition.shortNames = (names["shortNames"]?.arrayValue ?? []).compactMap(\.stringValue)
      definition.categories = (names["categories"]?.arrayValue ?? []).compactMap(\.stringValue)
      definition.isCustom = true
      definition.hasGeneration = true
      definition.columns = TableColumn.standard
      if version[path: ["subresources", "scale"]] != nil { definition.subresources.append(.scale) }
      if version[path: ["subresources", "status"]] != nil {
        definition.subresources.append(.status(of: definition.kind))
      }
      return definition
    }
  }
}
