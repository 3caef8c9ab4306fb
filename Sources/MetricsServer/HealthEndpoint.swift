import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// Answers the kubelet's probes over plain HTTP: `/healthz` says "ok" as long as the process runs, `/readyz` says
/// "ok" or 503 with the failing checks.
///
/// It needs nothing but its socket, so it answers within milliseconds of the start, long before anything is ready.
package struct HealthEndpoint: Service {
  private let address: ListenAddress
  private let readiness: Readiness
  private let logger: Logger
  private let onListening: @Sendable (Int) async -> Void

  /// - Parameter onListening: told the port once the socket is open; of interest where port 0 was asked for.
  package init(
    address: ListenAddress, readiness: Readiness, logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.address = address
    self.readiness = readiness
    self.logger = logger
    self.onListening = onListening
  }

  package func run() async throws {
    let onListening = onListening
    let application = Application(
      responder: CallbackResponder { request, _ in respond(to: request) }
        as CallbackResponder<BasicRequestContext>,
      configuration: ApplicationConfiguration(address: address.bindAddress),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
      logger: logger)
    try await application.run()
  }

  private func respond(to request: Request) -> Response {
    guard request.method == .get || request.method == .head else {
      return .text(.methodNotAllowed, "method not allowed")
    }
    switch request.uri.path {
    case "/healthz":
      return .text(.ok, "ok")
    case "/readyz":
      let failing = readiness.failing
      guard !failing.isEmpty else { return .text(.ok, "ok") }
      let lines = failing.map { "\($0.check): \($0.detail)" }
      return .text(.serviceUnavailable, lines.joined(separator: "\n"))
    default:
      return .text(.notFound, "not found")
    }
  }
}

extension Response {
  static func text(
    _ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
