import KubernetesAPI

/// The cluster roles and bindings of a new cluster, as far as clients here meet them.
enum DefaultRoles {
  static let roles = ResourceDefinition.StorageKey(
    group: "rbac.authorization.k8s.io", plural: "clusterroles")
  static let bindings = ResourceDefinition.StorageKey(
    group: "rbac.authorization.k8s.io", plural: "clusterrolebindings")

  static var clusterRoles: [JSONValue] {
    [
      role(
        "cluster-admin", [rule(["*"], groups: ["*"], resources: ["*"]), paths(["*"], verbs: ["*"])]),
      role(
        "system:discovery",
        [
          paths([
            "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
            "/readyz", "/version", "/version/",
          ])
        ]),
      role(
        "system:public-info-viewer",
        [paths(["/healthz", "/livez", "/readyz", "/version", "/version/"])]),
      role(
        "system:basic-user",
        [
          rule(
            ["create"], groups: ["authorization.k8s.io"],
            resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
          rule(
            ["create"], groups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"]),
        ]),
      role(
        "system:service-account-issuer-discovery",
        [
          paths([
            "/.well-known/openid-configuration", "/.well-known/openid-configuration/",
            "/openid/v1/jwks", "/openid/v1/jwks/",
          ])
        ]),
      role(
        "system:auth-delegator",
        [
          rule(["create"], groups: ["authentication.k8s.io"], resources: ["tokenreviews"]),
          rule(["create"], groups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"]),
        ]),
      role("view", viewRules, aggregatedBy: "view"),
      role("edit", viewRules + editRules, aggregatedBy: "edit"),
      role("admin", viewRules + editRules + adminRules, aggregatedBy: "admin"),
    ]
  }

  static var clusterRoleBindings: [JSONValue] {
    [
      binding("cluster-admin", groups: ["system:masters"]),
      binding("system:discovery", groups: ["system:authenticated"]),
      binding("system:basic-user", groups: ["system:authenticated"]),
      binding(
        "system:public-info-viewer", groups: ["system:authenticated", "system:unauthenticated"]),
      binding("system:service-account-issuer-discovery", groups: ["system:serviceaccounts"]),
    ]
  }

  // MARK: What users of a namespace may do

  private static let writeVerbs = [
    "create", "delete", "deletecollection", "patch", "update",
  ]
  private static let readVerbs = ["get", "list", "watch"]
  private static let workloads = [
    "daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale",
    "statefulsets", "statefulsets/scale",
  ]

  private static var viewRules: [JSONValue] {
    [
      rule(
        readVerbs, groups: [""],
        resources: [
          "configmaps", "endpoints", "events", "limitranges", "namespaces",
          "persistentvolumeclaims",
          "persistentvolumeclaims/status", "pods", "pods/log", "pods/status",
          "replicationcontrollers", "replicationcontrollers/scale",
          "replicationcontrollers/status", "resourcequotas", "resourcequotas/status",
          "serviceaccounts", "services", "services/status",
        ]),
      rule(readVerbs, groups: ["discovery.k8s.io"], resources: ["endpointslices"]),
      rule(
        readVerbs, groups: ["apps"],
        resources: workloads + [
          "controllerrevisions", "daemonsets/status", "deployments/status", "replicasets/status",
          "statefulsets/status",
        ]),
      rule(
        readVerbs, groups: ["batch"],
        resources: ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]),
      rule(
        readVerbs, groups: ["networking.k8s.io"],
        resources: ["ingresses", "ingresses/status", "networkpolicies"]),
      rule(
        readVerbs, groups: ["policy"],
        resources: ["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    ]
  }

  private static var editRules: [JSONValue] {
    [
      rule(readVerbs, groups: [""], resources: ["secrets"]),
      rule(["impersonate"], groups: [""], resources: ["serviceaccounts"]),
      rule(
        writeVerbs, groups: [""],
        resources: [
          "configmaps", "events", "persistentvolumeclaims", "pods", "pods/eviction",
          "replicationcontrollers", "replicationcontrollers/scale", "secrets", "serviceaccounts",
          "services",
        ]),
      rule(["create"], groups: [""], resources: ["serviceaccounts/token"]),
      rule(writeVerbs, groups: ["apps"], resources: workloads),
      rule(writeVerbs, groups: ["batch"], resources: ["cronjobs", "jobs"]),
      rule(
        writeVerbs, groups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"]),
      rule(writeVerbs, groups: ["policy"], resources: ["poddisruptionbudgets"]),
      rule(
        readVerbs + writeVerbs, groups: ["coordination.k8s.io"], resources: ["leases"]),
    ]
  }

  private static var adminRules: [JSONValue] {
    [
      rule(
        ["create"], groups: ["authorization.k8s.io"], resources: ["localsubjectaccessreviews"]),
      rule(
        readVerbs + writeVerbs, groups: ["rbac.authorization.k8s.io"],
        resources: ["rolebindings", "roles"]),
    ]
  }

  // MARK: Making them

  private static let labels: JSONValue = ["kubernetes.io/bootstrapping": "rbac-defaults"]

  private static func role(
    _ name: String, _ rules: [JSONValue], aggregatedBy: String? = nil
  ) -> JSONValue {
    var role: JSONValue = [
      "metadata": [
        "name": .string(name), "labels": labels,
        "annotations": ["rbac.authorization.kubernetes.io/autoupdate": "true"],
      ],
      "rules": .array(rules),
    ]
    if let aggregatedBy {
      role["aggregationRule"] = [
        "clusterRoleSelectors": [
          [
            "matchLabels": .object([
              "rbac.authorization.k8s.io/aggregate-to-\(aggregatedBy)": "true"
            ])
          ]
        ]
      ]
    }
    return role
  }

  private static func binding(_ name: String, groups: [String]) -> JSONValue {
    [
      "metadata": [
        "name": .string(name), "labels": labels,
        "annotations": ["rbac.authorization.kubernetes.io/autoupdate": "true"],
      ],
      "roleRef": [
        "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": .string(name),
      ],
      "subjects": .array(
        groups.map {
          ["kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": .string($0)]
        }),
    ]
  }

  private static func rule(
    _ verbs: [String], groups: [String], resources: [String]
  ) -> JSONValue {
    [
      "verbs": .strings(verbs), "apiGroups": .strings(groups), "resources": .strings(resources),
    ]
  }

  private static func paths(_ paths: [String], verbs: [String] = ["get"]) -> JSONValue {
    ["verbs": .strings(verbs), "nonResourceURLs": .strings(paths)]
  }
}
