import KubernetesAPI
import MetalLBAPI

/// The DaemonSet `speaker`, which announces addresses from the network of its node.
enum SpeakerDaemonSet {
  static func render(_ input: RenderingInput) -> DaemonSet {
    let configuration = input.spec.speakerConfig
    var pod = PodSpec()
    pod.serviceAccountName = ComponentName.speaker
    pod.hostNetwork = true
    pod.terminationGracePeriodSeconds = 30
    pod.nodeSelector = PodSpec.nodeSelector(adding: input.spec.nodeSelector)
    pod.tolerations = Toleration.controlPlane + (input.spec.speakerTolerations ?? [])
    pod.containers = [container(input, resources: configuration?.resources)]
    pod.volumes = volumes(input)
    if input.runsFRRInSpeaker { addFRR(to: &pod, input) }
    pod.apply(configuration)

    let labels = ObjectLabel.pod(ComponentName.speaker)
    var annotations = configuration?.annotations ?? [:]
    if input.platform == .openshift {
      annotations["openshift.io/required-scc"] = ObjectName.speakerSecurityContextConstraints
    }
    var spec = DaemonSet.Spec(
      selector: LabelSelector(matchLabels: labels),
      template: PodTemplateSpec(
        metadata: ObjectMeta(labels: labels, annotations: annotations), spec: pod))
    spec.updateStrategy = ["type": "RollingUpdate"]
    let name = ComponentName.speaker
    return DaemonSet(metadata: input.metadata(name, component: name), spec: spec)
  }

  private static func container(_ input: RenderingInput, resources: JSONValue?) -> Container {
    let ports = input.environment.ports
    var container = Container(
      name: ComponentName.speaker, image: input.environment.images.speaker.description)
    container.command = ["/speaker"]
    container.args =
      input.commonArguments
      + (input.environment.ignoresExclusionLabel ? ["--ignore-exclude-lb"] : [])
      + externalFRRArguments(input) + input.tlsArguments
    container.env = variables(input)
    container.ports = [
      ContainerPort(name: "metricshttps", containerPort: ports.metrics, protocol: "TCP"),
      ContainerPort(name: "memberlist-tcp", containerPort: ports.memberlist, protocol: "TCP"),
      ContainerPort(name: "memberlist-udp", containerPort: ports.memberlist, protocol: "UDP"),
    ]
    container.livenessProbe = input.livenessProbe(host: "127.0.0.1")
    container.readinessProbe = input.readinessProbe(host: "127.0.0.1")
    container.resources = resources
    container.securityContext = .restricted(adding: ["NET_RAW"])
    container.volumeMounts = [
      VolumeMount(
        name: "memberlist-config", mountPath: MountPath.memberlistSettings, readOnly: true),
      VolumeMount(name: "memberlist", mountPath: MountPath.memberlistSecret),
    ]
    if input.runsFRRInSpeaker {
      container.volumeMounts?.append(FRRContainers.Directory.mount(.reloader))
    }
    container.volumeMounts?.append(
      VolumeMount(name: "metallb-excludel2", mountPath: MountPath.excludedInterfaces))
    if input.platform == .openshift {
      container.volumeMounts?.append(input.certificateMount)
    }
    return container
  }

  private static func externalFRRArguments(_ input: RenderingInput) -> [String] {
    guard input.backend == .frrK8sExternal else { return [] }
    let settings = input.spec.frrk8sConfig
    var arguments: [String] = []
    if let namespace = input.environment.frrK8sNamespace(of: input.spec, backend: input.backend) {
      arguments.append("--frrk8s-namespace=\(namespace)")
    }
    if settings?.secretPassthrough == true { arguments.append("--frrk8s-secret-passthrough") }
    return arguments
  }

  private static func variables(_ input: RenderingInput) -> [EnvVar] {
    [
      EnvVar(name: "METALLB_NODE_NAME", fieldPath: "spec.nodeName"),
      EnvVar(name: "METALLB_HOST", fieldPath: "status.hostIP"),
      EnvVar(name: "METALLB_ML_BIND_ADDR", fieldPath: "status.podIP"),
      EnvVar(name: "METALLB_ML_LABELS", value: "app=metallb,component=speaker"),
      EnvVar(name: "METALLB_ML_BIND_PORT", value: String(input.environment.ports.memberlist)),
      EnvVar(name: "METALLB_ML_SECRET_KEY_PATH", value: MountPath.memberlistSecret),
    ] + gossipProfile(input) + input.backendVariables
      + (input.runsFRRInSpeaker ? frrVariables : [])
      + [EnvVar(name: "METALLB_POD_NAME", fieldPath: "metadata.name")]
  }

  /// The default is not written: upstream's speaker, which may run from this too, has no such variable.
  private static func gossipProfile(_ input: RenderingInput) -> [EnvVar] {
    guard let profile = input.spec.extensions?.gossipProfile else { return [] }
    return [EnvVar(name: "METALLB_ML_PROFILE", value: profile)]
  }

  private static func volumes(_ input: RenderingInput) -> [Volume] {
    var volumes = [
      Volume(
        name: "memberlist",
        secret: .init(secretName: ObjectName.memberlistSecret, defaultMode: 0o644)),
      Volume(
        name: "metallb-excludel2",
        configMap: .init(name: ObjectName.excludedInterfaces, defaultMode: 0o400)),
      Volume(
        name: "memberlist-config",
        configMap: .init(name: ObjectName.memberlistSettings, optional: true)),
    ]
    if input.platform == .openshift {
      volumes.append(input.servingCertificate(secret: ObjectName.speakerServingCertificate))
    }
    return volumes
  }
}
