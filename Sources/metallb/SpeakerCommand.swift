import ArgumentParser
import KubernetesClient
import LegacyConfiguration
import MetalLBSpeaker
import MetricsServer
import OperatorRendering
import PrometheusMetrics

/// Announces the addresses of Services from one node (spec/speaker 1.1).
struct SpeakerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "speaker", abstract: "Announce the addresses of Services from this node.")

  @OptionGroup var process: ProcessOptions

  @Option(help: "MetalLB's namespace; the Pod's own by default.")
  var namespace = environment("METALLB_NAMESPACE")

  @Option(name: .customLong("node-name"), help: "The Node that this process runs on.")
  var nodeName = environment("METALLB_NODE_NAME")

  @Option(name: .customLong("pod-name"), help: "The Pod that this process runs in.")
  var podName = environment("METALLB_POD_NAME")

  @Option(help: "The ConfigMap with configuration of the ConfigMap era.")
  var config = LegacyDocument.configMapName

  @Option(name: .customLong("lb-class"), help: "Handle only Services of this class.")
  var loadBalancerClass = ""

  @Flag(name: .customLong("ignore-exclude-lb"), help: "Announce from excluded Nodes, too.")
  var ignoresExclusionLabel = false

  @Option(name: .customLong("ml-labels"), help: "Selects the Pods of all speakers.")
  var speakerLabels = environment("METALLB_ML_LABELS")

  @OptionGroup(title: "Gossip") var gossip: GossipArguments

  @OptionGroup(visibility: .hidden) var profiling: ProfilingOptions

  @OptionGroup(visibility: .hidden) var backend: BackendOptions

  func validate() throws {
    guard !nodeName.isEmpty else {
      throw ValidationError("--node-name or METALLB_NODE_NAME must name the Node.")
    }
    _ = try gossip.options
  }

  func run() async throws {
    let logger = process.logLevel.startLogging(label: "metallb-speaker")
    profiling.explain(logger)
    let client = try process.client(component: "speaker")
    var options = SpeakerOptions(
      namespace: ownNamespace(namespace, client: client), nodeName: nodeName)
    options.podName = podName
    options.configMapName = config
    options.loadBalancerClass = loadBalancerClass
    options.ignoresExclusionLabel = ignoresExclusionLabel
    options.speakerLabels = speakerLabels
    options.gossip = try gossip.options
    options.version = ProductVersion.current
    options.bgpType = try backend.type
    let registry = PrometheusRegistry.described()
    let readiness = Readiness(MetalLBSpeakerService.Check.allCases.map(\.rawValue))
    let speaker = try MetalLBSpeakerService(
      options: options, client: client, metrics: registry, logger: logger
    ) { readiness.markReady($0.rawValue) }
    let endpoints = try process.endpoints(
      healthAddress: .loopback(port: process.healthProbePort), readiness: readiness,
      registry: registry, client: client, logger: logger)
    try await runUntilSignalled(endpoints + [speaker], grace: .seconds(25), logger: logger)
  }
}
