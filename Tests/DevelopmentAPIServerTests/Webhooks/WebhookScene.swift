import KubernetesAPI

/// What webhook tests say again and again.
extension ServedAPI {
  static let configMaps = "/api/v1/namespaces/default/configmaps"
  static let admission = "/apis/admissionregistration.k8s.io/v1"

  /// A webhook that is asked about every change of a ConfigMap; `changes` are merged into it.
  static func webhook(
    _ name: String, _ hooks: HookServer, path: String = "/hook", _ changes: JSONValue = [:]
  ) -> JSONValue {
    let webhook: JSONValue = [
      "name": .string("\(name).example.com"), "sideEffects": "None",
      "admissionReviewVersions": ["v1"],
      "clientConfig": [
        "url": .string(hooks.url + path), "caBundle": .string(hooks.caBundle),
      ],
      "rules": [
        [
          "operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"],
          "resources": ["configmaps"],
        ]
      ],
    ]
    return merge(webhook, changes)
  }

  private static func merge(_ value: JSONValue, _ changes: JSONValue) -> JSONValue {
    var value = value
    for (key, change) in changes.objectValue ?? [:] {
      value[key] = change.isNull ? nil : change
    }
    return value
  }

  func configure(_ kind: String, _ name: String, _ webhooks: [JSONValue]) async throws -> Answer {
    try await send(
      "POST", "\(Self.admission)/\(kind.lowercased())s",
      [
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": .string(kind),
        "metadata": ["name": .string(name)], "webhooks": .array(webhooks),
      ])
  }

  func mutating(_ webhooks: JSONValue..., name: String = "m") async throws -> Answer {
    try await configure("MutatingWebhookConfiguration", name, webhooks)
  }

  func validating(_ webhooks: JSONValue..., name: String = "v") async throws -> Answer {
    try await configure("ValidatingWebhookConfiguration", name, webhooks)
  }

  func createConfigMap(
    _ name: String, labels: JSONValue = [:], query: String = ""
  ) async throws -> Answer {
    try await send(
      "POST", Self.configMaps + query,
      [
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": ["name": .string(name), "labels": labels],
      ])
  }
}
