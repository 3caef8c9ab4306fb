import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import Testing

/// The operator against a server that goes wrong.
@Suite(
  .timeLimit(.minutes(3)), .enabled("needs faults on request") { TestCluster.canGoWrong })
struct FaultsOnRequestTests {
  @Test func `429, 500 and lost answers delay an installation, and do not stop it`() async throws {
    try await withOperatorFixture { fixture in
      let writes: JSONValue = ["create", "update", "patch", "delete"]
      let here: JSONValue = .array([.string(fixture.namespace)])
      let kinds: JSONValue = [
        "daemonsets", "deployments", "configmaps", "secrets", "services", "metallbs/status",
        "addresspools/status",
      ]
      var faults: [InjectedFault] = []
      for fault: JSONValue in [
        [
          "type": "Status", "code": 500, "verbs": writes, "resources": kinds, "namespaces": here,
          "every": 3,
        ],
        [
          "type": "Status", "code": 429, "retryAfterSeconds": 1, "verbs": writes,
          "resources": kinds, "namespaces": here, "after": 1, "count": 2,
        ],
        [
          "type": "Reset", "afterwards": true, "verbs": writes, "resources": kinds,
          "namespaces": here, "every": 4,
        ],
        ["type": "CutWatch", "namespaces": here, "afterEvents": 2, "every": 2],
      ] { faults.append(try await fixture.cluster.inject(fault)) }

      try await fixture.withOperator {
        while (try? await fixture.createMetalLB()) == nil {
          if try await fixture.client.find(
            MetalLB.self, "metallb", namespace: fixture.namespace) != nil
          {
            break
          }
        }
        try await fixture.eventuallyExists(DaemonSet.self, "speaker")
        try await fixture.eventuallyExists(Deployment.self, "controller")
        var hits = 0
        for fault in faults { hits += try await fault.end().hits }
        #expect(hits > 0)

        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
      }
    }
  }
}
