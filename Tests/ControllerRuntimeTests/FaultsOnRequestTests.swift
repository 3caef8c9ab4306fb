import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import Synchronization
import Testing

@testable import ControllerRuntime

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// What informers and leader election make of a server that goes wrong.
@Suite(
  .timeLimit(.minutes(3)), .enabled("needs faults on request") { TestCluster.canGoWrong })
struct FaultsOnRequestTests {
  @Test func `A store becomes equal to the server through cuts, 410, 500, 429 and resets`()
    async throws
  {
    try await withTestCluster { cluster in
      let client = cluster.client
      let namespace = cluster.namespace
      let mine: JSONValue = ["configmaps"]
      for fault: JSONValue in [
        ["type": "CutWatch", "resources": mine, "afterEvents": 3, "every": 2],
        ["type": "Gone", "resources": mine, "every": 3],
        [
          "type": "Status", "code": 500, "resources": mine, "verbs": ["list", "watch"], "every": 4,
        ],
        [
          "type": "Status", "code": 429, "retryAfterSeconds": 1, "resources": mine,
          "verbs": ["list"], "after": 1, "count": 1,
        ],
        ["type": "Reset", "resources": mine, "verbs": ["watch", "list"], "every": 5],
      ] { try await cluster.inject(fault) }

      let informer = Informer<ConfigMap>(
        client: client, namespace: namespace, labelSelector: "app=x", logger: silent)
      // What handlers were told must add up to what the store has.
      let told = Mutex<[String: String]>([:])
      let (changes, signal) = AsyncStream.makeStream(of: Void.self)
      informer.onChange { change in
        told.withLock { $0[change.key.name] = change.new.map { $0.data?["n"] ?? "" } }
        signal.yield()
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await informer.run() }
        for number in 0..<60 {
          let name = "map-\(number % 20)"
          let map = ConfigMap(
            metadata: ObjectMeta(name: name, namespace: namespace, labels: ["app": "x"]),
            data: ["n": String(number)])
          if number % 7 == 6, number >= 20 {
            try await client.delete(ConfigMap.self, name, namespace: namespace)
          }
          _ = try await client.apply(map, fieldManager: "test")
        }
        try await client.delete(ConfigMap.self, "map-3", namespace: namespace)
        var wanted: [String: String] = [:]
        // Lists are hit by the faults too.
        while wanted.isEmpty {
          let list = try? await client.list(
            ConfigMap.self, namespace: namespace, options: ListOptions(labelSelector: "app=x"))
          for item in list?.items ?? [] { wanted[item.metadata.name] = item.data?["n"] }
        }
        #expect(wanted.count == 19)
        for await _ in changes where told.withLock({ $0 == wanted }) { break }
        #expect(
          Dictionary(
            uniqueKeysWithValues: informer.store.values.map {
              ($0.metadata.name, $0.data?["n"] ?? "")
            }) == wanted)
        group.cancelAll()
      }
    }
  }

  @Test func `There is never a second leader, and there is one again after the faults`()
    async throws
  {
    try await withTestCluster { cluster in
      let timing = LeaseTiming(
        duration: .seconds(3), renewDeadline: .seconds(2), retryPeriod: .milliseconds(50))
      let electors = ["a", "b", "c"].map { identity in
        LeaderElector(
          client: cluster.client,
          lease: NamespacedName(namespace: cluster.namespace, name: "lease"),
          identity: identity, timing: timing, logger: silent)
      }
      let leases: JSONValue = ["leases"]
      let faults = [
        try await cluster.inject([
          "type": "Status", "code": 500, "resources": leases, "probability": 0.3, "seed": 1,
        ]),
        try await cluster.inject(["type": "Conflict", "resources": leases, "every": 3]),
        try await cluster.inject([
          "type": "Reset", "afterwards": true, "resources": leases, "verbs": ["update", "create"],
          "every": 4,
        ]),
        try await cluster.inject([
          "type": "Latency", "milliseconds": 100, "resources": leases, "every": 2,
        ]),
      ]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for elector in electors {
          group.addTask {
            // Who loses the lease stands again, as a process that is restarted does.
            while !Task.isCancelled {
              do {
                try await elector.run()
              } catch let error as LeaderElectionError where error == .lost(lease: elector.lease) {}
            }
          }
        }
        // One clock for all: two deadlines that hold at the same instant are two leaders.
        func leaders() -> [String] {
          let now = ContinuousClock.now
          return electors.filter { $0.isLeader(at: now) }.map(\.identity)
        }
        var transitions: Set<String> = []
        for round in 0..<40 {
          let name = "round-\(round)"
          _ = try await cluster.client.create(
            ConfigMap(metadata: ObjectMeta(name: name, namespace: cluster.namespace)))
          let leaders = leaders()
          #expect(leaders.count <= 1)
          transitions.formUnion(leaders)
        }
        for fault in faults { try await fault.end() }
        while leaders().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        #expect(leaders().count == 1)
        group.cancelAll()
      }
    }
  }
}
