import AsyncHTTPClient
import KubernetesAPI
import KubernetesClient
import Logging
import MetricsServer
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle

@testable import WebhookServer

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A webhook server on loopback as an API server sees it.
struct ServedWebhooks: Sendable {
  let client: HTTPClient
  let port: Int
  let group: ServiceGroup

  struct Answer: Sendable, Equatable {
    var status: Int
    var body: String
    var version = HTTPVersion.http1_1
    var json: JSONValue? { try? JSONValue(parsing: body) }
  }

  func post(
    _ path: String, _ body: HTTPClientRequest.Body?, type: String = "application/json",
    method: HTTPMethod = .POST
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: "https://localhost:\(port)\(path)")
    request.method = method
    request.headers.add(name: "content-type", value: type)
    request.body = body
    let response = try await client.execute(request, timeout: .seconds(30))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return Answer(
      status: Int(response.status.code), body: String(buffer: bytes),
      version: response.version)
  }

  func post(_ path: String, json: JSONValue) async throws -> Answer {
    try await post(path, .bytes(json.jsonBytes))
  }
}

func newCertificates(_ now: Timestamp = .now) throws -> WebhookCertificates {
  let plan = try CertificatePlanner(names: ["localhost"]).plan(for: nil, served: nil, now: now)
  guard case .write(let certificates, _) = plan else { throw CertificateFault("none") }
  return certificates
}

extension TLSConfiguration {
  static func trusting(_ bundle: String) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(bundle.utf8)))
    return configuration
  }
}

/// Runs an endpoint while `body` talks to it.
func withWebhooks(
  _ handlers: [String: WebhookHandler], served: ServedCertificate, trusting bundle: String,
  usesHTTP2: Bool = false, linger: Duration = .zero, _ body: (ServedWebhooks) async throws -> Void
) async throws {
  let (ports, continuation) = AsyncStream<Int>.makeStream()
  let endpoint = WebhookEndpoint(
    address: .loopback(port: 0), certificate: served.source, limits: TLSLimits(),
    usesHTTP2: usesHTTP2, handlers: handlers, linger: linger, logger: quiet,
    ready: { try await served.waitForFirst() },
    onListening: { continuation.yield($0) })
  let group = ServiceGroup(services: [endpoint], logger: quiet)
  var configuration = HTTPClient.Configuration(tlsConfiguration: try .trusting(bundle))
  configuration.connectionPool.retryConnectionEstablishment = false
  configuration.dnsOverride = ["localhost": "127.0.0.1"]
  let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  let outcome: Result<Void, any Error>
  do {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await port in ports {
        try await body(ServedWebhooks(client: client, port: port, group: group))
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
