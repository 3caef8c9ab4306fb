import ArgumentParser
import KubernetesClient
import MetalLBOperator
import MetricsServer
import OperatorRendering
import ServiceLifecycle

/// Installs MetalLB as the MetalLB object says (spec/operator 7.1, 7.2).
struct OperatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operator", abstract: "Install MetalLB as the MetalLB object says.")

  @Flag(name: .customLong("enable-leader-election"), help: "Of several operators one acts.")
  var isLeaderElected = false

  @Option(help: "HTTP port of /readyz and /healthz.")
  var port = 8080

  @Option(name: .customLong("log-level"), help: "all, debug, info, warn, error or none.")
  var logLevel: LogLevel = .info

  @Option(help: "A kubeconfig; without one, the Pod's service account.")
  var kubeconfig: String?

  @OptionGroup(visibility: .hidden) var compatibility: CompatibilityOptions

  func run() async throws {
    let logger = logLevel.startLogging(label: "metallb-operator")
    let client = APIClient(
      configuration: try .automatic(kubeconfig: kubeconfig), userAgent: "metallb-operator")
    let pod = environment("POD_NAME").isEmpty ? environment("HOSTNAME") : environment("POD_NAME")
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    let installer = Operator(
      client: client,
      options: OperatorOptions(
        environment: try OperatorEnvironment(variables: processEnvironment()),
        isLeaderElected: isLeaderElected, identity: "\(pod)_\(random)"),
      logger: logger)
    let readiness = Readiness(["operator"])
    readiness.check("operator") { installer.isReady ? nil : "does not know the cluster yet" }
    let health = HealthEndpoint(
      address: .everywhere(port: port), readiness: readiness, logger: logger)
    try await runUntilSignalled([health, installer], grace: .seconds(8), logger: logger)
  }

  /// Flags of upstream's operator: accepted, so that its manifests start this program.
  struct CompatibilityOptions: ParsableArguments {
    @Option(name: .customLong("metrics-addr")) var metricsAddress = "0"
    @Flag(name: .customLong("disable-cert-rotation")) var disableCertRotation = false
    @Option(name: .customLong("cert-dir")) var certDir = "/tmp/k8s-webhook-server/serving-certs"
    @Option(name: .customLong("cert-service-name")) var certServiceName =
      "metallb-operator-webhook-service"
    @Flag(name: .customLong("webhook-http2")) var webhookHTTP2 = false
    @Flag(name: .customLong("external-metallb-webhook-server")) var externalWebhookServer = false
  }
}
