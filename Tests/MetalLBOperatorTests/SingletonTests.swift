import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import MetalLBOperator
import PrometheusMetrics
import Testing

/// One MetalLB object counts, and one operator acts.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SingletonTests {
  @Test func `A wrong name is answered and deploys nothing`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB("metallb2")
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "IncorrectMetalLBResourceName", of: "metallb2")
        #expect(degraded.message.contains("metallb2"))
        try await fixture.eventuallyEvent("IncorrectMetalLBResourceName", about: "metallb2")
        let speaker = try await fixture.client.find(
          DaemonSet.self, "speaker", namespace: fixture.namespace)
        #expect(speaker == nil)
      }
    }
  }

  @Test func `A wrong name does not disturb the right one`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB("wrong")
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        try await fixture.eventuallyCondition("Degraded", "True", of: "wrong")
        let before = try await fixture.client.get(
          MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.client.delete(MetalLB.self, "wrong", namespace: fixture.namespace)
        // An answer to another object shows that the deletion was seen.
        try await fixture.createMetalLB("another")
        try await fixture.eventuallyCondition("Degraded", "True", of: "another")
        let after = try await fixture.client.get(
          MetalLB.self, "metallb", namespace: fixture.namespace)
        #expect(after.status == before.status)
        _ = try await fixture.client.get(DaemonSet.self, "speaker", namespace: fixture.namespace)
      }
    }
  }

  @Test(.needsClusterOfItsOwn) func `Another namespace is answered and deploys nothing`()
    async throws
  {
    // By the operators of all other tests, too, in a cluster that they share.
    try await withOperatorFixture(isAlone: true) { fixture in
      let other = fixture.cluster.uniqueName("elsewhere")
      _ = try await fixture.client.create(Namespace(metadata: ObjectMeta(name: other)))
      try await fixture.withOperator {
        try await fixture.createMetalLB(namespace: other)
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "IncorrectMetalLBResourceNamespace", namespace: other)
        #expect(degraded.message.contains(fixture.namespace))
        try await fixture.createPool("gold", ["192.0.2.0/28"], namespace: other)
        try await fixture.eventuallyPool(
          "gold", namespace: other, accepted: "False", reason: "IncorrectAddressPoolNamespace")
      }
      try await fixture.client.delete(Namespace.self, other)
    }
  }

  @Test(.needsClusterOfItsOwn) func `An object that has an operator of its own is left to it`()
    async throws
  {
    try await withOperatorFixture(isAlone: true) { fixture in
      let other = fixture.cluster.uniqueName("elsewhere")
      _ = try await fixture.client.create(Namespace(metadata: ObjectMeta(name: other)))
      try await fixture.createMetalLB(namespace: other)
      let condition: JSONValue = [
        "type": "Available", "status": "True", "reason": "Available", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
      ]
      _ = try await fixture.client.patch(
        MetalLB.self, "metallb", namespace: other,
        .merge(["status": ["conditions": [condition]]]), subresource: "status")
      try await fixture.withOperator {
        try await fixture.createMetalLB("wrong")
        try await fixture.eventuallyCondition("Degraded", "True", of: "wrong")
      }
      let metalLB = try await fixture.client.get(MetalLB.self, "metallb", namespace: other)
      #expect(metalLB.status?.conditions?.map(\.type) == ["Available"])
      try await fixture.client.delete(Namespace.self, other)
    }
  }

  @Test func `Of two operators one acts, and the other takes its place`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator(identity: "one", isElected: true) {
        try await fixture.cluster.eventually(Lease.self, OperatorOptions.leaseName) {
          $0?.spec?.holderIdentity == "one"
        }
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
      }
      try await fixture.withOperator(identity: "two", isElected: true) {
        try await fixture.cluster.eventually(Lease.self, OperatorOptions.leaseName) {
          $0?.spec?.holderIdentity == "two"
        }
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
        // A third one only watches.
        try await fixture.withOperator(
          ["DISABLE_NETWORK_POLICIES": "true"], identity: "three", isElected: true
        ) {
          try await fixture.createMetalLB("wrong")
          try await fixture.eventuallyCondition("Degraded", "True", of: "wrong")
          let policy = try await fixture.client.find(
            NetworkPolicy.self, "controller", namespace: fixture.namespace)
          #expect(policy != nil)
        }
      }
    }
  }

  @Test func `What it does is counted`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator(isElected: true) {
        try await fixture.createMetalLB("wrong")
        try await fixture.eventuallyCondition("Degraded", "True", of: "wrong")
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        // One worker: what it wrote about the second object came after it was done with the first.
        let page = fixture.metrics.render()
        #expect(page.contains("metallb_operator_leader_bool 1"))
        let lines = page.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("# HELP ") } == lines.count { $0.hasPrefix("# TYPE ") })
        #expect(
          page.contains(
            #"metallb_operator_reconciles_total{what="refusal",result="success"}"#)
            || page.contains(
              #"metallb_operator_reconciles_total{result="success",what="refusal"}"#),
          "\(page)")
      }
    }
  }
}
