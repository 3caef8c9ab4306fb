import KubernetesAPI

/// Role-based access: whether the bindings that name a user allow a request.
struct Authorizer: Sendable {
  enum Decision: Sendable, Hashable {
    /// With the binding that allows it, in words.
    case allowed(String)
    case denied(String)
  }

  private struct Rule: Sendable {
    var verbs: Set<String>
    var groups: Set<String>
    var resources: Set<String>
    var names: Set<String>
    var paths: [String]
    var json: JSONValue

    init(_ json: JSONValue) {
      func texts(_ field: String) -> [String] {
        (json[field]?.arrayValue ?? []).compactMap(\.stringValue)
      }
      verbs = Set(texts("verbs"))
      groups = Set(texts("apiGroups"))
      resources = Set(texts("resources"))
      names = Set(texts("resourceNames"))
      paths = texts("nonResourceURLs")
      self.json = json
    }

    func allows(_ request: RequestAttributes) -> Bool {
      guard verbs.contains("*") || verbs.contains(request.verb) else { return false }
      guard request.isResource else {
        return paths.contains { path in
          path == "*" || path == request.path
            || path.hasSuffix("*") && request.path.hasPrefix(path.dropLast())
        }
      }
      guard groups.contains("*") || groups.contains(request.group) else { return false }
      let combined =
        request.subresource.isEmpty
        ? request.resource : "\(request.resource)/\(request.subresource)"
      guard
        resources.contains("*") || resources.contains(combined)
          || !request.subresource.isEmpty && resources.contains("*/\(request.subresource)")
      else { return false }
      let name = request.name.isEmpty ? request.authorizedName : request.name
      return names.isEmpty || names.contains(name)
    }
  }

  private struct Binding: Sendable {
    var namespace: String
    var name: String
    var subjects: [JSONValue]
    var roleKind: String
    var role: String
    /// `nil` when there is no such role.
    var rules: [Rule]?
    var description: String

    var missingRole: String {
      "\(roleKind.lowercased()).rbac.authorization.k8s.io \(JSONValue.string(role).jsonText) not found"
    }

    func binds(_ user: UserInfo) -> JSONValue? {
      subjects.first { subject in
        let name = subject["name"]?.stringValue ?? ""
        switch subject["kind"]?.stringValue {
        case "User": return name == user.name
        case "Group": return user.groups.contains(name)
        case "ServiceAccount":
          let account = ServiceAccountName(
            namespace: subject["namespace"]?.stringValue ?? namespace, name: name)
          return account.user == user.name
        default: return false
        }
      }
    }
  }

  private let bindings: [Binding]
  /// By `namespace/name`.
  private let roles: [String: [Rule]]

  static let tables = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map {
    ResourceDefinition.StorageKey(group: "rbac.authorization.k8s.io", plural: $0)
  }

  init(state: StoreState) {
    let group = "rbac.authorization.k8s.io"
    func table(_ plural: String) -> [JSONValue] {
      state[ResourceDefinition.StorageKey(group: group, plural: plural)].objects.compactMap {
        try? JSONValue(parsing: $0.body)
      }
    }
    var roles: [String: [Rule]] = [:]
    for role in table("roles") + table("clusterroles") {
      roles["\(role.objectNamespace)/\(role.objectName)"] =
        (role["rules"]?.arrayValue ?? []).map(Rule.init)
    }
    self.roles = roles
    bindings = (table("clusterrolebindings") + table("rolebindings")).map { binding in
      let reference = binding["roleRef"] ?? [:]
      let role = reference["name"]?.stringValue ?? ""
      let roleKind = reference["kind"]?.stringValue ?? ""
      let namespace = binding.objectNamespace
      let key = roleKind == "ClusterRole" ? "/\(role)" : "\(namespace)/\(role)"
      let what =
        namespace.isEmpty
        ? "ClusterRoleBinding \"\(binding.objectName)\""
        : "RoleBinding \"\(binding.objectName)/\(namespace)\""
      return Binding(
        namespace: namespace, name: binding.objectName,
        subjects: binding["subjects"]?.arrayValue ?? [], roleKind: roleKind, role: role,
        rules: roles[key],
        description: "RBAC: allowed by \(what) of \(roleKind) \"\(role)\" to ")
    }
  }

