package import NetworkAddresses

/// A pool of addresses, validated: its blocks overlap neither each other nor those of another pool.
package struct Pool: Sendable, Hashable {
  package var name: String
  /// In the order written, ranges split into blocks. Addresses are given out in this order, lowest first.
  package var blocks: [CIDRBlock]
  /// Whether Services that ask for nothing get addresses of this pool.
  package var autoAssign: Bool
  /// Never give out IPv4 addresses that end in `.0` or `.255`.
  package var avoidBuggyIPs: Bool
  /// Which Services the pool is for; nil for a general pool.
  package var serviceAllocation: ServiceAllocation?

  package init(
    name: String, blocks: [CIDRBlock], autoAssign: Bool = true, avoidBuggyIPs: Bool = false,
    serviceAllocation: ServiceAllocation? = nil
  ) {
    self.name = name
    self.blocks = blocks
    self.autoAssign = autoAssign
    self.avoidBuggyIPs = avoidBuggyIPs
    self.serviceAllocation = serviceAllocation
  }
}

/// Which Services a pool is pinned to. Pinned pools are tried before general ones.
package struct ServiceAllocation: Sendable, Hashable {
  /// Lower comes first; 0 comes last.
  package var priority: Int
  /// The namespaces that the pool serves; nil for all, empty for none.
  package var namespaces: Set<String>?
  /// Selectors of which one must match the Service's labels; empty for no restriction.
  package var serviceSelectors: [ServiceSelector]

  package init(
    priority: Int = 0, namespaces: Set<String>? = nil, serviceSelectors: [ServiceSelector] = []
  ) {
    self.priority = priority
    self.namespaces = namespaces
    self.serviceSelectors = serviceSelectors
  }

  func matches(namespace: String) -> Bool {
    namespaces?.contains(namespace) ?? true
  }

  func matches(labels: [String: String]) -> Bool {
    serviceSelectors.isEmpty || serviceSelectors.contains { $0.matches(labels) }
  }
}

/// A label selector: all requirements must hold.
package struct ServiceSelector: Sendable, Hashable {
  package enum Requirement: Sendable, Hashable {
    case isIn(key: String, values: Set<String>)
    case isNotIn(key: String, values: Set<String>)
    case exists(key: String)
    case doesNotExist(key: String)
  }

  package var requirements: [Requirement]

  package init(_ requirements: [Requirement]) {
    self.requirements = requirements
  }

  package func matches(_ labels: [String: String]) -> Bool {
    requirements.allSatisfy { requirement in
      switch requirement {
      case .isIn(let key, let values): labels[key].map(values.contains) ?? false
      // As in Kubernetes, an absent label is not in any set.
      case .isNotIn(let key, let values): labels[key].map { !values.contains($0) } ?? true
      case .exists(let key): labels[key] != nil
      case .doesNotExist(let key): labels[key] == nil
      }
    }
  }
}

/// How full a pool is. Addresses that several Services share count once; numbers stop at `Int64.max`.
package struct PoolCounters: Sendable, Hashable {
  package struct Family: Sendable, Hashable {
    /// Addresses that the pool may give out.
    package var capacity: Int64 = 0
    /// Addresses in use.
    package var assigned: Int64 = 0
    /// Addresses left. A capacity beyond `Int64.max` stays there until it really runs out.
    package var available: Int64 = 0

    package init(capacity: Int64 = 0, assigned: Int64 = 0, available: Int64 = 0) {
      self.capacity = capacity
      self.assigned = assigned
      self.available = available
    }
  }

  package var ipv4: Family
  package var ipv6: Family

  package init(ipv4: Family = Family(), ipv6: Family = Family()) {
    self.ipv4 = ipv4
    self.ipv6 = ipv6
  }
}
