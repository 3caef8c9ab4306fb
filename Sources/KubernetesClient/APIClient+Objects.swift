package import KubernetesAPI

/// The answer to a list request whose items have no Swift type.
package struct JSONList: Sendable {
  package var metadata: ListMeta
  package var items: [JSONValue]

  package init(metadata: ListMeta = ListMeta(), items: [JSONValue] = []) {
    self.metadata = metadata
    self.items = items
  }
}

/// Requests for objects of any kind as JSON. Name and namespace of a whole object come from its
/// metadata; for namespaced kinds a namespace is required except in lists.
extension APIClient {
  package func get(
    _ kind: ResourceKind, _ name: String, namespace: String? = nil, subresource: String? = nil
  ) async throws -> JSONValue {
    let path = try kind.objectPath(namespace: namespace, name: name, subresource: subresource)
    return try await send(APIRequest(.get, path))
  }

  /// All objects of a kind, in one namespace or everywhere. Follows pages; when the server has
  /// forgotten the version of the first page midway (410), it starts once more from the beginning.
  package func list(
    _ kind: ResourceKind, namespace: String? = nil, options: ListOptions = ListOptions()
  ) async throws -> JSONList {
    do {
      return try await pages(kind, namespace: namespace, options: options)
    } catch let error as KubernetesError where error.isGone && options.resourceVersion == nil {
      var whole = options
      whole.limit = 0
      return try await pages(kind, namespace: namespace, options: whole)
    }
  }

  private func pages(
    _ kind: ResourceKind, namespace: String?, options: ListOptions
  ) async throws -> JSONList {
    var result = JSONList()
    try await forEachPage(kind, namespace: namespace, options: options) { page in
      result.metadata = page.metadata
      if result.items.isEmpty { result.items = page.items } else { result.items += page.items }
    }
    return result
  }

