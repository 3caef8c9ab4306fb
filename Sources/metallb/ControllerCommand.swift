import ArgumentParser
import KubernetesClient
import LegacyConfiguration
import MetalLBController
import MetricsServer
import PrometheusMetrics

/// Gives addresses to Services (spec/controller 4.6).
struct ControllerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controller", abstract: "Give addresses of pools to Services.")

  @OptionGroup var process: ProcessOptions

  @Option(help: "MetalLB's namespace; the Pod's own by default.")
  var namespace = environment("METALLB_NAMESPACE")

  @Option(help: "The ConfigMap with configuration of the ConfigMap era.")
  var config = LegacyDocument.configMapName

  @Option(name: .customLong("ml-secret-name"), help: "The Secret with the gossip key to create.")
  var memberlistSecretName = environment("METALLB_ML_SECRET_NAME")

  @Option(help: "The Deployment that this process belongs to.")
  var deployment = environment("METALLB_DEPLOYMENT")

  @Option(name: .customLong("pod-name"), help: "The Pod that this process runs in.")
  var podName = environment("METALLB_POD_NAME")

  @Option(name: .customLong("lb-class"), help: "Handle only Services of this class.")
  var loadBalancerClass = ""

  @Option(name: .customLong("webhook-mode"), help: "enabled, disabled or onlywebhook.")
  var webhookMode = ControllerOptions.WebhookMode.enabled

  @OptionGroup(visibility: .hidden) var webhooks: WebhookOptions

  func run() async throws {
    let logger = process.logLevel.startLogging(label: "metallb-controller")
    let client = try process.client(component: "controller")
    var options = ControllerOptions(namespace: ownNamespace(namespace, client: client))
    options.configMapName = config
    options.memberlistSecretName = memberlistSecretName
    options.deploymentName = deployment
    options.podName = podName
    options.loadBalancerClass = loadBalancerClass
    options.webhookMode = webhookMode
    let (registry, readiness) = (PrometheusRegistry(), Readiness(["controller"]))
    let controller = MetalLBControllerService(
      options: options, client: client, metrics: registry, logger: logger
    ) { failure in
      if let failure {
        readiness.markFailing("controller", failure)
      } else {
        readiness.markReady("controller")
      }
    }
    let endpoints = try process.endpoints(
      healthAddress: .everywhere(port: process.healthProbePort), readiness: readiness,
      registry: registry, client: client, logger: logger)
    try await runUntilSignalled(endpoints + [controller], grace: .seconds(8), logger: logger)
  }
}

extension ControllerOptions.WebhookMode: ExpressibleByArgument {}

/// Flags of upstream's webhook server: accepted, so that its manifests start this program.
struct WebhookOptions: ParsableArguments {
  @Flag(name: .customLong("disable-cert-rotation")) var disableCertRotation = false
  @Option(name: .customLong("cert-dir")) var certDir = "/tmp/k8s-webhook-server/serving-certs"
  @Option(name: .customLong("cert-service-name")) var certServiceName = "metallb-webhook-service"
  @Option(name: .customLong("webhook-secret")) var webhookSecret = "metallb-webhook-cert"
  @Flag(name: .customLong("webhook-http2")) var webhookHTTP2 = false
  @Option(name: .customLong("pprof-bind-address")) var pprofBindAddress = ""
}
