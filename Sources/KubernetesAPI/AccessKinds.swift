// Kinds of rbac.authorization.k8s.io, authentication.k8s.io and authorization.k8s.io.

package struct PolicyRule: Codable, Sendable, Hashable {
  package var apiGroups: [String]?
  package var resources: [String]?
  package var resourceNames: [String]?
  package var nonResourceURLs: [String]?
  package var verbs: [String]

  package init(
    apiGroups: [String]? = nil, resources: [String]? = nil, resourceNames: [String]? = nil,
    nonResourceURLs: [String]? = nil, verbs: [String]
  ) {
    self.apiGroups = apiGroups
    self.resources = resources
    self.resourceNames = resourceNames
    self.nonResourceURLs = nonResourceURLs
    self.verbs = verbs
  }
}

package struct Role: KubernetesResource {
  package static let resource = ResourceKind(
    group: "rbac.authorization.k8s.io", version: "v1", kind: "Role", plural: "roles")

  package var metadata: ObjectMeta
  package var rules: [PolicyRule]?

  package init(metadata: ObjectMeta, rules: [PolicyRule]) {
    self.metadata = metadata
    self.rules = rules
  }
}

package struct ClusterRole: KubernetesResource {
  package static let resource = ResourceKind(
    group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole",
    plural: "clusterroles", isNamespaced: false)

  package var metadata: ObjectMeta
  package var rules: [PolicyRule]?
  package var aggregationRule: JSONValue?

  package init(metadata: ObjectMeta, rules: [PolicyRule]) {
    self.metadata = metadata
    self.rules = rules
  }
}

package struct RoleReference: Codable, Sendable, Hashable {
  package var apiGroup: String
  /// `Role` or `ClusterRole`.
  package var kind: String
  package var name: String

  package init(kind: String, name: String) {
    self.apiGroup = "rbac.authorization.k8s.io"
    self.kind = kind
    self.name = name
  }
}

package struct Subject: Codable, Sendable, Hashable {
  /// `ServiceAccount`, `User` or `Group`.
  package var kind: String
  package var apiGroup: String?
  package var name: String
  package var namespace: String?

  package init(kind: String, apiGroup: String? = nil, name: String, namespace: String? = nil) {
    self.kind = kind
    self.apiGroup = apiGroup
    self.name = name
    self.namespace = namespace
  }
}

package struct RoleBinding: KubernetesResource {
  package static let resource = ResourceKind(
    group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleBinding", plural: "rolebindings")

  package var metadata: ObjectMeta
  package var roleRef: RoleReference
  package var subjects: [Subject]?

  package init(metadata: ObjectMeta, roleRef: RoleReference, subjects: [Subject]) {
    self.metadata = metadata
    self.roleRef = roleRef
    self.subjects = subjects
  }
}

package struct ClusterRoleBinding: KubernetesResource {
  package static let resource = ResourceKind(
    group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRoleBinding",
    plural: "clusterrolebindings", isNamespaced: false)

  package var metadata: ObjectMeta
  package var roleRef: RoleReference
  package var subjects: [Subject]?

  package init(metadata: ObjectMeta, roleRef: RoleReference, subjects: [Subject]) {
    self.metadata = metadata
    self.roleRef = roleRef
    self.subjects = subjects
  }
}

/// Asks the API server whose token this is.
package struct TokenReview: KubernetesResource {
  package static let resource = ResourceKind(
    group: "authentication.k8s.io", version: "v1", kind: "TokenReview", plural: "tokenreviews",
    isNamespaced: false)

  package var metadata: ObjectMeta
  package var spec: Spec
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    package var token: String?
    package var audiences: [String]?
  }

  package struct Status: Codable, Sendable, Hashable {
    package var authenticated: Bool?
    package var user: UserInfo?
    package var audiences: [String]?
    package var error: String?
  }

  package struct UserInfo: Codable, Sendable, Hashable {
    package var username: String?
    package var uid: String?
    package var groups: [String]?
    package var extra: [String: [String]]?
  }

  package init(token: String) {
    metadata = ObjectMeta()
    spec = Spec(token: token)
  }
}

/// Asks the API server whether a user may do something.
package struct SubjectAccessReview: KubernetesResource {
  package static let resource = ResourceKind(
    group: "authorization.k8s.io", version: "v1", kind: "SubjectAccessReview",
    plural: "subjectaccessreviews", isNamespaced: false)

  package var metadata: ObjectMeta
  package var spec: Spec
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    package var user: String?
    package var groups: [String]?
    package var uid: String?
    package var extra: [String: [String]]?
    package var nonResourceAttributes: NonResourceAttributes?
  }

  package struct NonResourceAttributes: Codable, Sendable, Hashable {
    package var path: String?
    package var verb: String?
  }

  package struct Status: Codable, Sendable, Hashable {
    package var allowed: Bool
    package var denied: Bool?
    package var reason: String?
    package var evaluationError: String?
  }

  /// May `user` use `verb` (`get`) on `path` (`/metrics`)?
  package init(user: TokenReview.UserInfo, path: String, verb: String) {
    metadata = ObjectMeta()
    spec = Spec(
      user: user.username, groups: user.groups, uid: user.uid, extra: user.extra,
      nonResourceAttributes: NonResourceAttributes(path: path, verb: verb))
  }
}
