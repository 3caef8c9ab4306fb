import KubernetesAPI
import MetalLBAPI

/// The DaemonSet `frr-k8s`: FRR on every node that has a speaker, configured by `FRRConfiguration` objects, of
/// which the speaker writes one.
enum FRRK8sDaemonSet {
  static func render(_ input: RenderingInput) -> DaemonSet {
    let configuration = input.spec.speakerConfig
    let ports = input.environment.ports
    let parts = FRRContainers(input: input, metricsPort: ports.frrK8sFRRMetrics)
    var pod = PodSpec()
    pod.serviceAccountName = AccountName.frrK8s
    pod.hostNetwork = true
    pod.shareProcessNamespace = true
    pod.terminationGracePeriodSeconds = 0
    pod.nodeSelector = PodSpec.nodeSelector(adding: input.spec.nodeSelector)
    pod.tolerations = Toleration.controlPlane + (input.spec.speakerTolerations ?? [])
    pod.initContainers = [
      parts.copyFiles,
      copy("cp-reloader", "/frr-reloader.sh", to: .reloader, input),
      copy("cp-metrics", "/frr-metrics", to: .metrics, input),
      copy("cp-frr-status", "/frr-status", to: .status, input),
    ]
    pod.containers = [
      container(input, resources: configuration?.resources), parts.frr, parts.reloader(nil),
      parts.metrics(nil), status(input),
    ]
    pod.volumes = parts.volumes + [.emptyDir(name: FRRContainers.Directory.status.name)]
    if input.platform == .openshift {
      pod.volumes?.append(input.servingCertificate(secret: ObjectName.frrK8sServingCertificate))
    }
    pod.apply(configuration)

    let labels = ObjectLabel.frrK8sPod
    var spec = DaemonSet.Spec(
      selector: LabelSelector(matchLabels: labels),
      template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))
    spec.updateStrategy = ["type": "RollingUpdate"]
    return DaemonSet(
      metadata: ObjectMeta(
        name: ComponentName.frrK8s, namespace: input.namespace, labels: ObjectLabel.frrK8sObject),
      spec: spec)
  }

  private static func container(_ input: RenderingInput, resources: JSONValue?) -> Container {
    let ports = input.environment.ports
    var container = Container(
      name: "controller", image: input.environment.images.effectiveFRRK8s)
    container.command = ["/frr-k8s"]
    container.args =
      [
        "--node-name=$(NODE_NAME)", "--namespace=$(NAMESPACE)",
        "--metrics-bind-address=0.0.0.0:\(ports.frrK8sMetrics)", "--log-level=\(input.logLevel)",
      ] + blockArguments(input) + input.tlsArguments
    container.env =
      SpeakerDaemonSet.frrVariables + [
        EnvVar(name: "NODE_NAME", fieldPath: "spec.nodeName"),
        EnvVar(name: "NAMESPACE", fieldPath: "metadata.namespace"),
      ]
    container.ports = [
      ContainerPort(name: "metricshttps", containerPort: ports.frrK8sMetrics, protocol: "TCP")
    ]
    container.livenessProbe = input.livenessProbe(
      port: ports.frrK8sHealth, host: "127.0.0.1")
    container.readinessProbe = input.readinessProbe(
      port: ports.frrK8sHealth, host: "127.0.0.1")
    container.resources = resources
    container.securityContext = .restricted(adding: ["NET_RAW"])
    container.volumeMounts = [FRRContainers.Directory.mount(.reloader)]
    if input.platform == .openshift { container.volumeMounts?.append(input.certificateMount) }
    return container
  }

  /// Prefixes that no node ever accepts; in a fixed order, so that another order rolls out nothing.
  private static func blockArguments(_ input: RenderingInput) -> [String] {
    let prefixes = (input.spec.frrk8sConfig?.alwaysBlock ?? []).map(\.trimmingSpaces).sorted()
    return prefixes.isEmpty ? [] : ["--always-block=\(prefixes.joined(separator: ","))"]
  }

  /// Reports sessions as objects.
  private static func status(_ input: RenderingInput) -> Container {
    var container = Container(
      name: "frr-status", image: input.environment.images.effectiveFRR)
    container.command = ["/etc/frr_status/frr-status"]
    container.args = [
      "--node-name=$(NODE_NAME)", "--namespace=$(NAMESPACE)", "--pod-name=$(POD_NAME)",
      "--log-level=\(input.logLevel)", "--poll-interval=2m",
    ]
    container.env = [
      EnvVar(name: "NODE_NAME", fieldPath: "spec.nodeName"),
      EnvVar(name: "NAMESPACE", fieldPath: "metadata.namespace"),
      EnvVar(name: "POD_NAME", fieldPath: "metadata.name"),
      EnvVar(name: "VTYSH_HISTFILE", value: "/dev/null"),
    ]
    container.volumeMounts = [.sockets, .conf, .status].map(FRRContainers.Directory.mount)
    return container
  }

  private static func copy(
    _ name: String, _ file: String, to directory: FRRContainers.Directory, _ input: RenderingInput
  ) -> Container {
    var container = Container(name: name, image: input.environment.images.effectiveFRRK8s)
    container.command = ["/bin/sh", "-c", "cp -f \(file) \(directory.path)/"]
    container.volumeMounts = [FRRContainers.Directory.mount(directory)]
    return container
  }
}
