package import ClusterConfiguration
package import KubernetesAPI
package import NetworkAddresses

/// What deciding needs to know of a Node.
package struct NodeFacts: Sendable, Hashable {
  package var labels: [String: String]
  /// The condition `NetworkUnavailable` is `True`.
  package var isNetworkUnavailable: Bool
  /// The states in which advertisements may want the node to leave its addresses to others.
  package var drainTriggers: Set<ConfiguredL2Advertisement.DrainTrigger>

  package init(
    labels: [String: String] = [:], isNetworkUnavailable: Bool = false,
    drainTriggers: Set<ConfiguredL2Advertisement.DrainTrigger> = []
  ) {
    self.labels = labels
    self.isNetworkUnavailable = isNetworkUnavailable
    self.drainTriggers = drainTriggers
  }

  package init(_ node: Node) {
    labels = node.metadata.labels
    isNetworkUnavailable = node.condition("NetworkUnavailable") == "True"
    drainTriggers = []
    if node.spec?.unschedulable == true { drainTriggers.insert(.cordoned) }
    if node.spec?.taints?.contains(where: { $0.key == Self.outOfServiceTaint }) == true {
      drainTriggers.insert(.outOfService)
    }
  }

  package static let outOfServiceTaint = "node.kubernetes.io/out-of-service"

  /// Present with any value, it takes a node out of external load balancing.
  package static let exclusionLabel = "node.kubernetes.io/exclude-from-external-load-balancers"

  var isExcluded: Bool { labels[Self.exclusionLabel] != nil }
}

/// The cluster at one moment, as all speakers should see it alike.
package struct ClusterView: Sendable, Hashable {
  /// By name.
  package var nodes: [String: NodeFacts]
  /// The nodes whose speaker is alive. Where this comes from (readiness of Pods, gossip) is not our concern.
  package var members: Set<String>
  /// The rules of the election beyond upstream's that all members know, so that all come to the same answer.
  package var extensions: SpeakerMetadata.Capabilities
  /// The interfaces on which each member could announce now, by name, with the families, as the members tell; and of those
  /// that were members, as they told last.
  package var interfaces: [String: [String: Set<AddressFamily>]]

  package init(
    nodes: [String: NodeFacts] = [:], members: Set<String> = [],
    extensions: SpeakerMetadata.Capabilities = [],
    interfaces: [String: [String: Set<AddressFamily>]] = [:]
  ) {
    self.nodes = nodes
    self.members = members
    self.extensions = extensions
    self.interfaces = interfaces
  }

  /// - Parameters:
  ///   - metadata: what each member says of itself; nothing that can be read for other programs.
  ///   - memory: of what members said that may be lost now.
  package init(
    nodes: [String: NodeFacts], metadata: [String: [UInt8]], memory: PeerMemory = PeerMemory()
  ) {
    let told = metadata.compactMapValues { SpeakerMetadata(decoding: $0) }
    let common = told.values.map(\.capabilities).reduce(SpeakerMetadata.Capabilities.known) {
      $0.intersection($1)
    }
    self.init(
      nodes: nodes, members: Set(metadata.keys),
      extensions: told.count == metadata.count ? common : [],
      interfaces: memory.interfaces.merging(told.mapValues(\.interfaces)) { _, told in told })
  }
}
