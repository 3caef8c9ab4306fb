import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOSSL
package import PrometheusMetrics
import ServiceLifecycle

/// Serves Prometheus text, mostly of a registry, on `/metrics`: over HTTPS with a certificate of its own or from a directory,
/// or over plain HTTP; to everybody, or to those whom the API server lets read it.
package struct MetricsEndpoint: Service {
  /// How the page travels.
  package enum Security: Sendable {
    case plain
    /// HTTPS. The certificate is read again for each connection, so a renewed one needs no restart.
    case tls(CertificateSource, TLSLimits)
  }

  private let address: ListenAddress
  private let security: Security
  private let path: String
  private let makePage: @Sendable () async throws -> String
  private let authorizer: MetricsAuthorizer?
  private let logger: Logger
  private let onListening: @Sendable (Int) async -> Void
  /// A path that everybody may ask, and what is answered there: why something is not well, or `nil`.
  package var liveness: (path: String, check: @Sendable () async throws -> String?)?

  /// - Parameters:
  ///   - path: of the page.
  ///   - authorizer: decides who may read; nil lets everybody.
  ///   - makePage: makes the page, each time anew.
  package init(
    address: ListenAddress, security: Security, path: String = "/metrics",
    authorizer: MetricsAuthorizer?, logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in },
    makePage: @escaping @Sendable () async throws -> String
  ) {
    self.address = address
    self.security = security
    self.path = path
    self.makePage = makePage
    self.authorizer = authorizer
    self.logger = logger
    self.onListening = onListening
  }

  /// - Parameters:
  ///   - authorizer: decides who may read; nil lets everybody.
  ///   - onListening: told the port once the socket is open; of interest where port 0 was asked for.
  package init(
    address: ListenAddress, security: Security, registry: PrometheusRegistry,
    authorizer: MetricsAuthorizer?, logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.init(
      address: address, security: security, authorizer: authorizer, logger: logger,
      onListening: onListening
    ) { registry.render() }
  }

  /// Throws ``CertificateError`` when there is no usable certificate at the start.
  package func run() async throws {
    let server: HTTPServerBuilder =
      switch security {
      case .plain: .http1()
      case .tls(let source, let limits):
        try .tls(tlsConfiguration: tlsConfiguration(source: source, limits: limits, logger: logger))
      }
    let onListening = onListening
    let application = Application(
      responder: CallbackResponder { request, _ in await respond(to: request) }
        as CallbackResponder<BasicRequestContext>,
      server: server,
      configuration: ApplicationConfiguration(address: address.bindAddress),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
      logger: logger)
    try await application.run()
  }

  private func respond(to request: Request) async -> Response {
    if let liveness, request.uri.path == liveness.path { return await answer(liveness.check) }
    guard request.uri.path == path else { return .text(.notFound, "not found") }
    guard request.method == .get else { return .text(.methodNotAllowed, "method not allowed") }
    guard let authorizer else { return await page() }
    switch await authorizer.decide(authorization: request.headers[.authorization]) {
    case .allowed: return await page()
    case .unauthenticated: return .text(.unauthorized, "Unauthorized")
    case .denied: return .text(.forbidden, "Forbidden")
    case .failed(let error):
      logger.warning("Could not ask the API server who may read metrics", error: error)
      return .text(.internalServerError, "Authorization failed")
    }
  }

  private func answer(_ check: @Sendable () async throws -> String?) async -> Response {
    do {
      guard let failure = try await check() else { return .text(.ok, "ok") }
      return .text(.notFound, failure)
    } catch {
      return .text(.internalServerError, "\(error)")
    }
  }

  private func page() async -> Response {
    do {
      return .text(.ok, try await makePage(), type: PrometheusRegistry.contentType)
    } catch {
      logger.warning("Could not make the page of metrics", error: error)
      return .text(.internalServerError, "\(error)")
    }
  }
}
