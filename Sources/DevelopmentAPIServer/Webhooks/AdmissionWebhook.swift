import KubernetesAPI

/// One webhook of a `ValidatingWebhookConfiguration` or `MutatingWebhookConfiguration`.
struct AdmissionWebhook: Sendable {
  enum Purpose: Sendable, Hashable { case mutating, validating }

  let purpose: Purpose
  /// Tells webhooks apart: names are unique within one configuration alone.
  let id: String
  let name: String
  let endpoint: WebhookEndpoint
  let rules: [Rule]
  let failsClosed: Bool
  let matchesEquivalents: Bool
  let namespaceSelector: LabelQuery
  let objectSelector: LabelQuery
  let supportsDryRun: Bool
  let timeoutSeconds: Int64
  /// The form of the review that it reads best: `v1` or `v1beta1`.
  let reviewVersion: String
  let conditions: [Condition]
  /// Called again when a webhook after it changed the object.
  let isReinvoked: Bool

  struct Rule: Sendable, Hashable {
    var operations: [String]
    var groups: [String]
    var versions: [String]
    var resources: [String]
    var scope: String
  }

  /// A CEL expression that must hold for the webhook to be called.
  struct Condition: Sendable {
    var source: String
    var expression: CELExpression?

    /// What an expression may name.
    static let variables: [String: CELType] = ["object": .dyn, "oldObject": .dyn, "request": .dyn]
  }

  /// - Parameter configuration: the name of the object that the webhook is in.
  init(_ webhook: JSONValue, _ purpose: Purpose, configuration: String) {
    self.purpose = purpose
    id = "\(configuration)/\(webhook.text("name"))"
    name = webhook.text("name")
    endpoint = WebhookEndpoint(webhook["clientConfig"] ?? [:])
    rules = webhook.list("rules").map { rule in
      Rule(
        operations: rule.texts("operations"), groups: rule.texts("apiGroups"),
        versions: rule.texts("apiVersions"), resources: rule.texts("resources"),
        scope: rule["scope"]?.stringValue ?? "*")
    }
    failsClosed = webhook.text("failurePolicy") != "Ignore"
    matchesEquivalents = webhook.text("matchPolicy") != "Exact"
    namespaceSelector = LabelQuery(webhook["namespaceSelector"])
    objectSelector = LabelQuery(webhook["objectSelector"])
    supportsDryRun = ["None", "NoneOnDryRun"].contains(webhook.text("sideEffects"))
    timeoutSeconds = webhook.integer("timeoutSeconds") ?? 10
    reviewVersion =
      webhook.texts("admissionReviewVersions").first { AdmissionReview.versions.contains($0) }
      ?? "v1"
    conditions = webhook.list("matchConditions").map {
      let source = $0.text("expression")
      return Condition(source: source, expression: try? CELParser.parse(source))
    }
    isReinvoked = webhook.text("reinvocationPolicy") == "IfNeeded"
  }

  /// The kind in whose version the webhook wants to see an object: the requested one if a rule names
  /// it, else the first that a rule names among the same kind in other groups and versions, earlier
  /// rules before later ones.
  func match(
    _ operation: String, _ definition: ResourceDefinition, subresource: String,
    registry: ResourceRegistry
  ) -> ResourceDefinition? {
    if rules.contains(where: { $0.matches(operation, definition, subresource) }) {
      return definition
    }
    guard matchesEquivalents, definition.storage != nil else { return nil }
    let equivalents = registry.definitions.filter {
      $0.storage == definition.storage && $0.kind != definition.kind
    }
    for rule in rules {
      let match = equivalents.first { rule.matches(operation, $0, subresource) }
      if let match { return match }
    }
    return nil
  }
}

extension AdmissionWebhook.Rule {
  func matches(
    _ operation: String, _ definition: ResourceDefinition, _ subresource: String
  ) -> Bool {
    let kind = definition.kind
    func contains(_ values: [String], _ value: String) -> Bool {
      values.contains("*") || values.contains(value)
    }
    guard contains(operations, operation), contains(groups, kind.group),
      contains(versions, kind.version)
    else { return false }
    switch scope {
    case "Namespaced": if !kind.isNamespaced { return false }
    case "Cluster": if kind.isNamespaced { return false }
    default: break
    }
    return resources.contains { Self.matches($0, kind.plural, subresource) }
  }

  /// `pods`, `pods/status`, `pods/*`, `*`, `*/status`, `*/*`
  private static func matches(_ pattern: String, _ plural: String, _ subresource: String) -> Bool {
    let parts = pattern.split(separator: "/", maxSplits: 1).map(String.init)
    guard let resource = parts.first, resource == "*" || resource == plural else { return false }
    let below = parts.count > 1 ? parts[1] : ""
    return below == "*" || below == subresource
  }
}

/// Where a webhook listens (`clientConfig`).
struct WebhookEndpoint: Sendable, Hashable {
  enum Target: Sendable, Hashable {
    case url(String)
    case service(namespace: String, name: String, port: Int64, path: String)
  }

  var target: Target
  /// PEM; empty trusts the machine's authorities.
  var caBundle: [UInt8]

  init(_ clientConfig: JSONValue) {
    caBundle = Base64.decode(clientConfig.text("caBundle")) ?? []
    if let service = clientConfig["service"], !service.isNull {
      target = .service(
        namespace: service.text("namespace"), name: service.text("name"),
        port: service.integer("port") ?? 443, path: service.text("path"))
    } else {
      target = .url(clientConfig.text("url"))
    }
  }

  /// As error texts name it, without the timeout.
  var url: String {
    switch target {
    case .url(let url): return url
    case .service(let namespace, let name, let port, let path):
      let path = path.hasPrefix("/") || path.isEmpty ? path : "/\(path)"
      return "https://\(name).\(namespace).svc:\(port)\(path)"
    }
  }
}

/// All webhooks that are in force, in the order in which they are called.
struct AdmissionWebhooks: Sendable {
  static let mutatingTable = ResourceDefinition.StorageKey(
    group: "admissionregistration.k8s.io", plural: "mutatingwebhookconfigurations")
  static let validatingTable = ResourceDefinition.StorageKey(
    group: "admissionregistration.k8s.io", plural: "validatingwebhookconfigurations")

  let mutating: [AdmissionWebhook]
  let validating: [AdmissionWebhook]

  init(_ state: StoreState) {
    func webhooks(
      _ table: ResourceDefinition.StorageKey, _ purpose: AdmissionWebhook.Purpose
    ) -> [AdmissionWebhook] {
      state[table].objects.flatMap { object in
        let configuration = (try? JSONValue(parsing: object.body)) ?? .null
        return configuration.list("webhooks").map {
          AdmissionWebhook($0, purpose, configuration: object.name)
        }
      }
    }
    mutating = webhooks(Self.mutatingTable, .mutating)
    validating = webhooks(Self.validatingTable, .validating)
  }
}
