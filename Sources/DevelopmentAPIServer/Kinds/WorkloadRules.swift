import KubernetesAPI

/// What Deployments, DaemonSets, ReplicaSets, StatefulSets and Jobs must satisfy, and what their
/// updates keep.
enum WorkloadRules {
  /// The annotation in which a DaemonSet counts its templates.
  static let templateGeneration = "deprecated.daemonset.template.generation"

  static func prepareForCreate(_ kind: String, _ object: inout JSONValue) {
    if kind == "DaemonSet" { setTemplateGeneration(&object, 1) }
  }

  /// A Job without a selector of its own selects by its uid.
  static func prepareJob(_ job: inout JSONValue) {
    guard !job.flag("spec", "manualSelector"), !job.has("spec", "selector") else { return }
    let (uid, name) = (job.text("metadata", "uid"), job.text("metadata", "name"))
    let labels = [
      "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name,
      "controller-uid": uid, "job-name": name,
    ]
    for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
      job[path: ["metadata", "labels", key]] = .string(value)
      job[path: ["spec", "template", "metadata", "labels", key]] = .string(value)
    }
    job[path: ["spec", "selector"]] = [
      "matchLabels": ["batch.kubernetes.io/controller-uid": .string(uid)]
    ]
  }

  /// A Deployment's annotations count for its generation, a DaemonSet's template for its own.
  static func prepareForUpdate(_ kind: String, _ object: inout JSONValue, old: JSONValue) {
    switch kind {
    case "Deployment":
      let path = ["metadata", "annotations"]
      if (object[path: path] ?? [:]) != (old[path: path] ?? [:]) {
        object[path: ["metadata", "generation"]] = .integer(
          (old.integer("metadata", "generation") ?? 0) + 1)
      }
    case "DaemonSet":
      let before = Int64(old.text("metadata", "annotations", templateGeneration)) ?? 1
      let path = ["spec", "template"]
      setTemplateGeneration(&object, object[path: path] == old[path: path] ? before : before + 1)
    default: break
    }
  }

  private static func setTemplateGeneration(_ object: inout JSONValue, _ number: Int64) {
    object[path: ["metadata", "annotations", templateGeneration]] = .string(String(number))
  }

  static func validate(_ kind: String, _ object: JSONValue) -> [FieldError] {
    var errors = nonNegative(
      object["spec"] ?? [:],
      [
        "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds",
        "parallelism", "completions", "backoffLimit", "activeDeadlineSeconds",
      ], at: "spec")
    if kind == "Deployment", let deadline = object.integer("spec", "progressDeadlineSeconds"),
      deadline <= object.integer("spec", "minReadySeconds") ?? 0
    {
      errors.append(
        .invalid(
          "spec.progressDeadlineSeconds", .integer(deadline),
          "must be greater than minReadySeconds"))
    }
    if kind == "Job" { return errors + validateJob(object) }
    errors += validateSelector(object)
    errors += validateStrategy(kind, object)
    let template = object[path: ["spec", "template"]] ?? [:]
    errors += PodRules.validateTemplate(template, at: "spec.template")
    let policy = template.text("spec", "restartPolicy")
    if policy != "Always" {
      errors.append(
        .notSupported(
          "spec.template.spec.restartPolicy", .string(policy), supported: ["Always"]))
    }
    return errors
  }

  private static func validateJob(_ object: JSONValue) -> [FieldError] {
    let template = object[path: ["spec", "template"]] ?? [:]
    var errors = PodRules.validateTemplate(template, at: "spec.template")
    let policy = template.text("spec", "restartPolicy")
    if policy == "Always" {
      errors.append(
        .notSupported(
          "spec.template.spec.restartPolicy", .string(policy), supported: ["OnFailure", "Never"]))
    }
    return errors
  }

  private static func validateSelector(_ object: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let selector = object[path: ["spec", "selector"]]
    let labels = object[path: ["spec", "template", "metadata", "labels"]]?.objectValue ?? [:]
    let isDaemonSet = object.text("kind") == "DaemonSet"
    if selector == nil || selector == .null {
      if !isDaemonSet { errors.append(.required("spec.selector")) }
    } else {
      errors += SelectorRules.validate(selector ?? [:], at: "spec.selector")
      if LabelQuery(selector).isEmpty, !isDaemonSet {
        errors.append(
          .invalid("spec.selector", selector ?? [:], "empty selector is invalid for deployment"))
      }
    }
    // No selector selects nothing, an empty one everything.
    let isNil = selector == nil || selector == .null
    if errors.isEmpty, isNil || !LabelQuery(selector).matches(labels) {
      errors.append(
        .invalid(
          "spec.template.metadata.labels", labels.isEmpty ? .null : .object(labels),
          "`selector` does not match template `labels`"))
    }
    return errors
  }

  private static func validateStrategy(_ kind: String, _ object: JSONValue) -> [FieldError] {
    let field = kind == "Deployment" ? "strategy" : "updateStrategy"
    let types: [String]
    switch kind {
    case "Deployment": types = ["Recreate", "RollingUpdate"]
    case "DaemonSet", "StatefulSet": types = ["OnDelete", "RollingUpdate"]
    default: return []
    }
    let type = object.text("spec", field, "type")
    guard types.contains(type) else {
      return [.notSupported("spec.\(field).type", .string(type), supported: types)]
    }
    if type == "Recreate", object.has("spec", field, "rollingUpdate") {
      return [
        .forbidden(
          "spec.\(field).rollingUpdate",
          "may not be specified when strategy `type` is '\(type)'")
      ]
    }
    guard type == "RollingUpdate", kind != "StatefulSet" else { return [] }
    return validateRollingUpdate(
      object[path: ["spec", field, "rollingUpdate"]] ?? [:],
      at: "spec.\(field).rollingUpdate", isDaemonSet: kind == "DaemonSet")
  }

  private static func validateRollingUpdate(
    _ update: JSONValue, at path: String, isDaemonSet: Bool
  ) -> [FieldError] {
    var errors: [FieldError] = []
    for field in ["maxUnavailable", "maxSurge"] {
      guard let value = update[field] else { continue }
      if let text = value.stringValue, percentage(text) == nil {
        errors.append(
          .invalid(
            "\(path).\(field)", value,
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
          ))
      } else if let number = value.integerValue, number < 0 {
        errors.append(
          .invalid("\(path).\(field)", value, "must be greater than or equal to 0"))
      }
    }
    func isZero(_ field: String) -> Bool {
      [nil, 0, "0%"].contains(update[field])
    }
    if errors.isEmpty, isZero("maxUnavailable"), isZero("maxSurge") {
      errors.append(
        isDaemonSet
          ? .required("\(path).maxUnavailable", "cannot be 0 when maxSurge is 0")
          : .invalid(
            "\(path).maxUnavailable", update["maxUnavailable"] ?? 0,
            "may not be 0 when `maxSurge` is 0"))
    }
    return errors
  }

  private static func percentage(_ text: String) -> Int? {
    guard text.hasSuffix("%"), text.count > 1 else { return nil }
    let digits = text.dropLast()
    return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
  }

  static func validateUpdate(_ kind: String, _ object: JSONValue, old: JSONValue) -> [FieldError] {
    var errors = validate(kind, object)
    let path = ["spec", "selector"]
    if let selector = object[path: path], selector != old[path: path] {
      errors.append(.invalid("spec.selector", selector, "field is immutable"))
    }
    if kind == "StatefulSet" {
      let mutable: Set<String> = [
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
      ]
      let (new, before) = (object["spec"]?.objectValue ?? [:], old["spec"]?.objectValue ?? [:])
      let keys = Set(new.keys + before.keys).subtracting(mutable)
      if keys.contains(where: { new[$0] != before[$0] }) {
        errors.append(
          .forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
              + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' "
              + "and 'minReadySeconds' are forbidden"))
      }
    }
    return errors
  }

  static func validateStatus(_ object: JSONValue) -> [FieldError] {
    nonNegative(
      object["status"] ?? [:],
      [
        "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
        "unavailableReplicas", "currentNumberScheduled", "numberMisscheduled",
        "desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable",
        "numberUnavailable",
      ], at: "status")
  }

  static func nonNegative(_ value: JSONValue, _ fields: [String], at path: String) -> [FieldError] {
    fields.compactMap { field in
      guard let number = value[field]?.integerValue, number < 0 else { return nil }
      return .invalid(
        "\(path).\(field)", .integer(number), "must be greater than or equal to 0")
    }
  }
}

