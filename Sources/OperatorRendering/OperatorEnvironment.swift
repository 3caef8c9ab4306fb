/// What the administrator who installed the operator decided, in environment variables: images,
/// ports and switches that hold for everything that it renders.
package struct OperatorEnvironment: Sendable, Hashable {
  /// Where the operator runs and where it renders everything into.
  package var namespace: String
  package var images: Images
  package var ports: Ports
  package var monitors: Monitors
  /// Whether Prometheus is told what to raise alarms about.
  package var hasPrometheusRules: Bool
  /// Whether the controller gets a NetworkPolicy.
  package var hasNetworkPolicies: Bool
  /// A port of the API server for network policies, beside those that are found.
  package var apiServerPort: Int?
  /// Whether speakers announce from Nodes, too, that are excluded from external load balancers by label.
  package var ignoresExclusionLabel: Bool
  package var tls: TLSOptions
  /// Where frr-k8s runs when it is not ours.
  package var externalFRRK8sNamespace: String?
  /// Whether OpenShift's network operator runs frr-k8s.
  package var usesFRRK8sOfNetworkOperator: Bool
  /// The oldest network operator that can.
  package var minimumNetworkOperatorVersion: SemanticVersion?

  package struct Images: Sendable, Hashable {
    package var controller: ImageReference
    package var speaker: ImageReference
    /// For the backends that run FRR; without it they take the image of upstream's charts.
    package var frr: ImageReference?
    package var frrK8s: ImageReference?
    /// Whether controller and speakers are upstream's, where somebody said so.
    package var saidToBeUpstreams: Bool?

    package init(
      controller: ImageReference, speaker: ImageReference, frr: ImageReference? = nil,
      frrK8s: ImageReference? = nil
    ) {
      self.controller = controller
      self.speaker = speaker
      self.frr = frr
      self.frrK8s = frrK8s
    }

    /// Whether controller and speakers are upstream's. Where nobody said, by their names: upstream's are two images,
    /// `…/controller` and `…/speaker`, and ours is one.
    package var areUpstreams: Bool {
      saidToBeUpstreams ?? (controller.name == "controller" && speaker.name == "speaker")
    }

    /// What runs FRR: the image that was named, else the one that upstream's charts name.
    var effectiveFRR: String { frr?.description ?? "quay.io/frrouting/frr:10.5.3" }
    var effectiveFRRK8s: String { frrK8s?.description ?? "quay.io/metallb/frr-k8s:v0.0.25" }
  }

  /// All on the host's network, but for those of the controller.
  package struct Ports: Sendable, Hashable {
    package var memberlist = 7946
    package var metrics = 9120
    package var frrMetrics = 9121
    /// Health of controller and speaker.
    package var liveness = 17472
    package var frrK8sMetrics = 9140
    package var frrK8sFRRMetrics = 9141
    /// Of frr-k8s; cannot be chosen.
    let frrK8sHealth = 7572
    /// Of the status cleaner; cannot be chosen.
    let frrK8sWebhook = 19443

    package init() {}
  }

  /// Which objects tell Prometheus what to scrape.
  package enum Monitors: Sendable, Hashable {
    case none
    case services
    case pods
  }

  /// Handed on to the processes as flags; an empty value leaves the flag out.
  package struct TLSOptions: Sendable, Hashable {
    /// IANA names, separated by commas.
    package var cipherSuites = ""
    /// Numbers of the IANA registry, separated by commas.
    package var curvePreferences = ""
    /// `VersionTLS10` to `VersionTLS13`.
    package var minVersion = ""

    package init() {}
  }

  package init(namespace: String, images: Images, ports: Ports = Ports()) {
    self.namespace = namespace
    self.images = images
    self.ports = ports
    monitors = .none
    hasPrometheusRules = false
    hasNetworkPolicies = true
    ignoresExclusionLabel = false
    tls = TLSOptions()
    usesFRRK8sOfNetworkOperator = false
  }
}

/// Everything that is wrong with the environment, so that one restart suffices to mend it.
package struct OperatorEnvironmentError: Error, Hashable, CustomStringConvertible {
  package enum Problem: Error, Hashable {
    case missing(String)
    case notAPort(name: String, value: String)
    case notAnImage(name: String, value: String, ImageReferenceError)
    case notATLSVersion(String)
    case notACurveList(String)
    case notACipherSuite(String)
    case notAVersion(name: String, value: String)
    case notASwitch(name: String, value: String)
    /// Two settings that exclude each other.
    case contradiction(String, String)
    /// Two listeners of one host on the same port.
    case samePort(String, String, Int)
  }

  package var problems: [Problem]

  package init(problems: [Problem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "; ") }
}

extension OperatorEnvironmentError.Problem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let name):
      "environment variable \(name) is not set"
    case .notAPort(let name, let value):
      "\(name)=\"\(value)\" is not a port: write a number from 1 to 65535"
    case .notAnImage(let name, let value, let error):
      "\(name)=\"\(value)\" is not an image: \(error)"
    case .notATLSVersion(let value):
      "TLS_MIN_VERSION=\"\(value)\" is not a version: write VersionTLS10 to VersionTLS13"
    case .notACurveList(let value):
      "TLS_CURVE_PREFERENCES=\"\(value)\" is not a list of distinct numbers of known curves"
    case .notACipherSuite(let value):
      "TLS_CIPHER_SUITES: \"\(value)\" is not a known cipher suite: write IANA names"
    case .notAVersion(let name, let value):
      "\(name)=\"\(value)\" is not a semantic version"
    case .notASwitch(let name, let value):
      "\(name)=\"\(value)\" says neither yes nor no: write true or false"
    case .contradiction(let first, let second):
      "\(first) and \(second) exclude each other: unset one"
    case .samePort(let first, let second, let port):
      "\(first) and \(second) are both \(port): listeners of one host need different ports"
    }
  }
}
