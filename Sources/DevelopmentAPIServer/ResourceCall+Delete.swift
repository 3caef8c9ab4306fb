import KubernetesAPI

extension ResourceCall {
  func delete(from table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try DeleteOptions(request)
    var warnings: [String] = []
    let (object, isGone) = try await telling(&warnings) { warnings in
      try await delete(key, from: table, options, warnings: &warnings)
    }
    if isGone, !definition.returnsDeletedObject {
      var response = APIResponse(
        json: APIStatus.deleted(kind, name: object.name, uid: object.uid))
      response.add(warnings: warnings)
      return response
    }
    return try await respond(object, warnings: warnings)
  }

  /// Deletes one object as far as that is possible now.
  ///
  /// - Parameter isReviewed: webhooks had their say, about an eviction.
  func delete(
    _ key: ObjectKey, from table: ResourceDefinition.StorageKey, _ options: DeleteOptions,
    isReviewed: Bool = false, warnings: inout [String]
  ) async throws -> (object: StoredObject, isGone: Bool) {
    while true {
      guard let current = await store.object(table, key) else {
        throw APIError.notFound(kind, key.name)
      }
      try checkDeletion(of: current, options)
      let old = try await present(current)
      if !isReviewed { try await admitDelete(old, options: options, warnings: &warnings) }
      let outcome = Deletion.decide(
        old, options, definition: definition, now: WallClock.now)
      switch outcome {
      case .mark(let object):
        if object == old { return (current, false) }
        if options.isDryRun {
          return (StoredObject(object, resourceVersion: current.resourceVersion), false)
        }
        let stored = await store.transact { state in
          try? state.replace(current, with: object, in: table, schema: current.schema)
        }
        if let stored { return (stored, false) }
      case .remove(let object):
        if options.isDryRun {
          return (StoredObject(object, resourceVersion: current.resourceVersion), true)
        }
        let removed = await store.transact { state -> StoredObject? in
          guard let last = try? state.remove(current, lastly: object, from: table) else {
            return nil
          }
          definition.allocation?.release(old, in: &state)
          handler.effects(registry).removed(last, from: table, &state)
          return last
        }
        if let removed { return (removed, true) }
      }
    }
  }

  private func checkDeletion(
    of current: StoredObject, _ options: DeleteOptions
  ) throws(APIError) {
    if kind == BuiltInResources.namespaceKind,
      BuiltInResources.immortalNamespaces.contains(current.name)
    {
      throw .forbidden(kind, current.name, "this namespace may not be deleted")
    }
    if let uid = options.uid, uid != current.uid {
      throw .preconditionFailed(
        kind, current.name,
        "the UID in the precondition (\(uid)) does not match the UID in record (\(current.uid)). "
          + "The object might have been deleted and then recreated")
    }
    if let version = options.resourceVersion, version != String(current.resourceVersion) {
      throw .preconditionFailed(
        kind, current.name,
        "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in "
          + "record (\(current.resourceVersion)). The object might have been modified")
    }
  }

  func deleteCollection(from table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try DeleteOptions(request)
    let listOptions = try ListOptions(self)
    let page = try await page(of: table, listOptions)
    for object in page.objects {
      do {
        var warnings: [String] = []
        _ = try await delete(object.key, from: table, options, warnings: &warnings)
      } catch let error as APIError where error.code == 404 {
        continue  // somebody else was faster
      }
    }
    return try await render(page, form: try outputForm())
  }
}
