package import KubernetesAPI

/// One object as it is applied: exactly the fields that its renderer wants to own.
package struct RenderedObject: Sendable, Hashable {
  package let resource: ResourceKind
  package private(set) var value: JSONValue

  package init(resource: ResourceKind, value: JSONValue) {
    self.resource = resource
    self.value = value
  }

  package init(_ object: some KubernetesResource) throws {
    resource = type(of: object).resource
    value = try object.jsonValue()
  }

  /// The namespace is empty for cluster-scoped objects.
  package var name: NamespacedName {
    let metadata = value["metadata"]
    return NamespacedName(
      namespace: metadata?["namespace"]?.stringValue ?? "",
      name: metadata?["name"]?.stringValue ?? "")
  }

  package mutating func setLabel(_ key: String, _ text: String) {
    value[path: ["metadata", "labels", key]] = .string(text)
  }

  package mutating func setOwner(_ owner: OwnerReference) throws {
    value[path: ["metadata", "ownerReferences"]] = .array([try JSONValue(encoding: owner)])
  }
}

extension RenderedObject: CustomStringConvertible {
  /// `Deployment metallb-system/controller`
  package var description: String { "\(resource.kind) \(name)" }
}