  /// The rules of a Role, or of a ClusterRole where the namespace is empty; `nil` if there is none.
  func rules(ofRole name: String, namespace: String) -> [JSONValue]? {
    roles["\(namespace)/\(name)"]?.map(\.json)
  }

  func allows(_ user: UserInfo, _ request: RequestAttributes) -> Bool {
    if case .allowed = decide(user, request) { true } else { false }
  }

  func decide(_ user: UserInfo, _ request: RequestAttributes) -> Decision {
    var missing: [String] = []
    for binding in bindings {
      guard
        binding.namespace.isEmpty
          || request.isResource && binding.namespace == request.namespace
      else { continue }
      guard let subject = binding.binds(user) else { continue }
      guard let rules = binding.rules else {
        missing.append(binding.missingRole)
        continue
      }
      if rules.contains(where: { $0.allows(request) }) {
        return .allowed(binding.description + Self.describe(subject, binding.namespace))
      }
    }
    return .denied(missing.isEmpty ? "" : "RBAC: \(Self.aggregate(missing))")
  }

  /// Several errors as one text.
  private static func aggregate(_ texts: [String]) -> String {
    var seen: Set<String> = []
    let distinct = texts.filter { seen.insert($0).inserted }
    return distinct.count == 1 ? distinct[0] : "[\(distinct.joined(separator: ", "))]"
  }

  private static func describe(_ subject: JSONValue, _ namespace: String) -> String {
    let kind = subject["kind"]?.stringValue ?? ""
    let name = subject["name"]?.stringValue ?? ""
    if kind == "ServiceAccount" {
      return "\(kind) \"\(name)/\(subject["namespace"]?.stringValue ?? namespace)\""
    }
    return "\(kind) \"\(name)\""
  }

  /// `SelfSubjectRulesReview.status`
  func rules(of user: UserInfo, namespace: String) -> JSONValue {
    var resources: [JSONValue] = []
    var paths: [JSONValue] = []
    var missing: [String] = []
    for binding in bindings
    where (binding.namespace.isEmpty || binding.namespace == namespace)
      && binding.binds(user) != nil
    {
      guard let rules = binding.rules else {
        missing.append(binding.missingRole)
        continue
      }
      for rule in rules {
        if rule.paths.isEmpty { resources.append(rule.json) } else { paths.append(rule.json) }
      }
    }
    var status: JSONValue = [
      "resourceRules": .array(resources), "nonResourceRules": .array(paths), "incomplete": false,
    ]
    if !missing.isEmpty { status["evaluationError"] = .string(Self.aggregate(missing)) }
    return status
  }

  /// 403 in the words of a real server.
  static func forbidden(
    _ user: UserInfo, _ request: RequestAttributes, why: String
  ) -> APIError {
    let who = "User \(JSONValue.string(user.name).jsonText) cannot \(request.verb)"
    guard request.isResource else {
      return APIError(
        code: 403, reason: "Forbidden",
        message: "forbidden: \(who) path \"\(request.path)\"", details: APIStatus.Details())
    }
    let resource =
      request.subresource.isEmpty
      ? request.resource : "\(request.resource)/\(request.subresource)"
    let scope =
      request.namespace.isEmpty
      ? "at the cluster scope" : "in the namespace \"\(request.namespace)\""
    let kind = ResourceKind(group: request.group, version: "", kind: "", plural: request.resource)
    return .forbidden(
      kind, request.name,
      "\(who) resource \"\(resource)\" in API group \"\(request.group)\" \(scope)"
        + (why.isEmpty ? "" : ": \(why)"))
  }
}
