import KubernetesAPI

extension ResourceCall {
  static let patchTypes = [
    "application/json-patch+json", "application/merge-patch+json",
    "application/strategic-merge-patch+json", "application/apply-patch+yaml",
  ]

  func patch(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    try await patch(.main, in: table)
  }

  func patch(_ part: Part, in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "PatchOptions")
    let type = MediaType(request.header("Content-Type") ?? "").name
    var warnings: [String] = []
    guard Self.patchTypes.contains(type) else {
      throw APIError.unsupportedMediaType(accepted: Self.patchTypes)
    }
    let patch = try YAMLText.read(String(decoding: request.body, as: UTF8.self))
    if type == "application/apply-patch+yaml", await store.object(table, key) == nil {
      var (object, found) = try accept(patch, options)
      try checkNamespace(&object)
      let stored = try await create(object, in: table, options: options, warnings: &found)
      return try respond(status: 201, stored, warnings: found)
    }
    var found: [String] = []
    let stored = try await change(part, in: table, options: options, warnings: &warnings) { old in
      let (object, unknown) = try accept(MergePatch.apply(patch, to: old), options)
      found = unknown
      return object
    }
    return try respond(stored, warnings: found + warnings)
  }
}
