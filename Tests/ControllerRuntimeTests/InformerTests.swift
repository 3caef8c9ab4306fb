import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import ManualTime
import Synchronization
import Testing

@testable import ControllerRuntime

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite(.timeLimit(.minutes(1))) struct InformerTests {
  /// Runs the informer while `body` runs.
  private func running<R>(
    _ informer: Informer<R>,
    _ body: @escaping @Sendable (AsyncStream<Change<R>>) async throws -> Void
  ) async throws {
    let (changes, continuation) = AsyncStream.makeStream(of: Change<R>.self)
    informer.onChange { continuation.yield($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await informer.run() }
      try await body(changes)
      group.cancelAll()
    }
  }

  private func map(
    _ name: String, _ cluster: TestCluster, labels: [String: String] = [:],
    data: [String: String] = [:]
  ) -> ConfigMap {
    ConfigMap(
      metadata: ObjectMeta(name: name, namespace: cluster.namespace, labels: labels), data: data)
  }

  @Test func `a version that somebody has already is taken as it is`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      let informer = Informer<ConfigMap>(
        client: client, namespace: cluster.namespace, logger: silent)
      let known = Mutex<String?>(nil)
      informer.recognize { [namespace = cluster.namespace] name, version in
        guard name.name == "own" else { return nil }
        // The first version is known, later ones are not.
        let isFirst = known.withLock { known in
          defer { known = known ?? version }
          return known == nil
        }
        guard isFirst else { return nil }
        return ConfigMap(
          metadata: ObjectMeta(name: "own", namespace: namespace, resourceVersion: version),
          data: ["k": "as somebody has it"])
      }
      try await running(informer) { changes in
        try await informer.waitForSync()
        let first = try await client.create(map("own", cluster, data: ["k": "1"]))
        var changes = changes.makeAsyncIterator()
        while await changes.next()?.key.name != "own" {}
        #expect(informer.store[first.namespacedName]?.data == ["k": "as somebody has it"])
        #expect(known.withLock { $0 } == first.metadata.resourceVersion)
        // Another version is read.
        var second = first
        second.data = ["k": "2"]
        _ = try await client.update(second)
        // The cluster puts ConfigMaps of its own into a new namespace.
        var next = await changes.next()
        while let change = next, change.key.name != "own" { next = await changes.next() }
        #expect(next?.new?.data == ["k": "2"])
      }
    }
  }

  @Test func `a store follows the server`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      _ = try await client.create(map("old", cluster, labels: ["app": "x"]))
      _ = try await client.create(map("other", cluster, labels: ["app": "y"]))
      let informer = Informer<ConfigMap>(
        client: client, namespace: cluster.namespace, labelSelector: "app=x", logger: silent
      ) { $0.data?["secret"] = nil }
      try await running(informer) { changes in
        var changes = changes.makeAsyncIterator()
        #expect(!informer.hasSynced)
        try await informer.waitForSync()
        #expect(informer.store.keys.map(\.name) == ["old"])
        #expect(await changes.next()?.key.name == "old")

        var new = try await client.create(
          map("new", cluster, labels: ["app": "x"], data: ["secret": "s", "k": "1"]))
        let added = await changes.next()
        #expect(added?.old == nil)
        #expect(added?.new?.data == ["k": "1"])
        #expect(informer.store[new.namespacedName]?.data == ["k": "1"])

        new.data = ["k": "2"]
        new = try await client.update(new)
        let changed = await changes.next()
        #expect(changed?.old?.data == ["k": "1"])
        #expect(changed?.new?.data == ["k": "2"])

        // Leaving the selection is going away.
        _ = try await client.patch(
          ConfigMap.self, "new", namespace: cluster.namespace,
          .merge(["metadata": ["labels": ["app": "z"]]]))
        let left = await changes.next()
        #expect(left?.key.name == "new" && left?.new == nil)
        try await client.delete(ConfigMap.self, "old", namespace: cluster.namespace)
        let deleted = await changes.next()
        #expect(deleted?.key.name == "old" && deleted?.new == nil)
        #expect(informer.store.count == 0)
      }
    }
  }

  @Test func `metadata alone is enough for any kind`() async throws {
    try await withTestCluster { cluster in
      _ = try await cluster.client.create(map("a", cluster, labels: ["app": "x"]))
      let informer = Informer<PartialObject>(
        client: cluster.client, kind: ConfigMap.resource, namespace: cluster.namespace,
        labelSelector: "app", logger: silent)
      try await running(informer) { _ in
        try await informer.waitForSync()
        #expect(informer.store.values.map(\.metadata.labels) == [["app": "x"]])
      }
    }
  }

  @Test func `an optional kind that does not exist counts as empty`() async throws {
    try await withTestCluster { cluster in
      let kind = ResourceKind(group: "nosuch.example", version: "v1", kind: "X", plural: "xs")
      let informer = Informer<PartialObject>(
        client: cluster.client, kind: kind, isOptional: true, logger: silent)
      try await running(informer) { _ in
        try await informer.waitForSync()
        #expect(informer.unavailable?.isNotFound == true)
        #expect(informer.store.count == 0)
      }
    }
  }

  @Test(arguments: [(true, Logger.Level.info), (false, .warning)])
  func `a kind that is missing is a warning where it is needed only`(
    isOptional: Bool, level: Logger.Level
  ) async throws {
    let (levels, continuation) = AsyncStream.makeStream(of: Logger.Level.self)
    let logger = Logger(label: "test") { _ in Unavailability(levels: continuation) }
    try await ScriptedServer.run { _, response in
      try await response.fail(404, reason: "NotFound")
    } _: { server in
      let informer = Informer<PartialObject>(
        client: APIClient(configuration: server.configuration), kind: ConfigMap.resource,
        isOptional: isOptional, logger: logger)
      try await running(informer) { _ in
        for await said in levels {
          #expect(said == level)
          break
        }
      }
    }
  }

  /// Tells how loudly it is said that a kind cannot be read.
  private struct Unavailability: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let levels: AsyncStream<Logger.Level>.Continuation

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      if "\(event.message)".contains("cannot be read") { levels.yield(event.level) }
    }
  }

  @Test func `a broken watch goes on from its version without losing anything`() async throws {
    // The second watch ends in the middle of a line; the third one has the rest.
    @Sendable func event(_ type: String, _ name: String, _ version: String) -> String {
      let object = #"{"metadata":{"name":"\#(name)","resourceVersion":"\#(version)"}}"#
      return #"{"type":"\#(type)","object":\#(object)}"# + "\n"
    }
    let versions = Mutex<[String?]>([])
    try await ScriptedServer.run { request, response in
      versions.withLock { $0.append(request.query("resourceVersion")) }
      switch request.number {
      case 0:
        try await response.fail(422, reason: "Invalid")
      case 1:
        try await response.send(
          200,
          [
            "metadata": ["resourceVersion": "5"],
            "items": [["metadata": ["name": "a", "resourceVersion": "1"]]],
          ])
      case 2:
        try await response.head(200)
        try await response.write(event("ADDED", "b", "6") + #"{"type":"ADD"#)
        try await response.cut()
      case 3:
        try await response.head(200)
        try await response.write(event("ADDED", "c", "7") + event("DELETED", "a", "8"))
        try await response.end()
      case 4:
        try await response.head(200)
        let gone = #"{"kind":"Status","code":410,"reason":"Expired"}"#
        try await response.write(#"{"type":"ERROR","object":\#(gone)}"# + "\n")
        try await response.hang()
      case 5:
        // The list after 410: b went unnoticed, d came.
        try await response.send(
          200,
          [
            "metadata": ["resourceVersion": "20"],
            "items": [
              ["metadata": ["name": "c", "resourceVersion": "7"]],
              ["metadata": ["name": "d", "resourceVersion": "15"]],
            ],
          ])
      default:
        try await response.head(200)
        try await response.hang()
      }
    } _: { server in
      let clock = ManualClock()
      let informer = Informer<ConfigMap>(
        client: APIClient(configuration: server.configuration),
        time: TimeSource(clock: clock), logger: silent)
      try await running(informer) { changes in
        var changes = changes.makeAsyncIterator()
        var seen: [String] = []
        for _ in 0..<2 { seen.append(await changes.next()?.text ?? "") }
        // Only the broken connection backs off; the watch of the dead connection is gone then.
        while clock.deadlines.first.map({ $0 > clock.now.advanced(by: .seconds(1)) }) ?? true {
          await Task.yield()
        }
        clock.advance(by: .seconds(1))
        for _ in 0..<4 { seen.append(await changes.next()?.text ?? "") }
        #expect(seen == ["+a", "+b", "+c", "-a", "-b", "+d"])
      }
      #expect(versions.withLock { $0 }.prefix(6) == [nil, nil, "5", "6", "8", nil])
    }
  }

  @Test func `an object that does not decode keeps its last version and stops nothing`()
    async throws
  {
    try await ScriptedServer.run { request, response in
      if request.query("sendInitialEvents") == nil { return try await response.hang() }
      try await response.head(200)
      let bad = #"{"metadata":{"name":"bad","resourceVersion":"2"},"data":"not a map"}"#
      let lines = [
        #"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}"#,
        #"{"type":"ADDED","object":{"metadata":{"name":"bad","resourceVersion":"1"}}}"#,
        #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1","#
          + #""annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
        #"{"type":"MODIFIED","object":\#(bad)}"#,
        #"{"type":"ADDED","object":{"metadata":{"name":"z","resourceVersion":"3"}}}"#,
      ]
      try await response.write(lines.map { $0 + "\n" }.joined())
      try await response.hang()
    } _: { server in
      let informer = Informer<ConfigMap>(
        client: APIClient(configuration: server.configuration), logger: silent)
      try await running(informer) { changes in
        for await change in changes where change.key.name == "z" { break }
        #expect(Set(informer.store.keys.map(\.name)) == ["a", "bad", "z"])
        let bad = informer.store[NamespacedName(name: "bad")]
        #expect(bad?.metadata.resourceVersion == "1")
      }
    }
  }

  @Test func `silence ends a watch, and the next one begins where it was`() async throws {
    let clock = ManualClock()
    try await ScriptedServer.run { request, response in
      try await response.head(200)
      if request.query("sendInitialEvents") != nil {
        try await response.write(
          #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","#
            + #""annotations":{"k8s.io/initial-events-end":"true"}}}}"# + "\n")
      }
      try await response.hang()
    } _: { server in
      let informer = Informer<ConfigMap>(
        client: APIClient(configuration: server.configuration),
        time: TimeSource(clock: clock), logger: silent)
      try await running(informer) { _ in
        try await informer.waitForSync()
        clock.advance(by: .seconds(375))
        while server.requests.count < 2 { await Task.yield() }
        #expect(server.requests[1].query("resourceVersion") == "9")
      }
    }
  }

  @Test func `a resync shows every object again`() async throws {
    try await withTestCluster { cluster in
      let clock = ManualClock()
      _ = try await cluster.client.create(map("a", cluster, labels: ["app": "x"]))
      let informer = Informer<ConfigMap>(
        client: cluster.client, namespace: cluster.namespace, labelSelector: "app",
        resync: .seconds(60), time: TimeSource(clock: clock), logger: silent)
      try await running(informer) { changes in
        var changes = changes.makeAsyncIterator()
        #expect(await changes.next()?.old == nil)
        clock.advance(by: .seconds(60))
        let again = await changes.next()
        #expect(again?.old != nil && again?.old == again?.new)
      }
    }
  }

  @Test func `after a forgotten history a store is complete again`() async throws {
    try await withTestCluster { cluster in
      guard let compact = cluster.compact else {
        try Test.cancel("only the development server forgets its history on request")
      }
      let informer = Informer<ConfigMap>(
        client: cluster.client, namespace: cluster.namespace, labelSelector: "app", logger: silent)
      try await running(informer) { changes in
        var changes = changes.makeAsyncIterator()
        try await informer.waitForSync()
        _ = try await cluster.client.create(map("a", cluster, labels: ["app": "x"]))
        #expect(await changes.next()?.key.name == "a")
        await compact()
        _ = try await cluster.client.create(map("b", cluster, labels: ["app": "x"]))
        #expect(await changes.next()?.key.name == "b")
      }
    }
  }
}

extension Change {
  /// `+a` for a new object, `~a` for a changed and `-a` for a deleted one.
  fileprivate var text: String {
    "\(old == nil ? "+" : new == nil ? "-" : "~")\(key.name)"
  }
}
