import KubernetesAPI

/// The roles of the service accounts, each with its binding, under upstream's names: what the
/// processes use and no more. Secrets are readable in the namespace only.
struct Roles {
  let platform: Platform
  let namespace: String

  func objects() throws -> [RenderedObject] {
    try operatorRoles() + controllerRoles() + speakerRoles() + webhookRoles() + reviewerRoles()
      + frrK8sRoles() + metricsReaderRoles() + prometheusRoles()
  }

  /// A role for the whole cluster, bound to accounts of the namespace.
  func clusterRole(
    _ name: String, binding: String, accounts: [String], _ rules: [PolicyRule]
  ) throws -> [RenderedObject] {
    [
      try RenderedObject(ClusterRole(metadata: ObjectMeta(name: name), rules: rules)),
      try RenderedObject(
        ClusterRoleBinding(
          metadata: ObjectMeta(name: binding),
          roleRef: RoleReference(kind: "ClusterRole", name: name), subjects: subjects(accounts))),
    ]
  }

  /// A role in one namespace, by default the operator's own.
  func role(
    _ name: String, binding: String? = nil, in other: String? = nil, accounts: [String],
    _ rules: [PolicyRule]
  ) throws -> [RenderedObject] {
    let namespace = other ?? namespace
    return [
      try RenderedObject(
        Role(metadata: ObjectMeta(name: name, namespace: namespace), rules: rules)),
      try RenderedObject(
        RoleBinding(
          metadata: ObjectMeta(name: binding ?? name, namespace: namespace),
          roleRef: RoleReference(kind: "Role", name: name), subjects: subjects(accounts))),
    ]
  }

  private func subjects(_ accounts: [String]) -> [Subject] {
    accounts.map { Subject(kind: "ServiceAccount", name: $0, namespace: namespace) }
  }

  /// OpenShift's own Prometheus has to be let into the namespace to find what ServiceMonitors select.
  private func prometheusRoles() throws -> [RenderedObject] {
    guard platform == .openshift else { return [] }
    let name = "prometheus-k8s"
    let prometheus = Subject(
      kind: "ServiceAccount", name: name, namespace: "openshift-monitoring")
    return [
      try RenderedObject(
        Role(
          metadata: ObjectMeta(name: name, namespace: namespace),
          rules: [.allow(Verbs.read, "endpoints", "pods", "services")])),
      try RenderedObject(
        RoleBinding(
          metadata: ObjectMeta(name: name, namespace: namespace),
          roleRef: RoleReference(kind: "Role", name: name), subjects: [prometheus])),
    ]
  }

  /// Processes that ask the API server who scrapes their metrics.
  private func reviewerRoles() throws -> [RenderedObject] {
    try clusterRole(
      "\(namespace):kube-rbac-proxy", binding: "kube-rbac-proxy",
      accounts: [ComponentName.controller, ComponentName.speaker], PolicyRule.reviews)
  }
}

extension PolicyRule {
  /// `group` is empty for the core group.
  static func allow(
    _ verbs: [String], _ resources: String..., group: String = "", named names: [String]? = nil
  ) -> PolicyRule {
    PolicyRule(apiGroups: [group], resources: resources, resourceNames: names, verbs: verbs)
  }

  static let reviews = [
    allow(["create"], "tokenreviews", group: "authentication.k8s.io"),
    allow(["create"], "subjectaccessreviews", group: "authorization.k8s.io"),
  ]
}

/// Verbs that go together.
enum Verbs {
  static let read = ["get", "list", "watch"]
  static let readAndWrite = ["create", "delete", "get", "list", "patch", "update", "watch"]
  static let update = ["get", "patch", "update"]
  /// What a leader election needs of its Lease.
  static let lease = ["create", "get", "patch", "update"]
}
