import KubernetesAPI
import OrderedCollections

extension ResourceCall {
  static let scaleKind = ResourceKind(
    group: "autoscaling", version: "v1", kind: "Scale", plural: "scales")

  func scale(
    _ verb: ResourceDefinition.Verb, in table: ResourceDefinition.StorageKey
  ) async throws -> APIResponse {
    let paths = definition.scalePaths
    if verb == .get {
      guard let current = await store.object(table, key) else {
        throw APIError.notFound(kind, attributes.name)
      }
      return try respond(paths.view(of: try await present(current)))
    }
    let type = verb == .patch ? try patchType() : nil
    let options = try WriteOptions(
      request.query, kind: verb == .patch ? "PatchOptions" : "UpdateOptions",
      isApply: type == .apply)
    let body =
      switch type {
      case .apply?: try parseApply()
      case let type?: try parsePatch(type)
      case nil: try RequestBody.parse(request, expected: "Scale")
      }
    var warnings: [String] = []
    let stored = try await change(
      .scale, in: table, options: options, isManaged: true, warnings: &warnings
    ) { old, _ in
      try scaled(old, body, type, paths, options)
    }
    return try respond(paths.view(of: try await present(stored)), warnings: warnings)
  }

  /// The object with the replicas, and the owners of them, that a write of its Scale asks for.
  private func scaled(
    _ object: JSONValue, _ body: JSONValue, _ type: PatchType?, _ paths: ScalePaths,
    _ options: WriteOptions
  ) throws(APIError) -> JSONValue {
    let entries = ["metadata", "managedFields"]
    let path = paths.spec.map(FieldPathElement.field)
    let fields = (try? ManagedFields(decoding: object[path: entries])) ?? ManagedFields()
    var live = paths.view(of: object)
    live[path: entries] = fields.forScale(replicas: path).encoded
    let manager = FieldManager(
      apiVersion: Self.scaleKind.apiVersion, kind: Self.scaleKind.kind, schema: Self.scaleSchema,
      subresource: "scale")
    var wanted: JSONValue
    switch type {
    case .apply?:
      wanted = try manager.applying(body, to: live, options, now: WallClock.now)
    case let type?:
      wanted = try applied(body, type, to: live, schema: .any)
    case nil: wanted = body
    }
    if type != .apply {
      wanted = manager.update(
        live: live, new: wanted, manager: fieldManagerName(options), now: WallClock.now)
    }
    let replicas = wanted.integer("spec", "replicas") ?? 0
    guard replicas >= 0 else {
      throw .invalid(
        Self.scaleKind, attributes.name,
        [
          .invalid(
            "spec.replicas", .integer(replicas), "must be greater than or equal to 0")
        ])
    }
    var object = object
    object[path: paths.spec] = .integer(replicas)
    object.metadata["resourceVersion"] = wanted.metadata["resourceVersion"]
    let scale = (try? ManagedFields(decoding: wanted[path: entries])) ?? ManagedFields()
    object[path: entries] =
      fields.merging(scale: scale, replicas: path, apiVersion: kind.apiVersion).encoded
    return object
  }

  private static let scaleSchema: ObjectSchema = {
    var replicas = ObjectSchema(type: .integer)
    replicas.format = "int32"
    var part = ObjectSchema(type: .object)
    part.properties["replicas"] = replicas
    var schema = ObjectSchema(type: .object)
    for name in ["apiVersion", "kind"] { schema.properties[name] = ObjectSchema(type: .string) }
    schema.properties["metadata"] = .any
    schema.properties["spec"] = part
    part.properties["selector"] = ObjectSchema(type: .string)
    schema.properties["status"] = part
    return schema
  }()
}
