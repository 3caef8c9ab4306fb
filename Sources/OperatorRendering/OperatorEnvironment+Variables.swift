extension OperatorEnvironment {
  /// Reads the environment of the operator's container. Variables that upstream's manifests set and
  /// nothing reads any more are ignored.
  package init(variables: [String: String]) throws(OperatorEnvironmentError) {
    var reader = VariableReader(variables: variables)
    // Manifests of the ConfigMap era name it WATCH_NAMESPACE.
    let namespace = reader.required("OPERATOR_NAMESPACE", fallback: "WATCH_NAMESPACE")
    let controller = reader.image("CONTROLLER_IMAGE", isRequired: true)
    let speaker = reader.image("SPEAKER_IMAGE", isRequired: true)
    let frr = reader.image("FRR_IMAGE", isRequired: false)
    let frrK8s = reader.image("FRRK8S_IMAGE", isRequired: false)
    let ports = reader.ports()
    let monitors = reader.monitors()
    let tls = reader.tlsOptions()
    let apiServerPort = reader.port("KUBERNETES_API_PORT")
    let minimumVersion = reader.semanticVersion("CNO_MIN_FRRK8S_VERSION")
    let saidToBeUpstreams = reader.choice("UPSTREAM_IMAGES")
    guard let controller, let speaker, reader.problems.isEmpty else {
      throw OperatorEnvironmentError(problems: reader.problems)
    }
    self.init(
      namespace: namespace,
      images: Images(controller: controller, speaker: speaker, frr: frr, frrK8s: frrK8s),
      ports: ports)
    images.saidToBeUpstreams = saidToBeUpstreams
    self.monitors = monitors
    hasPrometheusRules = reader.isOn("DEPLOY_PROMETHEUSRULES")
    hasNetworkPolicies = !reader.isOn("DISABLE_NETWORK_POLICIES")
    ignoresExclusionLabel = reader.isOn("IGNORE_EXCLUDE_LB")
    self.apiServerPort = apiServerPort
    self.tls = tls
    externalFRRK8sNamespace = reader.value("FRRK8S_EXTERNAL_NAMESPACE")
    usesFRRK8sOfNetworkOperator = reader.isOn("DEPLOY_FRRK8S_FROM_CNO")
    minimumNetworkOperatorVersion = minimumVersion
  }
}

/// Reads variables and collects what is wrong with them. An empty value counts as not set.
private struct VariableReader {
  typealias Problem = OperatorEnvironmentError.Problem

  let variables: [String: String]
  private(set) var problems: [Problem] = []

  init(variables: [String: String]) { self.variables = variables }

  func value(_ name: String) -> String? {
    guard let value = variables[name], !value.isEmpty else { return nil }
    return value
  }

  /// Upstream's rule: on is `true` and nothing else.
  func isOn(_ name: String) -> Bool { variables[name] == "true" }

  /// `nil` when nothing is said.
  mutating func choice(_ name: String) -> Bool? {
    guard let text = value(name) else { return nil }
    if let choice = Bool(text) { return choice }
    problems.append(.notASwitch(name: name, value: text))
    return nil
  }

  mutating func required(_ name: String, fallback: String) -> String {
    if let value = value(name) ?? value(fallback) { return value }
    problems.append(.missing(name))
    return ""
  }

  mutating func image(_ name: String, isRequired: Bool) -> ImageReference? {
    guard let text = value(name) else {
      if isRequired { problems.append(.missing(name)) }
      return nil
    }
    do {
      return try ImageReference(text)
    } catch {
      problems.append(.notAnImage(name: name, value: text, error))
      return nil
    }
  }

  mutating func port(_ name: String) -> Int? {
    guard let text = value(name) else { return nil }
    if let port = Int(text), 1...65535 ~= port { return port }
    problems.append(.notAPort(name: name, value: text))
    return nil
  }

  mutating func ports() -> OperatorEnvironment.Ports {
    var ports = OperatorEnvironment.Ports()
    let names: [(String, WritableKeyPath<OperatorEnvironment.Ports, Int>)] = [
      ("MEMBER_LIST_BIND_PORT", \.memberlist), ("METRICS_PORT", \.metrics),
      ("FRR_METRICS_PORT", \.frrMetrics), ("OPERAND_LIVENESS_PORT", \.liveness),
      ("FRRK8S_HTTPS_METRICS_PORT", \.frrK8sMetrics),
      ("FRRK8S_FRR_HTTPS_METRICS_PORT", \.frrK8sFRRMetrics),
    ]
    for (name, path) in names {
      if let port = port(name) { ports[keyPath: path] = port }
    }
    // The speaker listens on these three whatever the backend is.
    let shared: [(String, Int)] = [
      ("MEMBER_LIST_BIND_PORT", ports.memberlist), ("METRICS_PORT", ports.metrics),
      ("OPERAND_LIVENESS_PORT", ports.liveness),
    ]
    for (index, (name, port)) in shared.enumerated() {
      for (other, otherPort) in shared[..<index] where otherPort == port {
        problems.append(.samePort(other, name, port))
      }
    }
    return ports
  }

  mutating func monitors() -> OperatorEnvironment.Monitors {
    switch (isOn("DEPLOY_SERVICEMONITORS"), isOn("DEPLOY_PODMONITORS")) {
    case (false, false): return .none
    case (true, false): return .services
    case (false, true): return .pods
    case (true, true):
      problems.append(.contradiction("DEPLOY_SERVICEMONITORS=true", "DEPLOY_PODMONITORS=true"))
      return .none
    }
  }

  mutating func tlsOptions() -> OperatorEnvironment.TLSOptions {
    var options = OperatorEnvironment.TLSOptions()
    options.cipherSuites = variables["TLS_CIPHER_SUITES"] ?? ""
    options.curvePreferences = variables["TLS_CURVE_PREFERENCES"] ?? ""
    options.minVersion = variables["TLS_MIN_VERSION"] ?? ""
    if !options.minVersion.isEmpty, !TLSNames.versions.contains(options.minVersion) {
      problems.append(.notATLSVersion(options.minVersion))
    }
    for name in options.cipherSuiteNames where !TLSNames.cipherSuites.contains(name) {
      problems.append(.notACipherSuite(name))
    }
    let curves = options.curvePreferences.split(separator: ",", omittingEmptySubsequences: false)
      .map { UInt16($0) }
    if !options.curvePreferences.isEmpty,
      Set(curves).count != curves.count
        || !curves.allSatisfy({ $0.map(TLSNames.curves.contains) ?? false })
    {
      problems.append(.notACurveList(options.curvePreferences))
    }
    return options
  }

  mutating func semanticVersion(_ name: String) -> SemanticVersion? {
    guard let text = value(name) else { return nil }
    if let version = SemanticVersion(text) { return version }
    problems.append(.notAVersion(name: name, value: text))
    return nil
  }
}
