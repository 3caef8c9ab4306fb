import CoreMetrics
import Glibc
import Logging
import NIOCore
import NIOSSL
import PrometheusMetrics
import Synchronization
import Testing

@testable import MetricsServer

@Suite(.timeLimit(.minutes(1))) struct MetricsEndpointTests {
  let registry = PrometheusRegistry()
  let page = Answer(
    status: 200, body: "# TYPE x counter\nx 1\n", type: "text/plain; version=0.0.4; charset=utf-8")

  init() {
    Counter(label: "x", factory: registry).increment()
  }

  func endpoint(
    _ security: MetricsEndpoint.Security, _ authorizer: MetricsAuthorizer? = nil,
    _ onListening: @escaping @Sendable (Int) async -> Void
  ) -> MetricsEndpoint {
    MetricsEndpoint(
      address: .loopback(port: 0), security: security, registry: registry, authorizer: authorizer,
      logger: Logger(label: "test"), onListening: onListening)
  }

  static func trusting(_ certificate: ServingCertificate) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(certificate.chain)
    // Tests connect to 127.0.0.1, which the certificate does not name.
    configuration.certificateVerification = .noHostnameVerification
    return configuration
  }

  @Test func `Serves the registry over plain HTTP`() async throws {
    try await withService({ endpoint(.plain, nil, $0) }) { (server: ServedEndpoint) async throws in
      #expect(try await server.get("/metrics") == page)
      #expect(try await server.get("/").status == 404)
    }
  }

  @Test func `Serves a page of its own, and a health that everybody may ask for`() async throws {
    let failure = Mutex<String?>(nil)
    try await withService({ onListening in
      var endpoint = MetricsEndpoint(
        address: .loopback(port: 0), security: .plain, path: "/frr", authorizer: nil,
        logger: Logger(label: "test"), onListening: onListening
      ) { "y 2\n" }
      endpoint.liveness = ("/livez", { failure.withLock { $0 } })
      return endpoint
    }) { (server: ServedEndpoint) async throws in
      #expect(try await server.get("/frr").body == "y 2\n")
      #expect(try await server.get("/metrics").status == 404)
      #expect(try await server.get("/livez").status == 200)
      failure.withLock { $0 = "not running: bgpd" }
      let answer = try await server.get("/livez")
      #expect(answer.status == 404 && answer.body.contains("bgpd"), "\(answer)")
    }
  }

  @Test func `Serves the registry over HTTPS with a certificate made on the spot`() async throws {
    let certificate = try ServingCertificate.selfSigned(names: ["speaker"], at: now())
    try await withService(
      { endpoint(.tls(.fixed(certificate), TLSLimits()), nil, $0) },
      tls: Self.trusting(certificate)
    ) { (server: ServedEndpoint) async throws in
      #expect(try await server.get("/metrics") == page)
    }
  }

  @Test func `Refuses TLS below the minimum`() async throws {
    let certificate = try ServingCertificate.selfSigned(names: ["speaker"], at: now())
    var client = Self.trusting(certificate)
    client.maximumTLSVersion = .tlsv12
    let limits = try TLSLimits(
      minimumVersion: "VersionTLS12", cipherSuites: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      curvePreferences: "29")
    try await withService({ endpoint(.tls(.fixed(certificate), limits), nil, $0) }, tls: client) {
      (server: ServedEndpoint) async throws in
      #expect(try await server.get("/metrics") == page)
    }
    try await withService(
      { endpoint(.tls(.fixed(certificate), TLSLimits()), nil, $0) }, tls: client
    ) { (server: ServedEndpoint) async throws in
      await #expect(throws: (any Error).self) { try await server.get("/metrics") }
    }
  }

  @Test func `A renewed certificate is used for the next connection`() async throws {
    let directory = try TemporaryDirectory()
    let first = try PEMPair(name: "first")
    try first.write(to: directory.path)
    let second = try PEMPair(name: "second")
    let source = CertificateSource.directory(directory.path)
    var both = Self.trusting(try source.load())
    try second.write(to: directory.path)
    let renewed = try source.load()
    both.trustRoots = .certificates(renewed.chain)
    try first.write(to: directory.path)
    try await withService({ endpoint(.tls(source, TLSLimits()), nil, $0) }, tls: both) {
      (server: ServedEndpoint) async throws in
      // The client trusts only the second certificate.
      await #expect(throws: (any Error).self) { try await server.get("/metrics") }
      try second.write(to: directory.path)
      #expect(try await server.get("/metrics") == page)
      // Files that are being replaced do no harm: the server goes on with the one that it read last.
      try "garbage".write(toPath: directory.path + "/tls.crt")
      #expect(try await server.get("/metrics") == page)
      try second.write(to: directory.path)
      #expect(try await server.get("/metrics") == page)
    }
  }

  @Test func `A stop does not wait for the farewell of idle connections`() async throws {
    let certificate = try ServingCertificate.selfSigned(names: ["speaker"], at: now())
    let configuration = try tlsConfiguration(
      source: .fixed(certificate), limits: TLSLimits(), logger: Logger(label: "test"))
    #expect(configuration.shutdownTimeout <= .milliseconds(100))
    try await withService(
      { endpoint(.tls(.fixed(certificate), TLSLimits()), nil, $0) },
      tls: Self.trusting(certificate)
    ) { (server: ServedEndpoint) async throws in
      // Leaves a connection open in the client's pool; the service has to end all the same.
      #expect(try await server.get("/metrics", keepsConnection: true) == page)
    }
  }

  @Test func `A directory without a certificate stops the start`() async throws {
    let missing = endpoint(.tls(.directory("/nonexistent"), TLSLimits())) { _ in }
    await #expect(throws: CertificateError.self) { try await missing.run() }
  }

  @Test func `Asks for a bearer token and for permission`() async throws {
    let authorizer = MetricsAuthorizer { token in
      switch token {
      case "good": .allowed
      case "poor": .denied
      case "broken": throw CancellationError()
      default: .unauthenticated
      }
    }
    try await withService({ endpoint(.plain, authorizer, $0) }) {
      (server: ServedEndpoint) async throws in
      #expect(try await server.get("/metrics", authorization: "Bearer good") == page)
      #expect(try await server.get("/metrics", authorization: "bearer good") == page)
      #expect(try await server.get("/metrics").status == 401)
      #expect(try await server.get("/metrics", authorization: "Basic good").status == 401)
      #expect(try await server.get("/metrics", authorization: "Bearer unknown").status == 401)
      #expect(try await server.get("/metrics", authorization: "Bearer poor").status == 403)
      #expect(try await server.get("/metrics", authorization: "Bearer broken").status == 500)
    }
  }
}

/// Seconds since 1970.
func now() -> Int64 {
  Int64(time(nil))
}
