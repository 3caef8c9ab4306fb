import KubernetesAPI

/// The headless Services through which Prometheus finds metrics.
///
/// OpenShift gets them always: their annotation is what makes it issue the serving certificates that
/// the Pods mount.
enum MetricsServices {
  static func render(_ input: RenderingInput) -> [Service] {
    guard input.platform == .openshift || input.environment.monitors == .services else {
      return []
    }
    return MetricsTarget.all(input).map { service($0, input) }
  }

  private static func service(_ target: MetricsTarget, _ input: RenderingInput) -> Service {
    var annotations = ["prometheus.io/scrape": "true", "prometheus.io/scheme": "https"]
    if target == .frrK8s { annotations["prometheus.io/scheme"] = nil }
    if input.platform == .openshift {
      annotations[OpenShiftAnnotation.servingCertificate] = target.certificate
    }
    var spec = Service.Spec()
    spec.clusterIP = "None"
    spec.selector = target.podLabels
    spec.ports = target.ports(input).map { name, port in
      .init(name: name, protocol: "TCP", port: port, targetPort: .string(name))
    }
    let name = target.serviceName
    return Service(
      metadata: ObjectMeta(
        name: name, namespace: input.namespace,
        labels: target.serviceLabels.merging(["name": name]) { $1 }, annotations: annotations),
      spec: spec)
  }
}

/// Pods with metrics.
enum MetricsTarget: String, CaseIterable {
  case controller
  case speaker
  case frrK8s = "frr-k8s"

  static func all(_ input: RenderingInput) -> [MetricsTarget] {
    input.backend == .frrK8s ? allCases : [.controller, .speaker]
  }

  var serviceName: String { "\(rawValue)-monitor-service" }
  var monitorName: String { "\(rawValue)-monitor" }

  var podLabels: [String: String] {
    switch self {
    case .controller, .speaker: ObjectLabel.pod(rawValue)
    case .frrK8s: ObjectLabel.frrK8sPod
    }
  }

  var objectLabels: [String: String] {
    switch self {
    case .controller, .speaker: ObjectLabel.object(rawValue)
    case .frrK8s: ObjectLabel.frrK8sObject
    }
  }

  /// Beside the name.
  fileprivate var serviceLabels: [String: String] { self == .controller ? [:] : objectLabels }

  fileprivate var certificate: String {
    switch self {
    case .controller: ObjectName.controllerServingCertificate
    case .speaker: ObjectName.speakerServingCertificate
    case .frrK8s: ObjectName.frrK8sServingCertificate
    }
  }

  /// Names and numbers of the ports that serve `/metrics` over HTTPS.
  func ports(_ input: RenderingInput) -> [(name: String, port: Int)] {
    let ports = input.environment.ports
    switch self {
    case .controller: return [("metricshttps", ports.metrics)]
    case .speaker:
      return [("metricshttps", ports.metrics)]
        + (input.runsFRRInSpeaker ? [("frrmetricshttps", ports.frrMetrics)] : [])
    case .frrK8s:
      return [("metricshttps", ports.frrK8sMetrics), ("frrmetricshttps", ports.frrK8sFRRMetrics)]
    }
  }
}
