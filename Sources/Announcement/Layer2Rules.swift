package import ClusterConfiguration
import KubernetesAPI
import Layer2
import NetworkAddresses

/// Decides for one node what it announces on layer 2.
///
/// ```
/// Service, EndpointSlices ──▶ ServiceFacts, UsableEndpoints ─┐
/// ValidatedConfiguration ────────────────────────────────────┼─▶ Layer2Rules ──▶ Layer2Decision
/// Nodes, membership ────────▶ ClusterView ───────────────────┘
/// ```
///
/// A pure function of its inputs: who holds an address now has no say, so all speakers that see the same cluster agree.
package struct Layer2Rules: Sendable, Hashable {
  /// The node that decides.
  package var node: String
  /// The class of Services to handle; nil for those without a class.
  package var loadBalancerClass: String?
  /// Whether nodes that are excluded from external load balancers may announce all the same.
  package var ignoresExclusionLabel: Bool

  package init(node: String, loadBalancerClass: String? = nil, ignoresExclusionLabel: Bool = false)
  {
    self.node = node
    self.loadBalancerClass = loadBalancerClass
    self.ignoresExclusionLabel = ignoresExclusionLabel
  }

  /// - Parameters:
  ///   - service: nil when the Service is gone.
  ///   - witnessed: nodes that were heard on the link answering for the Service's addresses. They are alive, whatever
  ///     the members say: of two halves that lost each other, both count the same nodes, and one owner is left.
  package func decide(
    _ service: ServiceFacts?, endpoints: UsableEndpoints, configuration: ValidatedConfiguration,
    cluster: ClusterView, witnessed: Set<String> = []
  ) -> Layer2Decision {
    do throws(WithholdReason) {
      let service = try eligible(service)
      let share = try PoolShare(of: service, configuration)
      guard endpoints.exist else { throw .noUsableEndpoint }
      let advertisements = share.pool.l2Advertisements
        .filter { $0.selectsService(labels: service.labels) }
      let candidates = candidates(
        service, addresses: share.addresses, endpoints: endpoints, advertisements: advertisements,
        cluster: cluster, witnessed: witnessed)
      let leader = Layer2Election.leader(of: share.first, among: candidates)
      if service.hasSharingAnnotation,
        advertisements.contains(where: { !$0.serviceSelectors.isEmpty })
      {
        throw .sharedIPWithServiceSelector(leader: leader)
      }
      guard let own = cluster.nodes[node],
        advertisements.contains(where: { $0.selectsNode(labels: own.labels) })
      else { throw .noMatchingAdvertisement(leader: leader) }
      guard let leader else { throw .noCandidate }
      guard leader == node else { throw .otherNodeLeads(leader) }
      return .announce(
        Layer2Announcement(
          pool: share.pool.name, addresses: share.addresses,
          terms: AnnouncementTerms(
            interfaces: interfaces(of: advertisements, node: node, cluster),
            refreshInterval: advertisements.compactMap(\.refreshInterval).min(),
            detectsDuplicates: advertisements.allSatisfy(\.detectsDuplicates)),
          ignoredEntries: share.ignoredEntries))
    } catch {
      return .withhold(error)
    }
  }

  /// The nodes that may announce the Service, with their scores.
  ///
  /// - Parameters:
  ///   - addresses: those that are to be announced.
  ///   - advertisements: those of the Service's pool that select it, on whatever nodes.
  private func candidates(
    _ service: ServiceFacts, addresses: [IPAddress], endpoints: UsableEndpoints,
    advertisements: [ConfiguredL2Advertisement], cluster: ClusterView, witnessed: Set<String>
  ) -> [Layer2Election.Candidate] {
    var names = cluster.members.union(witnessed).filter { name in
      guard let node = cluster.nodes[name], !node.isNetworkUnavailable,
        ignoresExclusionLabel || !node.isExcluded,
        !service.isLocal || endpoints.nodes.contains(name)
      else { return false }
      return advertisements.contains { $0.selectsNode(labels: node.labels) }
    }
    if cluster.extensions.contains(.interfaceAvailability) {
      let answered = names.reduce(into: [String: Set<AddressFamily>]()) { answered, name in
        let told = families(of: name, advertisements, cluster)
        // Who is heard has an interface, whatever it told last.
        answered[name] =
          told.isEmpty && witnessed.contains(name) ? Set(AddressFamily.allCases) : told
      }
      let wanted = Set(addresses.map(\.family))
      names = names.preferring { !wanted.isDisjoint(with: answered[$0, default: []]) }
      // Of two that lost each other and know different things, neither or both would give way.
      if witnessed.allSatisfy({ cluster.interfaces[$0] != nil }) {
        names = names.preferring { wanted.isSubset(of: answered[$0, default: []]) }
      }
    }
    if cluster.extensions.contains(.draining) {
      names = names.preferring { name in
        guard let triggers = cluster.nodes[name]?.drainTriggers else { return true }
        return advertisements.allSatisfy { $0.drainTriggers.isDisjoint(with: triggers) }
      }
    }
    return names.map { name in
      let labels = cluster.nodes[name]?.labels ?? [:]
      let score = advertisements.reduce(0) { $0 + $1.preference(nodeLabels: labels) }
      return Layer2Election.Candidate(node: name, score: score)
    }
  }

  /// The families for which a node has an interface; of both or none where not all members tell which.
  private func families(
    of node: String, _ advertisements: [ConfiguredL2Advertisement], _ cluster: ClusterView
  ) -> Set<AddressFamily> {
    let selection = interfaces(of: advertisements, node: node, cluster)
    let present = cluster.interfaces[node, default: [:]].filter { selection.contains($0.key) }
    guard cluster.extensions.contains(.familyAvailability) else {
      return present.isEmpty ? [] : Set(AddressFamily.allCases)
    }
    return present.values.reduce([]) { $0.union($1) }
  }

  private func eligible(_ service: ServiceFacts?) throws(WithholdReason) -> ServiceFacts {
    guard let service else { throw .serviceDeleted }
    guard service.isLoadBalancer else { throw .notLoadBalancer }
    guard service.loadBalancerClass == loadBalancerClass else { throw .otherLoadBalancerClass }
    return service
  }

  /// The interfaces of all advertisements that select a node, taken together.
  private func interfaces(
    of advertisements: [ConfiguredL2Advertisement], node: String, _ cluster: ClusterView
  ) -> InterfaceSelection {
    let labels = cluster.nodes[node]?.labels ?? [:]
    return advertisements.filter { $0.selectsNode(labels: labels) }
      .map { $0.interfaces.isEmpty ? .all : .named(Set($0.interfaces)) }
      .reduce(.named([])) { $0.union($1) }
  }
}

