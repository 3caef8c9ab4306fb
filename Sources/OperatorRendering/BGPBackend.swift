package import KubernetesAPI
package import MetalLBAPI

/// What speaks BGP for the speakers.
package enum BGPBackend: String, Sendable, Hashable, CaseIterable {
  /// The speaker itself.
  case native
  /// FRR containers beside the speaker.
  case frr
  /// frr-k8s, installed by the operator.
  case frrK8s = "frr-k8s"
  /// frr-k8s, installed by somebody else.
  case frrK8sExternal = "frr-k8s-external"

  /// The backends that the speakers of this version have. With another one, Services are announced
  /// over layer 2 only and the MetalLB object says so.
  package static let available: Set<BGPBackend> = [.native]

  /// Whether the speakers that an image contains have this backend. Upstream's, which this operator
  /// can run too, have all.
  package func isAvailable(with images: OperatorEnvironment.Images) -> Bool {
    images.areUpstreams || Self.available.contains(self)
  }

  /// The value of `METALLB_BGP_TYPE`; absent for native.
  var environmentValue: String? {
    switch self {
    case .native: nil
    case .frr: "frr"
    case .frrK8s, .frrK8sExternal: "frr-k8s"
    }
  }

  /// The backend to use: the one that the object names, else that of the speakers which already run,
  /// so that taking a cluster over resets no session, else the platform's default.
  package static func effective(
    for metalLB: MetalLB, environment: OperatorEnvironment, speaker: DaemonSet?
  ) -> BGPBackend {
    if let named = metalLB.spec?.bgpBackend, let backend = BGPBackend(rawValue: named) {
      return backend
    }
    if let running = speaker.flatMap(BGPBackend.init(speaker:)) { return running }
    return environment.usesFRRK8sOfNetworkOperator ? .frrK8sExternal : .native
  }

  /// The backend that a `speaker` DaemonSet was rendered for, by us or by upstream; `nil` when it
  /// has no container `speaker`.
  package init?(speaker: DaemonSet) {
    let containers = speaker.spec?.template.spec.containers ?? []
    guard let container = containers.first(where: { $0.name == ComponentName.speaker }) else {
      return nil
    }
    let type = container.env?.first { $0.name == "METALLB_BGP_TYPE" }?.value ?? ""
    let isExternal = container.args?.contains { $0.hasPrefix("--frrk8s-namespace=") } ?? false
    switch type {
    case "frr": self = .frr
    case "frr-k8s": self = isExternal ? .frrK8sExternal : .frrK8s
    default: self = .native
    }
  }
}
