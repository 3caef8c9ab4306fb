import KubernetesAPI

/// ClusterRoles with an `aggregationRule` have the rules of all roles that its selectors pick.
struct RoleAggregation {
  let reconciler: Reconciler

  /// Brings all such roles up to date.
  func update(in state: inout StoreState) {
    let roles = state[DefaultRoles.roles].objects
    let values = roles.map { $0.value(Self.kind) }
    for (role, value) in zip(roles, values) {
      let selectors = value.list("aggregationRule", "clusterRoleSelectors").map(LabelQuery.init)
      guard !selectors.isEmpty else { continue }
      var rules: [JSONValue] = []
      for part in values where part.objectName != value.objectName {
        guard selectors.contains(where: { $0.matches(object: part) }) else { continue }
        for rule in part.list("rules") where !rules.contains(rule) { rules.append(rule) }
      }
      // The default roles carry the rules of parts that are not kept one by one.
      if rules.isEmpty, value.text("metadata", "labels", "kubernetes.io/bootstrapping") != "" {
        continue
      }
      guard rules != value.list("rules") else { continue }
      var new = value
      new["rules"] = .array(rules)
      reconciler.write(
        new, over: .init(table: DefaultRoles.roles, key: role.key), in: &state)
    }
  }

  private static let kind = ResourceKind(
    group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole",
    plural: "clusterroles", isNamespaced: false)
}
