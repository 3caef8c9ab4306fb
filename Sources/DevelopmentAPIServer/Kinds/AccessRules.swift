import KubernetesAPI

/// What RBAC objects and webhook configurations must satisfy.
enum AccessRules {
  static func validateRole(_ role: JSONValue, isNamespaced: Bool) -> [FieldError] {
    var errors: [FieldError] = []
    for (index, rule) in role.list("rules").enumerated() {
      let path = "rules[\(index)]"
      if rule.list("verbs").isEmpty {
        errors.append(.required("\(path).verbs", "verbs must contain at least one value"))
      }
      if !rule.list("nonResourceURLs").isEmpty {
        if isNamespaced {
          errors.append(
            .invalid(
              "\(path).nonResourceURLs", rule["nonResourceURLs"] ?? .null,
              "namespaced rules cannot apply to non-resource URLs"))
        }
        if !rule.list("apiGroups").isEmpty || !rule.list("resources").isEmpty
          || !rule.list("resourceNames").isEmpty
        {
          errors.append(
            .invalid(
              "\(path).nonResourceURLs", rule["nonResourceURLs"] ?? .null,
              "rules cannot apply to both regular resources and non-resource URLs"))
        }
        continue
      }
      if rule.list("apiGroups").isEmpty {
        errors.append(
          .required("\(path).apiGroups", "resource rules must supply at least one api group"))
      }
      if rule.list("resources").isEmpty {
        errors.append(
          .required("\(path).resources", "resource rules must supply at least one resource"))
      }
    }
    for (index, selector) in role.list("aggregationRule", "clusterRoleSelectors").enumerated() {
      errors += SelectorRules.validate(
        selector, at: "aggregationRule.clusterRoleSelectors[\(index)]")
    }
    return errors
  }

