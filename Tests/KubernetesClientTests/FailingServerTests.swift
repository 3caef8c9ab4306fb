import KubernetesAPI
import KubernetesTesting
import ManualTime
import Testing

@testable import KubernetesClient

/// What a client does when the server is busy, broken or hostile.
@Suite(.timeLimit(.minutes(1))) struct FailingServerTests {
  private struct NothingFailed: Error {}
  private let kind = ConfigMap.resource

  private func client(
    _ server: ScriptedServer, time: TimeSource = .system,
    credentials: ClientConfiguration.Credentials = .none
  ) -> APIClient {
    var configuration = server.configuration
    configuration.credentials = credentials
    return APIClient(configuration: configuration, userAgent: "test", time: time)
  }

  private func failure(
    _ body: () async throws -> some Any
  ) async throws -> KubernetesError {
    do {
      _ = try await body()
    } catch let error as KubernetesError {
      return error
    }
    throw NothingFailed()
  }

  @Test(arguments: [429, 503]) func `a busy server is asked again when it says so`(
    code: Int
  ) async throws {
    let clock = ManualClock()
    try await ScriptedServer.run { request, response in
      if request.number < 2 {
        try await response.fail(code, headers: ["Retry-After": "3"])
      } else {
        try await response.send(200, ["kind": "ConfigMap"])
      }
    } _: { server in
      let client = client(server, time: TimeSource(clock: clock))
      async let answer = client.get(kind, "a", namespace: "ns")
      for _ in 0..<2 {
        // The request's own timeout, and the wait.
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(3))
      }
      let kind = try await answer["kind"]
      #expect(kind == "ConfigMap")
      #expect(server.requests.count == 3)
    }
  }

  @Test func `a wait beyond the timeout is left to the caller`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.fail(
        429, reason: "TooManyRequests", message: "busy", headers: ["Retry-After": "31"])
    } _: { server in
      let error = try await failure { try await client(server).get(kind, "a", namespace: "ns") }
      #expect(error.failure == .tooManyRequests)
      #expect(error.retryAfter == .seconds(31))
      #expect(error.isTransient)
      #expect(server.requests.count == 1)
    }
  }

  @Test func `repetitions are bounded`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.fail(503, headers: ["Retry-After": "0"])
    } _: { server in
      let error = try await failure { try await client(server).get(kind, "a", namespace: "ns") }
      #expect(error.failure == .serverError)
      #expect(server.requests.count == APIClient.attemptLimit)
    }
  }

  @Test func `what may have happened is not repeated`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.fail(503, headers: ["Retry-After": "0"])
    } _: { server in
      let client = client(server)
      let object: JSONValue = ["metadata": ["name": "a", "namespace": "ns"]]
      _ = try await failure { try await client.create(object, kind) }
      _ = try await failure {
        try await client.patch(kind, "a", namespace: "ns", .json([]))
      }
      #expect(server.requests.map(\.method) == ["POST", "PATCH"])
      _ = try await failure { try await client.update(object, kind) }
      _ = try await failure {
        try await client.apply(object, kind, fieldManager: "test")
      }
      #expect(server.requests.count == 2 + 2 * APIClient.attemptLimit)
    }
  }

  @Test func `an error without Retry-After is the caller's`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.fail(500, reason: "InternalError", message: "boom")
    } _: { server in
      let error = try await failure { try await client(server).get(kind, "a", namespace: "ns") }
      #expect(error.failure == .serverError)
      #expect(error.message == "boom")
      #expect(server.requests.count == 1)
    }
  }

  @Test func `401 renews the credentials and repeats once`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.write("token", "old\n")
    try await ScriptedServer.run { request, response in
      if request.headers["Authorization"] == "Bearer new" {
        try await response.send(200, ["kind": "ConfigMap"])
      } else {
        try await response.fail(401, reason: "Unauthorized")
      }
    } _: { server in
      let client = client(server, credentials: .tokenFile(path))
      let error = try await failure { try await client.get(kind, "a", namespace: "ns") }
      #expect(error.isUnauthorized)
      #expect(server.requests.count == 2)
      try folder.write("token", "new\n")
      _ = try await client.get(kind, "a", namespace: "ns")
      #expect(
        server.requests.map { $0.headers["Authorization"] } == [
          "Bearer old", "Bearer old", "Bearer old", "Bearer new",
        ])
    }
  }

  @Test func `a server that does not answer costs the timeout`() async throws {
    let clock = ManualClock()
    try await ScriptedServer.run { _, response in
      try await response.hang()
    } _: { server in
      let client = client(server, time: TimeSource(clock: clock)).timeout(.seconds(4))
      async let error = failure { try await client.get(kind, "a", namespace: "ns") }
      await clock.waitForSleepers()
      #expect(clock.deadlines == [clock.start.advanced(by: .seconds(4))])
      clock.advance(by: .seconds(4))
      let timeout = try await error
      #expect(timeout.isTimeout)
      #expect(
        timeout.description
          == "GET /api/v1/namespaces/ns/configmaps/a: no answer within 4.0 seconds")
    }
  }

  @Test func `a body that comes drop by drop costs no more than the timeout`() async throws {
    let clock = ManualClock()
    try await ScriptedServer.run { _, response in
      try await response.head(200)
      try await response.write("{\"kind\":")
      try await response.hang()
    } _: { server in
      let client = client(server, time: TimeSource(clock: clock))
      async let error = failure { try await client.get(kind, "a", namespace: "ns") }
      await clock.waitForSleepers()
      clock.advance(by: .seconds(30))
      let timeout = try await error
      #expect(timeout.isTimeout)
    }
  }

  @Test func `a connection that breaks is a connection error`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.head(200, headers: ["Content-Length": "100"])
      try await response.write("{\"kind\":")
      try await response.cut()
    } _: { server in
      let error = try await failure { try await client(server).get(kind, "a", namespace: "ns") }
      #expect(error.failure == .connection)
      #expect(error.isTransient)
    }
    // Nobody listens there.
    let lonely = APIClient(configuration: ClientConfiguration(server: "http://127.0.0.1:1"))
    let refused = try await failure { try await lonely.get(kind, "a", namespace: "ns") }
    #expect(refused.failure == .connection)
  }

  @Test(arguments: ["", "<html>", "{\"kind\":", "[1,2"]) func `garbage is a malformed answer`(
    body: String
  ) async throws {
    try await ScriptedServer.run { _, response in
      try await response.head(200)
      try await response.write(body)
      try await response.end()
    } _: { server in
      let error = try await failure { try await client(server).get(kind, "a", namespace: "ns") }
      #expect(error.failure == .malformedResponse)
      #expect(!error.isTransient)
    }
  }

  @Test func `an error page of a proxy is an error with its code`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.head(502)
      try await response.write("<html>Bad Gateway</html>")
      try await response.end()
    } _: { server in
      let error = try await failure { try await client(server).get(kind, "a", namespace: "ns") }
      #expect(error.failure == .serverError)
      #expect(error.code == 502 && error.status == nil)
    }
  }

  @Test func `an object of another shape does not decode`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.send(200, ["metadata": ["name": ["not": "a string"]]])
    } _: { server in
      let error = try await failure {
        try await client(server).get(ConfigMap.self, "a", namespace: "ns")
      }
      #expect(error.failure == .malformedResponse)
    }
  }

  @Test func `a list that expires between its pages is fetched whole`() async throws {
    try await ScriptedServer.run { request, response in
      let item = { (name: String) -> JSONValue in ["metadata": ["name": .string(name)]] }
      switch (request.query("limit"), request.query("continue")) {
      case ("500", nil):
        try await response.send(
          200, ["metadata": ["continue": "next", "resourceVersion": "5"], "items": [item("a")]])
      case ("500", "next"): try await response.fail(410, reason: "Expired")
      default:
        try await response.send(
          200, ["metadata": ["resourceVersion": "7"], "items": [item("a"), item("b")]])
      }
    } _: { server in
      let list = try await client(server).list(ConfigMap.self, namespace: "ns")
      #expect(list.items.map(\.metadata.name) == ["a", "b"])
      #expect(list.metadata.resourceVersion == "7")
      #expect(server.requests.count == 3)
    }
  }

  @Test func `a cancelled request is a cancellation`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.hang()
    } _: { server in
      let client = client(server)
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            _ = try await client.get(ConfigMap.resource, "a", namespace: "ns")
            return false
          } catch {
            return error is CancellationError
          }
        }
        while server.requests.isEmpty { await Task.yield() }
        group.cancelAll()
        #expect(await group.next() == true)
      }
    }
  }

  // MARK: Watches

  private func watch(_ client: APIClient) async throws -> [WatchEvent] {
    var events: [WatchEvent] = []
    for try await event in try await client.watch(kind, namespace: "ns") { events.append(event) }
    return events
  }

  @Test func `lines may come in any pieces`() async throws {
    let line = #"{"type":"ADDED","object":{"metadata":{"name":"ä"}}}"# + "\n"
    let text = line + line + "\n" + line
    try await ScriptedServer.run { _, response in
      try await response.head(200)
      var rest = Array(text.utf8)[...]
      while let byte = rest.popFirst() {
        // One byte a chunk, also within a character.
        try await response.write(bytes: [byte])
      }
      try await response.end()
    } _: { server in
      let event = WatchEvent.added(["metadata": ["name": "ä"]])
      let events = try await watch(client(server))
      #expect(events == [event, event, event])
    }
  }

  @Test(arguments: [
    "garbage\n", "{\"type\":\"ADDED\"}\n", "{\"type\":\"PUSHED\",\"object\":{}}\n",
    "{\"type\":\"BOOKMARK\",\"object\":{}}\n", "[]\n",
  ])
  func `a line that is no event ends the watch`(line: String) async throws {
    try await ScriptedServer.run { _, response in
      try await response.head(200)
      try await response.write(line)
      try await response.hang()
    } _: { server in
      let error = try await failure { try await watch(client(server)) }
      #expect(error.failure == .malformedResponse)
    }
  }

  @Test func `a cut in the middle of a line is a connection error`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.head(200)
      try await response.write("{\"type\":\"ADDED\",")
      try await response.cut()
    } _: { server in
      let error = try await failure { try await watch(client(server)) }
      #expect(error.failure == .connection)
    }
  }

  @Test func `a refused watch is an error with its status`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.fail(
        429, reason: "TooManyRequests", message: "later", headers: ["Retry-After": "2"])
    } _: { server in
      let error = try await failure { try await watch(client(server)) }
      #expect(error.failure == .tooManyRequests)
      #expect(error.retryAfter == .seconds(2))
      #expect(error.message == "later")
    }
  }

  @Test func `no secret appears in an error`() async throws {
    try await ScriptedServer.run { _, response in
      try await response.fail(401, reason: "Unauthorized", message: "Unauthorized")
    } _: { server in
      let client = client(server, credentials: .token(SecretBytes("s3cret")))
      let error = try await failure { try await client.get(kind, "a", namespace: "ns") }
      #expect(server.requests.first?.headers["Authorization"] == "Bearer s3cret")
      var dump = ""
      Swift.dump(error, to: &dump)
      #expect(!"\(error) \(String(reflecting: error)) \(dump)".contains("s3cret"))
    }
  }
}
