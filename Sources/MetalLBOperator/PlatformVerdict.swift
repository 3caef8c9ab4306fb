/// What the condition `PlatformSupported` says. It advises and never keeps anything from being installed.
struct PlatformVerdict: Sendable, Hashable {
  enum Status: String, Sendable, Hashable, Comparable {
    case supported = "True"
    /// Nobody knows.
    case unknown = "Unknown"
    case unsupported = "False"

    private var weight: Int {
      switch self {
      case .supported: 0
      case .unknown: 1
      case .unsupported: 2
      }
    }

    static func < (left: Self, right: Self) -> Bool { left.weight < right.weight }
  }

  var status: Status
  var reason: MetalLBReason
  var message: String

  static let supported = PlatformVerdict(status: .supported, reason: .supported, message: "")

  /// One thing that speaks against the platform, or that has to be seen to.
  private struct Finding {
    var status: Status
    var reason: MetalLBReason
    var message: String
  }

  /// The worst finding gives status and reason; the message names all of them, the worst first.
  ///
  /// - Parameter loadBalancerClass: of the MetalLB object. Controllers of Services without a class do not get in
  ///   the way of one with a class.
  init(_ facts: PlatformFacts, loadBalancerClass: String? = nil) {
    let findings = Self.findings(facts, hasClass: loadBalancerClass?.isEmpty == false)
    // Stable: of equally bad ones the first counts.
    let ranked = findings.enumerated().sorted {
      ($1.element.status, $0.offset) < ($0.element.status, $1.offset)
    }.map(\.element)
    guard let worst = ranked.first else {
      self = .supported
      return
    }
    self.init(
      status: worst.status, reason: worst.reason,
      message: ranked.map(\.message).joined(separator: "; "))
  }

  private init(status: Status, reason: MetalLBReason, message: String) {
    self.status = status
    self.reason = reason
    self.message = message
  }

  private static func findings(_ facts: PlatformFacts, hasClass: Bool) -> [Finding] {
    var findings: [Finding] = []
    func add(_ status: Status, _ reason: MetalLBReason, _ message: String) {
      findings.append(Finding(status: status, reason: reason, message: message))
    }
    if let version = facts.version, version < .oldestSupported {
      add(
        .unsupported, .kubernetesTooOld,
        """
        Kubernetes \(version) is older than \(KubernetesVersion.oldestSupported), the oldest version \
        that this operator is made for: upgrade the cluster
        """)
    }
    for provider in NodeProvider.allCases {
      guard let count = facts.providers[provider], count > 0 else { continue }
      let place = "\(count == 1 ? "1 node is" : "\(count) nodes are") on \(provider.rawValue)"
      switch provider.support {
      case .works: continue
      case .worksIf(let advice):
        add(.supported, .supportedWithAdvice, "\(place): \(advice)")
      case .fails(let advice): add(.unsupported, .cloudUnsupported, "\(place): \(advice)")
      case .unknown(let advice): add(.unknown, .cloudUnknown, "\(place): \(advice)")
      }
    }
    if let name = facts.otherMetalLB {
      add(
        .unsupported, .otherMetalLBPresent,
        """
        \(name) is a speaker of another MetalLB: both would announce addresses and use the same ports \
        of the nodes; remove one of them
        """)
    }
    if let name = facts.ipFailover {
      add(
        .unsupported, .ipFailoverPresent,
        """
        \(name) moves addresses between nodes by itself, which MetalLB is incompatible with: remove \
        IP failover before you use MetalLB
        """)
    }
    if !hasClass, let name = facts.serviceLBWorkload ?? facts.serviceLBNode.map({ "Node \($0)" }) {
      add(
        .unsupported, .serviceLBPresent,
        """
        ServiceLB of K3s gives addresses to the same Services (\(name)): start the K3s servers with \
        --disable=servicelb, or set spec.loadBalancerClass
        """)
    }
    if facts.isStrictARPMissing {
      add(
        .unsupported, .strictARPRequired,
        """
        kube-proxy runs in IPVS mode without strict ARP, so that every node answers for every \
        address: set ipvs.strictARP to true in ConfigMap kube-system/kube-proxy and restart kube-proxy
        """)
    }
    return findings
  }
}
