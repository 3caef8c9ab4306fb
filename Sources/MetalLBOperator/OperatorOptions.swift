package import ControllerRuntime
package import OperatorRendering

/// How one operator runs.
package struct OperatorOptions: Sendable {
  package var environment: OperatorEnvironment
  /// Whether several operators may run, of which one acts.
  package var isLeaderElected: Bool
  package var leaseTiming: LeaseTiming
  /// Whether webhook servers are started anew where they have older TLS settings.
  package var restartsWebhookServers = false
  /// How often the platform check looks at the cluster.
  package var platformSurveyInterval = Duration.seconds(600)
  /// Unique among operators: the Pod's name and a random part.
  package var identity: String

  package init(
    environment: OperatorEnvironment, isLeaderElected: Bool = false,
    leaseTiming: LeaseTiming = LeaseTiming(), identity: String
  ) {
    self.environment = environment
    self.isLeaderElected = isLeaderElected
    self.leaseTiming = leaseTiming
    self.identity = identity
  }

  /// The Lease that operators compete for; upstream's operator competes for the same one.
  package static let leaseName = "metallb.io.metallboperator"
}
