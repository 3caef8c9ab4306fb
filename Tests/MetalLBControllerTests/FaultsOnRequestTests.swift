import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Testing

/// The controller against a server that goes wrong.
@Suite(
  .timeLimit(.minutes(3)), .enabled("needs faults on request") { TestCluster.canGoWrong })
struct FaultsOnRequestTests {
  /// Everything that a Service goes through, with a fault in force for all of it.
  private func assignsAll(_ faults: [JSONValue]) async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.0/28"])
      var injected: [InjectedFault] = []
      for fault in faults { injected.append(try await harness.cluster.inject(fault)) }
      let names = (0..<12).map { "web-\($0)" }
      try await harness.running {
        for name in names { try await harness.createService(name) }
        var addresses: Set<String> = []
        for name in names {
          let service = try await harness.cluster.eventually(
            KubernetesAPI.Service.self, name, "\(name) has an address", within: .seconds(60)
          ) { $0?.ingressIPs.count == 1 }
          addresses.formUnion(service?.ingressIPs ?? [])
        }
        #expect(addresses.count == names.count)
      }
      var hits = 0
      for fault in injected { hits += try await fault.end().hits }
      #expect(hits > 0)
    }
  }

  @Test func `A conflict on every other write keeps nobody from an address`() async throws {
    try await assignsAll([
      ["type": "Conflict", "resources": ["services", "services/status"], "every": 2]
    ])
  }

  @Test func `Writes whose answers are lost are not made twice`() async throws {
    try await assignsAll([
      [
        "type": "Reset", "afterwards": true, "resources": ["services", "services/status"],
        "verbs": ["update", "patch"], "every": 3,
      ]
    ])
  }

  @Test func `A Service that changes before its own write is answered is looked at again`()
    async throws
  {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.0/28"])
      let fault = try await harness.cluster.inject([
        "type": "Latency", "milliseconds": 1500, "afterwards": true, "count": 1,
        "resources": ["services/status"], "verbs": ["update"],
      ])
      try await harness.running {
        try await harness.createService("web")
        var service = try await harness.cluster.eventually(
          KubernetesAPI.Service.self, "web", "web has an address", within: .seconds(20)
        ) { $0?.ingressIPs == ["203.0.113.0"] }
        // The answer is still on its way.
        service?.metadata.annotations["metallb.io/loadBalancerIPs"] = "203.0.113.7"
        _ = try await harness.client.update(try #require(service))
        try await harness.service("web", has: ["203.0.113.7"])
      }
      #expect(try await fault.end().hits == 1)
    }
  }

  @Test func `Refusals, delays and cut watches only take time`() async throws {
    try await assignsAll([
      [
        "type": "Status", "code": 500, "resources": ["services/status"],
        "verbs": ["update", "patch"], "every": 3,
      ],
      [
        "type": "Status", "code": 429, "retryAfterSeconds": 1, "resources": ["services/status"],
        "verbs": ["update", "patch"], "after": 2, "count": 2,
      ],
      ["type": "CutWatch", "resources": ["services"], "afterEvents": 5, "every": 2],
      ["type": "Latency", "milliseconds": 20, "resources": ["services/status"]],
    ])
  }
}
