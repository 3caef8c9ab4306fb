package import MetalLBAPI

/// What of the environment depends on the backend.
extension OperatorEnvironment {
  /// Where the speakers put what they tell frr-k8s; `nil` for a backend without it, and where nobody said.
  package func frrK8sNamespace(of spec: MetalLB.Spec, backend: BGPBackend) -> String? {
    switch backend {
    case .native, .frr: nil
    case .frrK8s: namespace
    case .frrK8sExternal:
      [spec.frrk8sConfig?.namespace, externalFRRK8sNamespace].compactMap(\.self)
        .first { !$0.isEmpty }
    }
  }

  /// What in the environment contradicts a backend, as texts for people. What contradicts every backend is refused
  /// when the environment is read.
  package func problems(of spec: MetalLB.Spec, backend: BGPBackend) -> [String] {
    var problems = portProblems(backend)
    if backend == .frrK8sExternal, frrK8sNamespace(of: spec, backend: backend) == nil {
      problems.append(
        """
        DEPLOY_FRRK8S_FROM_CNO=true needs to know where frr-k8s runs: set FRRK8S_EXTERNAL_NAMESPACE \
        or spec.frrk8sConfig.namespace
        """)
    }
    return problems
  }

  /// Everything but the controller is on the network of its host, where a port has one listener.
  private func portProblems(_ backend: BGPBackend) -> [String] {
    var listeners = [
      ("MEMBER_LIST_BIND_PORT", ports.memberlist), ("METRICS_PORT", ports.metrics),
      ("OPERAND_LIVENESS_PORT", ports.liveness),
    ]
    switch backend {
    case .native, .frrK8sExternal: break
    case .frr: listeners.append(("FRR_METRICS_PORT", ports.frrMetrics))
    case .frrK8s:
      listeners += [
        ("FRRK8S_HTTPS_METRICS_PORT", ports.frrK8sMetrics),
        ("FRRK8S_FRR_HTTPS_METRICS_PORT", ports.frrK8sFRRMetrics),
        ("the health port of frr-k8s", ports.frrK8sHealth),
        ("the webhook port of frr-k8s", ports.frrK8sWebhook),
      ]
    }
    return listeners.enumerated().flatMap { index, listener in
      listeners[..<index].filter { $0.1 == listener.1 }.map {
        """
        \($0.0) and \(listener.0) are both \(listener.1), and with the backend \(backend.rawValue) \
        they are on one host: choose another port
        """
      }
    }
  }
}
