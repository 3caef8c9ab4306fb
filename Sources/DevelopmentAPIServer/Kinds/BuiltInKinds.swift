import KubernetesAPI
import OrderedCollections

/// Gives the definitions of built-in kinds what sets them apart: schema, decoding, defaults, and the
/// rules for creations and updates.
struct BuiltInKinds: Sendable {
  let schemas: BuiltInSchemas

  init() throws(SchemaTable.MalformedTable) { schemas = try BuiltInSchemas() }

  /// Adds to what the definitions already do; kinds without a table keep everything they are sent.
  func completing(_ definitions: [ResourceDefinition]) -> [ResourceDefinition] {
    definitions.map { definition in
      let kind = definition.kind
      guard let schema = schemas[group: kind.group, kind: kind.kind] else { return definition }
      var definition = definition
      definition.schema = schema
      addDecoding(&definition.behavior, kind, schema)
      addPreparation(&definition.behavior, kind, schema, definition)
      addValidation(&definition.behavior, kind)
      return definition
    }
  }

  private func addDecoding(
    _ behavior: inout ResourceBehavior, _ kind: ResourceKind, _ schema: ObjectSchema
  ) {
    behavior.decode = { object throws(DecodingFailure) in
      do throws(TypedDecoder.Failure) {
        let decoded = try TypedDecoder.decode(object, as: schema)
        object = decoded.object
        return decoded.unknownFields
      } catch {
        throw DecodingFailure(message: error.description)
      }
    }
    behavior.setDefaults = { object in
      SchemaDefaults.apply(schema, to: &object)
      KindDefaults.apply(group: kind.group, kind: kind.kind, to: &object)
    }
  }

  private func addPreparation(
    _ behavior: inout ResourceBehavior, _ kind: ResourceKind, _ schema: ObjectSchema,
    _ definition: ResourceDefinition
  ) {
    let create = behavior.prepareForCreate
    let update = behavior.prepareForUpdate
    let status = TypedDecoder.empty(schema)["status"]
    let keepsStatus = definition.keepsStatusOnCreate || definition.subresource("status") == nil
    behavior.prepareForCreate = { object in
      if !keepsStatus { object["status"] = status }
      create(&object)
      Self.prepareForCreate(kind, &object)
    }
    behavior.prepareForUpdate = { object, old in
      update(&object, old)
      Self.prepareForUpdate(kind, &object, old: old)
    }
  }

  private static func prepareForCreate(_ kind: ResourceKind, _ object: inout JSONValue) {
    switch (kind.group, kind.kind) {
    case ("", "Pod"):
      object["status"] = [
        "phase": "Pending", "qosClass": .string(PodDefaults.qosClass(of: object["spec"] ?? [:])),
      ]
      object[path: ["metadata", "generation"]] = 1
    case ("", "Node"): NodeRules.addNotReadyTaint(&object)
    case ("apps", let name): WorkloadRules.prepareForCreate(name, &object)
    case ("batch", "Job"): WorkloadRules.prepareJob(&object)
    case ("apiextensions.k8s.io", "CustomResourceDefinition"):
      CustomResourceDefinitionRules.prepareForCreate(&object)
    default: break
    }
  }

  private static func prepareForUpdate(
    _ kind: ResourceKind, _ object: inout JSONValue, old: JSONValue
  ) {
    switch (kind.group, kind.kind) {
    case ("", "Service"): ServiceRules.prepareForUpdate(&object, old: old)
    case ("apps", let name): WorkloadRules.prepareForUpdate(name, &object, old: old)
    case ("apiextensions.k8s.io", "CustomResourceDefinition"):
      CustomResourceDefinitionRules.prepareForUpdate(&object, old: old)
    default: break
    }
  }

  private func addValidation(_ behavior: inout ResourceBehavior, _ kind: ResourceKind) {
    behavior.validateCreate = { Self.validate(kind, $0) }
    behavior.validateUpdate = { Self.validateUpdate(kind, $0, old: $1) }
    behavior.validateStatusUpdate = { object, _ in
      switch (kind.group, kind.kind) {
      case ("", "Service"): ServiceRules.validateStatus(object)
      case ("", "Node"): NodeRules.validateStatus(object)
      case ("apps", _): WorkloadRules.validateStatus(object)
      default: []
      }
    }
  }

  private static func validate(_ kind: ResourceKind, _ object: JSONValue) -> [FieldError] {
    switch (kind.group, kind.kind) {
    case ("", "ConfigMap"): CoreRules.validateConfigMap(object)
    case ("", "Secret"): CoreRules.validateSecret(object)
    case ("", "Service"): ServiceRules.validate(object)
    case ("", "Pod"): PodRules.validate(object)
    case ("", "Node"): NodeRules.validate(object)
    case ("", "Event"): CoreRules.validateEvent(object, isNew: false)
    case ("events.k8s.io", "Event"):
      CoreRules.validateEvent(EventConversion.core(from: object), isNew: true)
    case ("apps", "ControllerRevision"): []
    case ("apps", let name): WorkloadRules.validate(name, object)
    case ("batch", "Job"): WorkloadRules.validate("Job", object)
    case ("coordination.k8s.io", _): CoreRules.validateLease(object)
    case ("discovery.k8s.io", _): CoreRules.validateEndpointSlice(object)
    case ("networking.k8s.io", "NetworkPolicy"): CoreRules.validateNetworkPolicy(object)
    case ("policy", "PodDisruptionBudget"): CoreRules.validateDisruptionBudget(object)
    case ("scheduling.k8s.io", _): CoreRules.validatePriorityClass(object)
    case ("rbac.authorization.k8s.io", let name):
      name.hasSuffix("Binding")
        ? AccessRules.validateBinding(object, isNamespaced: kind.isNamespaced)
        : AccessRules.validateRole(object, isNamespaced: kind.isNamespaced)
    case ("admissionregistration.k8s.io", _): AccessRules.validateWebhooks(object)
    case ("apiextensions.k8s.io", _): CustomResourceDefinitionRules.validate(object)
    default: []
    }
  }

