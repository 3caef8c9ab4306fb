import KubernetesAPI

extension ResourceCall {
  func answerSubresource() async throws -> APIResponse {
    guard let table = definition.storage, !attributes.name.isEmpty,
      let subresource = definition.subresource(attributes.subresource)
    else { throw APIError.unknownResource }
    guard let verb = ResourceDefinition.Verb(rawValue: attributes.verb),
      subresource.verbs.contains(verb)
    else { throw APIError.methodNotAllowed }
    switch (subresource.name, verb) {
    case ("status", .get): return try await get(table)
    case ("status", .update): return try await updateStatus(in: table)
    case ("status", .patch): return try await patch(.status, in: table)
    case ("finalize", .update): return try await finalize(in: table)
    case ("binding", .create): return try await bind(in: table)
    case ("eviction", .create): return try await evict(from: table)
    case ("token", .create): return try await createToken(in: table)
    case ("scale", .get), ("scale", .update), ("scale", .patch):
      return try await scale(verb, in: table)
    case (let name, _) where table == BuiltInResources.pods && Self.kubeletAnswers.contains(name):
      return try await askKubelet(for: name, in: table)
    default: throw Omissions.error("\(kind.plural)/\(subresource.name)")
    }
  }

  private func updateStatus(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "UpdateOptions")
    var (object, warnings) = try decodeBody(options)
    try checkName(object)
    try checkNamespace(&object)
    let desired = object
    let stored = try await change(
      .status, in: table, options: options, warnings: &warnings
    ) { _, _ in desired }
    return try await respond(stored, warnings: warnings)
  }

  /// Namespaces: `spec.finalizers` may be changed here alone.
  private func finalize(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "UpdateOptions")
    var (object, warnings) = try decodeBody(options)
    let finalizers = object[path: ["spec", "finalizers"]]
    try checkName(object)
    let stored = try await change(
      .whole("finalize"), in: table, options: options, warnings: &warnings
    ) { old, _ in
      var new = old
      new[path: ["spec", "finalizers"]] = finalizers?.arrayValue?.isEmpty ?? true ? nil : finalizers
      if new["spec"]?.objectValue?.isEmpty ?? false { new["spec"] = .object([:]) }
      return new
    }
    return try await respond(stored, warnings: warnings)
  }

  /// `POST bindings`: the Pod is named in the body.
  func bindPod() async throws -> APIResponse {
    let name = try RequestBody.parse(request, expected: "Binding").objectName
    var attributes = attributes
    attributes.name = name
    guard let pods = registry.definition(storage: BuiltInResources.pods) else {
      throw APIError.unknownResource
    }
    let call = ResourceCall(
      handler: handler, request: request, attributes: attributes, user: user, definition: pods,
      registry: registry)
    return try await call.bind(in: BuiltInResources.pods)
  }

  /// The scheduler's decision: `spec.nodeName`, once.
  private func bind(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "CreateOptions")
    var warnings: [String] = []
    let binding = try await telling(&warnings) { warnings in
      try await admitCreate(
        try RequestBody.parse(request, expected: "Binding"), subresource: "binding",
        kind: ResourceKind(version: "v1", kind: "Binding", plural: "bindings"),
        isDryRun: options.isDryRun, warnings: &warnings)
    }
    let node = binding[path: ["target", "name"]]?.stringValue ?? ""
    guard !node.isEmpty else {
      throw APIError.invalid(
        ResourceKind(version: "v1", kind: "Binding", plural: "bindings"), attributes.name,
        [.required("target.name")])
    }
    _ = try await change(
      .whole("binding"), in: table, options: options, isManaged: true, warnings: &warnings
    ) { old, _ in
      var pod = old
      if let present = old[path: ["spec", "nodeName"]]?.stringValue, !present.isEmpty {
        throw APIError.conflict(
          ResourceKind(version: "v1", kind: "Binding", plural: "pods/binding"), attributes.name,
          "pod \(attributes.name) is already assigned to node \"\(present)\"")
      }
      if old.isBeingDeleted {
        throw APIError.conflict(
          ResourceKind(version: "v1", kind: "Binding", plural: "pods/binding"), attributes.name,
          "pod \(attributes.name) is being deleted, cannot be assigned to a host")
      }
      pod[path: ["spec", "nodeName"]] = .string(node)
      for (key, value) in binding.metadata["annotations"]?.objectValue ?? [:] {
        pod[path: ["metadata", "annotations", key]] = value
      }
      var conditions = (pod[path: ["status", "conditions"]]?.arrayValue ?? []).filter {
        $0["type"]?.stringValue != "PodScheduled"
      }
      conditions.append([
        "type": "PodScheduled", "status": "True", "lastProbeTime": .null,
        "lastTransitionTime": .string(WallClock.now.rfc3339),
      ])
      pod[path: ["status", "conditions"]] = .array(conditions)
      return pod
    }
    return APIResponse(
      status: 201,
      json: [
        "kind": "Status", "apiVersion": "v1", "metadata": .object([:]), "status": "Success",
        "code": 201,
      ])
  }

  private func evict(from table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    var eviction = try RequestBody.parse(request, expected: "Eviction")
    let write = try WriteOptions(request.query, kind: "CreateOptions")
    var warnings: [String] = []
    try await telling(&warnings) { warnings in
      eviction = try await admitCreate(
        eviction, subresource: "eviction",
        kind: ResourceKind(
          group: "policy", version: "v1", kind: "Eviction", plural: "evictions"),
        isDryRun: write.isDryRun, warnings: &warnings)
      var options = try DeleteOptions(eviction["deleteOptions"] ?? [:])
      if write.isDryRun { options.isDryRun = true }
      _ = try await delete(
        key, from: table, options, isReviewed: true, warnings: &warnings)
    }
    return APIResponse(
      status: 201,
      json: [
        "kind": "Status", "apiVersion": "v1", "metadata": .object([:]), "status": "Success",
        "code": 201,
      ])
  }
}
