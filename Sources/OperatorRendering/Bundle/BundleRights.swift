import KubernetesAPI

/// The roles of an installation as a ClusterServiceVersion grants them: rules by service account, for the cluster and
/// for the operator's namespace.
struct BundleRights {
  /// Rules of the whole cluster, by account.
  private(set) var cluster: [(account: String, rules: [JSONValue])] = []
  /// Rules in the operator's namespace, by account.
  private(set) var namespaced: [(account: String, rules: [JSONValue])] = []

  /// Follows each binding to its role.
  init(_ objects: [RenderedObject], namespace: String) {
    var roles: [String: [JSONValue]] = [:]
    for object in objects where object.resource.kind.hasSuffix("Role") {
      roles[object.description] = object.value["rules"]?.arrayValue ?? []
    }
    for binding in objects where binding.resource.kind.hasSuffix("RoleBinding") {
      let reference = binding.value["roleRef"]
      let place = binding.name.namespace
      let role = NamespacedName(namespace: place, name: reference?["name"]?.stringValue ?? "")
      let kind = reference?["kind"]?.stringValue ?? ""
      let rules = roles["\(kind) \(role)"] ?? []
      for subject in binding.value["subjects"]?.arrayValue ?? []
      where subject["namespace"] == .string(namespace) {
        let account = subject["name"]?.stringValue ?? ""
        // A bundle knows two scopes. What is read in other namespaces is limited to names anyway.
        if place == namespace {
          Self.add(rules, to: account, in: &namespaced)
        } else {
          Self.add(rules.map { Self.anywhere($0, not: namespace) }, to: account, in: &cluster)
        }
      }
    }
  }

  /// The lifecycle manager chooses the namespace, so no rule may name it.
  private static func anywhere(_ rule: JSONValue, not namespace: String) -> JSONValue {
    guard rule["resourceNames"] == [.string(namespace)] else { return rule }
    var rule = rule
    rule["resourceNames"] = nil
    return rule
  }

  private static func add(
    _ rules: [JSONValue], to account: String, in list: inout [(account: String, rules: [JSONValue])]
  ) {
    if let index = list.firstIndex(where: { $0.account == account }) {
      list[index].rules += rules
    } else {
      list.append((account, rules))
    }
  }

  static func entries(_ list: [(account: String, rules: [JSONValue])]) -> JSONValue {
    .array(
      list.map { ["serviceAccountName": .string($0.account), "rules": .array($0.rules)] })
  }
}
