internal import KubernetesAPI
internal import KubernetesClient
package import KubernetesTesting
internal import Logging
package import MetalLBAPI
internal import MetricsServer
internal import ServiceLifecycle
package import WebhookServer

/// Serves webhooks on loopback and registers them with a test's cluster, for its namespace and further ones, while `body`
/// runs. Begins once the server is ready.
///
/// - Parameter converts: whether the CRDs of `names` convert by this server. Only in clusters of our own.
package func withRegisteredWebhooks<Result: Sendable>(
  _ names: WebhookServerNames, _ handlers: [String: WebhookHandler], in cluster: TestCluster,
  namespaces: [String] = [], converts: Bool = false, _ body: () async throws -> Result
) async throws -> Result {
  let registration = InjectionTarget.validatingWebhooks(cluster.uniqueName("webhooks"))
  let definitions = converts ? names.convertedDefinitions : []
  let (ports, port) = AsyncStream<Int>.makeStream()
  let readiness = Readiness(WebhookService.Check.all)
  let logger = Logger(label: "webhooks") { _ in SwiftLogNoOpLogHandler() }
  let service = WebhookService(
    options: WebhookOptions(
      certificates: .issued(
        secret: NamespacedName(namespace: cluster.namespace, name: names.secret),
        targets: [registration] + definitions.map { .conversion(ofDefinition: $0) }),
      dnsName: "localhost", address: .loopback(port: 0)),
    handlers: handlers, client: cluster.client, readiness: readiness, logger: logger,
    onListening: { port.yield($0) })
  let group = ServiceGroup(services: [service], logger: logger)
  return try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    defer { tasks.cancelAll() }
    var number = 0
    for await port in ports {
      number = port
      break
    }
    let url = "https://localhost:\(number)"
    _ = try await cluster.client.create(
      names.registration(registration.name, url: url, namespaces: [cluster.namespace] + namespaces),
      registration.resource)
    for definition in definitions {
      _ = try await cluster.client.patch(
        InjectionTarget.conversion(ofDefinition: definition).resource, definition,
        .merge([
          "spec": [
            "conversion": [
              "strategy": "Webhook",
              "webhook": [
                "conversionReviewVersions": ["v1"],
                "clientConfig": [
                  "service": .null, "url": .string(url + WebhookServerNames.conversionPath),
                ],
              ],
            ]
          ]
        ]))
    }
    try await cluster.eventually(
      registration.resource, registration.name, "the authority is injected"
    ) { $0?["webhooks"]?[0]?[path: ["clientConfig", "caBundle"]] != nil }
    for definition in definitions {
      try await cluster.eventually(
        InjectionTarget.conversion(ofDefinition: definition).resource, definition,
        "the authority is injected"
      ) {
        $0?[path: ["spec", "conversion", "webhook", "clientConfig", "caBundle"]] != nil
      }
    }
    try await cluster.waitForRegistrations()
    do {
      let result = try await body()
      try await cluster.client.delete(registration.resource, registration.name)
      return result
    } catch {
      try? await cluster.client.delete(registration.resource, registration.name)
      throw error
    }
  }
}

/// The server asks no webhook that was registered within 30 s.
private struct UnheardRegistrations: Error {}

extension TestCluster {
  /// A real server hears of registrations a moment after they were stored, in their order: once it asks a webhook
  /// that was registered last, it asks all earlier ones as they are now.
  fileprivate func waitForRegistrations() async throws {
    let last = InjectionTarget.validatingWebhooks(uniqueName("last"))
    _ = try await client.create(
      [
        "apiVersion": .string(last.resource.apiVersion), "kind": .string(last.resource.kind),
        "metadata": ["name": .string(last.name)],
        "webhooks": [
          [
            "name": "last.metallb.io", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "failurePolicy": "Fail", "timeoutSeconds": 1,
            // Nobody listens there.
            "clientConfig": ["url": "https://localhost:1/"],
            "objectSelector": ["matchLabels": ["registration": .string(last.name)]],
            "rules": [
              [
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                "resources": ["configmaps"],
              ]
            ],
          ]
        ],
      ], last.resource)
    let probe = ConfigMap(
      metadata: ObjectMeta(
        name: "registration", namespace: namespace, labels: ["registration": last.name]))
    let isHeard = try await TimeSource.system.limit(.seconds(30)) { [client] in
      // There is nothing to await before the first refusal.
      while await client.accepts(probe) { try await Task.sleep(for: .milliseconds(20)) }
      return true
    }
    try await client.delete(last.resource, last.name)
    guard isHeard == true else { throw UnheardRegistrations() }
  }
}

extension APIClient {
  fileprivate func accepts(_ object: ConfigMap) async -> Bool {
    (try? await create(object, options: WriteOptions(dryRun: true))) != nil
  }
}

extension WebhookServerNames {
  fileprivate func registration(_ name: String, url: String, namespaces: [String]) -> JSONValue {
    let resource = InjectionTarget.validatingWebhooks(name).resource
    return [
      "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
      "metadata": ["name": .string(name)],
      "webhooks": .array(
        webhooks.map { webhook in
          [
            "name": .string(webhook.name), "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "failurePolicy": .string(webhook.failurePolicy),
            "clientConfig": ["url": .string(url + webhook.path)],
            "namespaceSelector": [
              "matchExpressions": [
                [
                  "key": "kubernetes.io/metadata.name", "operator": "In",
                  "values": .strings(namespaces),
                ]
              ]
            ],
            "rules": [
              [
                "apiGroups": [.string(webhook.resource.group)],
                "apiVersions": [.string(webhook.resource.version)],
                "operations": .strings(webhook.operations),
                "resources": [.string(webhook.resource.plural)],
              ]
            ],
          ]
        }),
    ]
  }
}
