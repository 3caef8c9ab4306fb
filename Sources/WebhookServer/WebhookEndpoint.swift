import ControllerRuntime
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import HummingbirdTLS
import KubernetesAPI
package import KubernetesClient
package import Logging
package import MetricsServer
import NIOCore
import ServiceLifecycle

/// Serves admission and conversion reviews over HTTPS.
///
/// ```
///  API server ── POST /validate-… ──▶ WebhookEndpoint ──▶ WebhookHandler (the rules)
///        ▲                                  ▲ certificate, at each handshake
///        └── caBundle ── CertificateKeeper ─┘
/// ```
///
/// A body that is no review is answered with an HTTP error, which the API server treats as a call that failed; an object
/// that is not of its kind's shape is refused in the review. Bodies are bounded one by one and together. HTTP/1.1, and
/// HTTP/2 where it is asked for: one connection of it can hold many requests.
package struct WebhookEndpoint: ServiceLifecycle.Service {
  private let address: ListenAddress
  private let certificate: CertificateSource
  private let limits: TLSLimits
  private let usesHTTP2: Bool
  private let handlers: [String: WebhookHandler]
  private let linger: Duration
  private let time: TimeSource
  private let logger: Logger
  private let ready: @Sendable () async throws -> Void
  private let onListening: @Sendable (Int) async -> Void
  private let budget = BodyBudget(bytes: 192 << 20)

  private static let connectionLimit = 1000
  /// Longer than API servers keep connections that they do not use.
  private static let idleTimeout = TimeAmount.seconds(120)
  /// How long a client may take over its body.
  private static let readingTime = Duration.seconds(10)

  /// - Parameters:
  ///   - certificate: asked for each connection, so that a renewed one needs no restart and ends no connection.
  ///   - usesHTTP2: whether clients may choose HTTP/2.
  ///   - handlers: by path.
  ///   - linger: how long a graceful shutdown goes on serving, because API servers learn a little later that this Pod
  ///     has left its Service.
  ///   - ready: what to wait for before listening: the first certificate.
  ///   - onListening: told the port once the socket is open.
  package init(
    address: ListenAddress, certificate: CertificateSource, limits: TLSLimits,
    usesHTTP2: Bool = false, handlers: [String: WebhookHandler], linger: Duration = .zero,
    time: TimeSource = .system,
    logger: Logger, ready: @escaping @Sendable () async throws -> Void = {},
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.address = address
    self.certificate = certificate
    self.limits = limits
    self.usesHTTP2 = usesHTTP2
    self.handlers = handlers
    self.linger = linger
    self.time = time
    self.logger = logger
    self.ready = ready
    self.onListening = onListening
  }

  /// Serves until graceful shutdown, which answers what was begun, or cancellation.
  package func run() async throws {
    do {
      try await cancelWhenGracefulShutdown { try await ready() }
    } catch is CancellationError {
      return
    }
    let onListening = onListening
    let application = Application(
      responder: CallbackResponder { request, _ in await respond(to: request) }
        as CallbackResponder<BasicRequestContext>,
      server: try server(),
      configuration: ApplicationConfiguration(
        address: address.bindAddress,
        availableConnectionsDelegate: .maximum(Self.connectionLimit, logger: logger)),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
      logger: logger)
    try await serve(ServiceGroup(services: [application], logger: logger))
  }

  private func server() throws -> HTTPServerBuilder {
    let tls = try tlsConfiguration(source: certificate, limits: limits, logger: logger)
    let http1 = HTTP1Channel.Configuration(idleTimeout: Self.idleTimeout)
    guard usesHTTP2 else { return try .tls(.http1(configuration: http1), tlsConfiguration: tls) }
    return try .http2Upgrade(
      tlsConfiguration: tls,
      configuration: .init(
        idleTimeout: .nanoseconds(Self.idleTimeout.nanoseconds), streamConfiguration: http1))
  }

  /// Runs the server out of reach of the process's shutdown, and passes it on a little later.
  private func serve(_ server: ServiceGroup) async throws {
    // Owned and cancelled below: a child task would see the shutdown at once.
    let serving = Task.detached { try await server.run() }
    try await withTaskCancellationHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await serving.value }
        group.addTask {
          try await gracefulShutdown()
          try? await time.sleep(for: linger)
          await server.triggerGracefulShutdown()
          try await serving.value
        }
        try await group.next()
        group.cancelAll()
      }
    } onCancel: {
      serving.cancel()
    }
  }

  private func respond(to request: Request) async -> Response {
    guard let handler = handlers[request.uri.path] else { return .text(.notFound, "not found") }
    guard request.method == .post else { return .text(.methodNotAllowed, "method not allowed") }
    let type = request.headers[.contentType]?.split(separator: ";").first ?? ""
    guard type.lowercased() == "application/json" else {
      return .text(.unsupportedMediaType, "expected application/json")
    }
    let body: Body
    do throws(BodyFailure) {
      body = try await self.body(of: request, limit: handler.bodyLimit)
    } catch {
      return error.response
    }
    do throws(ReviewError) {
      return .json(try await handler.answer(body.bytes.readableBytesView))
    } catch {
      logger.warning(
        "not a review", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
      return .text(.badRequest, "\(error)")
    }
  }

  // MARK: Bodies

  private enum BodyFailure: Error {
    case tooLarge
    case busy
    case tooSlow
    case broken

    var response: Response {
      switch self {
      case .tooLarge: .text(.contentTooLarge, "the body is too large")
      case .busy: .text(.serviceUnavailable, "too much is being read already")
      case .tooSlow: .text(.requestTimeout, "the body did not come in time")
      case .broken: .text(.badRequest, "the body broke off")
      }
    }
  }

  private struct Body: Sendable {
    var bytes = ByteBuffer()
    let share: BodyBudget.Share
  }

  private func body(of request: Request, limit: Int) async throws(BodyFailure) -> Body {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw .tooLarge
    }
    let outcome: Result<Body, BodyFailure>?
    do {
      outcome = try await time.limit(Self.readingTime) { await collect(request, limit: limit) }
    } catch {
      throw .broken
    }
    guard let outcome else { throw .tooSlow }
    return try outcome.get()
  }

  private func collect(_ request: Request, limit: Int) async -> Result<Body, BodyFailure> {
    var body = Body(share: BodyBudget.Share(budget))
    do {
      for try await part in request.body {
        let size = part.readableBytes
        guard body.bytes.readableBytes + size <= limit else { return .failure(.tooLarge) }
        guard body.share.take(size) else { return .failure(.busy) }
        body.bytes.writeImmutableBuffer(part)
      }
    } catch {
      return .failure(.broken)
    }
    return .success(body)
  }
}

extension Response {
  fileprivate static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
    Response(
      status: status, headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  fileprivate static func json(_ value: JSONValue) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.jsonBytes)))
  }
}
