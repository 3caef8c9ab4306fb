internal import AsyncHTTPClient
package import KubernetesAPI
internal import NIOCore

/// A client of one Kubernetes API server.
///
/// A value: copies share connections and credentials, and differ in their settings, so that leader
/// election can use `client.timeout(.seconds(4))` beside everybody else's 30 s. Connections close when the
/// last copy is gone.
///
/// Requests are built as values (``APIRequest``), sent by the transport, and answered with typed objects
/// or `JSONValue`s. Every method throws `KubernetesError`, or `CancellationError` when its task is
/// cancelled. Idempotent requests that were answered 429 or 503 with `Retry-After` are sent again as
/// long as that fits their timeout; a 401 renews the credentials and repeats once.
///
/// Left out: HTTP/2, protobuf, proxies, exec and port-forward streams.
package struct APIClient: Sendable {
  /// How often one request is sent at most.
  static let attemptLimit = 4

  let transport: Transport
  /// The namespace of the configuration: the context's, or the Pod's own.
  package let namespace: String
  /// For one request with all its repetitions; watches only wait this long for their head.
  package private(set) var requestTimeout: Duration = .seconds(30)
  private var writeCheck: (@Sendable () throws -> Void)?

  /// - Parameter userAgent: names the program; the API server derives the field manager of plain
  ///   writes from it.
  package init(
    configuration: ClientConfiguration, userAgent: String = "metallb", time: TimeSource = .system
  ) {
    transport = Transport(configuration: configuration, userAgent: userAgent, time: time)
    namespace = configuration.namespace
  }

  /// The same client with another timeout.
  package func timeout(_ timeout: Duration) -> APIClient {
    var copy = self
    copy.requestTimeout = timeout
    return copy
  }

  /// The same client with a check before every request that changes something, also before each
  /// repetition: what `check` throws becomes the cause of a `KubernetesError` of class
  /// `writeRefused`. A leader passes the check of its deadline here.
  package func guardingWrites(
    _ check: @escaping @Sendable () throws -> Void
  ) -> APIClient {
    var copy = self
    copy.writeCheck = check
    return copy
  }

  /// Sends a request as it is and parses the answer; a code other than 2xx is thrown.
  @discardableResult
  package func send(_ request: APIRequest, isIdempotent: Bool? = nil) async throws -> JSONValue {
    let response = try await exchange(request, isIdempotent: isIdempotent)
    return try Self.parse(response.body, request, code: response.code)
  }

  /// The text of an answer that need not be JSON: `/healthz`, `/metrics`.
  package func text(_ path: String) async throws -> String {
    let response = try await exchange(APIRequest(.get, path, accept: "*/*"), isIdempotent: nil)
    return String(buffer: response.body)
  }

  /// Discovery and version documents: `client.json("/version")`.
  package func json(_ path: String, accept: String = "application/json") async throws -> JSONValue {
    try await send(APIRequest(.get, path, accept: accept))
  }

  private func exchange(
    _ request: APIRequest, isIdempotent: Bool?
  ) async throws -> APIResponse {
    let isIdempotent = isIdempotent ?? request.method.isIdempotent
    let deadline = transport.time.now.advanced(by: requestTimeout)
    let response = try await transport.time.limit(requestTimeout) {
      try await attempt(request, isIdempotent: isIdempotent, deadline: deadline)
    }
    guard let response else {
      throw KubernetesError(
        .timeout, request: request.summary, detail: "no answer within \(requestTimeout)")
    }
    return response
  }

  private func attempt(
    _ request: APIRequest, isIdempotent: Bool, deadline: ContinuousClock.Instant
  ) async throws -> APIResponse {
    var hasRenewed = false
    var attempts = 0
    while true {
      attempts += 1
      try checkWrite(request)
      let response = try await transport.send(request)
      if 200..<300 ~= response.code { return response }
      if response.code == 401, !hasRenewed {
        hasRenewed = true
        await transport.credentials.invalidate()
        continue
      }
      guard isIdempotent, attempts < Self.attemptLimit,
        response.code == 429 || response.code == 503,
        let wait = response.retryAfter, transport.time.now.advanced(by: wait) < deadline
      else { throw Self.error(response, request) }
      try await transport.time.sleep(for: wait)
    }
  }

  private func checkWrite(_ request: APIRequest) throws {
    guard let writeCheck, request.method != .get else { return }
    do {
      try writeCheck()
    } catch {
      throw KubernetesError(
        .writeRefused, request: request.summary, detail: "\(error)", cause: error)
    }
  }

  /// The error of an answer that is no success. Its body is a `Status`, unless something before the
  /// API server answered.
  static func error(_ response: APIResponse, _ request: APIRequest) -> KubernetesError {
    let value = try? JSONValue(parsing: response.body.readableBytesView)
    var status: APIStatus?
    if value?["kind"]?.stringValue == "Status" { status = try? value?.decode(APIStatus.self) }
    return KubernetesError(
      status, code: response.code, retryAfter: response.retryAfter, request: request.summary)
  }

  static func parse(
    _ body: ByteBuffer, _ request: APIRequest, code: Int
  ) throws(KubernetesError) -> JSONValue {
    do {
      return try JSONValue(parsing: body.readableBytesView)
    } catch {
      throw KubernetesError(
        .malformedResponse, request: request.summary, code: code,
        detail: "the answer is no JSON: \(error)", cause: error)
    }
  }
}
