import KubernetesAPI
import MetalLBAPI

/// The Deployment `statuscleaner` and what makes it a webhook: it validates `FRRConfiguration` objects, and
/// removes the reports of nodes that are gone.
enum StatusCleaner {
  static func deployment(_ input: RenderingInput) -> Deployment {
    var pod = PodSpec()
    pod.serviceAccountName = AccountName.frrK8s
    pod.hostNetwork = true
    pod.terminationGracePeriodSeconds = 10
    pod.nodeSelector = PodSpec.nodeSelector(adding: nil)
    pod.tolerations = Toleration.controlPlane + (input.spec.speakerTolerations ?? [])
    pod.securityContext = .unprivileged(on: input.platform)
    pod.containers = [container(input)]
    pod.volumes = [
      Volume(
        name: "cert",
        secret: .init(secretName: ObjectName.frrK8sWebhookCertificate, defaultMode: 0o644))
    ]
    var configuration = input.spec.speakerConfig
    configuration?.affinity = nil
    pod.apply(configuration)

    let labels = ObjectLabel.statusCleanerPod
    let annotations = ["kubectl.kubernetes.io/default-container": containerName]
    return Deployment(
      metadata: ObjectMeta(
        name: ComponentName.statusCleaner, namespace: input.namespace,
        labels: ObjectLabel.frrK8sObject.merging(labels) { $1 }),
      spec: .init(
        selector: LabelSelector(matchLabels: labels),
        template: PodTemplateSpec(
          metadata: ObjectMeta(labels: labels, annotations: annotations), spec: pod)))
  }

  private static let containerName = "frr-k8s-statuscleaner"
  private static let portName = "webhook"

  private static func container(_ input: RenderingInput) -> Container {
    let port = input.environment.ports.frrK8sWebhook
    var container = Container(
      name: containerName, image: input.environment.images.effectiveFRRK8s)
    container.command = ["/statuscleaner"]
    // OpenShift issues the certificate; elsewhere the process does, and starts again with it.
    let certificates =
      switch input.platform {
      case .kubernetes: "--restart-on-rotator-secret-refresh=true"
      case .openshift: "--disable-cert-rotation=true"
      }
    container.args =
      [
        "--webhook-port=\(port)", "--log-level=\(input.logLevel)", certificates,
        "--namespace=$(NAMESPACE)",
      ] + input.tlsFlags
    container.env = [EnvVar(name: "NAMESPACE", fieldPath: "metadata.namespace")]
    container.ports = [ContainerPort(name: portName, containerPort: port, protocol: "TCP")]
    container.livenessProbe = input.livenessProbe(port: port, scheme: "HTTPS")
    container.readinessProbe = input.readinessProbe(
      "/healthz", port: port, scheme: "HTTPS")
    container.securityContext = .restricted()
    container.volumeMounts = [
      VolumeMount(name: "cert", mountPath: MountPath.webhookCertificates, readOnly: true)
    ]
    return container
  }

  /// Filled by the process with its certificate; on OpenShift the platform makes the Secret.
  static func secret(_ input: RenderingInput) -> Secret? {
    guard input.platform == .kubernetes else { return nil }
    return Secret(
      metadata: ObjectMeta(name: ObjectName.frrK8sWebhookCertificate, namespace: input.namespace))
  }

  static func service(_ input: RenderingInput) -> Service {
    var spec = Service.Spec()
    spec.selector = ObjectLabel.statusCleanerPod
    spec.ports = [
      .init(protocol: "TCP", port: 443, targetPort: .string(portName))
    ]
    var annotations: [String: String] = [:]
    if input.platform == .openshift {
      annotations[OpenShiftAnnotation.servingCertificate] = ObjectName.frrK8sWebhookCertificate
    }
    return Service(
      metadata: ObjectMeta(
        name: ObjectName.frrK8sWebhookService, namespace: input.namespace, annotations: annotations),
      spec: spec)
  }
}

/// How OpenShift is asked for certificates.
enum OpenShiftAnnotation {
  /// On a Service: the Secret to put a certificate for it into.
  static let servingCertificate = "service.beta.openshift.io/serving-cert-secret-name"
  static let injectsAuthority = "service.beta.openshift.io/inject-cabundle"
}
