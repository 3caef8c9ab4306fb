package import KubernetesAPI

/// What a DaemonSet lacks and has too much of: a pure comparison of nodes and Pods.
package struct DaemonSetPlan: Sendable, Hashable {
  /// Nodes that need a Pod, by name.
  package var missing: [String] = []
  /// Pods to delete, by name.
  package var surplus: [String] = []
  package var status = DaemonSet.Status(
    currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0)

  /// The label that names a Pod's template.
  package static let hashLabel = "controller-revision-hash"

  /// - Parameters:
  ///   - pods: those that the DaemonSet owns.
  ///   - hash: of its present template.
  package init(_ daemonSet: DaemonSet, nodes: [Node], pods: [Pod], hash: String) {
    let spec = Self.completed(daemonSet.spec?.template.spec ?? PodSpec())
    let byNode = Dictionary(grouping: pods) { Self.node(of: $0) ?? "" }
    var outdated: [Pod] = []
    var unavailable = 0
    var updated = 0
    for node in nodes.sorted(by: { $0.metadata.name < $1.metadata.name }) {
      let name = node.metadata.name
      let all = byNode[name] ?? []
      let live = all.filter { !$0.isTerminating && $0.isActive }.sorted(by: Self.keepsFirst)
      surplus += all.filter { !$0.isTerminating && !$0.isActive }.map(\.metadata.name)
      guard Self.shouldRun(spec, on: node) else {
        if !live.isEmpty { status.numberMisscheduled += 1 }
        if !Self.mayStay(spec, on: node) { surplus += live.map(\.metadata.name) }
        continue
      }
      status.desiredNumberScheduled += 1
      surplus += live.dropFirst().map(\.metadata.name)
      guard let pod = live.first else {
        unavailable += 1
        // The old Pod has to be gone before the new one may take its ports.
        if all.allSatisfy({ !$0.isTerminating }) { missing.append(name) }
        continue
      }
      status.currentNumberScheduled += 1
      if pod.isReady { status.numberReady += 1 } else { unavailable += 1 }
      if pod.metadata.labels[Self.hashLabel] == hash { updated += 1 } else { outdated.append(pod) }
    }
    let known = Set(nodes.map(\.metadata.name))
    for (name, pods) in byNode where !known.contains(name) {
      surplus += pods.filter { !$0.isTerminating }.map(\.metadata.name)
    }
    roll(daemonSet, outdated, unavailable: unavailable)
    surplus.sort()
    status.updatedNumberScheduled = updated
    status.numberAvailable = status.numberReady
    status.numberUnavailable = status.desiredNumberScheduled - status.numberReady
    status.observedGeneration = daemonSet.metadata.generation
  }

  /// Replaces outdated Pods: those that are not ready at once, others while no more than
  /// `maxUnavailable` (1 when absent) are missing.
  private mutating func roll(_ daemonSet: DaemonSet, _ outdated: [Pod], unavailable: Int) {
    let strategy = daemonSet.spec?.updateStrategy
    guard strategy?["type"]?.stringValue != "OnDelete" else { return }
    let limit = RolloutPlan.Strategy.count(
      strategy?[path: ["rollingUpdate", "maxUnavailable"]] ?? 1,
      of: status.desiredNumberScheduled, roundingUp: true)
    var budget = max(1, limit) - unavailable
    for pod in outdated {
      if !pod.isReady {
        surplus.append(pod.metadata.name)
      } else if budget > 0 {
        budget -= 1
        surplus.append(pod.metadata.name)
      }
    }
  }

  static func shouldRun(_ spec: PodSpec, on node: Node) -> Bool {
    Scheduling.matches(spec, node)
      && Scheduling.untoleratedTaint(of: node, spec, effects: ["NoSchedule", "NoExecute"]) == nil
  }

  /// A Pod that runs stays when a taint appears that only keeps new ones away.
  static func mayStay(_ spec: PodSpec, on node: Node) -> Bool {
    Scheduling.matches(spec, node)
      && Scheduling.untoleratedTaint(of: node, spec, effects: ["NoExecute"]) == nil
  }

  /// Ready Pods are kept before others, then older ones.
  private static func keepsFirst(_ left: Pod, _ right: Pod) -> Bool {
    if left.isReady != right.isReady { return left.isReady }
    let (a, b) = (left.metadata.creationTimestamp, right.metadata.creationTimestamp)
    if let a, let b, a != b { return a < b }
    return left.metadata.name < right.metadata.name
  }

  /// The node that a Pod runs on or, before it is bound, is meant for.
  static func node(of pod: Pod) -> String? {
    if let name = pod.spec?.nodeName, !name.isEmpty { return name }
    let path = [
      "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
    ]
    for term in pod.spec?.affinity?[path: path]?.arrayValue ?? [] {
      for field in term["matchFields"]?.arrayValue ?? []
      where field["key"]?.stringValue == "metadata.name" {
        return field["values"]?[0]?.stringValue
      }
    }
    return nil
  }

  /// With what every DaemonSet tolerates: a node's troubles do not end its daemons.
  static func completed(_ spec: PodSpec) -> PodSpec {
    var spec = spec
    var keys = [
      ("node.kubernetes.io/not-ready", "NoExecute"),
      ("node.kubernetes.io/unreachable", "NoExecute"),
      ("node.kubernetes.io/disk-pressure", "NoSchedule"),
      ("node.kubernetes.io/memory-pressure", "NoSchedule"),
      ("node.kubernetes.io/pid-pressure", "NoSchedule"),
      ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ]
    if spec.hostNetwork == true {
      keys.append(("node.kubernetes.io/network-unavailable", "NoSchedule"))
    }
    spec.tolerations =
      (spec.tolerations ?? [])
      + keys.map { Toleration(key: $0.0, operator: "Exists", effect: $0.1) }
    return spec
  }

  /// The Pod to create on a node. Its affinity names the node and replaces that of the template,
  /// which the node has passed already.
  package static func pod(
    of daemonSet: DaemonSet, on node: String, hash: String
  ) -> Pod {
    let template = daemonSet.spec?.template
    var spec = completed(template?.spec ?? PodSpec())
    let field: JSONValue = [
      "key": "metadata.name", "operator": "In", "values": [.string(node)],
    ]
    var affinity = spec.affinity ?? [:]
    affinity["nodeAffinity"] = [
      "requiredDuringSchedulingIgnoredDuringExecution": [
        "nodeSelectorTerms": [["matchFields": [field]]]
      ]
    ]
    spec.affinity = affinity
    var labels = template?.metadata.labels ?? [:]
    labels[hashLabel] = hash
    return Pod(
      metadata: ObjectMeta(
        name: "\(daemonSet.metadata.name)-\(TemplateHash.randomSuffix())",
        namespace: daemonSet.metadata.namespace, labels: labels,
        annotations: template?.metadata.annotations ?? [:],
        ownerReferences: [
          daemonSet.ownerReference(controller: true, blockOwnerDeletion: true)
        ]), spec: spec)
  }
}
