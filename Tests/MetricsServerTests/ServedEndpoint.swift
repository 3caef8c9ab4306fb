import AsyncHTTPClient
import Logging
import MetricsServer
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle

/// An answer that a test looks at.
struct Answer: Equatable {
  var status: Int
  var body: String
  var type: String?
}

/// A service that listens on loopback, as a client sees it.
struct ServedEndpoint {
  let client: HTTPClient
  let base: String

  /// Each request opens its own connection, so that each one sees a fresh handshake; it stays open only if asked.
  func get(
    _ path: String, authorization: String? = nil, keepsConnection: Bool = false
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: base + path)
    if !keepsConnection { request.headers.add(name: "connection", value: "close") }
    if let authorization { request.headers.add(name: "authorization", value: authorization) }
    let response = try await client.execute(request, timeout: .seconds(10))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return Answer(
      status: Int(response.status.code), body: String(buffer: bytes),
      type: response.headers.first(name: "content-type"))
  }
}

/// Runs a service while `body` talks to the port that it reports, then stops it gracefully.
func withService(
  _ make: (_ onListening: @escaping @Sendable (Int) async -> Void) -> any Service,
  tls: TLSConfiguration? = nil, _ body: (ServedEndpoint) async throws -> Void
) async throws {
  let (ports, continuation) = AsyncStream<Int>.makeStream()
  let service = make { continuation.yield($0) }
  let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(services: [service], logger: Logger(label: "test")))
  var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
  configuration.connectionPool.retryConnectionEstablishment = false
  let client = HTTPClient(configuration: configuration)
  let outcome: Result<Void, any Error>
  do {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await port in ports {
        let base = "\(tls == nil ? "http" : "https")://127.0.0.1:\(port)"
        try await body(ServedEndpoint(client: client, base: base))
        await group.triggerGracefulShutdown()
        return
      }
    }
    outcome = .success(())
  } catch {
    outcome = .failure(error)
  }
  try await client.shutdown()
  try outcome.get()
}
