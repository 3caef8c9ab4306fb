import KubernetesAPI

/// Kinds that CRDs define.
enum CustomResources {
  static let table = ResourceDefinition.StorageKey(
    group: "apiextensions.k8s.io", plural: "customresourcedefinitions")
  static let kind = ResourceKind(
    group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions", isNamespaced: false)

  /// One definition for every served version of every CRD.
  static func definitions(_ crds: [StoredObject]) -> [ResourceDefinition] {
    crds.flatMap { definitions($0.value(kind)) }
  }

  static func definitions(_ crd: JSONValue) -> [ResourceDefinition] {
    let versions = crd.list("spec", "versions").filter { $0.flag("served") }
    let kind = crd.text("spec", "names", "kind")
    func schema(_ version: JSONValue) -> CustomResourceSchema {
      CustomResourceSchema(version: version, kind: kind)
    }
    let schemas = versions.map(schema)
    let storage = crd.list("spec", "versions").first { $0.flag("storage") }
    let stored = storage.map(schema)
    let group = crd.text("spec", "group")
    var allSchemas: [String: CustomResourceSchema] = [:]
    for version in crd.list("spec", "versions") {
      allSchemas["\(group)/\(version.text("name"))"] = schema(version)
    }
    return zip(versions, schemas).map { version, schema in
      var definition = definition(version, of: crd, schema)
      for (other, otherSchema) in zip(versions, schemas) where other["name"] != version["name"] {
        definition.otherVersions["\(group)/\(other.text("name"))"] = otherSchema.complete
      }
      if crd.text("spec", "conversion", "strategy") == "Webhook" {
        definition.conversion = ConversionWebhook(
          storageVersion: "\(group)/\(storage?.text("name") ?? "")", kind: kind,
          endpoint: WebhookEndpoint(
            crd[path: ["spec", "conversion", "webhook", "clientConfig"]] ?? [:]),
          reviewVersion: crd.texts("spec", "conversion", "webhook", "conversionReviewVersions")
            .first { AdmissionReview.versions.contains($0) } ?? "v1",
          schemas: allSchemas)
      }
      if storage?["name"] != version["name"], let stored {
        definition.behavior.finish = { object in
          _ = try? stored.decode(&object)
          stored.setDefaults(&object)
        }
      }
      let isStorage = storage?["name"] == version["name"]
      definition.bringUpToDate = { object in
        if let stored {
          _ = try? stored.decode(&object)
          stored.setDefaults(&object)
        }
        if !isStorage { _ = try? schema.decode(&object) }
      }
      return definition
    }
  }

  private static func definition(
    _ version: JSONValue, of crd: JSONValue, _ schema: CustomResourceSchema
  ) -> ResourceDefinition {
    let names = crd[path: ["spec", "names"]] ?? [:]
    var definition = ResourceDefinition(
      ResourceKind(
        group: crd.text("spec", "group"), version: version.text("name"), kind: names.text("kind"),
        plural: names.text("plural"), isNamespaced: crd.text("spec", "scope") != "Cluster"),
      singular: names["singular"]?.stringValue)
    definition.listKind = names["listKind"]?.stringValue ?? definition.listKind
    definition.shortNames = names.texts("shortNames")
    definition.categories = names.texts("categories")
    definition.isCustom = true
    definition.isTerminating = crd.has("metadata", "deletionTimestamp")
    definition.hasGeneration = true
    definition.schema = schema.complete
    definition.openAPISchema = version[path: ["schema", "openAPIV3Schema"]]
    definition.schemaStamp = Int(crd.text("metadata", "resourceVersion")) ?? 1
    if version.has("subresources", "status") {
      definition.subresources.append(.status(of: definition.kind))
    }
    if let scale = version[path: ["subresources", "scale"]], !scale.isNull {
      definition.subresources.append(.scale)
      definition.scalePaths = ScalePaths(scale)
    }
    let columns = PrinterColumns(version)
    definition.columns = columns.columns
    definition.cells = { columns.cells(of: $0, now: $1) }
    definition.selectableFields.isCustom = true
    for field in version.list("selectableFields") {
      let path = field.text("jsonPath")
      definition.selectableFields.fields[String(path.dropFirst(path.hasPrefix(".") ? 1 : 0))] = ""
    }
    definition.behavior = behavior(schema)
    if version.flag("deprecated") {
      let kind = definition.kind
      definition.deprecationWarning =
        version["deprecationWarning"]?.stringValue
        ?? "\(kind.apiVersion) \(kind.kind) is deprecated"
    }
    return definition
  }

  private static func behavior(_ schema: CustomResourceSchema) -> ResourceBehavior {
    var behavior = ResourceBehavior()
    behavior.decode = { object throws(DecodingFailure) in
      do throws(TypedDecoder.Failure) {
        return try schema.decode(&object)
      } catch {
        throw DecodingFailure(message: error.description)
      }
    }
    behavior.setDefaults = { schema.setDefaults(&$0) }
    behavior.validateCreate = { schema.validate($0) }
    behavior.validateUpdate = { schema.validate($0, old: $1) }
    behavior.validateStatusUpdate = { schema.validateStatus($0, old: $1) }
    return behavior
  }
}
