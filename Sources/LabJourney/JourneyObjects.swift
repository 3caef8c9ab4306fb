internal import KubernetesAPI
internal import MetalLBAPI
internal import NetworkAddresses

/// The objects that the user of a journey creates.
struct JourneyObjects: Sendable {
  /// Where the user's own things are.
  static let namespace = "demo"
  static let name = "echo"
  static let echoPort = 8080

  let operatorNamespace: String
  let addresses: AddressRange
  let replicas: Int

  /// The nodes of a lab are on one switch.
  var metalLB: MetalLB {
    var spec = MetalLB.Spec()
    spec.extensions = MetalLB.Extensions(gossipProfile: "fast")
    return MetalLB(
      metadata: ObjectMeta(name: MetalLB.singletonName, namespace: operatorNamespace), spec: spec)
  }

  var addressPool: AddressPool {
    AddressPool(
      metadata: ObjectMeta(name: "demo", namespace: operatorNamespace),
      spec: AddressPool.Spec(protocol: "layer2", addresses: [addresses.description]))
  }

  var userNamespace: Namespace { Namespace(metadata: ObjectMeta(name: Self.namespace)) }

  var deployment: Deployment {
    var container = Container(name: Self.name, image: ProgramImage.echo)
    container.args = ["--port", String(Self.echoPort)]
    container.ports = [ContainerPort(name: "http", containerPort: Self.echoPort)]
    container.env = [
      EnvVar(name: "NODE_NAME", fieldPath: "spec.nodeName"),
      EnvVar(name: "POD_NAME", fieldPath: "metadata.name"),
    ]
    var probe = Probe()
    probe.httpGet = .init(path: "/", port: "http")
    probe.periodSeconds = 1
    container.readinessProbe = probe
    var security = SecurityContext()
    security.allowPrivilegeEscalation = false
    security.readOnlyRootFilesystem = true
    security.capabilities = .init(drop: ["ALL"])
    container.securityContext = security
    var pod = PodSpec()
    pod.containers = [container]
    pod.automountServiceAccountToken = false
    pod.terminationGracePeriodSeconds = 2
    pod.securityContext = PodSecurityContext(runAsUser: 65534, runAsNonRoot: true)
    let labels = ["app": Self.name]
    var spec = Deployment.Spec(
      selector: LabelSelector(matchLabels: labels),
      template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: pod))
    spec.replicas = replicas
    return Deployment(
      metadata: ObjectMeta(name: Self.name, namespace: Self.namespace), spec: spec)
  }

  var service: Service {
    var spec = Service.Spec(type: "LoadBalancer")
    spec.selector = ["app": Self.name]
    spec.ports = [Service.Port(name: "http", port: 80, targetPort: "http")]
    return Service(metadata: ObjectMeta(name: Self.name, namespace: Self.namespace), spec: spec)
  }
}