  private static func validateUpdate(
    _ kind: ResourceKind, _ object: JSONValue, old: JSONValue
  ) -> [FieldError] {
    switch (kind.group, kind.kind) {
    case ("", "ConfigMap"):
      return CoreRules.validateFrozen(object, old: old) + CoreRules.validateConfigMap(object)
    case ("", "Secret"):
      var errors: [FieldError] = []
      if object["type"] != old["type"] {
        errors.append(.invalid("type", object["type"] ?? "", "field is immutable"))
      }
      return errors + CoreRules.validateFrozen(object, old: old)
        + (errors.isEmpty ? CoreRules.validateSecret(object) : [])
    case ("", "Service"): return ServiceRules.validateUpdate(object, old: old)
    case ("", "Pod"): return PodUpdateRules.validate(object, old: old)
    case ("", "Node"): return NodeRules.validateUpdate(object, old: old)
    case ("events.k8s.io", "Event"):
      return CoreRules.validateEventUpdate(
        EventConversion.core(from: object), old: EventConversion.core(from: old))
    case ("apps", "ControllerRevision"): return []
    case ("apps", let name): return WorkloadRules.validateUpdate(name, object, old: old)
    case ("batch", "Job"): return WorkloadRules.validateUpdate("Job", object, old: old)
    case ("discovery.k8s.io", _):
      let errors = CoreRules.validateEndpointSlice(object)
      guard object["addressType"] != old["addressType"] else { return errors }
      return [
        .invalid("addressType", object["addressType"] ?? "", "field is immutable")
      ]
    case ("rbac.authorization.k8s.io", let name) where name.hasSuffix("Binding"):
      return validate(kind, object) + AccessRules.validateBindingUpdate(object, old: old)
    case ("scheduling.k8s.io", _):
      var errors: [FieldError] = []
      if object["value"] != old["value"] {
        errors.append(.forbidden("value", "may not be changed in an update."))
      }
      if object["preemptionPolicy"] != old["preemptionPolicy"] {
        errors.append(
          .invalid("preemptionPolicy", object["preemptionPolicy"] ?? .null, "field is immutable"))
      }
      return errors
    case ("apiextensions.k8s.io", _):
      return CustomResourceDefinitionRules.validateUpdate(object, old: old)
    default: return validate(kind, object)
    }
  }
}

/// Which parts of a Pod may change once it exists.
enum PodUpdateRules {
  private static let text =
    "pod updates may not change fields other than `spec.containers[*].image`,"
    + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    + "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
    + "to 1 if it was previously negative)"

  static func validate(_ pod: JSONValue, old: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let before = old["spec"] ?? [:]
    var after = pod["spec"] ?? [:]
    for field in ["containers", "initContainers"] {
      let live = before.list(field)
      if after.list(field).count != live.count {
        return [
          .forbidden("spec.\(field)", "pod updates may not add or remove containers")
        ]
      }
      for (index, container) in after.list(field).enumerated()
      where container.text("image").isEmpty {
        errors.append(.required("spec.\(field)[\(index)].image"))
      }
      if !live.isEmpty {
        after[field] = .array(
          zip(after.list(field), live).map { container, old in
            var container = container
            container["image"] = old["image"]
            return container
          })
      }
    }
    let tolerations = before.list("tolerations")
    let kept = after.list("tolerations")
    if !tolerations.allSatisfy(kept.contains) {
      errors.append(
        .forbidden(
          "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"
        ))
    }
    after["tolerations"] = before["tolerations"]
    after["activeDeadlineSeconds"] = before["activeDeadlineSeconds"]
    if !before.list("schedulingGates").isEmpty {
      after["schedulingGates"] = before["schedulingGates"]
    }
    if after != before {
      errors.append(.forbidden("spec", "\(text)\n\(difference(before, after))"))
    }
    return errors
  }

  /// The members that differ, one line each way.
  private static func difference(_ before: JSONValue, _ after: JSONValue) -> String {
    let (old, new) = (before.objectValue ?? [:], after.objectValue ?? [:])
    return OrderedSet(old.keys + new.keys).filter { old[$0] != new[$0] }
      .map { key in
        "- \(key): \((old[key] ?? .null).jsonText)\n+ \(key): \((new[key] ?? .null).jsonText)\n"
      }
      .joined()
  }
}
