package import NetworkAddresses

/// What this node does about a Service on layer 2.
package enum Layer2Decision: Sendable, Hashable {
  case announce(Layer2Announcement)
  case withhold(WithholdReason)
}

/// What this node announces for a Service.
package struct Layer2Announcement: Sendable, Hashable {
  package var pool: String
  /// In the order of the Service's status.
  package var addresses: [IPAddress]
  package var terms: AnnouncementTerms
  /// Further addresses of the Service, which this node cannot answer for.
  package var shortage: InterfaceShortage?
  /// What stands in the status beside the addresses and belongs to no pool: addresses and host names that others wrote.
  package var ignoredEntries: [String]

  package init(
    pool: String, addresses: [IPAddress], terms: AnnouncementTerms, ignoredEntries: [String] = []
  ) {
    self.pool = pool
    self.addresses = addresses
    self.terms = terms
    self.ignoredEntries = ignoredEntries
  }
}

/// Why this node does not announce a Service on layer 2, in the order in which the reasons are checked.
package enum WithholdReason: Error, Hashable {
  case serviceDeleted
  case notLoadBalancer
  /// The Service belongs to another implementation.
  case otherLoadBalancerClass
  case noIPAllocated
  /// No entry of the status is an IP address.
  case invalidIP
  /// No pool contains any of the addresses, or several pools contain them.
  case ipNotAllowed
  /// No endpoint may take traffic.
  case noUsableEndpoint
  /// The Service shares addresses, and an advertisement for it selects Services: those that share might end up on
  /// different nodes. `leader` would announce it otherwise.
  case sharedIPWithServiceSelector(leader: String?)
  /// No advertisement selects the Service and this node. `leader` announces it instead.
  case noMatchingAdvertisement(leader: String?)
  /// No node may announce it.
  case noCandidate
  case otherNodeLeads(String)
}

extension WithholdReason {
  /// The node that announces the Service.
  package var owner: String? {
    switch self {
    case .otherNodeLeads(let leader): leader
    case .noMatchingAdvertisement(let leader): leader
    case .serviceDeleted, .notLoadBalancer, .otherLoadBalancerClass, .noIPAllocated, .invalidIP,
      .ipNotAllowed, .noUsableEndpoint, .sharedIPWithServiceSelector, .noCandidate:
      nil
    }
  }
}

extension WithholdReason: CustomStringConvertible {
  /// The word in log lines; those of upstream where it has one.
  package var description: String {
    switch self {
    case .serviceDeleted: "serviceDeleted"
    case .notLoadBalancer: "notLoadBalancer"
    case .otherLoadBalancerClass: "otherLoadBalancerClass"
    case .noIPAllocated: "noIPAllocated"
    case .invalidIP: "invalidIP"
    case .ipNotAllowed: "ipNotAllowed"
    case .noUsableEndpoint: "noUsableEndpoint"
    case .sharedIPWithServiceSelector: "sharedIPWithServiceSelector"
    case .noMatchingAdvertisement: "noMatchingAdvertisement"
    case .noCandidate: "noCandidate"
    case .otherNodeLeads: "notOwner"
    }
  }
}
