import KubernetesAPI
import KubernetesTesting
import Testing

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlApplyTests {
  @Test func `apply creates, changes, and says when nothing changed`() async throws {
    try await withKubectl { kubectl in
      let first = Manifests.configMap("settings", "a: \"1\", b: \"2\"")
      #expect(try await kubectl("apply", "-f", "-", input: first) == "configmap/settings created\n")
      #expect(
        try await kubectl("apply", "-f", "-", input: first) == "configmap/settings unchanged\n")
      let second = Manifests.configMap("settings", "a: \"3\"")
      #expect(
        try await kubectl("apply", "-f", "-", input: second) == "configmap/settings configured\n")
      let object = try await kubectl.json("get", "configmap", "settings")
      #expect(object["data"] == ["a": "3"])
    }
  }

  @Test func `apply merges lists by their keys and leaves what others added`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl(
        "patch", "deployment", "web", "--type=strategic", "-p",
        #"{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"SECOND","value":"2"}]}]}}}}"#
      )
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "two"))
      let deployment = try await kubectl.json("get", "deployment", "web")
      let containers = try #require(
        deployment[path: ["spec", "template", "spec", "containers"]]?.arrayValue)
      #expect(containers.map { $0["name"]?.stringValue } == ["main", "side"])
      #expect(containers[0]["image"] == "two")
      let names = (containers[0]["env"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
      #expect(Set(names) == ["FIRST", "SECOND"])
    }
  }

  @Test func `server-side apply refuses another's field, and takes it by force`() async throws {
    try await withKubectl { kubectl in
      try await kubectl(
        "apply", "--server-side", "--field-manager=one", "-f", "-",
        input: Manifests.configMap("settings", "a: \"1\""))
      let change = Manifests.configMap("settings", "a: \"2\"")
      let refusal = try await kubectl.failure(
        of: "apply", "--server-side", "--field-manager=two", "-f", "-", input: change)
      #expect(refusal.contains("Apply failed with 1 conflict: conflict with \"one\": .data.a"))
      try await kubectl(
        "apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-",
        input: change)
      let object = try await kubectl.json("get", "configmap", "settings", "--show-managed-fields")
      #expect(object["data"] == ["a": "2"])
      let entries = object[path: ["metadata", "managedFields"]]?.arrayValue ?? []
      let owner = entries.first { $0["manager"] == "two" }
      #expect(owner?["operation"] == "Apply")
      #expect(owner?[path: ["fieldsV1", "f:data", "f:a"]] != nil)
      let former = entries.first { $0["manager"] == "one" }
      #expect(former?[path: ["fieldsV1", "f:data", "f:a"]] == nil)
    }
  }

  @Test func `apply moves from client to server side without losing removals`() async throws {
    try await withKubectl { kubectl in
      try await kubectl(
        "apply", "-f", "-", input: Manifests.configMap("settings", "a: \"1\", b: \"2\""))
      let outcome = try await kubectl(
        "apply", "--server-side", "-f", "-", input: Manifests.configMap("settings", "a: \"1\""))
      #expect(outcome == "configmap/settings serverside-applied\n")
      let object = try await kubectl.json("get", "configmap", "settings")
      #expect(object["data"] == ["a": "1"])
    }
  }

  @Test func `diff shows what apply would do and does nothing`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.configMap("settings", "a: \"1\""))
      let change = Manifests.configMap("settings", "a: \"2\"")
      for way in [[], ["--server-side", "--force-conflicts"]] {
        let difference = try await kubectl.run(["diff", "-f", "-"] + way, input: change)
        #expect(!difference.isSuccess)
        #expect(difference.output.contains("-  a: \"1\""))
        #expect(difference.output.contains("+  a: \"2\""))
      }
      let same = try await kubectl.run(
        ["diff", "-f", "-"], input: Manifests.configMap("settings", "a: \"1\""))
      #expect(same.isSuccess && same.output.isEmpty)
    }
  }

  @Test func `dry runs answer what would be stored`() async throws {
    try await withKubectl { kubectl in
      for way in ["client", "server"] {
        let text = try await kubectl(
          "apply", "--dry-run=\(way)", "-f", "-", input: Manifests.service())
        #expect(text.contains("(") && text.contains("dry run)"))
      }
      let refusal = try await kubectl.failure(of: "get", "service", "web")
      #expect(refusal == "Error from server (NotFound): services \"web\" not found\n")
      let invalid = try await kubectl.failure(
        of: "apply", "--dry-run=server", "-f", "-", input: Manifests.service(port: 0))
      #expect(invalid.contains("spec.ports[0].port: Invalid value: 0"))
    }
  }

  @Test func `pruning deletes what is applied no more`() async throws {
    try await withKubectl { kubectl in
      let both =
        Manifests.configMap("one", "a: \"1\"") + "---\n" + Manifests.configMap("two", "a: \"1\"")
      let prune = ["apply", "--prune", "-l", "set=one", "--prune-allowlist=core/v1/ConfigMap"]
      _ = try await kubectl.run(prune + ["-f", "-"], input: both)
      let outcome = try await kubectl.run(
        prune + ["-f", "-"], input: Manifests.configMap("one", "a: \"1\""))
      #expect(outcome.output.contains("configmap/two pruned"))
      let left = try await kubectl("get", "configmap", "-l", "set=one", "-o", "name")
      #expect(left == "configmap/one\n")
    }
  }

  @Test func `an apply set prunes too`() async throws {
    try await withKubectl { kubectl in
      let alpha = ["KUBECTL_APPLYSET": "true"]
      let namespace = kubectl.cluster.namespace
      let both =
        Manifests.configMap("one", "a: \"1\"") + "---\n" + Manifests.configMap("two", "a: \"1\"")
      try await kubectl(
        "apply", "--prune", "--applyset=parts", "-n", namespace, "-f", "-", input: both,
        environment: alpha)
      let outcome = try await kubectl(
        "apply", "--prune", "--applyset=parts", "-n", namespace, "-f", "-",
        input: Manifests.configMap("one", "a: \"1\""), environment: alpha)
      #expect(outcome.contains("configmap/two pruned"))
    }
  }

  @Test func `the last applied configuration can be read and set`() async throws {
    try await withKubectl { kubectl in
      let text = Manifests.configMap("settings", "a: \"1\"")
      let path = try kubectl.file("settings.yaml", text)
      try await kubectl("create", "-f", path)
      try await kubectl("apply", "set-last-applied", "--create-annotation", "-f", path)
      let last = try await kubectl("apply", "view-last-applied", "configmap", "settings")
      #expect(last.contains("a: \"1\""))
    }
  }

  @Test func `misspelled fields are refused, warned of or ignored, as asked`() async throws {
    try await withKubectl { kubectl in
      let text = Manifests.configMap("settings", "a: \"1\"") + "dat: {b: \"2\"}\n"
      let strict = try await kubectl.failure(of: "create", "-f", "-", input: text)
      #expect(strict.contains("strict decoding error: unknown field \"dat\""))
      let warned = try await kubectl.run(
        ["create", "--validate=warn", "-f", "-"], input: text)
      #expect(warned.isSuccess)
      #expect(warned.error.contains("Warning: unknown field \"dat\""))
      try await kubectl("delete", "configmap", "settings")
      let ignored = try await kubectl.run(
        ["create", "--validate=ignore", "-f", "-"], input: text)
      #expect(ignored.isSuccess && ignored.error.isEmpty)
    }
  }
}
