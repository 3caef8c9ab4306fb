import KubernetesAPI

/// The headless Services through which Prometheus finds the metrics of controller and speakers.
///
/// OpenShift gets them always: their annotation is what makes it issue the serving certificates that
/// the Pods mount, and without them no Pod would start.
enum MetricsServices {
  static func render(_ input: RenderingInput) -> [Service] {
    guard input.platform == .openshift || input.environment.monitors == .services else {
      return []
    }
    return [
      service(
        ComponentName.controller, labels: [:],
        certificate: ObjectName.controllerServingCertificate, input),
      service(
        ComponentName.speaker, labels: ObjectLabel.object(ComponentName.speaker),
        certificate: ObjectName.speakerServingCertificate, input),
    ]
  }

  private static func service(
    _ component: String, labels: [String: String], certificate: String, _ input: RenderingInput
  ) -> Service {
    let name = "\(component)-monitor-service"
    var annotations = ["prometheus.io/scrape": "true", "prometheus.io/scheme": "https"]
    if input.platform == .openshift {
      annotations["service.beta.openshift.io/serving-cert-secret-name"] = certificate
    }
    var spec = Service.Spec()
    spec.clusterIP = "None"
    spec.selector = ObjectLabel.pod(component)
    spec.ports = [
      .init(
        name: "metricshttps", protocol: "TCP", port: input.environment.ports.metrics,
        targetPort: "metricshttps")
    ]
    return Service(
      metadata: ObjectMeta(
        name: name, namespace: input.namespace, labels: labels.merging(["name": name]) { $1 },
        annotations: annotations),
      spec: spec)
  }
}
