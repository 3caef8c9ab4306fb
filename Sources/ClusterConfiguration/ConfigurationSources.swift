package import KubernetesAPI
package import MetalLBAPI

/// All objects that configure a cluster, as they stand in the API: those of MetalLB's own namespace, and all Namespaces.
package struct ConfigurationSources: Sendable {
  package var ipAddressPools: [IPAddressPool]
  package var l2Advertisements: [L2Advertisement]
  package var bgpAdvertisements: [BGPAdvertisement]
  /// Nil for who may not read them: then no peer counts as unknown.
  package var bgpPeers: [BGPPeer]?
  package var bfdProfiles: [BFDProfile]
  package var communities: [Community]
  /// The ConfigMap of the legacy era, rendered by the operator or written by a user.
  package var legacy: ConfigMap?
  /// For the operator, which decides what goes into the ConfigMap; empty elsewhere. They rank as its entries.
  package var addressPools: [AddressPool]
  /// For pools that select namespaces. Who hands out no addresses leaves them away.
  package var namespaces: [Namespace]
  /// The Secrets of MetalLB's namespace, by name. Nil for who needs no passwords: they are not resolved then, nor missed.
  package var secrets: [String: Secret]?
  /// The labels of all nodes. Nil for who does not know them: what depends on nodes is let pass then.
  package var nodes: [[String: String]]?
  /// What speaks BGP, and so what is possible.
  package var backend: Backend

  package enum Backend: Sendable, Hashable {
    /// Our own engine: it has no limits of its own here.
    case native
    /// FRR, beside the speaker or as frr-k8s: one router for each VRF of a node, and one session for each address.
    case frr
  }

  package init(
    ipAddressPools: [IPAddressPool] = [], l2Advertisements: [L2Advertisement] = [],
    bgpAdvertisements: [BGPAdvertisement] = [], bgpPeers: [BGPPeer]? = nil,
    bfdProfiles: [BFDProfile] = [], communities: [Community] = [], legacy: ConfigMap? = nil,
    addressPools: [AddressPool] = [], namespaces: [Namespace] = [],
    secrets: [String: Secret]? = nil, nodes: [[String: String]]? = nil, backend: Backend = .native
  ) {
    self.ipAddressPools = ipAddressPools
    self.l2Advertisements = l2Advertisements
    self.bgpAdvertisements = bgpAdvertisements
    self.bgpPeers = bgpPeers
    self.bfdProfiles = bfdProfiles
    self.communities = communities
    self.legacy = legacy
    self.addressPools = addressPools
    self.namespaces = namespaces
    self.secrets = secrets
    self.nodes = nodes
    self.backend = backend
  }
}

/// What sources amount to.
package struct ConfigurationAssessment: Sendable, Hashable {
  package var configuration: ValidatedConfiguration
  /// In rank order.
  package var problems: [ConfigurationProblem]
  package var warnings: [ConfigurationWarning]
  /// What a user's ConfigMap says and no object does.
  package var unclaimed: [UnclaimedEntry] = []

  package init(
    configuration: ValidatedConfiguration = ValidatedConfiguration(),
    problems: [ConfigurationProblem] = [], warnings: [ConfigurationWarning] = []
  ) {
    self.configuration = configuration
    self.problems = problems
    self.warnings = warnings
  }

  package var isValid: Bool { problems.isEmpty }

  /// Whether addresses may be missing because of a fault: then nobody may conclude from their absence that they were
  /// taken out of the configuration.
  package var mayMissAddresses: Bool { problems.contains { $0.concernsPools } }
}
