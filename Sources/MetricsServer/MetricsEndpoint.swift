import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOSSL
package import PrometheusMetrics
import ServiceLifecycle

/// Serves a registry as Prometheus text on `/metrics`: over HTTPS with a certificate of its own or from a directory,
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
  private let registry: PrometheusRegistry
  private let authorizer: MetricsAuthorizer?
  private let logger: Logger
  private let onListening: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - authorizer: decides who may read; nil lets everybody.
  ///   - onListening: told the port once the socket is open; of interest where port 0 was asked for.
  package init(
    address: ListenAddress, security: Security, registry: PrometheusRegistry,
    authorizer: MetricsAuthorizer?, logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.address = address
    self.security = security
    self.registry = registry
    self.authorizer = authorizer
    self.logger = logger
    self.onListening = onListening
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
    guard request.uri.path == "/metrics" else { return .text(.notFound, "not found") }
    guard request.method == .get else { return .text(.methodNotAllowed, "method not allowed") }
    guard let authorizer else { return page() }
    switch await authorizer.decide(authorization: request.headers[.authorization]) {
    case .allowed: return page()
    case .unauthenticated: return .text(.unauthorized, "Unauthorized")
    case .denied: return .text(.forbidden, "Forbidden")
    case .failed(let error):
      logger.warning("Could not ask the API server who may read metrics", error: error)
      return .text(.internalServerError, "Authorization failed")
    }
  }

  private func page() -> Response {
    .text(.ok, registry.render(), type: PrometheusRegistry.contentType)
  }
}
