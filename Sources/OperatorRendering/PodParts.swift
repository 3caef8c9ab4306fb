import KubernetesAPI
import MetalLBAPI

/// What the Pods of both components have in common.
extension RenderingInput {
  /// Flags of both processes, up to those that differ.
  var commonArguments: [String] {
    var arguments = [
      "--port=\(environment.ports.metrics)",
      "--health-probe-port=\(environment.ports.liveness)",
      "--log-level=\(logLevel)",
    ]
    if let name = spec.loadBalancerClass, !name.isEmpty { arguments.append("--lb-class=\(name)") }
    return arguments
  }

  /// The last flags of both processes.
  var tlsArguments: [String] {
    tlsFlags
      + (platform == .openshift ? ["--metrics-cert-dir=\(MountPath.metricsCertificates)"] : [])
  }

  /// What every server is told about TLS.
  var tlsFlags: [String] {
    let tls = environment.tls.forServers
    return [
      ("--tls-cipher-suites", tls.cipherSuites),
      ("--tls-curve-preferences", tls.curvePreferences),
      ("--tls-min-version", tls.minVersion),
    ].filter { !$0.1.isEmpty }.map { "\($0.0)=\($0.1)" }
  }

  var backendVariables: [EnvVar] {
    backend.environmentValue.map { [EnvVar(name: "METALLB_BGP_TYPE", value: $0)] } ?? []
  }

  /// Restarts a process that is stuck. `host` is where to ask; `nil` is the Pod's address. `port` is by
  /// default that of controller and speakers.
  func livenessProbe(port: Int? = nil, host: String? = nil, scheme: String? = nil) -> Probe {
    probe(port, "/healthz", host, scheme, initialDelay: 10, period: 10)
  }

  /// Asked early and often, because nothing is announced or assigned before the first success.
  func readinessProbe(
    _ path: String = "/readyz", port: Int? = nil, host: String? = nil, scheme: String? = nil
  ) -> Probe {
    probe(port, path, host, scheme, initialDelay: 1, period: 2)
  }

  private func probe(
    _ port: Int?, _ path: String, _ host: String?, _ scheme: String?, initialDelay: Int,
    period: Int
  ) -> Probe {
    var probe = Probe()
    probe.httpGet = .init(
      path: path, port: .int(port ?? environment.ports.liveness), host: host, scheme: scheme)
    probe.initialDelaySeconds = initialDelay
    probe.periodSeconds = period
    probe.timeoutSeconds = 1
    probe.successThreshold = 1
    probe.failureThreshold = 3
    return probe
  }

  /// The certificate that OpenShift issues for the Service of the metrics. Optional: what serves no metrics
  /// yet still announces.
  func servingCertificate(secret name: String) -> Volume {
    Volume(name: certificateMount.name, secret: .init(secretName: name, optional: true))
  }

  var certificateMount: VolumeMount {
    VolumeMount(name: "metrics-certs", mountPath: MountPath.metricsCertificates, readOnly: true)
  }
}

enum MountPath {
  static let metricsCertificates = "/etc/metrics"
  static let webhookCertificates = "/tmp/k8s-webhook-server/serving-certs"
  static let memberlistSecret = "/etc/ml_secret_key"
  static let memberlistSettings = "/etc/metallb/memberlist"
  static let excludedInterfaces = "/etc/metallb"
}

extension SecurityContext {
  /// No privilege beyond the capabilities named.
  static func restricted(adding capabilities: [String] = []) -> SecurityContext {
    var context = SecurityContext()
    context.allowPrivilegeEscalation = false
    context.readOnlyRootFilesystem = true
    context.capabilities = .init(add: capabilities.isEmpty ? nil : capabilities, drop: ["ALL"])
    return context
  }
}

extension PodSecurityContext {
  /// On OpenShift the namespace's range decides who a Pod runs as; elsewhere it is nobody.
  static func unprivileged(on platform: Platform) -> PodSecurityContext {
    switch platform {
    case .kubernetes:
      PodSecurityContext(runAsUser: 65534, runAsNonRoot: true, fsGroup: 65534)
    case .openshift: PodSecurityContext(runAsNonRoot: true)
    }
  }
}

extension PodSpec {
  /// What `controllerConfig` or `speakerConfig` says about the Pods of its component.
  mutating func apply(_ configuration: MetalLB.ComponentConfig?) {
    guard let configuration else { return }
    priorityClassName = configuration.priorityClassName.nonEmpty
    runtimeClassName = configuration.runtimeClassName.nonEmpty
    affinity = configuration.affinity
  }

  /// Linux, and what the user adds; a value of the user's for the same key wins.
  static func nodeSelector(adding labels: [String: String]?) -> [String: String] {
    ["kubernetes.io/os": "linux"].merging(labels ?? [:]) { _, users in users }
  }
}

extension Toleration {
  /// Control-plane nodes may hold endpoints and reach the network like any other.
  static let controlPlane = ["master", "control-plane"].map {
    Toleration(
      key: "node-role.kubernetes.io/\($0)", operator: "Exists", effect: "NoSchedule")
  }
}

extension String {
  var trimmingSpaces: String {
    let tail = drop(while: \.isWhitespace)
    return String(tail.reversed().drop(while: \.isWhitespace).reversed())
  }
}

extension Optional<String> {
  fileprivate var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
