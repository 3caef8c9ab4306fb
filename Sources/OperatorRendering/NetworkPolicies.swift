import KubernetesAPI

/// What Pods of the namespace may talk to. Speakers are on the host's network, where no policy holds.
enum NetworkPolicies {
  /// Rendered with the workloads: the controller reaches the API server, anyone its metrics.
  static func controller(_ input: RenderingInput) -> NetworkPolicy {
    policy(
      ComponentName.controller, namespace: input.namespace,
      pods: ObjectLabel.pod(ComponentName.controller), egress: input.apiServerPorts,
      ingress: ["metricshttps"])
  }

  /// - Parameter egress: ports of any host; none means all of TCP.
  static func policy(
    _ name: String, namespace: String, pods: [String: String], egress: [Int],
    ingress: [IntOrString]
  ) -> NetworkPolicy {
    NetworkPolicy(
      metadata: ObjectMeta(name: name, namespace: namespace),
      spec: .init(
        podSelector: LabelSelector(matchLabels: pods), policyTypes: ["Egress", "Ingress"],
        ingress: [.init(ports: ingress.map { .init(port: $0) })],
        egress: [.init(ports: egress.isEmpty ? [.init()] : egress.map { .init(port: .int($0)) })]))
  }

  /// Nothing in, nothing out, for every Pod that no other policy speaks of.
  static func denyAll(namespace: String) -> NetworkPolicy {
    NetworkPolicy(
      metadata: ObjectMeta(name: "default-deny", namespace: namespace),
      spec: .init(podSelector: LabelSelector(), policyTypes: ["Egress", "Ingress"]))
  }
}

extension OperatorEnvironment {
  /// Ports that the controller's policy lets through.
  ///
  /// - Parameter found: where the API server's endpoints listen. Some network plugins compare with that, others with the
  ///   port of the Service `kubernetes`.
  package func apiServerPorts(found: some Sequence<Int>) -> [Int] {
    var ports = Set(found)
    ports.formUnion(ports.isEmpty ? RenderingInput.defaultAPIServerPorts : [443])
    if let apiServerPort { ports.insert(apiServerPort) }
    return ports.sorted()
  }
}
