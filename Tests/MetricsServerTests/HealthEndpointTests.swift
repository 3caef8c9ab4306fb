import Logging
import MetricsServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct HealthEndpointTests {
  @Test func `Is alive at once and ready when every check is`() async throws {
    let readiness = Readiness(["caches", "config"])
    try await withService({ onListening in
      HealthEndpoint(
        address: .loopback(port: 0), readiness: readiness, logger: Logger(label: "test"),
        onListening: onListening)
    }) { (server: ServedEndpoint) async throws in
      let ok = Answer(status: 200, body: "ok", type: "text/plain; charset=utf-8")
      #expect(try await server.get("/healthz") == ok)
      #expect(try await server.get("/readyz").status == 503)
      #expect(try await server.get("/readyz").body == "caches: not yet\nconfig: not yet")
      readiness.markReady("caches")
      #expect(try await server.get("/readyz").body == "config: not yet")
      readiness.markReady("config")
      #expect(try await server.get("/readyz") == ok)
      readiness.markFailing("sockets", "no interface")
      #expect(try await server.get("/readyz").body == "sockets: no interface")
      #expect(try await server.get("/healthz") == ok)
      #expect(try await server.get("/other").status == 404)
    }
  }
}
