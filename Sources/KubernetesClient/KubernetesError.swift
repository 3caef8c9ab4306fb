package import KubernetesAPI

/// Why a request to the API server brought no result. Its text names the request and the server's
/// message, and never holds credentials, headers or bodies.
package struct KubernetesError: Error, Sendable {
  /// The rule for what to do next follows from this class alone.
  package enum Failure: Sendable, Hashable {
    /// 400 and other 4xx answers that have no case of their own.
    case badRequest
    /// 401: credentials are missing, expired or wrong.
    case unauthorized
    case forbidden
    case notFound
    /// 405
    case methodNotAllowed
    /// 409 with reason `AlreadyExists`.
    case alreadyExists
    /// 409: somebody else changed the object, or owns a field that is applied.
    case conflict
    /// 410: the resource version or continue token has expired.
    case gone
    /// 422: the object is not valid; the status names the fields.
    case invalid
    case tooManyRequests
    /// 5xx
    case serverError
    /// No answer in the time that the request was given.
    case timeout
    /// No connection, or it broke: refused, reset, TLS, name resolution.
    case connection
    /// An answer that is no JSON, too large, or has not the shape that was asked for.
    case malformedResponse
    /// No credentials could be had: file unreadable, exec plug-in failed.
    case credentials
    /// Refused here, before anything was sent.
    case invalidRequest
    /// The write was refused by a check on this side, see ``APIClient/guardingWrites(_:)``.
    case writeRefused
  }

  package var failure: Failure
  /// `GET /api/v1/nodes`
  package var request: String
  /// HTTP status code, when the server answered.
  package var code: Int?
  package var status: APIStatus?
  /// The server's wish for the next attempt.
  package var retryAfter: Duration?
  /// Our own words where there is no status.
  package var detail: String
  package var cause: (any Error)?

  package init(
    _ failure: Failure, request: String = "", code: Int? = nil, status: APIStatus? = nil,
    retryAfter: Duration? = nil, detail: String = "", cause: (any Error)? = nil
  ) {
    self.failure = failure
    self.request = request
    self.code = code
    self.status = status
    self.retryAfter = retryAfter
    self.detail = detail
    self.cause = cause
  }

  /// The error that a `Status` stands for, also in the `ERROR` event of a watch.
  ///
  /// - Parameters:
  ///   - code: the HTTP status code; `nil` takes the one in the status.
  ///   - retryAfter: the header's value; `nil` takes the one in the status.
  package init(
    _ status: APIStatus?, code: Int? = nil, retryAfter: Duration? = nil, request: String
  ) {
    let code = code ?? status?.code
    self.init(
      Failure(code: code ?? 0, reason: status?.reason), request: request, code: code,
      status: status,
      retryAfter: retryAfter ?? status?.details?.retryAfterSeconds.map { .seconds($0) })
  }

  package var isNotFound: Bool { failure == .notFound }
  package var isConflict: Bool { failure == .conflict }
  package var isAlreadyExists: Bool { failure == .alreadyExists }
  package var isForbidden: Bool { failure == .forbidden }
  package var isUnauthorized: Bool { failure == .unauthorized }
  package var isGone: Bool { failure == .gone }
  package var isInvalid: Bool { failure == .invalid }
  package var isTimeout: Bool { failure == .timeout }

  /// Whether the same request may succeed later without anybody changing it.
  package var isTransient: Bool {
    switch failure {
    case .tooManyRequests, .serverError, .timeout, .connection, .unauthorized, .credentials: true
    case .badRequest, .forbidden, .notFound, .methodNotAllowed, .alreadyExists, .conflict, .gone,
      .invalid, .malformedResponse, .invalidRequest, .writeRefused:
      false
    }
  }

  /// The server's message, or ours.
  package var message: String { status?.message ?? detail }
}

/// Two errors are equal when they say the same; their causes are not compared.
extension KubernetesError: Hashable {
  private var facts: [AnyHashable?] { [failure, request, code, status, retryAfter, detail] }

  package static func == (left: KubernetesError, right: KubernetesError) -> Bool {
    left.facts == right.facts
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(facts) }
}

extension KubernetesError: CustomStringConvertible {
  package var description: String {
    var text = request.isEmpty ? "" : "\(request): "
    if let code { text += "\(code) " }
    if let reason = status?.reason, !reason.isEmpty { text += "\(reason): " }
    return text + (message.isEmpty ? "\(failure)" : message)
  }
}

extension KubernetesError.Failure {
  /// The class of an HTTP status code, refined by the reason of the status that came with it.
  init(code: Int, reason: String?) {
    self =
      switch code {
      case 401: .unauthorized
      case 403: .forbidden
      case 404: .notFound
      case 405: .methodNotAllowed
      case 409: reason == "AlreadyExists" ? .alreadyExists : .conflict
      case 410: .gone
      case 422: .invalid
      case 429: .tooManyRequests
      case 500...: reason == "Expired" ? .gone : .serverError
      default: reason == "Expired" ? .gone : .badRequest
      }
  }
}

extension Error {
  /// The error as `KubernetesError`, if it is one.
  package var asKubernetesError: KubernetesError? { self as? KubernetesError }
}
