import KubernetesAPI
import KubernetesTesting
import Testing

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlAuthTests {
  @Test func `can-i answers for oneself and for others`() async throws {
    try await withKubectl { kubectl in
      let namespace = kubectl.cluster.namespace
      let robot = "system:serviceaccount:\(namespace):robot"
      #expect(try await kubectl("auth", "can-i", "*", "*") == "yes\n")
      try await kubectl("create", "serviceaccount", "robot")
      try await kubectl(
        "create", "role", "reader", "--verb=get,list", "--resource=services,pods/status")
      try await kubectl(
        "create", "rolebinding", "readers", "--role=reader", "--serviceaccount=\(namespace):robot")
      #expect(
        try await kubectl("auth", "can-i", "list", "services", "--as", robot) == "yes\n")
      #expect(
        try await kubectl("auth", "can-i", "get", "pods", "--subresource=status", "--as", robot)
          == "yes\n")
      let no = try await kubectl.run(["auth", "can-i", "delete", "services", "--as", robot])
      #expect(!no.isSuccess && no.output.hasPrefix("no"))
      let list = try await kubectl("auth", "can-i", "--list", "--as", robot)
      #expect(
        list.split(separator: "\n").contains {
          $0.hasPrefix("services ") && $0.contains("[get list]")
        })
      #expect(
        try await kubectl.failure(
          of: "get", "pods", "--as", robot, "--as-group", "system:serviceaccounts"
        )
        .contains("User \"\(robot)\" cannot list resource \"pods\" in API group \"\""))
    }
  }

  @Test(.enabled(if: Kubectl.isAtLeast(minor: 28), "asks for a version that is served no more"))
  func `whoami says who asks`() async throws {
    try await withKubectl { kubectl in
      let outcome = try await kubectl.run(["auth", "whoami", "--as", "joe", "--as-group", "people"])
      #expect(outcome.output.contains("joe") && outcome.output.contains("people"))
    }
  }

  @Test func `reconcile adds the rules that a role lacks`() async throws {
    try await withKubectl { kubectl in
      let role = """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: reader, namespace: \(kubectl.cluster.namespace)}
        rules:
        - {apiGroups: [""], resources: [pods], verbs: [get, list]}
        """
      try await kubectl("create", "role", "reader", "--verb=get", "--resource=services")
      try await kubectl("auth", "reconcile", "-f", "-", input: role)
      let rules = try await kubectl.json("get", "role", "reader")["rules"]?.arrayValue ?? []
      #expect(Set(rules.map { $0["resources"]?[0]?.stringValue }) == ["services", "pods"])
    }
  }
}

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlDiscoveryTests {
  @Test func `kinds, versions and the cluster are listed`() async throws {
    try await withKubectl { kubectl in
      let kinds = try await kubectl("api-resources", "--no-headers")
      #expect(
        kinds.split(separator: "\n").contains { $0.hasPrefix("services ") && $0.contains("svc") })
      #expect(
        try await kubectl("api-resources", "--api-group=apps", "-o", "name").contains(
          "deployments.apps"))
      #expect(
        try await kubectl("api-resources", "--namespaced=false", "--verbs=list", "-o", "name")
          .contains("nodes"))
      let versions = try await kubectl("api-versions").split(separator: "\n")
      #expect(versions.contains("v1") && versions.contains("apps/v1"))
      let version = try await kubectl.json("version")
      #expect(version[path: ["serverVersion", "major"]] == "1")
      #expect(try await kubectl("cluster-info").contains("is running at"))
      let namespace = kubectl.cluster.namespace
      try await kubectl(
        "cluster-info", "dump", "--namespaces", namespace, "--output-directory",
        "\(kubectl.folder)/dump")
    }
  }

  @Test func `explain knows the fields of built-in kinds`() async throws {
    try await withKubectl { kubectl in
      let type = try await kubectl("explain", "service.spec.externalTrafficPolicy")
      #expect(type.contains("Service") && type.contains("externalTrafficPolicy"))
      #expect(type.contains("<string>"))
      let all = try await kubectl("explain", "deployments", "--recursive")
      #expect(all.contains("maxUnavailable") && all.contains("containerPort"))
      #expect(
        try await kubectl.failure(of: "explain", "pod.spec.colour").contains(
          "field \"colour\" does not exist"))
    }
  }

  @Test func `the kubeconfig can be read and changed`() async throws {
    try await withKubectl { kubectl in
      let context = try await kubectl("config", "current-context")
      #expect(!context.isEmpty)
      #expect(
        try await kubectl("config", "view", "--minify", "-o", "jsonpath={..namespace}")
          == kubectl.cluster.namespace)
      #expect(try await kubectl("config", "get-contexts").contains("*"))
      try await kubectl("config", "set-context", "other", "--namespace=other")
      #expect(try await kubectl("config", "get-contexts", "-o", "name").contains("other"))
    }
  }
}
