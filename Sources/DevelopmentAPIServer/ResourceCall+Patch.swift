import KubernetesAPI

/// The four ways to describe a change.
enum PatchType: String, Sendable {
  case json = "application/json-patch+json"
  case merge = "application/merge-patch+json"
  case strategic = "application/strategic-merge-patch+json"
  case apply = "application/apply-patch+yaml"
}

extension ResourceCall {
  func patch(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    try await patch(.main, in: table)
  }

  func patch(_ part: Part, in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let type = try patchType()
    let options = try WriteOptions(request.query, kind: "PatchOptions", isApply: type == .apply)
    if type == .apply { return try await apply(part, in: table, options) }
    let patch = try parsePatch(type)
    var warnings: [String] = []
    let stored = try await telling(&warnings) { warnings in
      try await change(part, in: table, options: options, warnings: &warnings) { old, warnings in
        let patched = try applied(patch, type, to: old)
        let object = try acceptPatched(patched, patch, type, options, warnings: &warnings)
        try checkName(object)
        return object
      }
    }
    return try await respond(stored, warnings: warnings)
  }

  func patchType() throws(APIError) -> PatchType {
    let name = MediaType(request.header("Content-Type") ?? "").name
    guard let type = PatchType(rawValue: name) else {
      if definition.isCustom || !name.contains("patch") { throw .unsupportedPatchType }
      throw .unsupportedPatchType
    }
    if type == .strategic, definition.isCustom {
      throw .unsupportedMediaType(
        accepted: [PatchType.json, .merge, .apply].map(\.rawValue))
    }
    return type
  }

  func parsePatch(_ type: PatchType) throws(APIError) -> JSONValue {
    let patch: JSONValue
    do {
      patch = try JSONValue(parsing: request.body)
    } catch {
      throw .badRequest("error decoding patch: \(GoJSON.message(error, in: request.body))")
    }
    if type != .json, patch.objectValue == nil {
      throw .badRequest(
        "error decoding patch: json: cannot unmarshal \(GoText.jsonType(patch)) into Go value of "
          + "type map[string]interface {}")
    }
    return patch
  }

  /// The patched object as text; it need not make sense yet.
  func applied(
    _ patch: JSONValue, _ type: PatchType, to object: JSONValue, schema: ObjectSchema? = nil
  ) throws(APIError) -> JSONValue {
    switch type {
    case .json:
      do throws(JSONPatch.Failure) {
        return try JSONPatch(patch).apply(to: object)
      } catch {
        throw .unpatchable(error)
      }
    case .merge: return MergePatch.apply(patch, to: object)
    case .strategic:
      do {
        return try StrategicMergePatch.apply(
          patch, to: object, schema: schema ?? definition.schema ?? .any)
      } catch {
        throw APIError(code: 500, reason: nil, message: error.description)
      }
    case .apply: return object
    }
  }

  /// A patched object, decoded as if it had been sent. Where it does not decode, the error quotes it;
  /// of a strategic patch it quotes the patch.
  private func acceptPatched(
    _ patched: JSONValue, _ patch: JSONValue, _ type: PatchType, _ options: WriteOptions,
    warnings: inout [String]
  ) throws(APIError) -> JSONValue {
    do {
      let (object, found) = try accept(patched, options)
      warnings += found
      return object
    } catch  where error.code == 400 {
      guard !definition.isCustom else { throw error }
      let why = error.status.message.map { Self.withoutPrefix($0) } ?? ""
      // The document's members are sorted, what is in them is as it was written.
      var sorted = patched.objectValue ?? [:]
      sorted.sort()
      let quoted = type == .strategic ? GoText.plain(patch) : JSONValue.object(sorted).jsonText
      throw .invalid(
        ResourceKind(version: "", kind: "", plural: ""), "",
        [.invalid("patch", .string(quoted), type == .strategic ? Self.restoring(why) : why)])
    }
  }

  /// What the strategic patch's own decoder says: `cannot restore slice from string`.
  private static func restoring(_ why: String) -> String {
    let words = why.split(separator: " ")
    guard why.hasPrefix("json: cannot unmarshal "), words.count > 3, let type = words.last else {
      return why
    }
    let wanted = type.hasPrefix("[]") ? "slice" : type.hasPrefix("map[") ? "map" : "struct"
    return "cannot restore \(wanted) from \(words[3])"
  }

