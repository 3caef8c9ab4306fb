import KubernetesAPI

extension ResourceCall {
  // MARK: Create

  func create(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "CreateOptions")
    var (object, warnings) = try decodeBody(options)
    return try await telling(&warnings) { warnings in
      try checkNamespace(&object)
      let stored = try await create(object, in: table, options: options, warnings: &warnings)
      return try await respond(status: 201, stored, warnings: warnings)
    }
  }

  /// What a write warned of before it failed is told with the failure.
  func telling<R>(
    _ warnings: inout [String], _ write: (_ warnings: inout [String]) async throws -> R
  ) async throws -> R {
    do {
      return try await write(&warnings)
    } catch var error as APIError {
      error.warnings = warnings + error.warnings
      throw error
    }
  }

  /// Everything between a decoded object and its first stored version.
  ///
  /// - Parameter isManaged: `managedFields` are final; server-side apply writes its own.
  func create(
    _ object: JSONValue, in table: ResourceDefinition.StorageKey, options: WriteOptions,
    isManaged: Bool = false, warnings: inout [String]
  ) async throws -> StoredObject {
    var object = object
    let now = WallClock.now
    if !(object.metadata["resourceVersion"]?.stringValue ?? "").isEmpty, !isManaged {
      throw APIError(
        code: 500, reason: nil,
        message: "resourceVersion should not be set on objects to be created")
    }
    SystemMetadata.wipe(&object)
    if !isManaged {
      object = definition.fieldManager().update(
        live: nil, new: object, manager: fieldManagerName(options), now: now)
    }
    let asked = object.objectName
    if asked.isEmpty, object.metadata["generateName"]?.stringValue ?? "" == "" {
      throw APIError.invalid(
        kind, "", [.required("metadata.name", "name or generateName is required")])
    }
    try await admitCreate(&object, options: options, warnings: &warnings)
    SystemMetadata.fillForCreate(
      &object, definition: definition, namespace: key.namespace, now: now)
    if definition.subresource("status") != nil, !definition.keepsStatusOnCreate {
      object["status"] = definition.isCustom ? nil : .object([:])
    }
    definition.behavior.prepareForCreate(&object)
    let errors =
      MetadataRules.validate(object.metadata, definition: definition)
      + definition.behavior.validateCreate(object)
    guard errors.isEmpty else {
      throw APIError.invalid(definition.validatedKind, object.objectName, errors)
    }
    try await reviewCreate(object, options: options, warnings: &warnings)
    warnings += definition.behavior.warnings(object)
    var final = try await self.stored(object)
    definition.behavior.finish(&final)
    let stored = try await store.transact { [self, final] state throws(APIError) in
      try insert(final, in: table, state: &state, isDryRun: options.isDryRun)
    }
    if !options.isDryRun { await cacheConversions(of: stored) }
    return stored
  }

  /// The part of a creation that must see the store as it is.
  private func insert(
    _ object: JSONValue, in table: ResourceDefinition.StorageKey, state: inout StoreState,
    isDryRun: Bool
  ) throws(APIError) -> StoredObject {
    var object = object
    let key = ObjectKey(namespace: object.objectNamespace, name: object.objectName)
    if definition.isTerminating {
      throw .forbidden(
        kind, key.name, "create not allowed while custom resource definition is terminating")
    }
    if kind.isNamespaced { try checkNamespaceIsActive(key, state) }
    if let present = state[table, key] {
      var error = APIError.alreadyExists(kind, key.name)
      if present.isTerminating {
        error.status.message = "object is being deleted: \(error.status.message ?? "")"
      }
      throw error
    }
    try definition.allocation?.allocate(&object, old: nil, in: &state, isDryRun: isDryRun)
    if isDryRun { return StoredObject(object, resourceVersion: 0, schema: definition.schemaStamp) }
    do {
      let stored = try state.insert(object, in: table, schema: definition.schemaStamp)
      handler.effects(registry).written(stored, in: table, isNew: true, &state)
      return stored
    } catch {
      throw .alreadyExists(kind, key.name)
    }
  }

  /// `NamespaceLifecycle`: nothing new in a namespace that is missing or going away.
  func checkNamespaceIsActive(_ key: ObjectKey, _ state: StoreState) throws(APIError) {
    guard let namespace = state[BuiltInResources.namespaces, ObjectKey(name: key.namespace)] else {
      throw .notFound(BuiltInResources.namespaceKind, key.namespace)
    }
    guard namespace.isTerminating else { return }
    throw .forbidden(
      kind, key.name,
      "unable to create new content in namespace \(key.namespace) because it is being terminated",
      causes: [
        APIStatus.Cause(
          reason: "NamespaceTerminating",
          message: "namespace \(key.namespace) is being terminated", field: "metadata.namespace")
      ])
  }

  // MARK: Update

  func update(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "UpdateOptions")
    var (object, warnings) = try decodeBody(options)
    return try await telling(&warnings) { warnings in
      try checkName(object)
      try checkNamespace(&object)
      let desired = object
      let stored = try await change(in: table, options: options, warnings: &warnings) { _, _ in
        desired
      }
      return try await respond(stored, warnings: warnings)
    }
  }

  /// Which part of an object a write is for; the rest keeps its old value.
  enum Part: Sendable, Hashable {
    case main
    case status
    case scale
    /// The transform returns exactly what is to be stored; the name of the subresource.
    case whole(String)

    var subresource: String {
      switch self {
      case .main: ""
      case .status: "status"
      case .scale: "scale"
      case .whole(let name): name
      }
    }
  }

  /// The present object with another status. Built-in kinds take metadata along, except the labels
  /// of workloads; custom resources take nothing else.
  private func withStatus(of object: JSONValue, old: JSONValue) -> JSONValue {
    var kept = old
    kept["status"] = object["status"]
    if definition.isCustom {
      kept.metadata["managedFields"] = object.metadata["managedFields"]
    } else {
      kept.metadata = object.metadata
      if kind.group == "apps" { kept.metadata["labels"] = old.metadata["labels"] }
    }
    return kept
  }

  func fieldManagerName(_ options: WriteOptions) -> String {
    options.fieldManager.isEmpty ? request.defaultFieldManager : options.fieldManager
  }

  /// Reads, computes and commits until no other write came between. `transform` gets the present
  /// object and returns the wanted one.
  ///
  /// - Parameter isManaged: `managedFields` are final; server-side apply writes its own.
  func change(
    _ part: Part = .main, in table: ResourceDefinition.StorageKey, options: WriteOptions,
    isManaged: Bool = false, warnings: inout [String],
    transform: (_ old: JSONValue, _ warnings: inout [String]) throws -> JSONValue
  ) async throws -> StoredObject {
    let before = warnings
    while true {
      warnings = before
      guard let current = await store.object(table, key) else {
        throw APIError.notFound(kind, attributes.name)
      }
      let old = try await present(current, isFromCache: true)
      let kept = try await stored(old)
      var object = try await wanted(current, old, &warnings, transform)
      try checkPreconditions(of: object, current)
      if !isManaged {
        object = definition.fieldManager(subresource: part.subresource).update(
          live: old, new: object, manager: fieldManagerName(options), now: WallClock.now)
      }
      try await admitUpdate(
        &object, old: old, part: part, options: options, warnings: &warnings)
      SystemMetadata.fillForUpdate(&object, old: old)
      switch part {
      case .main, .scale:
        if definition.subresource("status") != nil { object["status"] = old["status"] }
        definition.behavior.prepareForUpdate(&object, old)
        bumpGeneration(&object, old: old)
      case .status: object = withStatus(of: object, old: old)
      case .whole: break
      }
      var errors = MetadataRules.validateUpdate(object.metadata, old: old.metadata, definition)
      switch part {
      case .status: errors += definition.behavior.validateStatusUpdate(object, old)
      case .main, .scale: errors += definition.behavior.validateUpdate(object, old)
      // Bindings and the like change what updates may not.
      case .whole: break
      }
      guard errors.isEmpty else {
        throw APIError.invalid(definition.validatedKind, object.objectName, errors)
      }
      object.metadata["resourceVersion"] = old.metadata["resourceVersion"]
      try await reviewUpdate(
        object, old: old, part: part, options: options, warnings: &warnings)
      if part == .main { warnings += definition.behavior.warnings(object) }
      var final = try await self.stored(ManagedFields.keepingTimes(of: old, in: object))
      definition.behavior.finish(&final)
      let committed = await store.transact { [self, final] state in
        commit(
          final, old: old, kept: kept, current: current, in: table, state: &state, options: options)
      }
      switch committed {
      case .success(let stored):
        if !options.isDryRun, stored !== current { await cacheConversions(of: stored) }
        return stored
      case .failure(.raced): continue
      case .failure(.refused(let error)): throw error
      }
    }
  }

  /// The wanted object. What came converted from the cache is read once more before a refusal, as a
  /// real server does, whose cache may be behind.
  private func wanted(
    _ current: StoredObject, _ old: JSONValue, _ warnings: inout [String],
    _ transform: (_ old: JSONValue, _ warnings: inout [String]) throws -> JSONValue
  ) async throws -> JSONValue {
    let before = warnings
    do {
      return try transform(old, &warnings)
    } catch let error as APIError {
      guard definition.conversion is ConversionWebhook, current.apiVersion != kind.apiVersion else {
        throw error
      }
      warnings = before
      return try transform(try await present(current), &warnings)
    }
  }

  private enum CommitFailure: Error {
    case raced
    case refused(APIError)
  }

  private func commit(
    _ object: JSONValue, old: JSONValue, kept: JSONValue, current: StoredObject,
    in table: ResourceDefinition.StorageKey, state: inout StoreState, options: WriteOptions
  ) -> Result<StoredObject, CommitFailure> {
    guard let now = state[table, current.key] else {
      return .failure(.refused(.notFound(kind, attributes.name)))
    }
    guard now.resourceVersion == current.resourceVersion else { return .failure(.raced) }
    var object = object
    do {
      try definition.allocation?.allocate(
        &object, old: old, in: &state, isDryRun: options.isDryRun)
    } catch {
      return .failure(.refused(error))
    }
    // A write that changes nothing keeps the version and wakes nobody.
    if object == kept { return .success(current) }
    if options.isDryRun {
      return .success(
        StoredObject(
          object, resourceVersion: current.resourceVersion, schema: definition.schemaStamp))
    }
    do {
      if Deletion.isComplete(object, definition: definition) {
        definition.allocation?.release(object, in: &state)
        _ = try state.remove(current, lastly: object, from: table)
        // The last write itself was never stored, so the answer keeps the version before it.
        return .success(
          StoredObject(
            object, resourceVersion: current.resourceVersion, schema: definition.schemaStamp))
      }
      let stored = try state.replace(
        current, with: object, in: table, schema: definition.schemaStamp)
      handler.effects(registry).written(stored, in: table, isNew: false, &state)
      return .success(stored)
    } catch {
      return .failure(.raced)
    }
  }

  /// Only what the user wants counts as a new generation: everything but metadata and status.
  private func bumpGeneration(_ object: inout JSONValue, old: JSONValue) {
    guard definition.hasGeneration else { return }
    func desired(_ value: JSONValue) -> JSONValue {
      var value = value
      for field in ["metadata", "apiVersion", "kind"] { value[field] = nil }
      if definition.subresource("status") != nil || !definition.isCustom { value["status"] = nil }
      return value
    }
    if desired(object) != desired(old) {
      object.metadata["generation"] = .integer(old.generation + 1)
    }
  }

  private func checkPreconditions(of object: JSONValue, _ current: StoredObject) throws(APIError) {
    let uid = object.objectUID
    if !uid.isEmpty, uid != current.uid, attributes.verb != "patch" {
      throw .conflict(
        kind, current.name,
        "StorageError: invalid object, Code: 4, Key: /registry/\(storagePath)/\(current.key), "
          + "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: "
          + "\(uid), UID in object meta: \(current.uid)")
    }
    let version = object.metadata["resourceVersion"]?.stringValue ?? ""
    if version.isEmpty {
      guard !definition.isCustom else {
        // Here the error names the resource where others name the kind.
        var kind = kind
        kind.kind = kind.plural
        throw .invalid(
          kind, current.name,
          [
            .invalid(
              "metadata.resourceVersion", .integer(0), "must be specified for an update")
          ])
      }
      return
    }
    guard let expected = UInt64(version) else {
      throw APIError(
        code: 500, reason: nil,
        message: "strconv.ParseUint: parsing \(JSONValue.string(version).jsonText): invalid syntax")
    }
    if expected != 0, expected != current.resourceVersion {
      throw .modified(kind, current.name)
    }
  }

  /// Where a real server would keep the object; some messages quote it.
  var storagePath: String { kind.group.isEmpty ? kind.plural : "\(kind.group)/\(kind.plural)" }

  // MARK: Bodies

  /// The object in the request: of the right kind, without unknown fields, with defaults.
  func decodeBody(_ options: WriteOptions) throws(APIError) -> (JSONValue, warnings: [String]) {
    let value = try RequestBody.parse(request, expected: kind.kind)
    let isJSON = request.body.first { $0 > 0x20 } == UInt8(ascii: "{")
    return try accept(
      value, options, duplicates: isJSON ? DuplicateFields.find(in: request.body) : [])
  }

  func accept(
    _ value: JSONValue, _ options: WriteOptions, duplicates: [String] = []
  ) throws(APIError) -> (JSONValue, warnings: [String]) {
    // As Go reads it.
    let value = value.isNull ? [:] : value
    guard case .object = value else {
      let hexadecimal = value.jsonBytes.map {
        String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
      }
      throw .badRequest(
        "the object provided is unrecognized (must be of type \(kind.kind)): couldn't get version/kind; "
          + "json parse error: json: cannot unmarshal \(value.goType) into Go value of type "
          + "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" } "
          + "(\(hexadecimal.joined()))")
    }
    var object = value
    try checkKind(&object)
    let unknown: [String]
    do {
      unknown = try definition.behavior.decode(&object)
    } catch {
      throw .badRequest(
        "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): "
          + error.message)
    }
    definition.behavior.setDefaults(&object)
    let problems =
      unknown.map { "unknown field \"\($0)\"" } + duplicates.map { "duplicate field \"\($0)\"" }
    var warnings: [String] = []
    switch options.fieldValidation {
    case .ignore: break
    case .warn: warnings = problems
    case .strict:
      guard !problems.isEmpty else { break }
      throw .badRequest(
        "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): "
          + "strict decoding error: \(problems.joined(separator: ", "))")
    }
    return (object, warnings)
  }

  private func checkKind(_ object: inout JSONValue) throws(APIError) {
    let apiVersion = object["apiVersion"]?.stringValue ?? ""
    let name = object["kind"]?.stringValue ?? ""
    if !apiVersion.isEmpty || !name.isEmpty {
      let version = apiVersion.split(separator: "/").last.map(String.init) ?? ""
      if definition.isCustom {
        try checkCustomKind(apiVersion, name, of: object)
      } else if apiVersion != kind.apiVersion {
        throw .badRequest(
          "\(name) in version \"\(version)\" cannot be handled as a \(kind.kind): no kind \"\(name)\" is "
            + "registered for version \"\(apiVersion)\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        )
      }
      if !definition.isCustom, name != kind.kind {
        // It is read as what it says it is first.
        if let other = registry.definition(apiVersion: apiVersion, kind: name) {
          var misread = object
          do {
            _ = try other.behavior.decode(&misread)
          } catch {
            throw .badRequest(
              "\(name) in version \"\(version)\" cannot be handled as a \(kind.kind): "
                + error.message)
          }
        }
        throw .badRequest(
          "\(name) in version \"\(version)\" cannot be handled as a \(kind.kind): "
            + "converting (\(version).\(name)) to (core.\(kind.kind)): unknown conversion")
      }
    }
    var whole: JSONObject = ["kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion)]
    for (key, value) in object.objectValue ?? [:] where key != "kind" && key != "apiVersion" {
      whole[key] = value
    }
    if whole["metadata"]?.objectValue == nil { whole["metadata"] = .object([:]) }
    object = .object(whole)
  }

  /// Custom resources are decoded whatever they call themselves, and refused afterwards.
  private func checkCustomKind(
    _ apiVersion: String, _ name: String, of object: JSONValue
  ) throws(APIError) {
    guard apiVersion == kind.apiVersion else {
      var error = APIError.badRequest(
        "the API version in the data (\(apiVersion)) does not match the expected API version "
          + "(\(kind.apiVersion))")
      // A version without a schema has no fields.
      error.warnings = (object.objectValue?.keys ?? [])
        .filter { !["apiVersion", "kind", "metadata"].contains($0) }
        .map { "unknown field \"\($0)\"" }
      throw error
    }
    guard name == kind.kind else {
      var named = kind
      named.kind = name
      throw .invalid(
        named, object.objectName, [.invalid("kind", .string(name), "must be \(kind.kind)")])
    }
  }

  func checkName(_ object: JSONValue) throws(APIError) {
    let name = object.objectName
    if name.isEmpty {
      throw .badRequest(
        "the name of the object (\(attributes.name) based on URL) was undeterminable: "
          + "name must be provided")
    }
    if name != attributes.name {
      throw .badRequest(
        "the name of the object (\(name)) does not match the name on the URL (\(attributes.name))")
    }
  }

  func checkNamespace(_ object: inout JSONValue) throws(APIError) {
    let namespace = object.objectNamespace
    if !namespace.isEmpty, namespace != key.namespace {
      throw .badRequest(
        "the namespace of the provided object does not match the namespace sent on the request")
    }
    object.metadata["namespace"] = key.namespace.isEmpty ? nil : .string(key.namespace)
  }
}

extension JSONValue {
  /// What Go's decoder calls this kind of JSON.
  var goType: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .integer, .double: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
