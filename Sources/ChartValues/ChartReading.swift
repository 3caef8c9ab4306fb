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
  var areNetworkPoliciesOff = false
  var hasPrometheusRules = false
  var ignoresExclusionLabel = false
  var healthPorts: [String: Int] = [:]
  /// Addresses and options of the pack's manifest flavour, in the words of the ConfigMap.
  var packPool: [String: JSONValue] = [:]

  enum ImageOwner: Hashable, CaseIterable {
    case controller, speaker, frr, frrK8s

    /// What the newest chart that we know runs.
    var ofChart: (repository: String, tag: String) {
      switch self {
      case .controller: ("quay.io/metallb/controller", "v0.16.1")
      case .speaker: ("quay.io/metallb/speaker", "v0.16.1")
      case .frr: ("quay.io/frrouting/frr", "10.5.3")
      case .frrK8s: ("quay.io/metallb/frr-k8s", "v0.0.25")
      }
    }

    /// Whether the chart's own values name a tag, and do not leave it to the version of the chart.
    var hasTagOfChart: Bool { self == .frr }
  }

  struct ImageParts: Hashable {
    var repository: String?
    var tag: String?
    /// Where the repository stands.
    var path = ""
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

  /// Nothing said leaves the choice to the operator, which keeps the backend of a cluster that it takes over. Native is
  /// what the chart does for those who turn its default, frr-k8s, off; `speaker.frr` is off anyway.
  private var backend: String? {
    if isFRRK8sExternal { return "frr-k8s-external" }
    if isFRREnabled == true { return "frr" }
    return isFRRK8sEnabled.map { $0 ? "frr-k8s" : "native" }
  }

  func finishedOptions() -> ChartValues.InstallOptions {
    var options = options
    options.controllerImage = image(.controller) ?? options.controllerImage
    options.speakerImage = image(.speaker) ?? options.speakerImage
    options.frrImage = image(.frr)
    options.frrK8sImage = image(.frrK8s)
    if areNetworkPoliciesOff {
      options.environment["DISABLE_NETWORK_POLICIES"] = "true"
      options.hasDenyPolicy = false
    }
    if hasPrometheusRules { options.environment["DEPLOY_PROMETHEUSRULES"] = "true" }
    if ignoresExclusionLabel { options.environment["IGNORE_EXCLUDE_LB"] = "true" }
    if monitors == ["serviceMonitor"] { options.environment["DEPLOY_SERVICEMONITORS"] = "true" }
    if monitors == ["podMonitor"] { options.environment["DEPLOY_PODMONITORS"] = "true" }
    if let port = healthPorts.values.first, port != 17472 {
      options.environment["OPERAND_LIVENESS_PORT"] = String(port)
    }
    return options
  }

  /// The image that the values name; nil for what the chart's own values say, which leaves the choice to the
  /// installation.
  private func image(_ owner: ImageOwner) -> String? {
    guard let parts = images[owner] else { return nil }
    let chart = owner.ofChart
    let name = parts.repository ?? chart.repository
    if name == chart.repository, parts.tag == (owner.hasTagOfChart ? chart.tag : nil) { return nil }
    let tag = parts.tag ?? chart.tag
    return tag.hasPrefix("sha256:") ? "\(name)@\(tag)" : "\(name):\(tag)"
  }

  /// Repositories without a tag: the chart adds its own version, which the values do not tell.
  private var assumedTags: [ChartProblem] {
    ImageOwner.allCases.compactMap { owner in
      guard let parts = images[owner], let repository = parts.repository, parts.tag == nil,
        repository != owner.ofChart.repository
      else { return nil }
      return ChartProblem(
        .assumed, path: parts.path,
        "without a tag, which would be the chart's version: \(owner.ofChart.tag) is taken; write the tag"
      )
    }
  }

  /// What the chart refuses to render, and what one MetalLB object cannot say.
  func contradictions() -> [ChartProblem] {
    var problems = assumedTags
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
