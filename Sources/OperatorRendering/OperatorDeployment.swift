import KubernetesAPI

/// The Deployment `metallb-operator-controller-manager`.
enum OperatorDeployment {
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
    spec.replicas = 1
    return Deployment(
      metadata: ObjectMeta(
        name: "metallb-operator-controller-manager", namespace: installation.namespace,
        labels: labels),
      spec: spec)
  }

  private static func container(_ installation: Installation) -> Container {
    let image = installation.image.description
    var container = Container(name: "manager", image: image)
    container.command = ["/manager"]
    container.args = ["--enable-leader-election"]
    container.env = [
      EnvVar(name: "OPERATOR_NAMESPACE", fieldPath: "metadata.namespace"),
      EnvVar(name: "CONTROLLER_IMAGE", value: image),
      EnvVar(name: "SPEAKER_IMAGE", value: image),
    ]
    container.ports = [
      ContainerPort(name: "health", containerPort: 8080, protocol: "TCP")
    ]
    container.resources = ["requests": ["cpu": "50m", "memory": "20Mi"]]
    var probe = Probe()
    probe.httpGet = .init(path: "/readyz", port: "health")
    probe.initialDelaySeconds = 1
    probe.periodSeconds = 5
    container.readinessProbe = probe
    container.securityContext = .restricted()
    return container
  }
}
