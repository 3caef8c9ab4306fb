import KubernetesAPI
import MetalLBAPI

/// How API servers find a webhook server: its Service, the Secret with its certificates, its registration. The
/// conversions stand in the CRDs.
enum WebhookRegistrations {
  static let configurationResource = ResourceKind(
    group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingWebhookConfiguration",
    plural: "validatingwebhookconfigurations", isNamespaced: false)

  static func render(_ installation: Installation) throws -> [RenderedObject] {
    let namespace = installation.namespace
    return try [
      (WebhookServerNames.operator, OperatorDeployment.labels),
      (.controller, WebhookServerDeployment.labels),
    ].flatMap { names, pods in
      [
        // Empty: the server fills it in, and whoever applies the manifest again takes nothing away.
        try RenderedObject(
          Secret(metadata: ObjectMeta(name: names.secret, namespace: namespace))),
        try RenderedObject(service(names, pods: pods, namespace)),
        configuration(names, namespace),
      ]
    }
  }

  private static func service(
    _ names: WebhookServerNames, pods: [String: String], _ namespace: String
  ) -> Service {
    var spec = Service.Spec()
    spec.selector = pods
    spec.ports = [
      .init(protocol: "TCP", port: 443, targetPort: .int(WebhookServerNames.port))
    ]
    return Service(
      metadata: ObjectMeta(name: names.service, namespace: namespace), spec: spec)
  }

  /// The server adds by which authority it is recognised (`caBundle`).
  private static func configuration(
    _ names: WebhookServerNames, _ namespace: String
  ) -> RenderedObject {
    RenderedObject(
      resource: configurationResource,
      value: [
        "apiVersion": .string(configurationResource.apiVersion),
        "kind": .string(configurationResource.kind),
        "metadata": ["name": .string(names.configuration)],
        "webhooks": .array(names.webhooks.map { webhook($0, of: names, namespace) }),
      ])
  }

  private static func webhook(
    _ webhook: ValidatingWebhookName, of names: WebhookServerNames, _ namespace: String
  ) -> JSONValue {
    var registered: JSONValue = [
      "name": .string(webhook.name),
      "admissionReviewVersions": ["v1"],
      "clientConfig": [
        "service": [
          "name": .string(names.service), "namespace": .string(namespace),
          "path": .string(webhook.path),
        ]
      ],
      "failurePolicy": .string(webhook.failurePolicy),
      "rules": [rule(webhook)],
      "sideEffects": "None",
    ]
    registered["timeoutSeconds"] = webhook.timeoutSeconds.map { .integer(Int64($0)) }
    return registered
  }

  /// Other versions of the kind are converted before the webhook sees them.
  static func rule(_ webhook: ValidatingWebhookName) -> JSONValue {
    [
      "apiGroups": [.string(webhook.resource.group)],
      "apiVersions": [.string(webhook.resource.version)],
      "operations": .strings(webhook.operations),
      "resources": [.string(webhook.resource.plural)],
    ]
  }
}
