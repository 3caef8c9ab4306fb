import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import Synchronization
import Testing

/// `metallb operator` as a process of its own.
@Suite(.timeLimit(.minutes(3))) struct OperatorCommandTests {
  private static let lease = "metallb.io.metallboperator"

  /// Runs an operator that writes its log to a stream, with certificates that never come, so that several fit on
  /// one host.
  private func withOperator(
    _ name: String, _ cluster: TestCluster, kubeconfig: String, logLevel: String = "info",
    _ body: @escaping @Sendable (RunningProgram) async throws -> Void
  ) async throws -> RunningProgram.End {
    try await RunningProgram.run(
      [
        "operator", "--enable-leader-election", "--port", "0", "--disable-cert-rotation",
        "--cert-dir", "/nonexistent", "--log-level", logLevel, "--kubeconfig", kubeconfig,
      ],
      variables: [
        "POD_NAME": name, "OPERATOR_NAMESPACE": cluster.namespace,
        "CONTROLLER_IMAGE": "example.org/metallb:v1", "SPEAKER_IMAGE": "example.org/metallb:v1",
      ], body)
  }

  private func withCluster(
    _ body: (TestCluster, _ kubeconfig: String) async throws -> Void
  ) async throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "metallb-operator-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try await withTestCluster { cluster in
      for crd in CustomResourceDefinitions.yaml { try await cluster.installCRDs(yaml: crd.text) }
      try Data(cluster.kubeconfig.utf8).write(to: file)
      try await body(cluster, file.path)
    }
  }

  private func awaitLeader(_ name: String, _ cluster: TestCluster) async throws {
    try await cluster.eventually(Lease.self, Self.lease, "held by \(name)") {
      $0?.spec?.holderIdentity?.hasPrefix("\(name)_") == true
    }
  }

  @Test func `SIGTERM ends it at once, whether it acts or waits`() async throws {
    try await withCluster { cluster, kubeconfig in
      let waiting = Mutex<RunningProgram.End?>(nil)
      let leading = try await withOperator("one", cluster, kubeconfig: kubeconfig) { _ in
        try await self.awaitLeader("one", cluster)
        let end = try await self.withOperator("two", cluster, kubeconfig: kubeconfig) { two in
          try await two.waitForLine("found cluster")
        }
        waiting.withLock { $0 = end }
      }
      for end in [leading, try #require(waiting.withLock { $0 })] {
        #expect(end.isSuccess)
        // A second where nothing else runs. The kubelet would kill it after ten.
        #expect(end.took < .seconds(8), "\(end.took)")
      }
    }
  }

  @Test func `It gives its Lease back: who waits for it acts at once`() async throws {
    try await withCluster { cluster, kubeconfig in
      let released = Mutex<ContinuousClock.Instant?>(nil)
      let end = try await withOperator("one", cluster, kubeconfig: kubeconfig) { one in
        try await self.awaitLeader("one", cluster)
        let other = try await self.withOperator("two", cluster, kubeconfig: kubeconfig) { two in
          try await two.waitForLine("found cluster")
          try one.terminate()
          released.withLock { $0 = .now }
          try await self.awaitLeader("two", cluster)
          // Without being told, it would wait for 15 s.
          let took = released.withLock { $0 }.map { ContinuousClock.now - $0 } ?? .zero
          #expect(took < .seconds(12), "\(took)")
          _ = try await cluster.client.create(
            MetalLB(
              metadata: ObjectMeta(name: MetalLB.singletonName, namespace: cluster.namespace)))
          try await cluster.eventually(DaemonSet.self, "speaker") { $0 != nil }
        }
        #expect(other.isSuccess)
      }
      #expect(end.isSuccess)
    }
  }

  @Test(.enabled("needs faults on request") { TestCluster.canGoWrong })
  func `A second signal ends it at once`() async throws {
    try await withCluster { cluster, kubeconfig in
      let end = try await withOperator("one", cluster, kubeconfig: kubeconfig) { program in
        try await self.awaitLeader("one", cluster)
        // It does not get rid of its Lease.
        try await cluster.inject([
          "type": "Latency", "milliseconds": 60_000, "resources": ["leases.coordination.k8s.io"],
        ])
        try program.terminate()
        try await program.waitForLine("The process is asked to end")
      }
      // `withOperator` sent the second one.
      #expect(end.exitCode == 1)
      // It would have gone on for eight seconds.
      #expect(end.took < .seconds(5), "\(end.took)")
    }
  }

  @Test func `Its log is JSON, and debugging says more`() async throws {
    try await withCluster { cluster, kubeconfig in
      for (level, saysMore) in [("info", false), ("debug", true)] {
        let levels = Mutex<Set<String>>([])
        let end = try await withOperator(
          level, cluster, kubeconfig: kubeconfig, logLevel: level
        ) { program in
          for await line in program.lines {
            let event = try JSONValue(parsing: line)
            levels.withLock { _ = $0.insert(event["level"]?.stringValue ?? "") }
            guard event["msg"] == "found cluster" else { continue }
            try await self.awaitLeader(level, cluster)
            try program.terminate()
          }
        }
        #expect(end.isSuccess)
        #expect(levels.withLock { $0.contains("info") })
        #expect(levels.withLock { $0.contains("debug") } == saysMore)
      }
    }
  }
}
