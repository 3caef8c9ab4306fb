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
    var arguments: [String] = []
    let tls = environment.tls
    if !tls.cipherSuites.isEmpty { arguments.append("--tls-cipher-suites=\(tls.cipherSuites)") }
    if !tls.curvePreferences.isEmpty {
      arguments.append("--tls-curve-preferences=\(tls.curvePreferences)")
    }
    if !tls.minVersion.isEmpty { arguments.append("--tls-min-version=\(tls.minVersion)") }
    if platform == .openshift {
      arguments.append("--metrics-cert-dir=\(MountPath.metricsCertificates)")
    }
    return arguments
  }

  var backendVariables: [EnvVar] {
    backend.environmentValue.map { [EnvVar(name: "METALLB_BGP_TYPE", value: $0)] } ?? []
  }

  /// Restarts a process that is stuck. `host` is where to ask; `nil` is the Pod's address.
  func livenessProbe(host: String? = nil) -> Probe {
    probe("/healthz", host: host, initialDelay: 10, period: 10)
  }

  /// Asked early and often, because nothing is announced or assigned before the first success.
  func readinessProbe(host: String? = nil) -> Probe {
    probe("/readyz", host: host, initialDelay: 1, period: 2)
  }

  private func probe(_ path: String, host: String?, initialDelay: Int, period: Int) -> Probe {
    var probe = Probe()
    probe.httpGet = .init(path: path, port: .int(environment.ports.liveness), host: host)
    probe.initialDelaySeconds = initialDelay
    probe.periodSeconds = period
    probe.timeoutSeconds = 1
    probe.successThreshold = 1
    probe.failureThreshold = 3
    return probe
  }

  /// The certificate that OpenShift issues for the Service of the metrics.
  func servingCertificate(secret name: String) -> Volume {
    Volume(name: "metrics-certs", secret: .init(secretName: name))
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

extension Optional<String> {
  fileprivate var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
