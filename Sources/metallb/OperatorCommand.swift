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

  @OptionGroup(visibility: .hidden) var compatibility: CompatibilityOptions

  func run() async throws {
    let logger = logLevel.startLogging(label: "metallb-operator")
    let pod = environment("POD_NAME").isEmpty ? environment("HOSTNAME") : environment("POD_NAME")
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    let environment = try OperatorEnvironment(variables: processEnvironment())
    let client = APIClient(
      configuration: try .automatic(kubeconfig: kubeconfig), userAgent: "metallb-operator")
    let limits = environment.tls.limits(logger: logger)
    let registry = PrometheusRegistry()
    let installer = Operator(
      client: client,
      options: OperatorOptions(
        environment: environment, isLeaderElected: isLeaderElected, identity: "\(pod)_\(random)"),
      metrics: registry, logger: logger)
    let readiness = Readiness(["operator"] + WebhookService.Check.all)
    readiness.check("operator") { installer.failure }
    let health = HealthEndpoint(
      address: .everywhere(port: port), readiness: readiness, logger: logger)
    let metrics = try metricsAddress.endpoint(
      registry: registry, limits: limits, client: client, logger: logger)
    let webhookServer = WebhookService(
      options: webhooks.options(.operator, namespace: environment.namespace, limits: limits),
      handlers: OperatorWebhooks(client: client, environment: environment).handlers,
      client: client, readiness: readiness, logger: logger)
    try await runUntilSignalled(
      [health] + metrics + [webhookServer, installer], grace: .seconds(8), logger: logger)
  }

  /// Flags of upstream's operator: accepted, so that its manifests start this program.
  struct CompatibilityOptions: ParsableArguments {
    @Flag(name: .customLong("external-metallb-webhook-server")) var externalWebhookServer = false
  }
}

extension OperatorEnvironment.TLSOptions {
  /// The same for the operator's own webhooks. What only older programs can do, versions before 1.2 or suites that
  /// version 1.3 does not have, is left out.
  fileprivate func limits(logger: Logger) -> TLSLimits {
    let isTLS13 = minVersion.isEmpty || minVersion == "VersionTLS13"
    do throws(TLSLimitsError) {
      return try TLSLimits(
        minimumVersion: isTLS13 ? "VersionTLS13" : "VersionTLS12",
        cipherSuites: isTLS13 ? "" : cipherSuites, curvePreferences: curvePreferences)
    } catch {
      logger.warning(
        "serving the operator's webhooks with the usual TLS settings",
        metadata: ["reason": "\(error)"])
      return TLSLimits()
    }
  }
}
