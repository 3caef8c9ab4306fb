import KubernetesAPI
import MetalLBAPI

/// The Deployment `metallb-operator-webhook-server`: the controller, for its webhooks alone. It runs before and without
/// a MetalLB object, so that pools and peers are checked from the first one on.
enum WebhookServerDeployment {
  /// Labels and selector; these never change.
  static let labels = ["component": "webhook-server"]
  /// Its service account: the controller in the same image needs none of these rights.
  static let account = "webhook-server"

  static func render(_ installation: Installation) -> Deployment {
    var pod = PodSpec()
    pod.serviceAccountName = account
    pod.terminationGracePeriodSeconds = 10
    pod.securityContext = .unprivileged(on: installation.platform)
    pod.containers = [container(installation)]
    var spec = Deployment.Spec(
      selector: LabelSelector(matchLabels: labels),
      template: PodTemplateSpec(
        metadata: ObjectMeta(labels: labels.merging(["app": "metallb"]) { $1 }), spec: pod))
    spec.replicas = installation.replicas
    spec.revisionHistoryLimit = 3
    return Deployment(
      metadata: ObjectMeta(
        name: WebhookServerNames.controllerDeployment, namespace: installation.namespace,
        labels: labels),
      spec: spec)
  }

  private static func container(_ installation: Installation) -> Container {
    // Never the controller's image where that is another one: upstream's needs other rights and other flags.
    var container = Container(name: "webhook-server", image: installation.image.description)
    container.command = ["/controller"]
    container.args =
      [
        "--webhook-mode=onlywebhook", "--port=9120", "--health-probe-port=17472",
        "--log-level=info",
      ]
      + installation.certificateArguments
    container.env = [EnvVar(name: "METALLB_POD_NAME", fieldPath: "metadata.name")] + tlsVariables
    container.ports = [
      ContainerPort(
        name: "webhook", containerPort: WebhookServerNames.port, protocol: "TCP"),
      ContainerPort(name: "metricshttps", containerPort: 9120, protocol: "TCP"),
    ]
    container.livenessProbe = .health("/healthz", port: 17472, initialDelay: 10, period: 10)
    container.readinessProbe = .health("/readyz", port: 17472, initialDelay: 1, period: 2)
    container.resources = ["requests": ["cpu": "10m", "memory": "20Mi"]]
    container.securityContext = .restricted()
    return container
  }

  /// What the operator finds out about TLS on this platform. Optional: the server does not wait for the operator.
  private static let tlsVariables = [
    "TLS_CIPHER_SUITES", "TLS_CURVE_PREFERENCES", "TLS_MIN_VERSION",
  ].map { name in
    var variable = EnvVar(name: name, value: "")
    var source = EnvVar.Source()
    source.configMapKeyRef = .init(name: ObjectName.tlsSettings, key: name, optional: true)
    (variable.value, variable.valueFrom) = (nil, source)
    return variable
  }
}

extension Probe {
  /// Asks one of the endpoints of a process for its health.
  static func health(_ path: String, port: Int, initialDelay: Int, period: Int) -> Probe {
    var probe = Probe()
    probe.httpGet = .init(path: path, port: .int(port))
    probe.initialDelaySeconds = initialDelay
    probe.periodSeconds = period
    probe.failureThreshold = 3
    return probe
  }
}