/// `metav1.LabelSelector` in objects.
enum SelectorRules {
  static func validate(_ selector: JSONValue, at path: String) -> [FieldError] {
    var errors: [FieldError] = []
    for (key, value) in selector["matchLabels"]?.objectValue ?? [:] {
      let text = value.stringValue ?? ""
      errors += NameRules.qualifiedName(key).map {
        .invalid("\(path).matchLabels", .string(key), $0)
      }
      errors += NameRules.labelValue(text).map {
        .invalid("\(path).matchLabels", .string(text), $0)
      }
    }
    for (index, expression) in selector.list("matchExpressions").enumerated() {
      let path = "\(path).matchExpressions[\(index)]"
      let values = expression.list("values")
      switch expression.text("operator") {
      case "In", "NotIn":
        if values.isEmpty {
          errors.append(
            .required("\(path).values", "must be specified when `operator` is 'In' or 'NotIn'"))
        }
      case "Exists", "DoesNotExist":
        if !values.isEmpty {
          errors.append(
            .forbidden(
              "\(path).values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            ))
        }
      case let other:
        errors.append(
          .invalid("\(path).operator", .string(other), "not a valid selector operator"))
      }
      let key = expression.text("key")
      errors += NameRules.qualifiedName(key).map { .invalid("\(path).key", .string(key), $0) }
    }
    return errors
  }
}
