import KubernetesAPI

/// Roles and bindings grant nothing that their author does not hold, unless the author may `escalate`
/// roles or `bind` that very one.
extension ResourceCall {
  func checkEscalation(_ object: JSONValue, old: JSONValue?) async throws {
    guard kind.group == "rbac.authorization.k8s.io", !user.isMaster else { return }
    let authorizer = await store.authorizer()
    if kind.kind.hasSuffix("Binding") {
      if let old, old["roleRef"] == object["roleRef"], old["subjects"] == object["subjects"] {
        return
      }
      try checkBinding(object, authorizer)
    } else {
      if let old, old["rules"] == object["rules"],
        old["aggregationRule"] == object["aggregationRule"]
      {
        return
      }
      let asked = RequestAttributes(
        verb: "escalate", group: kind.group, resource: kind.plural, namespace: key.namespace,
        name: object.objectName)
      if authorizer.allows(user, asked) { return }
      // An aggregated role may come to grant anything.
      let everything: [JSONValue] = [
        ["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]],
        ["nonResourceURLs": ["*"], "verbs": ["*"]],
      ]
      let wanted = object.has("aggregationRule") ? everything : object.list("rules")
      try refuseMissing(wanted, object.objectName, authorizer)
    }
  }

  private func checkBinding(_ binding: JSONValue, _ authorizer: Authorizer) throws {
    let name = binding.text("roleRef", "name")
    let isCluster = binding.text("roleRef", "kind") == "ClusterRole"
    let asked = RequestAttributes(
      verb: "bind", group: kind.group, resource: isCluster ? "clusterroles" : "roles",
      namespace: key.namespace, name: name)
    if authorizer.allows(user, asked) { return }
    guard
      let rules = authorizer.rules(ofRole: name, namespace: isCluster ? "" : key.namespace)
    else { throw APIError.notFound(kind, name) }
    try refuseMissing(rules, binding.objectName, authorizer)
  }

  private func refuseMissing(
    _ wanted: [JSONValue], _ name: String, _ authorizer: Authorizer
  ) throws {
    let held = authorizer.rules(of: user, namespace: key.namespace)
    let missing = PolicyCover.missing(
      wanted, held: held.list("resourceRules") + held.list("nonResourceRules"))
    guard !missing.isEmpty else { return }
    let groups = user.groups.map { JSONValue.string($0).jsonText }.joined(separator: " ")
    throw APIError.forbidden(
      kind, name,
      "user \(JSONValue.string(user.name).jsonText) (groups=[\(groups)]) is attempting to grant RBAC "
        + "permissions not currently held:\n\(missing.joined(separator: "\n"))")
  }
}
