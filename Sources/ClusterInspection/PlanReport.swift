import ClusterConfiguration
package import KubernetesAPI
package import MetalLBController

/// What `metallb plan` says: which Services a change of the configuration touches, and what is wrong with the change.
package struct PlanReport: Sendable {
  package var plan: AssignmentPlan
  /// Why the change would be refused, or would not be taken as it stands.
  package var problems: [String]
  package var warnings: [String]

  /// - Parameter namespace: MetalLB's own.
  /// - Throws: for a change that cannot be thought through.
  package init(
    _ changes: [ConfigurationChange], to state: ClusterState, namespace: String
  ) throws(ConfigurationChangeError) {
    var after = state
    for change in changes { try after.apply(change, namespace: namespace) }
    // One after the other, as in the running controller: what turns bad stays at its last valid version.
    var assembler = ConfigurationAssembler()
    let old = assembler.assemble(state.sources)
    let new = assembler.assemble(after.sources)
    plan = AssignmentPlan(
      services: state.services, before: old, after: new,
      loadBalancerClass: state.loadBalancerClass, newLoadBalancerClass: after.loadBalancerClass)
    problems = new.problems.filter { !old.problems.contains($0) }.map(\.description)
    warnings = new.warnings.filter { !old.warnings.contains($0) }.map(\.description)
  }

  /// Whether somebody should look before going on.
  package var isDisruptive: Bool { plan.isDisruptive || !problems.isEmpty }

  /// Aligned columns, then problems and warnings, one a line.
  package var text: String { table(isWide: false) }

  /// The same with the pools.
  package var wideText: String { table(isWide: true) }

  private func table(isWide: Bool) -> String {
    var text = ""
    if plan.changes.isEmpty {
      text = "No service changes its address.\n"
    } else {
      func cell(_ items: [String]) -> String { items.isEmpty ? "-" : items.joined(separator: ",") }
      var table = TextTable(
        header: ["NAMESPACE", "SERVICE", "CHANGE", "ADDRESS", "NEW ADDRESS"]
          + (isWide ? ["POOL", "NEW POOL"] : []) + ["REASON"])
      for change in plan.changes {
        table.add(
          [change.service.namespace, change.service.name, change.kind.rawValue]
            + [cell(change.before), cell(change.after)]
            + (isWide ? [cell(change.poolsBefore), cell(change.poolsAfter)] : [])
            + [change.reason])
      }
      text = table.text
    }
    for problem in problems { text += "problem: \(problem)\n" }
    for warning in warnings { text += "warning: \(warning)\n" }
    return text
  }

  package var json: JSONValue {
    [
      "disruptive": .bool(isDisruptive),
      "changes": .array(
        plan.changes.map { change in
          [
            "namespace": .string(change.service.namespace), "name": .string(change.service.name),
            "change": .string(change.kind.rawValue), "before": .strings(change.before),
            "after": .strings(change.after), "poolsBefore": .strings(change.poolsBefore),
            "poolsAfter": .strings(change.poolsAfter), "reason": .string(change.reason),
          ]
        }), "problems": .strings(problems), "warnings": .strings(warnings),
    ]
  }
}