  static func validateBinding(_ binding: JSONValue, isNamespaced: Bool) -> [FieldError] {
    var errors: [FieldError] = []
    let group = "rbac.authorization.k8s.io"
    let reference = binding["roleRef"] ?? [:]
    if reference.text("apiGroup") != group {
      errors.append(
        .notSupported(
          "roleRef.apiGroup", .string(reference.text("apiGroup")), supported: [group]))
    }
    let kinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]
    if !kinds.contains(reference.text("kind")) {
      errors.append(
        .notSupported("roleRef.kind", .string(reference.text("kind")), supported: kinds))
    }
    let name = reference.text("name")
    if name.isEmpty {
      errors.append(.required("roleRef.name"))
    } else {
      errors += NameRules.pathSegment(name).map { .invalid("roleRef.name", .string(name), $0) }
    }
    for (index, subject) in binding.list("subjects").enumerated() {
      errors += validateSubject(subject, at: "subjects[\(index)]", isNamespaced: isNamespaced)
    }
    return errors
  }

  private static func validateSubject(
    _ subject: JSONValue, at path: String, isNamespaced: Bool
  ) -> [FieldError] {
    var errors: [FieldError] = []
    let name = subject.text("name")
    if name.isEmpty { errors.append(.required("\(path).name")) }
    switch subject.text("kind") {
    case "ServiceAccount":
      if !name.isEmpty {
        errors += NameRules.subdomain(name).map { .invalid("\(path).name", .string(name), $0) }
      }
      if !subject.text("apiGroup").isEmpty {
        errors.append(
          .notSupported(
            "\(path).apiGroup", .string(subject.text("apiGroup")), supported: [""]))
      }
      if !isNamespaced, subject.text("namespace").isEmpty {
        errors.append(.required("\(path).namespace"))
      }
    case "User", "Group":
      if subject.text("apiGroup") != "rbac.authorization.k8s.io" {
        errors.append(
          .notSupported(
            "\(path).apiGroup", .string(subject.text("apiGroup")),
            supported: ["rbac.authorization.k8s.io"]))
      }
    case let kind:
      errors.append(
        .notSupported(
          "\(path).kind", .string(kind), supported: ["ServiceAccount", "User", "Group"]))
    }
    return errors
  }

  static func validateBindingUpdate(_ binding: JSONValue, old: JSONValue) -> [FieldError] {
    guard binding["roleRef"] != old["roleRef"] else { return [] }
    let reference = binding["roleRef"] ?? [:]
    let quoted: JSONValue = [
      "APIGroup": .string(reference.text("apiGroup")), "Kind": .string(reference.text("kind")),
      "Name": .string(reference.text("name")),
    ]
    return [.invalid("roleRef", quoted, "cannot change roleRef")]
  }

  // MARK: Webhooks

  static func validateWebhooks(_ configuration: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    var names: Set<String> = []
    for (index, webhook) in configuration.list("webhooks").enumerated() {
      let path = "webhooks[\(index)]"
      let name = webhook.text("name")
      errors += validateWebhookName(name, at: "\(path).name")
      if !names.insert(name).inserted {
        errors.append(.duplicate("\(path).name", .string(name)))
      }
      for (index, rule) in webhook.list("rules").enumerated() {
        errors += validateWebhookRule(rule, at: "\(path).rules[\(index)]")
      }
      for (field, values) in [
        ("failurePolicy", ["Fail", "Ignore"]), ("matchPolicy", ["Equivalent", "Exact"]),
        ("reinvocationPolicy", ["IfNeeded", "Never"]),
      ] where webhook.has(field) && !values.contains(webhook.text(field)) {
        errors.append(
          .notSupported("\(path).\(field)", .string(webhook.text(field)), supported: values))
      }
      if !webhook.has("sideEffects") {
        errors.append(.required("\(path).sideEffects", "must specify one of None, NoneOnDryRun"))
      } else if !["None", "NoneOnDryRun"].contains(webhook.text("sideEffects")) {
        errors.append(
          .notSupported(
            "\(path).sideEffects", .string(webhook.text("sideEffects")),
            supported: ["None", "NoneOnDryRun"]))
      }
      if let seconds = webhook.integer("timeoutSeconds"), !(1...30 ~= seconds) {
        errors.append(
          .invalid(
            "\(path).timeoutSeconds", .integer(seconds),
            seconds < 1
              ? "the timeout value must be between 1 and 30 seconds"
              : "the timeout value must be between 1 and 30 seconds"))
      }
      errors += validateReviewVersions(webhook, at: "\(path).admissionReviewVersions")
      errors += validateConditions(webhook, at: "\(path).matchConditions")
      errors += validateClient(webhook["clientConfig"] ?? [:], at: "\(path).clientConfig")
    }
    return errors
  }

  private static func validateWebhookName(_ name: String, at path: String) -> [FieldError] {
    if name.isEmpty { return [.required(path)] }
    let problems = NameRules.subdomain(name)
    if !problems.isEmpty { return problems.map { .invalid(path, .string(name), $0) } }
    return name.split(separator: ".").count < 3
      ? [
        .invalid(
          path, .string(name), "should be a domain with at least three segments separated by dots")
      ] : []
  }

  private static func validateWebhookRule(_ rule: JSONValue, at path: String) -> [FieldError] {
    var errors: [FieldError] = []
    let operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]
    let given = rule.texts("operations")
    if given.isEmpty { errors.append(.required("\(path).operations")) }
    if given.count > 1, given.contains("*") {
      errors.append(
        .invalid(
          "\(path).operations", rule["operations"] ?? .null,
          "if '*' is present, must not specify other operations"))
    }
    for (index, operation) in given.enumerated() where !operations.contains(operation) {
      errors.append(
        .notSupported(
          "\(path).operations[\(index)]", .string(operation), supported: operations))
    }
    for field in ["apiGroups", "apiVersions", "resources"] where rule.list(field).isEmpty {
      errors.append(.required("\(path).\(field)"))
    }
    let resources = rule.texts("resources")
    if resources.count > 1, resources.contains("*/*") {
      errors.append(
        .invalid(
          "\(path).resources", .strings(resources),
          "if '*/*' is present, must not specify other resources"))
    }
    if rule.has("scope"), !["*", "Cluster", "Namespaced"].contains(rule.text("scope")) {
      errors.append(
        .notSupported(
          "\(path).scope", .string(rule.text("scope")), supported: ["*", "Cluster", "Namespaced"])
      )
    }
    return errors
  }

  private static func validateReviewVersions(_ webhook: JSONValue, at path: String) -> [FieldError]
  {
    let versions = webhook.texts("admissionReviewVersions")
    if versions.isEmpty {
      return [
        .required(path, "must specify one of v1, v1beta1")
      ]
    }
    if !versions.contains(where: { $0 == "v1" || $0 == "v1beta1" }) {
      return [
        .invalid(
          path, .strings(versions), "must include at least one of v1, v1beta1")
      ]
    }
    return []
  }

  /// As many conditions as a webhook may have.
  private static let conditionLimit = 64

  private static func validateConditions(_ webhook: JSONValue, at path: String) -> [FieldError] {
    let conditions = webhook.list("matchConditions")
    var errors: [FieldError] = []
    if conditions.count > conditionLimit {
      errors.append(
        FieldError(.tooMany, path, detail: "must have at most \(conditionLimit) items"))
    }
    var names: Set<String> = []
    for (index, condition) in conditions.enumerated() {
      let path = "\(path)[\(index)]"
      let name = condition.text("name")
      if name.isEmpty {
        errors.append(.required("\(path).name"))
      } else if !names.insert(name).inserted {
        errors.append(.duplicate("\(path).name", .string(name)))
      }
      let source = condition.text("expression")
      if source.allSatisfy(\.isWhitespace) {
        errors.append(.required("\(path).expression"))
      } else if let why = conditionProblem(source) {
        errors.append(.invalid("\(path).expression", .string(source), why))
      }
    }
    return errors
  }

  /// Why an expression cannot be a condition, in the compiler's words.
  private static func conditionProblem(_ source: String) -> String? {
    let variables = AdmissionWebhook.Condition.variables
    do throws(CELIssue) {
      let expression = try CELParser.parse(source)
      switch CELChecker.check(expression, variables: variables) {
      case .success(.bool), .success(.dyn): return nil
      case .success: return "must evaluate to bool"
      case .failure(let issues):
        return "compilation failed: \(issues.description(in: source))"
      }
    } catch {
      return "compilation failed: \(error.description(in: source))"
    }
  }

  /// `clientConfig`: a URL or a Service, over HTTPS.
  static func validateClient(_ client: JSONValue, at path: String) -> [FieldError] {
    let hasURL = client.has("url")
    if hasURL == client.has("service") {
      return [.required(path, "exactly one of url or service is required")]
    }
    guard hasURL else {
      var errors: [FieldError] = []
      for field in ["name", "namespace"] where client.text("service", field).isEmpty {
        errors.append(.required("\(path).service.\(field)", "service \(field) is required"))
      }
      if let port = client.integer("service", "port"), !(1...65_535 ~= port) {
        errors.append(
          .invalid(
            "\(path).service.port", .integer(port),
            "port is not valid: must be between 1 and 65535, inclusive"))
      }
      return errors
    }
    let text = client.text("url")
    guard text.hasPrefix("https://") else {
      let scheme = text.split(separator: ":").first.map(String.init) ?? ""
      return [
        .invalid(
          "\(path).url", .string(text.contains("://") ? scheme : text),
          "'https' is the only allowed URL scheme; desired format: https://host[/path]")
      ]
    }
    if text.dropFirst(8).prefix(while: { $0 != "/" }).isEmpty {
      return [
        .invalid(
          "\(path).url", "", "host must be specified; desired format: https://host[/path]")
      ]
    }
    return []
  }
}
