import KubernetesAPI

/// What CRDs must satisfy, and what their creations and updates keep.
enum CustomResourceDefinitionRules {
  static func prepareForCreate(_ crd: inout JSONValue) {
    crd[path: ["metadata", "generation"]] = 1
    crd["status"] = [
      "conditions": .null, "acceptedNames": ["plural": "", "kind": ""], "storedVersions": .null,
    ]
    keepStorageVersion(&crd)
  }

  static func prepareForUpdate(_ crd: inout JSONValue, old: JSONValue) {
    crd["status"] = old["status"]
    keepStorageVersion(&crd)
  }

  /// A version that ever was the storage version stays listed.
  private static func keepStorageVersion(_ crd: inout JSONValue) {
    let storage = crd.list("spec", "versions").first { $0.flag("storage") }
    guard let name = storage?["name"] else { return }
    var stored = crd.list("status", "storedVersions")
    if !stored.contains(name) { stored.append(name) }
    crd[path: ["status", "storedVersions"]] = .array(stored)
  }

  // MARK: Validation

  static func validate(_ crd: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let name = crd.text("metadata", "name")
    if name != "\(crd.text("spec", "names", "plural")).\(crd.text("spec", "group"))" {
      errors.append(
        .invalid(
          "metadata.name", .string(name), "must be spec.names.plural+\".\"+spec.group"))
    }
    return errors + validateSpec(crd) + validateStoredVersions(crd) + validatePreservation(crd)
  }

  static func validateUpdate(_ crd: JSONValue, old: JSONValue) -> [FieldError] {
    var errors = validateSpec(crd)
    for path in [
      ["spec", "group"], ["spec", "scope"], ["spec", "names", "kind"], ["spec", "names", "plural"],
    ]
    where crd[path: path] != old[path: path] {
      // Names of a CRD that was never established may still change.
      let isEstablished = old.list("status", "conditions").contains {
        $0["type"] == "Established" && $0["status"] == "True"
      }
      if path.count == 2 && path[1] == "group" || isEstablished {
        errors.append(
          .invalid(
            path.joined(separator: "."), crd[path: path] ?? .null, "field is immutable"))
      }
    }
    return errors + validateStoredVersions(crd)
      + (old.flag("spec", "preserveUnknownFields") ? [] : validatePreservation(crd))
  }

