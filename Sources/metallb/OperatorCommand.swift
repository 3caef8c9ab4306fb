import ArgumentParser
import KubernetesClient
import Logging
import MetalLBAPI
import MetalLBOperator
import MetricsServer
import OperatorRendering
import PrometheusMetrics
import ServiceLifecycle
import WebhookServer

/// Installs MetalLB as the MetalLB object says (spec/operator 7.1, 7.2).
struct OperatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operator", abstract: "Install MetalLB as the MetalLB object says.")

  @Flag(name: .customLong("enable-leader-election"), help: "Of several operators one acts.")
  var isLeaderElected = false

  @Option(help: "HTTP port of /readyz and /healthz.")
  var port = 8080

  @Option(
    name: .customLong("metrics-addr"),
    help: "Where /metrics is served over HTTPS: :PORT, ADDRESS:PORT, or 0 for nowhere.")
  var metricsAddress = MetricsAddress.off

  @Option(name: .customLong("log-level"), help: "all, debug, info, warn, error or none.")
  var logLevel: LogLevel = .info

  @Option(help: "A kubeconfig; without one, the Pod's service account.")
  var kubeconfig: String?

  @OptionGroup var webhooks: WebhookFlags

  @Flag(
    name: .customLong("external-metallb-webhook-server"),
    help: "Start webhook servers anew when their TLS settings change.")
  var restartsWebhookServers = false

  func run() async throws {
    let logger = logLevel.startLogging(label: "metallb-operator")
    let pod = environment("POD_NAME").isEmpty ? environment("HOSTNAME") : environment("POD_NAME")
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    let environment = try OperatorEnvironment(variables: processEnvironment())
    let client = APIClient(
      configuration: try .automatic(kubeconfig: kubeconfig), userAgent: "metallb-operator")
    let registry = PrometheusRegistry.described()
    var options = OperatorOptions(
      environment: environment, isLeaderElected: isLeaderElected, identity: "\(pod)_\(random)")
    options.restartsWebhookServers = restartsWebhookServers
    let installer = Operator(client: client, options: options, metrics: registry, logger: logger)
    let readiness = Readiness(["operator"] + WebhookService.Check.all)
    readiness.check("operator") { installer.failure }
    let health = HealthEndpoint(
      address: .everywhere(port: port), readiness: readiness, logger: logger)
    if !environment.tls.cipherSuites.isEmpty, environment.tls.forServers.cipherSuites.isEmpty {
      logger.warning("TLS_CIPHER_SUITES has no effect without TLS_MIN_VERSION=VersionTLS12")
    }
    let servers = SettingsFollower(installer.tls, logger: logger) { tls in
      let limits = try TLSLimits(
        minimumVersion: tls.minVersion, cipherSuites: tls.cipherSuites,
        curvePreferences: tls.curvePreferences)
      let metrics = try metricsAddress.endpoint(
        registry: registry, limits: limits, client: client, logger: logger)
      let webhookServer = WebhookService(
        options: webhooks.options(.operator, namespace: environment.namespace, limits: limits),
        handlers: OperatorWebhooks(client: client, environment: environment).handlers,
        client: client, readiness: readiness, logger: logger)
      return metrics + [webhookServer]
    }
    try await runUntilSignalled(
      [health, servers, installer], grace: .seconds(8), logger: logger)
  }
}
