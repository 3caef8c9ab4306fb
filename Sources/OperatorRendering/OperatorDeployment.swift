import KubernetesAPI
import MetalLBAPI

/// The Deployment `metallb-operator-controller-manager`.
enum OperatorDeployment {
  static let name = "metallb-operator-controller-manager"
  /// Labels and selector; these never change.
  static let labels = ["control-plane": "controller-manager"]

  static func render(_ installation: Installation) -> Deployment {
    var pod = PodSpec()
    pod.serviceAccountName = AccountName.operator
    pod.terminationGracePeriodSeconds = 10
    pod.securityContext = .unprivileged(on: installation.platform)
    pod.containers = [container(installation)]
    var spec = Deployment.Spec(
      selector: LabelSelector(matchLabels: labels),
      template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))
    spec.replicas = installation.replicas
    return Deployment(
      metadata: ObjectMeta(
        name: name, namespace: installation.namespace, labels: labels),
      spec: spec)
  }

  private static func container(_ installation: Installation) -> Container {
    var container = Container(name: "manager", image: installation.image.description)
    container.command = ["/manager"]
    container.args = arguments(installation)
    container.env = variables(installation)
    container.ports = [
      ContainerPort(name: "webhook", containerPort: WebhookServerNames.port, protocol: "TCP"),
      ContainerPort(name: "metricshttps", containerPort: metricsPort, protocol: "TCP"),
      ContainerPort(name: "health", containerPort: 8080, protocol: "TCP"),
    ]
    container.resources = ["requests": ["cpu": "50m", "memory": "20Mi"]]
    container.livenessProbe = .health("/healthz", port: 8080, initialDelay: 15, period: 20)
    container.readinessProbe = .health("/readyz", port: 8080, initialDelay: 1, period: 5)
    container.securityContext = .restricted()
    return container
  }

  private static let metricsPort = 9120

  private static func arguments(_ installation: Installation) -> [String] {
    [
      "--enable-leader-election", "--metrics-addr=:\(metricsPort)",
      // Webhook servers read TLS settings when they start only.
      "--external-metallb-webhook-server",
    ] + installation.certificateArguments
  }

  private static func variables(_ installation: Installation) -> [EnvVar] {
    var named = installation.operatorVariables
    named["OPERATOR_NAMESPACE"] = nil
    return [
      EnvVar(name: "OPERATOR_NAMESPACE", fieldPath: "metadata.namespace"),
      EnvVar(name: "POD_NAME", fieldPath: "metadata.name"),
    ] + named.sorted { $0.key < $1.key }.map { EnvVar(name: $0.key, value: $0.value) }
  }
}
