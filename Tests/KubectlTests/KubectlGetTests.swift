import KubernetesAPI
import KubernetesTesting
import Testing

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlGetTests {
  /// The words of the first row, and of the header above it.
  private func table(_ text: String) -> (header: [Substring], rows: [[Substring]]) {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    return (lines.first ?? [], Array(lines.dropFirst()))
  }

  @Test func `tables come from the server, wider on request`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      let narrow = table(try await kubectl("get", "services"))
      #expect(narrow.header == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"])
      #expect(narrow.rows.first?.prefix(2) == ["web", "LoadBalancer"])
      #expect(narrow.rows.first?[3] == "<pending>")
      let wide = table(try await kubectl("get", "service", "web", "-o", "wide"))
      #expect(wide.header.last == "SELECTOR")
      #expect(wide.rows.first?.last == "app=web")
      #expect(try await kubectl("get", "service", "--no-headers").hasPrefix("web "))
      #expect(try await kubectl("get", "svc/web", "-o", "name") == "service/web\n")
    }
  }

  @Test(arguments: [
    ("job", ["create", "job", "once", "--image=busybox"], "once"),
    (
      "cronjob", ["create", "cronjob", "often", "--image=busybox", "--schedule=*/5 * * * *"],
      "*/5"
    ),
    ("ingress", ["create", "ingress", "entry", "--rule=a.example/*=web:80"], "a.example"),
    ("deployment", ["create", "deployment", "web", "--image=nginx"], "0/1"),
    ("pdb", ["create", "pdb", "guard", "--selector=a=b", "--min-available=1"], "N/A"),
  ])
  func `a kind's row says what matters of it`(
    kind: String, command: [String], word: String
  ) async throws {
    try await withKubectl { kubectl in
      let created = try await kubectl.run(command)
      #expect(created.isSuccess, "\(created.error)")
      let text = try await kubectl("get", kind, "-o", "wide")
      #expect(text.contains(word), "\(text)")
    }
  }

  @Test func `objects come as YAML, JSON, paths, columns and templates`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      let yaml = try await kubectl("get", "service", "web", "-o", "yaml")
      #expect(yaml.hasPrefix("apiVersion: v1\nkind: Service\n"))
      #expect(!yaml.contains("managedFields"))
      let managed = try await kubectl(
        "get", "service", "web", "-o", "yaml", "--show-managed-fields")
      #expect(managed.contains("manager: kubectl-client-side-apply"))
      let json = try await kubectl.json("get", "service", "web")
      #expect(json[path: ["spec", "type"]] == "LoadBalancer")
      #expect(
        try await kubectl("get", "service", "-o", "jsonpath={.items[*].spec.ports[0].name}")
          == "http")
      #expect(
        try await kubectl(
          "get", "service", "-o", "custom-columns=N:.metadata.name,T:.spec.type", "--no-headers"
        ).split(separator: " ").map { $0.trimming } == ["web", "LoadBalancer"])
      #expect(
        try await kubectl("get", "service", "web", "-o", "go-template={{.spec.type}}")
          == "LoadBalancer")
    }
  }

  @Test func `selectors, sorting and pages choose what is listed`() async throws {
    try await withKubectl { kubectl in
      for (name, label) in [("c", "x"), ("a", "y"), ("b", "x")] {
        try await kubectl("create", "configmap", name, "--from-literal=key=\(label)")
        try await kubectl("label", "configmap", name, "group=\(label)")
      }
      #expect(
        try await kubectl("get", "configmap", "-l", "group=x", "-o", "name")
          == "configmap/b\nconfigmap/c\n")
      #expect(
        try await kubectl("get", "configmap", "-l", "group in (y, z),!nothing", "-o", "name")
          == "configmap/a\n")
      #expect(
        try await kubectl("get", "configmap", "-l", "group", "-o", "name", "--chunk-size=1")
          == "configmap/a\nconfigmap/b\nconfigmap/c\n")
      #expect(
        try await kubectl(
          "get", "configmap", "-l", "group", "--sort-by=.data.key", "-o",
          "jsonpath={.items[*].data.key}") == "x x y")
      let byField = try await kubectl(
        "get", "configmap", "--field-selector=metadata.name=b", "--show-labels", "--no-headers")
      #expect(byField.contains("group=x"))
      #expect(try await kubectl("get", "configmap", "-L", "group", "a").contains("GROUP"))
      let everywhere = try await kubectl(
        "get", "configmap", "-A", "-l", "group=y", "--no-headers")
      #expect(everywhere.hasPrefix(kubectl.cluster.namespace))
    }
  }

  @Test func `Pods are selected by the fields that the API names`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("run", "one", "--image=nginx")
      #expect(
        try await kubectl(
          "get", "pods", "--field-selector=status.phase=Pending,spec.nodeName=", "-o", "name")
          == "pod/one\n")
      let refusal = try await kubectl.failure(
        of: "get", "pods", "--field-selector=spec.colour=red")
      #expect(refusal.contains("field label not supported: spec.colour"))
    }
  }

  @Test func `what is not there is named`() async throws {
    try await withKubectl { kubectl in
      #expect(
        try await kubectl.failure(of: "get", "service", "web")
          == "Error from server (NotFound): services \"web\" not found\n")
      #expect(
        try await kubectl.failure(of: "get", "services.nowhere.example")
          .contains("the server doesn't have a resource type"))
      #expect(try await kubectl("get", "service", "web", "--ignore-not-found") == "")
      let empty = try await kubectl.run(["get", "services"])
      #expect(empty.error.hasPrefix("No resources found in "))
    }
  }

  @Test func `a watch prints changes as they happen`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      try await kubectl.following("get", "services", "-w", "--output-watch-events") { lines in
        try await lines.first(with: "ADDED", "web", "80:")
        try await kubectl("apply", "-f", "-", input: Manifests.service(port: 81))
        try await lines.first(with: "MODIFIED", "web", "81:")
        try await kubectl("delete", "service", "web", "--wait=false")
        try await lines.first(with: "DELETED", "web")
      }
    }
  }

  @Test func `a watch of one object prints it whole`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("create", "configmap", "settings", "--from-literal=a=1")
      try await kubectl.following("get", "configmap", "settings", "-w", "-o", "yaml") { lines in
        try await lines.first(with: "a: \"1\"")
        try await kubectl(
          "patch", "configmap", "settings", "--type=merge", "-p", #"{"data":{"a":"2"}}"#)
        try await lines.first(with: "a: \"2\"")
      }
    }
  }

  @Test func `raw paths are answered as they are`() async throws {
    try await withKubectl { kubectl in
      #expect(try await kubectl("get", "--raw", "/readyz") == "ok")
      let namespace = kubectl.cluster.namespace
      let text = try await kubectl("get", "--raw", "/api/v1/namespaces/\(namespace)")
      #expect(try JSONValue(parsing: text)["kind"] == "Namespace")
    }
  }

  @Test func `everything of a namespace is listed at once`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl("run", "one", "--image=nginx")
      let names = try await kubectl("get", "all", "-o", "name").split(separator: "\n")
      // A cluster with controllers has more of it.
      #expect(
        names.filter { !$0.contains("web-") } == ["pod/one", "service/web", "deployment.apps/web"])
    }
  }
}

extension Substring {
  fileprivate var trimming: Substring { drop { $0 == "\n" }.prefix { $0 != "\n" } }
}
