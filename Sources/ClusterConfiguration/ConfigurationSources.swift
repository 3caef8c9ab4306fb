package import KubernetesAPI
package import MetalLBAPI

/// All objects that configure a cluster, as they stand in the API: those of MetalLB's own namespace, and all Namespaces.
package struct ConfigurationSources: Sendable {
  package var ipAddressPools: [IPAddressPool]
  package var l2Advertisements: [L2Advertisement]
  /// The ConfigMap of the legacy era, rendered by the operator or written by a user.
  package var legacy: ConfigMap?
  /// For the operator, which decides what goes into the ConfigMap; empty elsewhere. They rank as its entries.
  package var addressPools: [AddressPool]
  /// For pools that select namespaces. Who hands out no addresses leaves them away.
  package var namespaces: [Namespace]

  package init(
    ipAddressPools: [IPAddressPool] = [], l2Advertisements: [L2Advertisement] = [],
    legacy: ConfigMap? = nil, addressPools: [AddressPool] = [], namespaces: [Namespace] = []
  ) {
    self.ipAddressPools = ipAddressPools
    self.l2Advertisements = l2Advertisements
    self.legacy = legacy
    self.addressPools = addressPools
    self.namespaces = namespaces
  }
}

/// What sources amount to.
package struct ConfigurationAssessment: Sendable, Hashable {
  package var configuration: ValidatedConfiguration
  /// In rank order.
  package var problems: [ConfigurationProblem]
  package var warnings: [ConfigurationWarning]

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
