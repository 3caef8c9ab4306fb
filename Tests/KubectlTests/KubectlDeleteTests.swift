import Foundation
import KubernetesAPI
import KubernetesTesting
import Testing

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlDeleteTests {
  @Test func `delete waits until finalizers are gone`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("create", "configmap", "one")
      try await kubectl(
        "patch", "configmap", "one", "--type=merge", "-p",
        #"{"metadata":{"finalizers":["example.org/hold"]}}"#)
      let outcome = try await kubectl.run(["delete", "configmap", "one", "--timeout=1s"])
      #expect(!outcome.isSuccess)
      #expect(outcome.error.contains("timed out waiting for the condition"))
      async let gone = kubectl("wait", "--for=delete", "configmap/one", "--timeout=60s")
      try await kubectl(
        "patch", "configmap", "one", "--type=json", "-p",
        #"[{"op":"remove","path":"/metadata/finalizers"}]"#)
      _ = try await gone
    }
  }

  @Test(arguments: ["background", "foreground", "orphan"])
  func `dependents follow their owner as asked`(cascade: String) async throws {
    try await withKubectl { kubectl in
      guard kubectl.cluster.kind != .binaries else {
        try Test.cancel("without a garbage collector nothing follows")
      }
      try await kubectl("create", "configmap", "owner")
      let owner = try await kubectl.json("get", "configmap", "owner")
      let uid = owner[path: ["metadata", "uid"]]?.stringValue ?? ""
      try await kubectl(
        "create", "-f", "-",
        input: """
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: dependent
            ownerReferences:
            - {apiVersion: v1, kind: ConfigMap, name: owner, uid: \(uid), blockOwnerDeletion: true}
          """)
      try await kubectl("delete", "configmap", "owner", "--cascade=\(cascade)")
      if cascade == "orphan" {
        let dependent = try await kubectl.json("get", "configmap", "dependent")
        #expect(dependent[path: ["metadata", "ownerReferences"]] == nil)
      } else {
        try await kubectl("wait", "--for=delete", "configmap/dependent", "--timeout=60s")
      }
    }
  }

  @Test func `delete takes names, selectors, files and all of a kind`() async throws {
    try await withKubectl { kubectl in
      for name in ["a", "b", "c", "d"] {
        try await kubectl(
          "create", "-f", "-",
          input: Manifests.service().replacingOccurrences(of: "name: web,", with: "name: \(name),"))
      }
      try await kubectl("label", "service", "b", "only=this")
      #expect(try await kubectl("delete", "service", "a").hasPrefix("service \"a\" deleted"))
      #expect(
        try await kubectl("delete", "service", "-l", "only=this").hasPrefix("service \"b\" deleted")
      )
      #expect(
        try await kubectl(
          "delete", "-f", "-",
          input: Manifests.service().replacingOccurrences(of: "name: web,", with: "name: c,")
        ).hasPrefix("service \"c\" deleted"))
      #expect(try await kubectl("delete", "services", "--all").hasPrefix("service \"d\" deleted"))
      #expect(try await kubectl("delete", "service", "e", "--ignore-not-found") == "")
      let missing = try await kubectl.failure(of: "delete", "service", "e")
      #expect(missing.contains("services \"e\" not found"))
      try await kubectl("create", "configmap", "kept")
      let dry = try await kubectl.run(["delete", "configmap", "--all", "--dry-run=server"])
      #expect(dry.output.contains("(server dry run)"))
    }
  }

  @Test func `a namespace goes with all that is in it`() async throws {
    try await withKubectl { kubectl in
      guard kubectl.cluster.kind != .binaries else {
        try Test.cancel("nobody empties namespaces")
      }
      let name = kubectl.cluster.uniqueName("gone")
      try await kubectl("create", "namespace", name)
      try await kubectl("create", "deployment", "web", "--image=x", "-n", name)
      try await kubectl("run", "one", "--image=x", "-n", name)
      try await kubectl("delete", "namespace", name, "--timeout=60s")
      #expect(try await kubectl.failure(of: "get", "namespace", name).contains("not found"))
    }
  }

  @Test func `a Pod is deleted by force`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("run", "one", "--image=nginx")
      try await kubectl("delete", "pod", "one", "--grace-period=0", "--force")
      #expect(try await kubectl("get", "pods", "-o", "name") == "")
    }
  }

  @Test func `wait returns when a path or a condition is as asked`() async throws {
    try await withKubectl { kubectl in
      // A controller would write its own status.
      guard kubectl.cluster.kind != .external else {
        try Test.cancel("the cluster itself says what is ready")
      }
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl(
        "wait", "--for=jsonpath={.spec.type}=LoadBalancer", "service/web", "--timeout=20s")
      let early = try await kubectl.failure(
        of: "wait", "--for=condition=Available", "deployment/web", "--timeout=1s")
      #expect(early.contains("timed out waiting for the condition on deployments/web"))
      async let available = kubectl(
        "wait", "--for=condition=Available", "deployment/web", "--timeout=60s")
      async let address = kubectl(
        "wait", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}=192.0.2.1", "service/web",
        "--timeout=60s")
      try await kubectl(
        "patch", "deployment", "web", "--subresource=status", "--type=merge", "-p",
        #"{"status":{"conditions":[{"type":"Available","status":"True"}]}}"#)
      try await kubectl(
        "patch", "service", "web", "--subresource=status", "--type=merge", "-p",
        #"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}"#)
      #expect(try await available == "deployment.apps/web condition met\n")
      #expect(try await address == "service/web condition met\n")
    }
  }
}
