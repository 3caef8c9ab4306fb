package import KubernetesAPI

/// The same requests for kinds that have a Swift type.
extension APIClient {
  package func get<R: KubernetesResource>(
    _ type: R.Type = R.self, _ name: String, namespace: String? = nil
  ) async throws -> R {
    try decode(await get(R.resource, name, namespace: namespace))
  }

  /// `nil` where `get` answers 404.
  package func find<R: KubernetesResource>(
    _ type: R.Type = R.self, _ name: String, namespace: String? = nil
  ) async throws -> R? {
    do {
      return try await get(R.self, name, namespace: namespace)
    } catch let error as KubernetesError where error.isNotFound {
      return nil
    }
  }

  package func list<R: KubernetesResource>(
    _ type: R.Type = R.self, namespace: String? = nil, options: ListOptions = ListOptions()
  ) async throws -> ResourceList<R> {
    let list = try await list(R.resource, namespace: namespace, options: options)
    return ResourceList(metadata: list.metadata, items: try list.items.map { try decode($0) })
  }

  package func create<R: KubernetesResource>(
    _ object: R, options: WriteOptions = WriteOptions()
  ) async throws -> R {
    try decode(await create(encode(object), R.resource, options: options))
  }

  /// Replaces the object. Fields that the type does not declare are lost: prefer `apply` or `patch`
  /// for kinds that are declared in part.
  package func update<R: KubernetesResource>(
    _ object: R, options: WriteOptions = WriteOptions()
  ) async throws -> R {
    try decode(await update(encode(object), R.resource, options: options))
  }

  package func updateStatus<R: KubernetesResource>(
    _ object: R, options: WriteOptions = WriteOptions()
  ) async throws -> R {
    try decode(
      await update(encode(object), R.resource, subresource: "status", options: options))
  }

  package func patch<R: KubernetesResource>(
    _ type: R.Type = R.self, _ name: String, namespace: String? = nil, _ patch: Patch,
    subresource: String? = nil, options: WriteOptions = WriteOptions()
  ) async throws -> R {
    try decode(
      await self.patch(
        R.resource, name, namespace: namespace, patch, subresource: subresource, options: options))
  }

  package func apply<R: KubernetesResource>(
    _ object: R, fieldManager: String, force: Bool = false, subresource: String? = nil
  ) async throws -> R {
    try decode(
      await apply(
        encode(object), R.resource, fieldManager: fieldManager, force: force,
        subresource: subresource))
  }

  package func delete<R: KubernetesResource>(
    _ type: R.Type, _ name: String, namespace: String? = nil,
    options: DeleteOptions = DeleteOptions()
  ) async throws {
    try await delete(R.resource, name, namespace: namespace, options: options)
  }

  /// Deletes exactly this incarnation of the object: its uid becomes a precondition.
  package func delete<R: KubernetesResource>(
    _ object: R, options: DeleteOptions = DeleteOptions()
  ) async throws {
    var options = options
    options.uid = options.uid ?? object.metadata.uid
    try await delete(
      R.resource, object.metadata.name, namespace: object.metadata.namespace, options: options)
  }

  package func deleteCollection<R: KubernetesResource>(
    _ type: R.Type, namespace: String? = nil, selection: ListOptions = ListOptions(),
    options: DeleteOptions = DeleteOptions()
  ) async throws {
    try await deleteCollection(
      R.resource, namespace: namespace, selection: selection, options: options)
  }

  private func encode<R: KubernetesResource>(_ object: R) throws -> JSONValue {
    do {
      return try object.jsonValue()
    } catch {
      throw KubernetesError(
        .invalidRequest, detail: "\(R.resource) \(object.namespacedName): \(error)", cause: error)
    }
  }

  private func decode<R: KubernetesResource>(_ value: JSONValue) throws -> R {
    do {
      return try value.decode(R.self)
    } catch {
      let reason = (error as? DecodingError)?.fieldDescription ?? "\(error)"
      throw KubernetesError(
        .malformedResponse, detail: "an object of \(R.resource) does not decode: \(reason)",
        cause: error)
    }
  }
}
