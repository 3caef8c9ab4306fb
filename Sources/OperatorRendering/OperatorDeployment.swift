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
    container.env?.append(contentsOf: platformVariables(installation.platform))
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

  /// OpenShift's nodes use some of the default ports themselves, and its Prometheus is always there.
  private static func platformVariables(_ platform: Platform) -> [EnvVar] {
    let variables =
      switch platform {
      case .kubernetes: [("FRRK8S_EXTERNAL_NAMESPACE", "frr-k8s-system")]
      case .openshift:
        [
          ("FRRK8S_EXTERNAL_NAMESPACE", "openshift-frr-k8s"), ("METRICS_PORT", "29150"),
          ("FRR_METRICS_PORT", "29151"), ("MEMBER_LIST_BIND_PORT", "9122"),
          ("OPERAND_LIVENESS_PORT", "7472"), ("DEPLOY_SERVICEMONITORS", "true"),
        ]
      }
    return variables.map { EnvVar(name: $0.0, value: $0.1) }
  }
}
