package import KubernetesAPI

/// Which node a Pod goes to: a pure decision over nodes and the Pods that are bound to them.
///
/// Obeys `nodeSelector`, required node affinity, taints with NoSchedule and NoExecute, and host
/// ports; prefers nodes with fewer Pods of the same owner, then with fewer Pods. Leaves out:
/// resources, affinity between Pods, topology spread, preemption.
package enum Scheduling {
  package enum Decision: Sendable, Hashable {
    case node(String)
    /// No node fits; the text counts the reasons, as in the Pod's condition.
    case unschedulable(String)
  }

  package static func decide(_ pod: Pod, nodes: [Node], bound: [Pod]) -> Decision {
    let podsByNode = Dictionary(grouping: bound.filter(\.isActive)) { $0.spec?.nodeName ?? "" }
    var reasons: [String: Int] = [:]
    var candidates: [(siblings: Int, pods: Int, name: String)] = []
    for node in nodes {
      let pods = podsByNode[node.metadata.name] ?? []
      if let reason = obstacle(for: pod, on: node, beside: pods) {
        reasons[reason, default: 0] += 1
        continue
      }
      let owner = pod.controllerUID
      let siblings = owner == nil ? 0 : pods.count { $0.controllerUID == owner }
      candidates.append((siblings, pods.count, node.metadata.name))
    }
    if let best = candidates.min(by: <) { return .node(best.name) }
    let counts = reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return .unschedulable(
      "0/\(nodes.count) nodes are available: \(counts.joined(separator: ", ")).")
  }

  /// Why the Pod cannot go to the node; `nil` when it can.
  static func obstacle(for pod: Pod, on node: Node, beside pods: [Pod]) -> String? {
    let spec = pod.spec ?? PodSpec()
    guard matches(spec, node) else { return "node(s) didn't match Pod's node affinity/selector" }
    if let taint = untoleratedTaint(of: node, spec, effects: ["NoSchedule", "NoExecute"]) {
      return "node(s) had untolerated taint {\(taint.key): \(taint.value ?? "")}"
    }
    let taken = Set(pods.flatMap(\.hostPorts))
    if pod.hostPorts.contains(where: taken.contains) {
      return "node(s) didn't have free ports for the requested pod ports"
    }
    return nil
  }

  /// The first taint with one of the effects that the Pod does not tolerate. A cordoned node counts
  /// as tainted.
  static func untoleratedTaint(of node: Node, _ spec: PodSpec, effects: Set<String>) -> Taint? {
    var taints = node.spec?.taints ?? []
    let cordon = Taint(key: "node.kubernetes.io/unschedulable", effect: "NoSchedule")
    if node.spec?.unschedulable == true, !taints.contains(where: { $0.key == cordon.key }) {
      taints.append(cordon)
    }
    return taints.first { taint in
      effects.contains(taint.effect)
        && !(spec.tolerations ?? []).contains { $0.tolerates(taint) }
    }
  }

  /// `nodeSelector` and required node affinity.
  static func matches(_ spec: PodSpec, _ node: Node) -> Bool {
    let labels = node.metadata.labels
    guard (spec.nodeSelector ?? [:]).allSatisfy({ labels[$0.key] == $0.value }) else {
      return false
    }
    let path = [
      "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
    ]
    guard let terms = spec.affinity?[path: path]?.arrayValue else { return true }
    return terms.contains { term in
      let expressions = term["matchExpressions"]?.arrayValue ?? []
      let fields = term["matchFields"]?.arrayValue ?? []
      // A term without requirements matches no node (core/v1 NodeSelectorTerm).
      return !(expressions.isEmpty && fields.isEmpty)
        && expressions.allSatisfy { holds($0, labels[$0["key"]?.stringValue ?? ""]) }
        && fields.allSatisfy {
          $0["key"]?.stringValue == "metadata.name" && holds($0, node.metadata.name)
        }
    }
  }

  /// One `NodeSelectorRequirement` against the value that its key has.
  static func holds(_ requirement: JSONValue, _ value: String?) -> Bool {
    let values = (requirement["values"]?.arrayValue ?? []).compactMap(\.stringValue)
    switch requirement["operator"]?.stringValue {
    case "In": return value.map(values.contains) ?? false
    case "NotIn": return value.map { !values.contains($0) } ?? true
    case "Exists": return value != nil
    case "DoesNotExist": return value == nil
    case "Gt": return compare(value, values.first, >)
    case "Lt": return compare(value, values.first, <)
    default: return false
    }
  }

  private static func compare(
    _ value: String?, _ bound: String?, _ holds: (Int64, Int64) -> Bool
  ) -> Bool {
    guard let value = value.flatMap({ Int64($0) }), let bound = bound.flatMap({ Int64($0) }) else {
      return false
    }
    return holds(value, bound)
  }
}

/// A port of a node that a Pod takes.
struct HostPort: Hashable, Sendable {
  var protocolName: String
  var port: Int
}

extension Pod {
  /// Whether it has not ended.
  package var isActive: Bool { status?.phase != "Succeeded" && status?.phase != "Failed" }

  /// Whether its deletion has begun.
  package var isTerminating: Bool { metadata.deletionTimestamp != nil }

  var controllerUID: String? { metadata.ownerReferences.first { $0.controller == true }?.uid }

  /// Declared host ports; with the host's network every container port is one.
  var hostPorts: [HostPort] {
    (spec?.containers ?? []).flatMap { $0.ports ?? [] }.compactMap { port in
      let number = port.hostPort ?? (spec?.hostNetwork == true ? port.containerPort : nil)
      return number.map { HostPort(protocolName: port.protocol ?? "TCP", port: $0) }
    }
  }
}
