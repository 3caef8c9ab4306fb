import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import OperatorRendering
import Testing

/// What the operator tells the Prometheus operator.
@Suite(.serialized, .timeLimit(.minutes(3))) struct MonitorTests {
  @Test(.needsClusterOfItsOwn) func `Monitors come and go with their switches`() async throws {
    try await withOperatorFixture(isAlone: true) { fixture in
      for kind in Monitors.kinds {
        try await fixture.cluster.installCRDs(yaml: OperatorFixture.openKind(kind))
      }
      try await fixture.createMetalLB()
      try await fixture.withOperator([
        "DEPLOY_SERVICEMONITORS": "true", "DEPLOY_PROMETHEUSRULES": "true",
      ]) {
        try await eventually(Monitors.serviceMonitor, "controller-monitor", exists: true, fixture)
        try await eventually(Monitors.serviceMonitor, "speaker-monitor", exists: true, fixture)
        try await fixture.eventuallyExists(Service.self, "speaker-monitor-service")
        try await fixture.cluster.eventually(MetalLB.self, "metallb") {
          $0?.status?.conditions?.contains { $0.type == "Degraded" && $0.status == "False" }
            ?? false
        }
        // By hand, as every other object.
        try await fixture.client.delete(
          Monitors.serviceMonitor, "speaker-monitor", namespace: fixture.namespace)
        try await eventually(Monitors.serviceMonitor, "speaker-monitor", exists: true, fixture)
      }
      let rules = try await fixture.client.list(
        Monitors.prometheusRule, namespace: fixture.namespace)
      #expect(rules.items.count == 1)
      try await fixture.withOperator(["DEPLOY_PODMONITORS": "true"]) {
        try await eventually(Monitors.podMonitor, "speaker", exists: true, fixture)
        try await eventually(Monitors.serviceMonitor, "speaker-monitor", exists: false, fixture)
        try await fixture.cluster.eventuallyGone(Service.self, "speaker-monitor-service")
      }
      try await fixture.withOperator {
        try await eventually(Monitors.podMonitor, "speaker", exists: false, fixture)
        try await eventually(Monitors.podMonitor, "controller", exists: false, fixture)
      }
    }
  }

  @Test func `A cluster without the Prometheus operator is told so`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator(["DEPLOY_SERVICEMONITORS": "true"]) {
        try await fixture.createMetalLB()
        let degraded = try await fixture.eventuallyCondition(
          "Degraded", "True", reason: "MonitorsUnavailable")
        #expect(degraded.message.hasPrefix("this cluster does not know ServiceMonitor"))
        try await fixture.reportWorkloadsReady()
        try await fixture.eventuallyCondition("Available", "True")
      }
    }
  }

  private func eventually(
    _ kind: ResourceKind, _ name: String, exists: Bool, _ fixture: OperatorFixture
  ) async throws {
    try await fixture.cluster.eventually(kind, name, namespace: fixture.namespace) {
      ($0 != nil) == exists
    }
  }
}
