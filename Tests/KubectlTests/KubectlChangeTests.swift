import KubernetesAPI
import KubernetesTesting
import Testing

/// Commands that change objects that are there.
@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlChangeTests {
  @Test func `patches of every type change an object`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      for (type, patch) in [
        ("merge", #"{"metadata":{"labels":{"a":"1"}}}"#),
        ("json", #"[{"op":"replace","path":"/spec/replicas","value":5}]"#),
        (
          "strategic",
          #"{"spec":{"template":{"spec":{"containers":[{"name":"side","$patch":"delete"}]}}}}"#
        ),
      ] {
        #expect(
          try await kubectl("patch", "deployment", "web", "--type=\(type)", "-p", patch)
            == "deployment.apps/web patched\n")
      }
      let deployment = try await kubectl.json("get", "deployment", "web")
      #expect(deployment[path: ["metadata", "labels", "a"]] == "1")
      #expect(deployment[path: ["spec", "replicas"]] == 5)
      #expect(
        deployment[path: ["spec", "template", "spec", "containers"]]?.arrayValue?.count == 1)
      // Nobody else writes this one: a Deployment's controller may between kubectl's two looks at it.
      try await kubectl("create", "configmap", "settings", "--from-literal=a=1")
      let same = try await kubectl(
        "patch", "configmap", "settings", "--type=merge", "-p", #"{"data":{"a":"1"}}"#)
      #expect(same == "configmap/settings patched (no change)\n")
      let refusal = try await kubectl.failure(
        of: "patch", "deployment", "web", "--type=json", "-p",
        #"[{"op":"test","path":"/spec/replicas","value":9}]"#)
      #expect(refusal.contains("the server rejected our request"))
    }
  }

  @Test func `subresources are patched and read`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl(
        "patch", "deployment", "web", "--subresource=status", "--type=merge", "-p",
        #"{"status":{"replicas":2},"spec":{"replicas":9}}"#)
      var deployment = try await kubectl.json("get", "deployment", "web", "--subresource=status")
      #expect(deployment[path: ["status", "replicas"]] == 2)
      #expect(deployment[path: ["spec", "replicas"]] == 2)
      try await kubectl(
        "patch", "deployment", "web", "--subresource=scale", "--type=merge", "-p",
        #"{"spec":{"replicas":4}}"#)
      let scale = try await kubectl.json("get", "deployment", "web", "--subresource=scale")
      #expect(scale["kind"] == "Scale")
      #expect(scale[path: ["spec", "replicas"]] == 4)
      deployment = try await kubectl.json("get", "deployment", "web")
      #expect(deployment[path: ["spec", "replicas"]] == 4)
    }
  }

  @Test func `scale checks the number that it replaces`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl("scale", "deployment", "web", "--current-replicas=2", "--replicas=3")
      let refusal = try await kubectl.failure(
        of: "scale", "deployment", "web", "--current-replicas=2", "--replicas=4")
      #expect(refusal.contains("Expected replicas to be 2, was 3"))
    }
  }

  @Test func `labels and annotations come and go`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      try await kubectl("label", "service", "web", "tier=front")
      let refusal = try await kubectl.failure(of: "label", "service", "web", "tier=back")
      #expect(refusal.contains("'tier' already has a value (front), and --overwrite is false"))
      try await kubectl("label", "--all", "service", "tier=back", "--overwrite")
      try await kubectl("annotate", "service", "web", "note=hello")
      var service = try await kubectl.json("get", "service", "web")
      #expect(service[path: ["metadata", "labels", "tier"]] == "back")
      #expect(service[path: ["metadata", "annotations", "note"]] == "hello")
      try await kubectl("label", "service", "web", "tier-")
      try await kubectl("annotate", "service", "web", "note-")
      service = try await kubectl.json("get", "service", "web")
      #expect(service[path: ["metadata", "labels", "tier"]] == nil)
      #expect(service[path: ["metadata", "annotations", "note"]] == nil)
      let invalid = try await kubectl.failure(of: "label", "service", "web", "tier=a b")
      #expect(invalid.contains("a valid label must be"))
    }
  }

  @Test func `set changes images, variables, selectors, accounts and resources`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      try await kubectl("set", "image", "deployment/web", "main=two")
      try await kubectl("set", "env", "deployment/web", "SECOND=2")
      try await kubectl("set", "serviceaccount", "deployment/web", "robot")
      try await kubectl("set", "resources", "deployment/web", "--limits=cpu=1")
      try await kubectl("set", "selector", "service", "web", "a=b")
      let deployment = try await kubectl.json("get", "deployment", "web")
      let spec = deployment[path: ["spec", "template", "spec"]]
      #expect(spec?["containers"]?[0]?["image"] == "two")
      #expect(spec?["containers"]?[0]?[path: ["resources", "limits", "cpu"]] == "1")
      #expect(spec?["serviceAccountName"] == "robot")
      #expect(
        try await kubectl("get", "service", "web", "-o", "jsonpath={.spec.selector.a}") == "b")
    }
  }

  @Test func `replace checks versions, and makes anew by force`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("create", "-f", "-", input: Manifests.configMap("one", "a: \"1\""))
      let old = try await kubectl("get", "configmap", "one", "-o", "yaml")
      let first = try await kubectl.json("get", "configmap", "one")
      try await kubectl("replace", "-f", "-", input: Manifests.configMap("one", "a: \"2\""))
      let refusal = try await kubectl.failure(of: "replace", "-f", "-", input: old)
      #expect(refusal.contains("the object has been modified"))
      try await kubectl(
        "replace", "--force", "-f", "-", input: Manifests.configMap("one", "a: \"3\""))
      let last = try await kubectl.json("get", "configmap", "one")
      #expect(last["data"] == ["a": "3"])
      #expect(last[path: ["metadata", "uid"]] != first[path: ["metadata", "uid"]])
    }
  }

  @Test func `edit saves what the editor changed, and nothing when it changed nothing`()
    async throws
  {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      let edited = try await kubectl(
        "edit", "service", "web",
        environment: [
          "EDITOR": "sed -i 's/externalTrafficPolicy: .*/externalTrafficPolicy: Local/'"
        ])
      #expect(edited == "service/web edited\n")
      #expect(
        try await kubectl(
          "get", "service", "web", "-o", "jsonpath={.spec.externalTrafficPolicy}") == "Local")
      let unchanged = try await kubectl.run(
        ["edit", "service", "web"], environment: ["EDITOR": "true"])
      #expect(unchanged.isSuccess)
      #expect(unchanged.error.contains("Edit cancelled, no changes made."))
      let refused = try await kubectl.run(
        ["edit", "service", "web"],
        environment: ["EDITOR": "sed -i 's/port: .*/port: 99999/'"])
      #expect(!refused.isSuccess)
      #expect(refused.error.contains("services \"web\" is invalid"))
    }
  }

  @Test func `edit works on subresources`() async throws {
    try await withKubectl { kubectl in
      // A controller would write its own status.
      guard kubectl.cluster.kind != .external else {
        try Test.cancel("the cluster itself says what is ready")
      }
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl(
        "edit", "deployment", "web", "--subresource=status",
        environment: ["EDITOR": "sed -i 's/^status: .*/status: {replicas: 2}/'"])
      #expect(
        try await kubectl("get", "deployment", "web", "-o", "jsonpath={.status.replicas}") == "2")
    }
  }
}
