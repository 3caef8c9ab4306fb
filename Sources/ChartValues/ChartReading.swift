import KubernetesAPI
import MetalLBAPI

/// What has been read so far. Values that belong together come one by one and are put together at the end.
struct ChartReading {
  var spec = MetalLB.Spec()
  var options = ChartValues.InstallOptions()
  var objects: [JSONValue] = []
  var problems: [ChartProblem] = []
  /// Repository and tag by component.
  var images: [ImageOwner: ImageParts] = [:]
  /// Of controller and speaker; the object has one for both.
  var logLevels: [String: String] = [:]
  var monitors: Set<String> = []
  var isFRREnabled: Bool?
  var isFRRK8sEnabled: Bool?
  var isFRRK8sExternal = false
  var isSpeakerEnabled = true
  var healthPorts: [String: Int] = [:]

  enum ImageOwner: Hashable { case controller, speaker, frr, frrK8s }

  struct ImageParts: Hashable {
    var repository: String?
    var tag: String?

    /// - Parameter fallback: the chart's repository.
    func reference(_ fallback: String) -> String? {
      guard repository != nil || tag != nil else { return nil }
      let name = repository ?? fallback
      return tag.map { $0.hasPrefix("sha256:") ? "\(name)@\($0)" : "\(name):\($0)" } ?? name
    }
  }

  mutating func note(_ reason: ChartProblem.Reason, _ path: String, _ message: String = "") {
    problems.append(ChartProblem(reason, path: path, message))
  }

  func finishedSpec() -> MetalLB.Spec {
    var spec = spec
    spec.bgpBackend = backend
    // The more talkative of two, so that nobody misses a line that was asked for.
    let order = ["all", "debug", "info", "warn", "error", "none"]
    let levels = logLevels.values.compactMap(order.firstIndex)
    if let level = levels.min(), order[level] != "info" { spec.logLevel = order[level] }
    return spec
  }

  /// Nothing said leaves the choice to the operator, which keeps the backend of a cluster that it takes over.
  private var backend: String? {
    if isFRRK8sExternal { return "frr-k8s-external" }
    if isFRREnabled == true { return "frr" }
    if isFRRK8sEnabled == true { return "frr-k8s" }
    return isFRRK8sEnabled == nil && isFRREnabled == nil ? nil : "native"
  }

  func finishedOptions() -> ChartValues.InstallOptions {
    var options = options
    let registry = "quay.io/metallb"
    options.controllerImage =
      images[.controller]?.reference("\(registry)/controller") ?? options.controllerImage
    options.speakerImage =
      images[.speaker]?.reference("\(registry)/speaker") ?? options.speakerImage
    options.frrImage = images[.frr]?.reference("quay.io/frrouting/frr")
    options.frrK8sImage = images[.frrK8s]?.reference("\(registry)/frr-k8s")
    if monitors == ["serviceMonitor"] { options.environment["DEPLOY_SERVICEMONITORS"] = "true" }
    if monitors == ["podMonitor"] { options.environment["DEPLOY_PODMONITORS"] = "true" }
    if let port = healthPorts.values.first, port != 17472 {
      options.environment["OPERAND_LIVENESS_PORT"] = String(port)
    }
    return options
  }

  /// What the chart refuses to render, and what one MetalLB object cannot say.
  func contradictions() -> [ChartProblem] {
    var problems: [ChartProblem] = []
    func refuse(_ path: String, _ message: String) {
      problems.append(ChartProblem(.contradiction, path: path, message))
    }
    if isFRREnabled == true, isFRRK8sEnabled == true || isFRRK8sExternal {
      refuse("speaker.frr.enabled", "excludes frrk8s: turn one of them off")
    }
    if isFRRK8sEnabled == true, isFRRK8sExternal {
      refuse("frrk8s.external", "excludes frrk8s.enabled: turn one of them off")
    }
    if isFRRK8sExternal, spec.frrk8sConfig?.namespace == nil {
      refuse("frrk8s.external", "needs frrk8s.namespace")
    }
    if isFRRK8sEnabled == true, !isSpeakerEnabled {
      refuse("frrk8s.enabled", "needs the speaker")
    }
    if monitors.count > 1 {
      refuse(
        "prometheus.podMonitor.enabled",
        "excludes prometheus.serviceMonitor.enabled: turn one of them off")
    }
    if Set(healthPorts.values).count > 1 {
      refuse(
        healthPorts.keys.sorted().first ?? "",
        "controller and speaker have one port for all probes: write the same number everywhere")
    }
    if Set(logLevels.values).count > 1 {
      problems.append(
        ChartProblem(
          .withoutEffect, path: "controller.logLevel",
          "there is one level for controller and speaker, the more talkative one is taken"))
    }
    return problems
  }
}