extension Set {
  /// The elements that satisfy the condition, or all when none does: rather an owner that is not the best than none.
  fileprivate func preferring(_ condition: (Element) -> Bool) -> Set {
    let preferred = filter(condition)
    return preferred.isEmpty ? self : preferred
  }
}

/// What a Service's status has of a pool. Others may write entries of their own there: host names and addresses of no
/// pool are left alone.
private struct PoolShare {
  var pool: ConfiguredPool
  /// In the order of the status.
  var addresses: [IPAddress] = []
  /// Decides who announces.
  var first: IPAddress
  var ignoredEntries: [String] = []

  init(of service: ServiceFacts, _ configuration: ValidatedConfiguration) throws(WithholdReason) {
    guard !service.addresses.isEmpty else {
      throw service.entriesWithoutAddress.isEmpty ? .noIPAllocated : .invalidIP
    }
    var found: ConfiguredPool?
    for address in service.addresses {
      guard let pool = configuration.pool(containing: address) else {
        ignoredEntries.append("\(address)")
        continue
      }
      guard pool.name == (found ?? pool).name else { throw .ipNotAllowed }
      found = pool
      addresses.append(address)
    }
    guard let found, let first = addresses.first else { throw .ipNotAllowed }
    pool = found
    self.first = first
    ignoredEntries += service.entriesWithoutAddress
  }
}
