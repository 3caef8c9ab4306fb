import KubernetesAPI

/// The query parameters of requests that write.
struct WriteOptions: Sendable {
  enum FieldValidation: String, Sendable {
    case ignore = "Ignore"
    case warn = "Warn"
    case strict = "Strict"
  }

  var isDryRun: Bool
  /// Empty: derived from the client's name.
  var fieldManager: String
  var fieldValidation: FieldValidation
  /// Server-side apply takes fields of other managers.
  var force: Bool?

  /// - Parameter kind: `CreateOptions`, `UpdateOptions`, `PatchOptions`; for error texts.
  init(_ query: Query, kind: String, isApply: Bool = false) throws(APIError) {
    var errors: [FieldError] = []
    let dryRun = query.all("dryRun").filter { !$0.isEmpty }
    if dryRun.contains(where: { $0 != "All" }) {
      errors.append(.notSupported("dryRun", .strings(dryRun), supported: ["All"]))
    }
    isDryRun = !dryRun.isEmpty
    fieldManager = query["fieldManager"] ?? ""
    if fieldManager.utf8.count > 128 {
      errors.append(
        FieldError(.tooLong, "fieldManager", detail: "may not be more than 128 bytes"))
    }
    let validation = query["fieldValidation"] ?? ""
    if validation.isEmpty {
      fieldValidation = .warn
    } else if let value = FieldValidation(rawValue: validation) {
      fieldValidation = value
    } else {
      fieldValidation = .warn
      errors.append(
        .notSupported(
          "fieldValidation", .string(validation), supported: ["Ignore", "Strict", "Warn", ""]))
    }
    force =
      kind != "PatchOptions" ? nil : query["force"].map { $0 != "false" && $0 != "0" }
    if isApply {
      if fieldManager.isEmpty {
        errors.append(.required("fieldManager", "is required for apply patch"))
      }
    } else if force != nil {
      errors.append(.forbidden("force", "may not be specified for non-apply patch"))
    }
    guard errors.isEmpty else {
      throw .invalid(
        ResourceKind(group: "meta.k8s.io", version: "v1", kind: kind, plural: ""), "", errors)
    }
  }
}
