import KubernetesAPI
import MetalLBAPI

/// The Deployment `controller`, which gives addresses to Services.
enum ControllerDeployment {
  static func render(_ input: RenderingInput) -> Deployment {
    let configuration = input.spec.controllerConfig
    var pod = PodSpec()
    pod.serviceAccountName = ComponentName.controller
    pod.terminationGracePeriodSeconds = 10
    pod.nodeSelector = PodSpec.nodeSelector(adding: input.spec.controllerNodeSelector)
    pod.tolerations = input.spec.controllerTolerations
    pod.securityContext = .unprivileged(on: input.platform)
    pod.containers = [container(input, resources: configuration?.resources)]
    pod.volumes = volumes(input)
    pod.apply(configuration)

    let labels = ObjectLabel.pod(ComponentName.controller)
    var spec = Deployment.Spec(
      selector: LabelSelector(matchLabels: labels),
      template: PodTemplateSpec(
        metadata: ObjectMeta(labels: labels, annotations: configuration?.annotations ?? [:]),
        spec: pod))
    spec.strategy = ["type": "RollingUpdate"]
    let name = ComponentName.controller
    return Deployment(metadata: input.metadata(name, component: name), spec: spec)
  }

  private static func container(_ input: RenderingInput, resources: JSONValue?) -> Container {
    var container = Container(
      name: ComponentName.controller, image: input.environment.images.controller.description)
    // Always named: one image serves every component, and upstream's has the same path.
    container.command = ["/controller"]
    container.args = input.commonArguments + ["--webhook-mode=disabled"] + input.tlsArguments
    container.env =
      [
        EnvVar(name: "METALLB_POD_NAME", fieldPath: "metadata.name"),
        EnvVar(name: "METALLB_ML_SECRET_NAME", value: ObjectName.memberlistSecret),
        EnvVar(name: "METALLB_DEPLOYMENT", value: ComponentName.controller),
      ] + input.backendVariables
    container.ports = [
      ContainerPort(
        name: "metricshttps", containerPort: input.environment.ports.metrics, protocol: "TCP")
    ]
    container.livenessProbe = input.livenessProbe()
    container.readinessProbe = input.readinessProbe()
    container.resources = resources
    container.securityContext = .restricted()
    container.volumeMounts = [
      VolumeMount(name: "cert", mountPath: MountPath.webhookCertificates, readOnly: true)
    ]
    if input.platform == .openshift {
      container.volumeMounts?.append(input.certificateMount)
    }
    return container
  }

  private static func volumes(_ input: RenderingInput) -> [Volume] {
    // Optional, because with webhooks disabled nothing reads it.
    let certificate = Volume.SecretSource(
      secretName: ObjectName.webhookCertificate, defaultMode: 0o644, optional: true)
    var volumes = [Volume(name: "cert", secret: certificate)]
    if input.platform == .openshift {
      volumes.append(input.servingCertificate(secret: ObjectName.controllerServingCertificate))
    }
    return volumes
  }
}
