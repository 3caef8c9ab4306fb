import KubernetesAPI

/// What every object's `metadata` must satisfy, in the words of a real server.
enum MetadataRules {
  /// How long all keys and values of annotations may be together, in bytes.
  static let annotationLimit = 262_144

  static func validate(_ metadata: JSONValue, definition: ResourceDefinition) -> [FieldError] {
    validateName(metadata, definition) + validateContents(metadata, definition)
  }

  static func validateUpdate(
    _ metadata: JSONValue, old: JSONValue, _ definition: ResourceDefinition
  ) -> [FieldError] {
    // A real server checks changes in its machinery and again in the kind's code, so clients see
    // every cause twice; what a kind's code checks in new objects too they see twice again.
    let changes = validateChanges(metadata, old: old)
    let contents = validateContents(metadata, definition)
    return changes + changes + contents + contents + contents + contents
  }

  // MARK: Names

  private static func validateName(
    _ metadata: JSONValue, _ definition: ResourceDefinition
  ) -> [FieldError] {
    var errors: [FieldError] = []
    let name = metadata["name"]?.stringValue ?? ""
    let prefix = metadata["generateName"]?.stringValue ?? ""
    if !prefix.isEmpty {
      // What is appended makes a trailing hyphen valid.
      let text = prefix.hasSuffix("-") ? "\(prefix.dropLast())a" : prefix
      errors += nameErrors(text, definition.kind).map {
        .invalid("metadata.generateName", .string(prefix), $0)
      }
    }
    if name.isEmpty {
      errors.append(.required("metadata.name", "name or generateName is required"))
    } else {
      errors += nameErrors(name, definition.kind).map {
        .invalid("metadata.name", .string(name), $0)
      }
    }
    let namespace = metadata["namespace"]?.stringValue ?? ""
    if definition.kind.isNamespaced {
      if namespace.isEmpty {
        errors.append(.required("metadata.namespace"))
      } else {
        errors += NameRules.label(namespace).map {
          .invalid("metadata.namespace", .string(namespace), $0)
        }
      }
    } else if !namespace.isEmpty {
      errors.append(.forbidden("metadata.namespace", "not allowed on this type"))
    }
    return errors
  }

  static func nameErrors(_ name: String, _ kind: ResourceKind) -> [String] {
    switch (kind.group, kind.kind) {
    case ("", "Namespace"): NameRules.label(name)
    case ("", "Service"):
      name.contains(".") ? ["must not contain dots"] : NameRules.label(name)
    case ("rbac.authorization.k8s.io", _): NameRules.pathSegment(name)
    default: NameRules.subdomain(name)
    }
  }

  // MARK: Contents

  private static func validateContents(
    _ metadata: JSONValue, _ definition: ResourceDefinition
  ) -> [FieldError] {
    var errors: [FieldError] = []
    if let generation = metadata["generation"]?.integerValue, generation < 0 {
      errors.append(
        .invalid(
          "metadata.generation", .integer(generation), "must be greater than or equal to 0"))
    }
    errors += validateLabels(metadata["labels"], at: "metadata.labels")
    errors += validateAnnotations(metadata["annotations"], at: "metadata.annotations")
    errors += validateOwners(metadata["ownerReferences"])
    errors += validateFinalizers(metadata["finalizers"], definition)
    return errors
  }

  static func validateLabels(_ labels: JSONValue?, at path: String) -> [FieldError] {
    (labels?.objectValue ?? [:]).flatMap { key, value in
      let text = value.stringValue ?? ""
      return NameRules.qualifiedName(key).map { FieldError.invalid(path, .string(key), $0) }
        + NameRules.labelValue(text).map { FieldError.invalid(path, .string(text), $0) }
    }
  }

  static func validateAnnotations(_ annotations: JSONValue?, at path: String) -> [FieldError] {
    let members = annotations?.objectValue ?? [:]
    var errors: [FieldError] = []
    var size = 0
    for (key, value) in members {
      // Case does not matter in keys of annotations.
      errors += NameRules.qualifiedName(key.lowercased()).map {
        .invalid(path, .string(key), $0)
      }
      size += key.utf8.count + (value.stringValue ?? "").utf8.count
    }
    if size > annotationLimit {
      errors.append(
        FieldError(.tooLong, path, detail: "may not be more than \(annotationLimit) bytes"))
    }
    return errors
  }

  private static func validateOwners(_ references: JSONValue?) -> [FieldError] {
    let path = "metadata.ownerReferences"
    var errors: [FieldError] = []
    var controller: String?
    for reference in references?.arrayValue ?? [] {
      func text(_ field: String) -> String { reference[field]?.stringValue ?? "" }
      let version = text("apiVersion").split(separator: "/").last ?? ""
      if version.isEmpty {
        errors.append(
          .invalid(
            "\(path).apiVersion", .string(text("apiVersion")), "version must not be empty"))
      }
      for field in ["kind", "name", "uid"] where text(field).isEmpty {
        errors.append(.invalid("\(path).\(field)", "", "must not be empty"))
      }
      if text("apiVersion") == "v1", text("kind") == "Event" {
        errors.append(
          .invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner"))
      }
      guard reference["controller"]?.boolValue ?? false else { continue }
      let name = "\(text("kind"))/\(text("name"))"
      if let controller {
        errors.append(
          .invalid(
            path, references ?? .null,
            "Only one reference can have Controller set to true. Found \"true\" in references for "
              + "\(controller) and \(name)"))
      } else {
        controller = name
      }
    }
    return errors
  }

  private static let standardFinalizers: Set<String> = [
    "kubernetes", "orphan", "foregroundDeletion",
  ]

  private static func validateFinalizers(
    _ finalizers: JSONValue?, _ definition: ResourceDefinition
  ) -> [FieldError] {
    let path = "metadata.finalizers"
    let names = (finalizers?.arrayValue ?? []).compactMap(\.stringValue)
    var errors: [FieldError] = []
    for (index, name) in names.enumerated() {
      let path = "\(path)[\(index)]"
      errors += NameRules.qualifiedName(name).map { .invalid(path, .string(name), $0) }
      if !definition.isCustom, !name.contains("/"), !standardFinalizers.contains(name) {
        errors.append(
          .invalid(
            path, .string(name),
            "name is neither a standard finalizer name nor is it fully qualified"))
      }
    }
    if names.contains("orphan"), names.contains("foregroundDeletion") {
      errors.append(
        .invalid(
          path, .strings(names), "finalizer orphan and foregroundDeletion cannot be both set"))
    }
    return errors
  }

  // MARK: Changes

  private static func validateChanges(_ metadata: JSONValue, old: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    if old["deletionTimestamp"]?.stringValue != nil {
      let before = Set(old["finalizers"]?.arrayValue ?? [])
      let added = (metadata["finalizers"]?.arrayValue ?? []).filter { !before.contains($0) }
      if !added.isEmpty {
        let list = added.map(\.jsonText).sorted().joined(separator: ", ")
        errors.append(
          .forbidden(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, found new finalizers "
              + "[]string{\(list)}"))
      }
    }
    let immutable = [
      "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
      "deletionGracePeriodSeconds",
    ]
    for field in immutable where metadata[field] ?? .null != old[field] ?? .null {
      errors.append(
        .invalid("metadata.\(field)", metadata[field] ?? .null, "field is immutable"))
    }
    if let generation = metadata["generation"]?.integerValue,
      generation < old["generation"]?.integerValue ?? 0
    {
      errors.append(
        .invalid("metadata.generation", .integer(generation), "must not be decremented"))
    }
    return errors
  }
}
