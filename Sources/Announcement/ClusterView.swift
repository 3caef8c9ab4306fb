package import KubernetesAPI

/// What deciding needs to know of a Node.
package struct NodeFacts: Sendable, Hashable {
  package var labels: [String: String]
  /// The condition `NetworkUnavailable` is `True`.
  package var isNetworkUnavailable: Bool

  package init(labels: [String: String] = [:], isNetworkUnavailable: Bool = false) {
    self.labels = labels
    self.isNetworkUnavailable = isNetworkUnavailable
  }

  package init(_ node: Node) {
    labels = node.metadata.labels
    isNetworkUnavailable = node.condition("NetworkUnavailable") == "True"
  }

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

  package init(nodes: [String: NodeFacts] = [:], members: Set<String> = []) {
    self.nodes = nodes
    self.members = members
  }
}