  /// `X in version "v1" cannot be handled as a X: why`
  private static func withoutPrefix(_ message: String) -> String {
    guard let range = message.firstRange(of: "cannot be handled as a ") else { return message }
    return message[range.upperBound...].split(separator: ": ", maxSplits: 1).last.map(String.init)
      ?? message
  }

  // MARK: Server-side apply

  /// The object in the body, YAML or JSON.
  func parseApply() throws(APIError) -> JSONValue {
    let configuration: JSONValue
    do {
      configuration = try YAMLText.read(String(decoding: request.body, as: UTF8.self))
    } catch {
      throw .badRequest(
        "error decoding YAML: error converting YAML to JSON: \(YAMLText.message(error))")
    }
    guard configuration.objectValue != nil else {
      throw .badRequest("error decoding YAML: the patch is no object")
    }
    return configuration
  }

  private func apply(
    _ part: Part, in table: ResourceDefinition.StorageKey, _ options: WriteOptions
  ) async throws -> APIResponse {
    let configuration = try parseApply()
    let manager = definition.fieldManager(subresource: part == .status ? "status" : "")
    let now = WallClock.now
    while true {
      var warnings: [String] = []
      if part == .main, await store.object(table, key) == nil {
        guard configuration.objectUID.isEmpty else {
          throw APIError.conflict(
            kind, attributes.name,
            "uid mismatch: the provided object specified uid "
              + "\(configuration.objectUID), and no existing object was found")
        }
        let object = try manager.applying(configuration, to: nil, options, now: now)
        var (accepted, found) = try accept(object, options)
        try checkName(accepted)
        try checkNamespace(&accepted)
        do {
          let stored = try await telling(&found) { found in
            try await create(
              accepted, in: table, options: options, isManaged: true, warnings: &found)
          }
          return try await respond(status: 201, stored, warnings: found)
        } catch let error as APIError where error.status.reason == "AlreadyExists" {
          continue  // somebody else created it meanwhile
        }
      }
      let stored = try await telling(&warnings) { warnings in
        try await change(
          part, in: table, options: options, isManaged: true, warnings: &warnings
        ) { old, warnings in
          let object = try manager.applying(configuration, to: old, options, now: now)
          try checkName(configuration)
          let (accepted, found) = try accept(object, options)
          warnings += found
          try checkName(accepted)
          return accepted
        }
      }
      return try await respond(stored, warnings: warnings)
    }
  }
}

extension FieldManager {
  func applying(
    _ configuration: JSONValue, to live: JSONValue?, _ options: WriteOptions, now: Timestamp
  ) throws(APIError) -> JSONValue {
    do {
      return try apply(
        live: live, configuration: configuration, manager: options.fieldManager,
        force: options.force ?? false, now: now)
    } catch {
      switch error {
      case .malformed: throw .badRequest(error.message)
      case .untyped: throw APIError(code: 500, reason: nil, message: error.message)
      case .conflicts:
        throw APIError(
          code: 409, reason: "Conflict", message: error.message,
          details: APIStatus.Details(causes: error.causes))
      }
    }
  }
}

extension APIError {
  fileprivate static func unpatchable(_ failure: JSONPatch.Failure) -> APIError {
    switch failure {
    case .malformed(let why): .badRequest("error decoding patch: \(why)")
    case .tooManyOperations(let count):
      APIError(
        code: 413, reason: "RequestEntityTooLarge",
        message: "The allowed maximum operations in a JSON patch is "
          + "\(JSONPatch.operationLimit), got \(count)")
    case .doesNotApply:
      APIError(
        code: 422, reason: "Invalid",
        message: "the server rejected our request due to an error in our request",
        details: APIStatus.Details())
    }
  }

  static var unsupportedPatchType: APIError {
    APIError(
      code: 415, reason: "UnsupportedMediaType", message: "415: Unsupported Media Type",
      details: APIStatus.Details())
  }
}
