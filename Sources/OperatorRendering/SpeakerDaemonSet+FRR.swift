import KubernetesAPI

extension SpeakerDaemonSet {
  /// Adds FRR to the speaker's Pod, for the backend `frr`. The speaker writes FRR's configuration and asks the
  /// reloader to have it taken up.
  static func addFRR(to pod: inout PodSpec, _ input: RenderingInput) {
    let parts = FRRContainers(input: input, metricsPort: input.environment.ports.frrMetrics)
    pod.shareProcessNamespace = true
    pod.initContainers = [
      parts.copyFiles,
      copyTool("cp-reloader", "/frr-reloader.sh", to: .reloader, input),
      copyTool("cp-metrics", "/frr-metrics", to: .metrics, input),
    ]
    pod.containers?.append(contentsOf: [
      parts.frr, parts.reloader(FRRContainers.readOnly), parts.metrics(FRRContainers.readOnly),
    ])
    pod.volumes?.append(contentsOf: parts.volumes)
  }

  static let frrVariables = [
    EnvVar(name: "FRR_CONFIG_FILE", value: "/etc/frr_reloader/frr.conf"),
    EnvVar(name: "FRR_RELOADER_PID_FILE", value: "/etc/frr_reloader/reloader.pid"),
  ]

  /// The speaker's image brings what the containers with FRR's image run.
  private static func copyTool(
    _ name: String, _ file: String, to directory: FRRContainers.Directory, _ input: RenderingInput
  ) -> Container {
    var container = Container(name: name, image: input.environment.images.speaker.description)
    container.command = ["/cp-tool", file, directory.path + file]
    var context = SecurityContext()
    context.allowPrivilegeEscalation = false
    container.securityContext = context
    container.volumeMounts = [FRRContainers.Directory.mount(directory)]
    return container
  }
}
