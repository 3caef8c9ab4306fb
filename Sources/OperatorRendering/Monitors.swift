package import KubernetesAPI
import MetalLBAPI

/// What the Prometheus operator is told to scrape (`monitoring.coreos.com/v1`).
package enum Monitors {
  package static let serviceMonitor = resource("ServiceMonitor", "servicemonitors")
  package static let podMonitor = resource("PodMonitor", "podmonitors")
  package static let prometheusRule = resource("PrometheusRule", "prometheusrules")
  package static let group = "monitoring.coreos.com"

  /// The kinds in the order in which the objects are applied.
  package static let kinds = [podMonitor, serviceMonitor, prometheusRule]

  private static func resource(_ kind: String, _ plural: String) -> ResourceKind {
    ResourceKind(group: group, version: "v1", kind: kind, plural: plural)
  }

  static func render(_ input: RenderingInput) throws -> [RenderedObject] {
    var objects: [RenderedObject] = []
    switch input.environment.monitors {
    case .none: break
    case .pods: objects += MetricsTarget.all(input).map { podMonitor($0, input) }
    case .services: objects += MetricsTarget.all(input).map { serviceMonitor($0, input) }
    }
    if input.environment.hasPrometheusRules { objects.append(PrometheusRules.render(input)) }
    return objects
  }

  /// The Secret with the token that PodMonitors present; the API server fills it. Its account comes with
  /// the installation.
  static func token(_ input: RenderingInput) -> Secret? {
    guard input.environment.monitors == .pods else { return nil }
    return Secret(
      metadata: ObjectMeta(
        name: ObjectName.metricsToken, namespace: input.namespace,
        annotations: ["kubernetes.io/service-account.name": AccountName.metricsReader]),
      type: "kubernetes.io/service-account-token")
  }

  private static func serviceMonitor(
    _ target: MetricsTarget, _ input: RenderingInput
  ) -> RenderedObject {
    let endpoints = target.ports(input).map { port in
      var endpoint: JSONObject = [
        "port": .string(port.name),
        "honorLabels": true,
        "scheme": "https",
        "bearerTokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token",
        "tlsConfig": tlsConfig(target, input),
      ]
      if target == .frrK8s { endpoint["metricRelabelings"] = renaming }
      return JSONValue.object(endpoint)
    }
    return object(
      serviceMonitor, target.monitorName, target, input,
      spec: [
        "endpoints": .array(endpoints),
        "jobLabel": "app.kubernetes.io/name",
        "namespaceSelector": ["matchNames": [.string(input.namespace)]],
        "selector": ["matchLabels": ["name": .string(target.serviceName)]],
      ])
  }

  private static func podMonitor(
    _ target: MetricsTarget, _ input: RenderingInput
  ) -> RenderedObject {
    let endpoints = target.ports(input).map { port in
      var endpoint: JSONObject = [
        "port": .string(port.name),
        "path": "/metrics",
        "honorLabels": true,
        "scheme": "https",
        "authorization": [
          "credentials": ["name": .string(ObjectName.metricsToken), "key": "token"]
        ],
        // Nothing that a PodMonitor may refer to vouches for the certificates.
        "tlsConfig": ["insecureSkipVerify": true],
      ]
      if target == .frrK8s { endpoint["metricRelabelings"] = renaming }
      return JSONValue.object(endpoint)
    }
    return object(
      podMonitor, target.rawValue, target, input,
      spec: [
        "podMetricsEndpoints": .array(endpoints),
        "jobLabel": "app.kubernetes.io/name",
        "namespaceSelector": ["matchNames": [.string(input.namespace)]],
        "selector": ["matchLabels": .strings(target.podLabels)],
      ])
  }

  /// OpenShift issues the certificates and gives its Prometheus the means to verify them.
  private static func tlsConfig(_ target: MetricsTarget, _ input: RenderingInput) -> JSONValue {
    guard input.platform == .openshift else { return ["insecureSkipVerify": true] }
    let client = "/etc/prometheus/secrets/metrics-client-certs"
    return [
      "caFile": "/etc/prometheus/configmaps/serving-certs-ca-bundle/service-ca.crt",
      "certFile": .string("\(client)/tls.crt"),
      "keyFile": .string("\(client)/tls.key"),
      "serverName": .string("\(target.serviceName).\(input.namespace).svc"),
      "insecureSkipVerify": false,
    ]
  }

  /// Dashboards know the sessions of frr-k8s under the names of MetalLB's own.
  private static let renaming: JSONValue = .array(
    ["bgp", "bfd"].map { family in
      [
        "action": "replace",
        "regex": .string("frrk8s_\(family)_(.*)"),
        "replacement": .string("metallb_\(family)_$1"),
        "sourceLabels": ["__name__"],
        "targetLabel": "__name__",
      ]
    })

  private static func object(
    _ resource: ResourceKind, _ name: String, _ target: MetricsTarget, _ input: RenderingInput,
    spec: JSONValue
  ) -> RenderedObject {
    RenderedObject(
      resource: resource,
      value: [
        "apiVersion": .string(resource.apiVersion),
        "kind": .string(resource.kind),
        "metadata": [
          "name": .string(name),
          "namespace": .string(input.namespace),
          "labels": .strings(target.objectLabels),
        ],
        "spec": spec,
      ])
  }
}
