import AsyncHTTPClient
import DevelopmentAPIServer
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOSSL

/// A server of its own for one test, and a plain HTTP client for it.
struct ServedAPI: Sendable {
  let server: APIServer
  let client: HTTPClient

  struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    /// `null` where the answer is not JSON.
    var body: JSONValue

    var message: String { body["message"]?.stringValue ?? "" }
    var warnings: [String] { headers["Warning"] }
    var name: String { body[path: ["metadata", "name"]]?.stringValue ?? "" }
  }

  /// Runs `body` with a server that is gone afterwards.
  static func run<R>(
    _ configuration: APIServer.Configuration = .init(), _ body: (ServedAPI) async throws -> R
  ) async throws -> R {
    let server = try APIServer(configuration: configuration)
    try await server.start()
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(server.caCertificatePEM.utf8)))
    var options = HTTPClient.Configuration(tlsConfiguration: tls)
    // Every watch has a connection of its own.
    options.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1000
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: options)
    let result: Result<R, any Error>
    do {
      result = .success(try await body(ServedAPI(server: server, client: client)))
    } catch {
      result = .failure(error)
    }
    try await client.shutdown()
    await server.stop()
    return try result.get()
  }

  func request(
    _ method: String, _ path: String, headers: [String: String] = [:], bytes: [UInt8]? = nil
  ) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: server.url + path)
    request.method = HTTPMethod(rawValue: method)
    var all = ["Authorization": "Bearer \(server.adminToken)", "User-Agent": "tests/1.0"]
    if bytes != nil { all["Content-Type"] = "application/json" }
    for (name, value) in headers { all[name] = value }
    for (name, value) in all { request.headers.add(name: name, value: value) }
    if let bytes { request.body = .bytes(ByteBuffer(bytes: bytes)) }
    return request
  }

  @discardableResult
  func send(
    _ method: String, _ path: String, headers: [String: String] = [:], bytes: [UInt8]
  ) async throws -> Answer {
    try await send(request(method, path, headers: headers, bytes: bytes))
  }

  @discardableResult
  func send(
    _ method: String, _ path: String, _ body: JSONValue? = nil, headers: [String: String] = [:]
  ) async throws -> Answer {
    try await send(request(method, path, headers: headers, bytes: body?.jsonBytes))
  }

  func send(_ request: HTTPClientRequest) async throws -> Answer {
    let response = try await client.execute(request, timeout: .seconds(60))
    let body = try await response.body.collect(upTo: 1 << 26)
    return Answer(
      status: Int(response.status.code), headers: response.headers,
      body: (try? JSONValue(parsing: body.readableBytesView)) ?? .null)
  }
}
