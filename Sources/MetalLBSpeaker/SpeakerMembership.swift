import KubernetesAPI

/// Which nodes have a speaker that is alive, as far as the API server knows.
enum SpeakerMembership {
  /// The ready Nodes with a ready speaker that is not about to end. All speakers see the same objects, so all come to
  /// the same set.
  ///
  /// - Parameter speakers: the Pods of all speakers; nil when every Node counts as having one.
  static func members(nodes: [Node], speakers: [Pod]?) -> Set<String> {
    let ready = Set(nodes.filter(\.isReady).map(\.metadata.name))
    guard let speakers else { return ready }
    let alive = speakers.filter { $0.isReady && $0.metadata.deletionTimestamp == nil }
    return ready.intersection(alive.compactMap { $0.spec?.nodeName })
  }
}

extension Node {
  var isReady: Bool { condition("Ready") == "True" }
}
