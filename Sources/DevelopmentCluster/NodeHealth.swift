package import KubernetesAPI

/// What the life cycle of nodes makes of heartbeats: pure, with the time passed in.
///
/// A heartbeat is a change of the node's Lease. What counts is when the change was seen here, not
/// the time that the node wrote, as clocks may differ.
package struct NodeHealth: Sendable {
  package static let unreachable = "node.kubernetes.io/unreachable"
  package static let notReady = "node.kubernetes.io/not-ready"

  /// How long a node may be silent.
  package var gracePeriod: Duration
  private var seen: [String: (version: String, at: ContinuousClock.Instant)] = [:]

  package init(gracePeriod: Duration) { self.gracePeriod = gracePeriod }

  /// Takes in what a node's Lease looks like; `nil` when it has none.
  package mutating func observe(
    _ node: String, leaseVersion: String?, now: ContinuousClock.Instant
  ) {
    let version = leaseVersion ?? ""
    if seen[node]?.version != version { seen[node] = (version, now) }
  }

  package mutating func forget(_ node: String) { seen[node] = nil }

  /// When the node will have been silent for too long; `nil` for one that was never observed.
  package func deadline(_ node: String) -> ContinuousClock.Instant? {
    seen[node]?.at.advanced(by: gracePeriod)
  }

  package func isSilent(_ node: String, now: ContinuousClock.Instant) -> Bool {
    deadline(node).map { now >= $0 } ?? false
  }

  /// The conditions of a silent node: what it last said is unknown now. `nil` when they say so
  /// already.
  package static func conditionsOfSilentNode(
    _ conditions: [NodeCondition], wall: Timestamp
  ) -> [NodeCondition]? {
    var conditions = conditions
    if !conditions.contains(where: { $0.type == "Ready" }) {
      conditions.append(NodeCondition(type: "Ready", status: ""))
    }
    var hasChanged = false
    for index in conditions.indices where conditions[index].status != "Unknown" {
      conditions[index].status = "Unknown"
      conditions[index].reason = "NodeStatusUnknown"
      conditions[index].message = "Kubelet stopped posting node status."
      conditions[index].lastTransitionTime = wall
      hasChanged = true
    }
    return hasChanged ? conditions : nil
  }

  /// The taints that a node's condition `Ready` asks for, in place of those that an earlier state
  /// asked for; others stay. `nil` when nothing changes.
  package static func taints(of node: Node, wall: Timestamp) -> [Taint]? {
    let wanted: [Taint]
    switch node.condition("Ready") {
    case "True": wanted = []
    case "False":
      wanted = [
        Taint(key: notReady, effect: "NoSchedule"), Taint(key: notReady, effect: "NoExecute"),
      ]
    default:
      wanted = [
        Taint(key: unreachable, effect: "NoSchedule"), Taint(key: unreachable, effect: "NoExecute"),
      ]
    }
    let present = node.spec?.taints ?? []
    let others = present.filter { $0.key != notReady && $0.key != unreachable }
    let kept = wanted.map { taint in
      if let same = present.first(where: { $0.key == taint.key && $0.effect == taint.effect }) {
        return same
      }
      var taint = taint
      if taint.effect == "NoExecute" { taint.timeAdded = wall }
      return taint
    }
    let result = others + kept
    return result == present ? nil : result
  }

  /// The conditions of a Pod on a node that is not ready: no longer ready itself. `nil` when it is
  /// not ready anyway.
  package static func conditionsOfLostPod(_ pod: Pod, wall: Timestamp) -> [PodCondition]? {
    var conditions = pod.status?.conditions ?? []
    guard let index = conditions.firstIndex(where: { $0.type == "Ready" }),
      conditions[index].status == "True"
    else { return nil }
    conditions[index].status = "False"
    conditions[index].reason = "NodeNotReady"
    conditions[index].lastTransitionTime = wall
    return conditions
  }

  /// How long a Pod may stay on a node with these taints, from when they were added; `.zero` means
  /// that it has to go at once, `nil` that it may stay. The API server's default is added: five
  /// minutes for a node that is not ready or not reachable.
  package static func stay(of pod: Pod, taints: [Taint]) -> Duration? {
    var shortest: Duration?
    for taint in taints where taint.effect == "NoExecute" {
      let matching = (pod.spec?.tolerations ?? []).filter { $0.tolerates(taint) }
      let limit: Duration?
      if matching.isEmpty {
        limit = taint.key == notReady || taint.key == unreachable ? .seconds(300) : .zero
      } else {
        limit = matching.compactMap(\.tolerationSeconds).min().map { .seconds(max(0, $0)) }
      }
      if let limit { shortest = min(shortest ?? limit, limit) }
    }
    return shortest
  }
}
