import ArgumentParser
import KubernetesClient
import LegacyConfiguration
import MetalLBAPI
import MetalLBController
import MetricsServer
import PrometheusMetrics
import WebhookServer

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

  @Option(name: .customLong("webhook-secret"), help: "The Secret with the webhooks' certificates.")
  var webhookSecret = WebhookServerNames.controller.secret

  @OptionGroup var webhooks: WebhookFlags

  @OptionGroup(visibility: .hidden) var profiling: ProfilingOptions

  func run() async throws {
    let logger = process.logLevel.startLogging(label: "metallb-controller")
    profiling.explain(logger)
    let client = try process.client(component: "controller")
    let options = options(namespace: ownNamespace(namespace, client: client))
    let servesWebhooks = options.webhookMode != .disabled
    let registry = PrometheusRegistry.described()
    let readiness = Readiness(["controller"] + (servesWebhooks ? WebhookService.Check.all : []))
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
    let webhookServer = WebhookService(
      options: webhooks.options(
        .controller, secret: webhookSecret, namespace: options.namespace,
        limits: try process.tlsLimits),
      handlers: ConfigurationWebhooks(client: client, options: options).handlers, client: client,
      readiness: readiness, logger: logger)
    try await runUntilSignalled(
      endpoints + (servesWebhooks ? [webhookServer] : []) + [controller], grace: .seconds(8),
      logger: logger)
  }

  private func options(namespace: String) -> ControllerOptions {
    var options = ControllerOptions(namespace: namespace)
    options.configMapName = config
    options.memberlistSecretName = memberlistSecretName
    options.deploymentName = deployment
    options.podName = podName
    options.loadBalancerClass = loadBalancerClass
    options.webhookMode = webhookMode
    options.bgpType = environment("METALLB_BGP_TYPE")
    return options
  }
}

extension ControllerOptions.WebhookMode: ExpressibleByArgument {}
