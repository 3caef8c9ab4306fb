import ArgumentParser
import KubernetesAPI
import MetalLBAPI
import MetricsServer
import WebhookServer

/// How controller and operator serve webhooks (spec/controller 4.6, spec/operator 7.1).
struct WebhookFlags: ParsableArguments {
  @Flag(
    name: .customLong("disable-cert-rotation"),
    help: "Serve webhooks with the certificates in --cert-dir, which somebody else renews.")
  var disableCertRotation = false

  @Option(name: .customLong("cert-dir"), help: "Where tls.crt and tls.key are then.")
  var certDir = "/tmp/k8s-webhook-server/serving-certs"

  @Option(
    name: .customLong("cert-service-name"),
    help: "The Service by which API servers call the webhooks.")
  var certServiceName: String?

  @Flag(name: .customLong("webhook-http2"), help: "Let API servers choose HTTP/2.")
  var webhookHTTP2 = false

  /// - Parameter secret: overrides the Secret of `names`.
  func options(
    _ names: WebhookServerNames, secret: String? = nil, namespace: String, limits: TLSLimits
  ) -> WebhookOptions {
    let targets =
      [InjectionTarget.validatingWebhooks(names.configuration)]
      + names.convertedDefinitions.map { .conversion(ofDefinition: $0) }
    let secret = NamespacedName(namespace: namespace, name: secret ?? names.secret)
    return WebhookOptions(
      certificates: disableCertRotation
        ? .directory(certDir) : .issued(secret: secret, targets: targets),
      dnsName: "\(certServiceName ?? names.service).\(namespace).svc",
      address: .everywhere(port: WebhookServerNames.port), limits: limits,
      usesHTTP2: webhookHTTP2, linger: .seconds(2))
  }
}