  /// Reads all objects of a kind a page at a time, for those who need not have them all in memory. Unlike `list` it
  /// throws when the server has forgotten the version of the first page midway (410).
  package func forEachPage(
    _ kind: ResourceKind, namespace: String? = nil, options: ListOptions = ListOptions(),
    _ body: (JSONList) throws -> Void
  ) async throws {
    var token: String?
    repeat {
      let request = APIRequest.list(kind, namespace: namespace, options: options, token: token)
      let page = try await send(request)
      guard let items = page["items"]?.arrayValue ?? (page["items"].map { _ in [] }) else {
        throw KubernetesError(
          .malformedResponse, request: request.summary, detail: "the answer has no items")
      }
      let metadata = try page["metadata"]?.decode(ListMeta.self) ?? ListMeta()
      try body(JSONList(metadata: metadata, items: items))
      token = metadata.continue.flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil
  }

  package func create(
    _ object: JSONValue, _ kind: ResourceKind, subresource: String? = nil,
    options: WriteOptions = WriteOptions()
  ) async throws -> JSONValue {
    let namespace = object[path: ["metadata", "namespace"]]?.stringValue
    var path = try kind.collectionPath(namespace: namespace)
    if let subresource {
      path = try kind.objectPath(
        namespace: namespace, name: object.objectName, subresource: subresource)
    }
    var request = APIRequest(.post, path, json: object)
    request.add(options)
    return try await send(request)
  }

  /// Replaces the object; with a resource version in its metadata only at that version.
  package func update(
    _ object: JSONValue, _ kind: ResourceKind, subresource: String? = nil,
    options: WriteOptions = WriteOptions()
  ) async throws -> JSONValue {
    let path = try kind.objectPath(
      namespace: object[path: ["metadata", "namespace"]]?.stringValue, name: object.objectName,
      subresource: subresource)
    var request = APIRequest(.put, path, json: object)
    request.add(options)
    return try await send(request)
  }

  package func patch(
    _ kind: ResourceKind, _ name: String, namespace: String? = nil, _ patch: Patch,
    subresource: String? = nil, options: WriteOptions = WriteOptions()
  ) async throws -> JSONValue {
    let path = try kind.objectPath(namespace: namespace, name: name, subresource: subresource)
    var request = APIRequest(.patch, path, json: patch.body, contentType: patch.contentType)
    request.add(options)
    if case .apply(_, let force) = patch {
      request.addQuery("force", force)
      guard options.fieldManager != nil else {
        throw KubernetesError(
          .invalidRequest, request: request.summary, detail: "apply needs a field manager")
      }
    }
    return try await send(request, isIdempotent: patch.isIdempotent)
  }

  /// Server-side apply: the object holds exactly the fields that `fieldManager` wants to own.
  /// Without `force`, fields that others own with other values answer 409.
  package func apply(
    _ object: JSONValue, _ kind: ResourceKind, fieldManager: String, force: Bool = false,
    subresource: String? = nil, dryRun: Bool = false
  ) async throws -> JSONValue {
    try await patch(
      kind, object.objectName, namespace: object[path: ["metadata", "namespace"]]?.stringValue,
      .apply(object, force: force), subresource: subresource,
      options: WriteOptions(fieldManager: fieldManager, dryRun: dryRun))
  }

  /// Asks for the deletion. The object may stay for its finalizers or its grace period.
  package func delete(
    _ kind: ResourceKind, _ name: String, namespace: String? = nil,
    options: DeleteOptions = DeleteOptions()
  ) async throws {
    let path = try kind.objectPath(namespace: namespace, name: name)
    try await send(APIRequest(.delete, path, json: options.json))
  }

  /// Deletes every object that `selection` matches; its paging fields are not used.
  package func deleteCollection(
    _ kind: ResourceKind, namespace: String? = nil, selection: ListOptions = ListOptions(),
    options: DeleteOptions = DeleteOptions()
  ) async throws {
    var request = APIRequest(
      .delete, try kind.collectionPath(namespace: namespace), json: options.json)
    request.addQuery("labelSelector", selection.labelSelector)
    request.addQuery("fieldSelector", selection.fieldSelector)
    try await send(request)
  }
}

extension APIRequest {
  static func list(
    _ kind: ResourceKind, namespace: String?, options: ListOptions, token: String?
  ) -> APIRequest {
    var request = APIRequest(.get, kind.path(namespace: namespace?.percentEncoded))
    if options.isMetadataOnly {
      request.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    }
    request.addQuery("labelSelector", options.labelSelector)
    request.addQuery("fieldSelector", options.fieldSelector)
    if options.limit > 0 { request.addQuery("limit", String(options.limit)) }
    if let token {
      // The token fixes the version; naming one again is an error.
      request.addQuery("continue", token)
    } else {
      request.addQuery("resourceVersion", options.resourceVersion)
      request.addQuery("resourceVersionMatch", options.resourceVersionMatch)
    }
    return request
  }

  mutating func add(_ options: WriteOptions) {
    addQuery("fieldManager", options.fieldManager)
    if options.dryRun { addQuery("dryRun", "All") }
    addQuery("fieldValidation", options.fieldValidation)
  }
}

extension JSONValue {
  fileprivate var objectName: String { self[path: ["metadata", "name"]]?.stringValue ?? "" }
}

extension ResourceKind {
  /// Refuses what would silently address something else: no name, no namespace, or a slash in one.
  func objectPath(
    namespace: String?, name: String, subresource: String? = nil
  ) throws(KubernetesError) -> String {
    guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else {
      throw KubernetesError(.invalidRequest, detail: "\(self): \"\(name)\" is no object name")
    }
    _ = try collectionPath(namespace: namespace)
    return path(
      namespace: namespace?.percentEncoded, name: name.percentEncoded, subresource: subresource)
  }

  func collectionPath(namespace: String?) throws(KubernetesError) -> String {
    if isNamespaced, (namespace ?? "").isEmpty {
      throw KubernetesError(.invalidRequest, detail: "\(self) is namespaced: name a namespace")
    }
    return path(namespace: namespace?.percentEncoded)
  }
}
