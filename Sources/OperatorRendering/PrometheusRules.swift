import KubernetesAPI

/// The PrometheusRule `metallb`: what to raise an alarm about, under the names that upstream's chart gave the alerts.
enum PrometheusRules {
  static func render(_ input: RenderingInput) -> RenderedObject {
    let resource = Monitors.prometheusRule
    return RenderedObject(
      resource: resource,
      value: [
        "apiVersion": .string(resource.apiVersion),
        "kind": .string(resource.kind),
        "metadata": [
          "name": "metallb",
          "namespace": .string(input.namespace),
          "labels": .strings(ObjectLabel.object(ComponentName.controller)),
        ],
        "spec": ["groups": [["name": "metallb.rules", "rules": .array(rules.map(\.value))]]],
      ])
  }

  private struct Rule {
    var name: String
    var expression: String
    var severity = "warning"
    /// How long it has to hold, as Prometheus writes durations.
    var duration = "1m"
    var text: String

    var value: JSONValue {
      [
        "alert": .string(name),
        "expr": .string(expression),
        "for": .string(duration),
        "labels": ["severity": .string(severity)],
        "annotations": ["description": .string(text), "summary": .string(text)],
      ]
    }
  }

  private static let usage =
    "metallb_allocator_addresses_in_use_total / on(pool) metallb_allocator_addresses_total"

  private static let rules =
    [
      Rule(
        name: "MetalLBStaleConfig", expression: "metallb_k8s_client_config_stale_bool == 1",
        text:
          "{{ $labels.pod }} works with an older configuration, because the newest one is invalid"),
      Rule(
        name: "MetalLBConfigNotLoaded", expression: "metallb_k8s_client_config_loaded_bool == 0",
        text: "{{ $labels.pod }} has not loaded a configuration yet"),
      Rule(
        name: "MetalLBAddressPoolExhausted",
        expression:
          "metallb_allocator_addresses_in_use_total >= on(pool) metallb_allocator_addresses_total",
        severity: "critical", text: "every address of pool {{ $labels.pool }} is in use"),
    ]
    + [75, 85, 95].map { percent in
      Rule(
        name: "MetalLBAddressPoolUsage\(percent)Percent",
        expression: "(\(usage)) * 100 > \(percent)",
        text: "more than \(percent) percent of pool {{ $labels.pool }} are in use")
    }
    + [
      Rule(
        name: "MetalLBBGPSessionDown", expression: "metallb_bgp_session_up == 0",
        severity: "critical",
        text: "the BGP session of {{ $labels.pod }} with {{ $labels.peer }} is down")
    ]
}
