import Foundation
import DevelopmentCluster
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import Testing

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlRolloutTests {
  /// Runs `body` beside controllers of Deployments and ReplicaSets, and a kubelet that calls every
  /// Pod ready. A whole cluster has its own.
  private func withRollouts(_ body: @escaping @Sendable (Kubectl) async throws -> Void) async throws
  {
    // The controllers would serve the Deployments of other tests, too.
    try await withKubectl(isAlone: true) { kubectl in
      if kubectl.cluster.kind == .external {
        guard try await kubectl.cluster.runsDeployments() else {
          try Test.cancel("nobody runs Deployments in this cluster")
        }
        return try await body(kubectl)
      }
      let client = kubectl.cluster.client
      let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await RolloutControllers(client: client, logger: logger).run()
          return false
        }
        group.addTask {
          try await Self.callPodsReady(client, namespace: kubectl.cluster.namespace)
          return false
        }
        group.addTask {
          try await body(kubectl)
          return true
        }
        defer { group.cancelAll() }
        while let isDone = try await group.next() { if isDone { return } }
      }
    }
  }

  private static func callPodsReady(_ client: APIClient, namespace: String) async throws {
    while !Task.isCancelled {
      for try await event in try await client.watch(
        Pod.resource, namespace: namespace, options: WatchOptions(resourceVersion: "0"))
      {
        guard case .added(let pod) = event, let name = pod[path: ["metadata", "name"]]?.stringValue
        else { continue }
        _ = try? await client.patch(
          Pod.resource, name, namespace: namespace,
          .merge([
            "status": [
              "phase": "Running", "conditions": [["type": "Ready", "status": "True"]],
            ]
          ]), subresource: "status")
      }
    }
  }

  @Test func `a rollout is followed, restarted, looked back on and undone`() async throws {
    try await withRollouts { kubectl in
      try await kubectl(
        "apply", "-f", "-",
        input: Manifests.deployment(image: "one").replacingOccurrences(
          of:
            "{name: web}", with: "{name: web, annotations: {kubernetes.io/change-cause: the first}}"
        ))
      #expect(
        try await kubectl("rollout", "status", "deployment/web", "--timeout=60s").hasSuffix(
          "deployment \"web\" successfully rolled out\n"))

      try await kubectl(
        "patch", "deployment", "web", "-p",
        """
        {"metadata": {"annotations": {"kubernetes.io/change-cause": "the second"}},
          "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "two"}]}}}}
        """)
      try await kubectl("rollout", "status", "deployment/web", "--timeout=60s")
      let history = try await kubectl("rollout", "history", "deployment/web")
      #expect(history.contains("the first") && history.contains("the second"))
      #expect(
        try await kubectl("rollout", "history", "deployment/web", "--revision=1").contains("one"))

      try await kubectl("rollout", "undo", "deployment/web")
      try await kubectl("rollout", "status", "deployment/web", "--timeout=60s")
      let undone = try await kubectl.json("get", "deployment", "web")
      #expect(undone[path: ["spec", "template", "spec", "containers"]]?[0]?["image"] == "one")

      try await kubectl("rollout", "restart", "deployment/web")
      try await kubectl("rollout", "status", "deployment/web", "--timeout=60s")
      let restarted = try await kubectl.json("get", "deployment", "web")
      #expect(
        restarted[
          path: [
            "spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt",
          ]
        ] != nil)
    }
  }

  @Test func `a rollout is paused and resumed`() async throws {
    try await withRollouts { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl("rollout", "status", "deployment/web", "--timeout=60s")
      try await kubectl("rollout", "pause", "deployment/web")
      let refusal = try await kubectl.failure(of: "rollout", "restart", "deployment/web")
      #expect(refusal.contains("paused"))
      try await kubectl("rollout", "resume", "deployment/web")
      try await kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    }
  }
}
