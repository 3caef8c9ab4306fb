import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import ManualTime
import ServiceLifecycle
import Testing

@testable import ControllerRuntime

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite(.timeLimit(.minutes(1))) struct LeaderElectorTests {
  private func elector(
    _ identity: String, _ cluster: TestCluster, time: TimeSource = .system,
    timing: LeaseTiming = LeaseTiming()
  ) -> LeaderElector {
    LeaderElector(
      client: cluster.client, lease: NamespacedName(namespace: cluster.namespace, name: "lease"),
      identity: identity, timing: timing, time: time, logger: silent)
  }

  @Test func `one of two leads, and the other follows when it stops`() async throws {
    try await withTestCluster { cluster in
      let timing = LeaseTiming(
        duration: .seconds(15), renewDeadline: .seconds(10), retryPeriod: .milliseconds(20))
      let (a, b) = (elector("a", cluster, timing: timing), elector("b", cluster, timing: timing))
      #expect(throws: LeaderElectionError.notLeading(lease: a.lease)) { try a.checkDeadline() }
      let first = ServiceGroup(services: [a], logger: silent)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await first.run() }
        try await a.waitForLeadership()
        #expect(a.isLeader)
        try a.checkDeadline()
        group.addTask { try await b.run() }
        while b.holder == nil { await Task.yield() }
        #expect(b.holder == "a" && !b.isLeader)

        await first.triggerGracefulShutdown()
        // Long before the fifteen seconds are over: the lease was given up.
        try await b.waitForLeadership()
        #expect(b.isLeader && !a.isLeader)
        let lease = try await cluster.client.get(
          Lease.self, "lease", namespace: cluster.namespace)
        #expect(lease.spec?.holderIdentity == "b")
        #expect(lease.spec?.leaseTransitions == 1)
        group.cancelAll()
      }
    }
  }

  @Test func `a leader that the server does not hear gives up in time`() async throws {
    let clock = ManualClock()
    let stored = LeaseBox()
    try await ScriptedServer.run { request, response in
      if request.method == "POST" {
        try await response.send(201, stored.store(request.body))
      } else if request.method == "GET" {
        try await response.fail(404, reason: "NotFound")
      } else {
        try await response.hang()
      }
    } _: { server in
      let elector = LeaderElector(
        client: APIClient(
          configuration: server.configuration, time: TimeSource(clock: clock)),
        lease: NamespacedName(namespace: "ns", name: "lease"), identity: "a",
        time: TimeSource(clock: clock), logger: silent)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: LeaderElectionError.lost(lease: elector.lease)) {
            try await elector.run()
          }
        }
        try await elector.waitForLeadership()
        let sentAt = clock.now
        let guarded = APIClient(configuration: server.configuration).guardingWrites {
          try elector.checkDeadline()
        }
        // Each step to the next deadline: a pause, a request that times out, another pause…
        while clock.now < sentAt.advanced(by: .seconds(10)) {
          #expect(elector.isLeader)
          await clock.waitForSleepers()
          if let next = clock.deadlines.first { clock.advance(to: next) }
        }
        #expect(clock.now == sentAt.advanced(by: .seconds(10)))
        #expect(!elector.isLeader)
        let error = await #expect(throws: KubernetesError.self) {
          try await guarded.delete(
            Lease.resource, "lease", namespace: "ns")
        }
        #expect(error?.failure == .writeRefused)
        try await group.waitForAll()
      }
    }
  }

  @Test func `a forbidden lease is a typed error`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.fail(403, reason: "Forbidden", message: "leases are forbidden")
    } _: { server in
      let client = APIClient(configuration: server.configuration)
      let name = NamespacedName(namespace: "ns", name: "lease")
      let strict = LeaderElector(client: client, lease: name, identity: "a", logger: silent)
      let error = await #expect(throws: LeaderElectionError.self) { try await strict.run() }
      guard case .forbidden(name, let cause) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(cause.message == "leases are forbidden")

      let lenient = LeaderElector(
        client: client, lease: name, identity: "a", logger: silent, mayRunUnelected: { true })
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await lenient.run() }
        try await lenient.waitForLeadership()
        #expect(lenient.isLeader)
        #expect(lenient.isLeader(at: .now.advanced(by: .seconds(1_000_000))))
        group.cancelAll()
      }
    }
  }

  @Test func `a lease that somebody took is lost at once`() async throws {
    try await withTestCluster { cluster in
      let timing = LeaseTiming(
        duration: .seconds(15), renewDeadline: .seconds(10), retryPeriod: .milliseconds(20))
      let elector = elector("a", cluster, timing: timing)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: LeaderElectionError.lost(lease: elector.lease)) {
            try await elector.run()
          }
        }
        try await elector.waitForLeadership()
        _ = try await cluster.client.patch(
          Lease.self, "lease", namespace: cluster.namespace,
          .merge(["spec": ["holderIdentity": "thief"]]))
        try await group.waitForAll()
        #expect(!elector.isLeader)
      }
    }
  }
}

/// Answers a creation with what was sent.
private struct LeaseBox: Sendable {
  func store(_ body: String) throws -> JSONValue {
    var lease = try JSONValue(parsing: body)
    lease[path: ["metadata", "resourceVersion"]] = "1"
    return lease
  }
}
