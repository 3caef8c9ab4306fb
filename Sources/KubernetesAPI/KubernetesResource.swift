/// How the API names one kind: group, version, kind and the plural used in paths.
package struct ResourceKind: Sendable, Hashable, CustomStringConvertible {
  /// Empty for the core group.
  package var group: String
  package var version: String
  package var kind: String
  /// Lower-case, as in paths: `ipaddresspools`.
  package var plural: String
  package var isNamespaced: Bool

  package init(
    group: String = "", version: String, kind: String, plural: String, isNamespaced: Bool = true
  ) {
    self.group = group
    self.version = version
    self.kind = kind
    self.plural = plural
    self.isNamespaced = isNamespaced
  }

  /// `v1` or `apps/v1`.
  package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

  /// `deployments.apps/v1`, for messages.
  package var description: String {
    group.isEmpty ? "\(plural)/\(version)" : "\(plural).\(group)/\(version)"
  }

  /// The path of the collection: `/apis/apps/v1/namespaces/NS/deployments`; without a namespace the
  /// path of all objects in the cluster.
  package func path(namespace: String? = nil) -> String {
    let root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
    guard isNamespaced, let namespace, !namespace.isEmpty else { return "\(root)/\(plural)" }
    return "\(root)/namespaces/\(namespace)/\(plural)"
  }

  /// The path of one object, or of one of its subresources (`status`, `scale`).
  package func path(namespace: String?, name: String, subresource: String? = nil) -> String {
    let object = "\(path(namespace: namespace))/\(name)"
    return subresource.map { "\(object)/\($0)" } ?? object
  }
}

/// A kind of object with a Swift type. `apiVersion` and `kind` are not stored: they are the type's.
/// Fields that the type does not declare are dropped when an object is decoded.
package protocol KubernetesResource: Codable, Sendable, Hashable {
  static var resource: ResourceKind { get }
  var metadata: ObjectMeta { get set }
}

extension KubernetesResource {
  package var namespacedName: NamespacedName { metadata.namespacedName }

  /// The whole object as the API takes it, `apiVersion` and `kind` first.
  package func jsonValue() throws -> JSONValue {
    var object: JSONObject = [
      "apiVersion": .string(Self.resource.apiVersion), "kind": .string(Self.resource.kind),
    ]
    if case .object(let members) = try JSONValue(encoding: self) {
      for (key, value) in members { object[key] = value }
    }
    return .object(object)
  }

  /// A reference that makes this object the owner of another.
  package func ownerReference(controller: Bool, blockOwnerDeletion: Bool) -> OwnerReference {
    OwnerReference(
      apiVersion: Self.resource.apiVersion, kind: Self.resource.kind, name: metadata.name,
      uid: metadata.uid ?? "", controller: controller ? true : nil,
      blockOwnerDeletion: blockOwnerDeletion ? true : nil)
  }
}

/// `metav1.ListMeta`.
package struct ListMeta: Codable, Sendable, Hashable {
  package var resourceVersion: String?
  /// Where the next page starts; absent or empty on the last one.
  package var `continue`: String?
  package var remainingItemCount: Int64?

  package init(
    resourceVersion: String? = nil, continue: String? = nil, remainingItemCount: Int64? = nil
  ) {
    self.resourceVersion = resourceVersion
    self.continue = `continue`
    self.remainingItemCount = remainingItemCount
  }
}

/// The answer to a list request.
package struct ResourceList<Item: KubernetesResource>: Sendable {
  package var metadata: ListMeta
  package var items: [Item]

  package init(metadata: ListMeta = ListMeta(), items: [Item] = []) {
    self.metadata = metadata
    self.items = items
  }
}

extension ResourceList: Decodable {
  enum CodingKeys: String, CodingKey { case metadata, items }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    metadata = try container.decodeIfPresent(ListMeta.self, forKey: .metadata) ?? ListMeta()
    items = try container.decodeIfPresent([Item].self, forKey: .items) ?? []
  }
}