  private static func validatePreservation(_ crd: JSONValue) -> [FieldError] {
    crd.flag("spec", "preserveUnknownFields")
      ? [
        .invalid(
          "spec.preserveUnknownFields", true,
          "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        )
      ] : []
  }

  /// Members of versions that a real server holds once when all versions have the same.
  private static func hoisted(_ versions: [JSONValue]) -> Set<String> {
    Set(
      ["schema", "subresources", "additionalPrinterColumns", "selectableFields"].filter { name in
        versions.allSatisfy { $0[name] == versions.first?[name] }
      })
  }

  private static func validateSpec(_ crd: JSONValue) -> [FieldError] {
    let spec = crd["spec"] ?? [:]
    let versions = spec.list("versions")
    let hoisted = hoisted(versions)
    var errors = validateGroup(spec.text("group"))
    let scope = spec.text("scope")
    if scope.isEmpty {
      errors.append(.required("spec.scope"))
    } else if !["Cluster", "Namespaced"].contains(scope) {
      errors.append(
        .notSupported("spec.scope", .string(scope), supported: ["Cluster", "Namespaced"]))
    }
    for (index, version) in versions.enumerated()
    where !version.has("schema", "openAPIV3Schema") {
      errors.append(.required("spec.versions[\(index)].schema.openAPIV3Schema"))
    }
    for (index, version) in versions.enumerated() {
      errors += validateVersion(version, at: "spec.versions[\(index)]", hoisted: hoisted)
    }
    let quoted = JSONValue.array(versions.map { CRDGoForm.version($0, hoisted: hoisted) })
    if Set(versions.map { $0.text("name") }).count != versions.count {
      errors.append(.invalid("spec.versions", quoted, "must contain unique version names"))
    }
    if versions.filter({ $0.flag("storage") }).count != 1 {
      errors.append(
        .invalid(
          "spec.versions", quoted, "must have exactly one version marked as storage version"))
    }
    errors += validateNames(spec["names"] ?? [:])
    if let first = versions.first {
      if hoisted.contains("schema") {
        errors += validateSchema(first, at: "spec.validation.openAPIV3Schema")
      }
      if hoisted.contains("subresources") {
        errors += validateScale(first, at: "spec.subresources.scale")
      }
      if hoisted.contains("additionalPrinterColumns") {
        errors += validateColumns(first, at: "spec.additionalPrinterColumns")
      }
    }
    return errors + validateConversion(spec)
  }

  private static func validateGroup(_ group: String) -> [FieldError] {
    if group.isEmpty { return [.required("spec.group")] }
    let problems = NameRules.subdomain(group)
    if !problems.isEmpty {
      return [.invalid("spec.group", .string(group), problems.joined(separator: ","))]
    }
    return group.contains(".")
      ? []
      : [.invalid("spec.group", .string(group), "should be a domain with at least one dot")]
  }

  private static func validateVersion(
    _ version: JSONValue, at path: String, hoisted: Set<String>
  ) -> [FieldError] {
    var errors: [FieldError] = []
    let name = version.text("name")
    let problems = dns1035(name)
    if !problems.isEmpty {
      errors.append(.invalid("\(path).name", .string(name), problems))
    }
    if version.has("deprecationWarning") {
      if !version.flag("deprecated") {
        errors.append(
          .invalid(
            "\(path).deprecationWarning", version["deprecationWarning"] ?? "",
            "can only be set for deprecated versions"))
      }
      if version.text("deprecationWarning").isEmpty {
        errors.append(
          .invalid(
            "\(path).deprecationWarning", "",
            "must not be empty - for default deprecation message, leave unset"))
      }
    }
    if !hoisted.contains("schema") {
      errors += validateSchema(version, at: "\(path).schema.openAPIV3Schema")
    }
    if !hoisted.contains("subresources") {
      errors += validateScale(version, at: "\(path).subresources.scale")
    }
    if !hoisted.contains("additionalPrinterColumns") {
      errors += validateColumns(version, at: "\(path).additionalPrinterColumns")
    }
    return errors
  }

  private static func validateSchema(_ version: JSONValue, at path: String) -> [FieldError] {
    guard let schema = version[path: ["schema", "openAPIV3Schema"]], !schema.isNull else {
      return []
    }
    let errors = StructuralSchemaRules.validate(schema, at: path)
    guard errors.isEmpty else { return errors }
    let defaults = validateDefaults(schema, at: path)
    guard defaults.isEmpty else { return defaults }
    return ExpressionRules.validate(StructuralSchemaReader.read(schema), at: path)
  }

  /// A default must itself be valid.
  private static func validateDefaults(_ schema: JSONValue, at path: String) -> [FieldError] {
    var errors: [FieldError] = []
    if var value = schema["default"], !value.isNull {
      let place = "\(path).default"
      var declared = StructuralSchemaReader.read(schema)
      declared.defaultValue = nil
      let before = value
      let unknown = Pruning.pruneDefault(&value, declared)
      if !unknown.isEmpty {
        errors.append(.invalid(place, before, "must not have unknown fields"))
      }
      SchemaDefaults.apply(declared, to: &value)
      errors += SchemaValidator.validate(
        value, declared, at: SchemaValidator.Place(field: place, name: ""))
    }
    for (name, property) in schema["properties"]?.objectValue ?? [:] {
      errors += validateDefaults(property, at: "\(path).properties[\(name)]")
    }
    for keyword in ["items", "additionalProperties"] {
      if case .object? = schema[keyword], let nested = schema[keyword] {
        errors += validateDefaults(nested, at: "\(path).\(keyword)")
      }
    }
    return errors
  }

  private static func validateScale(_ version: JSONValue, at path: String) -> [FieldError] {
    guard let scale = version[path: ["subresources", "scale"]], !scale.isNull else { return [] }
    var errors: [FieldError] = []
    for (field, root) in [("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")] {
      let value = scale.text(field)
      if value.isEmpty {
        errors.append(.required("\(path).\(field)"))
      } else if !value.hasPrefix(root) {
        errors.append(
          .invalid(
            "\(path).\(field)", .string(value),
            "should be a json path under \(root.dropLast())"))
      }
    }
    let selector = scale.text("labelSelectorPath")
    if !selector.isEmpty, !selector.hasPrefix(".spec."), !selector.hasPrefix(".status.") {
      errors.append(
        .invalid(
          "\(path).labelSelectorPath", .string(selector),
          "should be a json path under either .spec or .status"))
    }
    return errors
  }

  private static let columnTypes = ["boolean", "date", "integer", "number", "string"]

  private static func validateColumns(_ version: JSONValue, at path: String) -> [FieldError] {
    version.list("additionalPrinterColumns").enumerated().flatMap { index, column in
      let path = "\(path)[\(index)]"
      var errors: [FieldError] = []
      if column.text("name").isEmpty { errors.append(.required("\(path).name")) }
      let type = column.text("type")
      if type.isEmpty {
        errors.append(
          .required(
            "\(path).type", "must be one of \(columnTypes.joined(separator: ","))"))
      } else if !columnTypes.contains(type) {
        errors.append(
          .invalid(
            "\(path).type", .string(type),
            "must be one of \(columnTypes.joined(separator: ","))"))
      }
      let jsonPath = column.text("jsonPath")
      if jsonPath.isEmpty {
        errors.append(.required("\(path).JSONPath"))
      } else {
        do throws(JSONPath.Malformed) {
          _ = try JSONPath(jsonPath)
        } catch {
          errors.append(.invalid("\(path).JSONPath", .string(jsonPath), error.description))
        }
      }
      return errors
    }
  }

  private static func validateNames(_ names: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    for field in ["plural", "singular", "kind", "listKind"] {
      let path = "spec.names.\(field)"
      let name = names.text(field)
      if name.isEmpty {
        errors.append(.required(path))
        continue
      }
      // Kinds are like labels in mixed case.
      let isKind = field == "kind" || field == "listKind"
      let problems = dns1035(isKind ? name.lowercased() : name)
      if !problems.isEmpty {
        errors.append(
          .invalid(
            path, .string(name),
            isKind ? "may have mixed case, but should otherwise match: \(problems)" : problems))
      }
    }
    if !names.text("kind").isEmpty, names.text("kind") == names.text("listKind") {
      errors.append(
        .invalid(
          "spec.names.listKind", .string(names.text("listKind")),
          "kind and listKind may not be the same"))
    }
    for field in ["shortNames", "categories"] {
      for (index, name) in names.texts(field).enumerated() {
        let problems = dns1035(name)
        if !problems.isEmpty {
          errors.append(.invalid("spec.names.\(field)[\(index)]", .string(name), problems))
        }
      }
    }
    return errors
  }

  private static func dns1035(_ name: String) -> String {
    let isLabel = (try? RegularExpression("^[a-z]([-a-z0-9]*[a-z0-9])?$"))?.matches(name) ?? false
    return isLabel
      ? ""
      : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        + "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
        + "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
  }

  private static func validateConversion(_ spec: JSONValue) -> [FieldError] {
    let conversion = spec["conversion"] ?? [:]
    switch conversion.text("strategy") {
    case "None":
      return conversion.has("webhook")
        ? [
          .forbidden(
            "spec.conversion.webhookClientConfig",
            "should not be set when strategy is not set to Webhook")
        ] : []
    case "Webhook":
      let client = conversion[path: ["webhook", "clientConfig"]]
      var errors: [FieldError] = []
      if client == nil || client == .null {
        errors.append(
          .required(
            "spec.conversion.webhookClientConfig", "required when strategy is set to Webhook"))
      } else {
        errors += AccessRules.validateClient(
          client ?? [:], at: "spec.conversion.webhookClientConfig")
      }
      let versions = conversion.texts("webhook", "conversionReviewVersions")
      if versions.isEmpty {
        errors.append(.required("spec.conversion.conversionReviewVersions"))
      } else if !versions.contains(where: { $0 == "v1" || $0 == "v1beta1" }) {
        errors.append(
          .invalid(
            "spec.conversion.conversionReviewVersions", .strings(versions),
            "must include at least one of v1, v1beta1"))
      }
      return errors
    case let other:
      return [
        .notSupported(
          "spec.conversion.strategy", .string(other), supported: ["None", "Webhook"])
      ]
    }
  }

  private static func validateStoredVersions(_ crd: JSONValue) -> [FieldError] {
    let path = "status.storedVersions"
    let stored = crd.texts("status", "storedVersions")
    let quoted = stored.isEmpty ? JSONValue.null : .strings(stored)
    var errors: [FieldError] = []
    if stored.isEmpty {
      errors.append(.invalid(path, quoted, "must have at least one stored version"))
    }
    let versions = crd.list("spec", "versions")
    for version in versions where version.flag("storage") {
      let name = version.text("name")
      if !stored.contains(name) {
        errors.append(.invalid(path, quoted, "must have the storage version \(name)"))
      }
    }
    let names = versions.map { $0.text("name") }
    for (index, name) in stored.enumerated() where !names.contains(name) {
      errors.append(
        .invalid(
          "\(path)[\(index)]", .string(name),
          "missing from spec.versions; \(name) was previously a storage version, and must remain in "
            + "spec.versions until a storage migration ensures no data remains persisted in "
            + "\(name) and removes \(name) from status.storedVersions"))
    }
    return errors
  }
}
