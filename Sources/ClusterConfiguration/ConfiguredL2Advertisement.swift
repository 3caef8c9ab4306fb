package import KubernetesAPI

/// How the addresses of a pool are announced with ARP and NDP. The pools are those it is attached to.
package struct ConfiguredL2Advertisement: Sendable, Hashable {
  /// The object that asks for it.
  package var source: ConfigurationObject
  /// The nodes that may announce: those that match any selector, and all of them when there is none.
  package var nodeSelectors: [LabelSelector]
  /// Names of the host interfaces to announce on, sorted; all of them when empty.
  package var interfaces: [String]
  /// The Services it is for: those that match any selector, and all of them when there is none.
  package var serviceSelectors: [LabelSelector]
  package var preferredNodes: [PreferredNodes]
  /// Whether an address is announced for the first time only when nobody else on the link has it.
  package var detectsDuplicates = true
  /// How often the network is told again who has an address; nil for never.
  package var refreshInterval: Duration?
  /// What makes a node leave its addresses to others.
  package var drainTriggers: Set<DrainTrigger> = []

  /// A state of a Node in which it should not announce, as long as there are others.
  package enum DrainTrigger: String, Sendable, Hashable, CaseIterable {
    /// `spec.unschedulable`, as `kubectl cordon` sets it.
    case cordoned = "Cordoned"
    /// The taint `node.kubernetes.io/out-of-service`.
    case outOfService = "OutOfService"
  }

  /// Nodes that others should come after.
  package struct PreferredNodes: Sendable, Hashable {
    /// 1 to 100.
    package var weight: Int
    /// An empty selector matches every node.
    package var selector: LabelSelector

    package init(weight: Int, selector: LabelSelector) {
      self.weight = weight
      self.selector = selector
    }
  }

  package init(
    source: ConfigurationObject, nodeSelectors: [LabelSelector] = [], interfaces: [String] = [],
    serviceSelectors: [LabelSelector] = [], preferredNodes: [PreferredNodes] = []
  ) {
    self.source = source
    self.nodeSelectors = nodeSelectors
    self.interfaces = interfaces
    self.serviceSelectors = serviceSelectors
    self.preferredNodes = preferredNodes
  }

  package func selectsNode(labels: [String: String]) -> Bool {
    nodeSelectors.isEmpty || nodeSelectors.contains { $0.matches(labels) }
  }

  package func selectsService(labels: [String: String]) -> Bool {
    serviceSelectors.isEmpty || serviceSelectors.contains { $0.matches(labels) }
  }

  /// The sum of the weights of all preferences that the node matches; 0 for a node that may not announce.
  package func preference(nodeLabels labels: [String: String]) -> Int {
    guard selectsNode(labels: labels) else { return 0 }
    return preferredNodes.reduce(0) { $0 + ($1.selector.matches(labels) ? $1.weight : 0) }
  }

  /// Whether the two announce the same. Those with preferences never do: their weights add up.
  func isRedundant(to other: Self) -> Bool {
    preferredNodes.isEmpty && other.preferredNodes.isEmpty && nodeSelectors == other.nodeSelectors
      && interfaces == other.interfaces && serviceSelectors == other.serviceSelectors
      && detectsDuplicates == other.detectsDuplicates && refreshInterval == other.refreshInterval
      && drainTriggers == other.drainTriggers
  }
}
