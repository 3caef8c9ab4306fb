import KubernetesAPI

/// A failure that leaves the server as a `metav1.Status`, with the words that a real one uses.
struct APIError: Error, Sendable, Hashable {
  var status: APIStatus
  /// Sent as `Warning: 299 - "…"` beside the answer.
  var warnings: [String] = []
  var retryAfterSeconds: Int?

  init(code: Int, reason: String?, message: String, details: APIStatus.Details? = nil) {
    status = APIStatus(message: message, reason: reason, details: details, code: code)
  }

  var code: Int { status.code ?? 500 }
}

extension APIError {
  /// How messages name a resource: `configmaps`, `deployments.apps`.
  static func qualified(_ kind: ResourceKind) -> String {
    kind.group.isEmpty ? kind.plural : "\(kind.plural).\(kind.group)"
  }

  private static func details(
    _ kind: ResourceKind, _ name: String, causes: [APIStatus.Cause]? = nil
  ) -> APIStatus.Details {
    APIStatus.Details(
      name: name.isEmpty ? nil : name, group: kind.group.isEmpty ? nil : kind.group,
      kind: kind.plural, causes: causes)
  }

  static func notFound(_ kind: ResourceKind, _ name: String) -> APIError {
    APIError(
      code: 404, reason: "NotFound", message: "\(qualified(kind)) \"\(name)\" not found",
      details: details(kind, name))
  }

  /// No such path, or no such kind.
  static var unknownResource: APIError {
    APIError(
      code: 404, reason: "NotFound", message: "the server could not find the requested resource",
      details: APIStatus.Details())
  }

  static func alreadyExists(_ kind: ResourceKind, _ name: String) -> APIError {
    APIError(
      code: 409, reason: "AlreadyExists", message: "\(qualified(kind)) \"\(name)\" already exists",
      details: details(kind, name))
  }

  static func conflict(_ kind: ResourceKind, _ name: String, _ why: String) -> APIError {
    APIError(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on \(qualified(kind)) \"\(name)\": \(why)",
      details: details(kind, name))
  }

  /// The object changed since the version that the client saw.
  static func modified(_ kind: ResourceKind, _ name: String) -> APIError {
    conflict(
      kind, name,
      "the object has been modified; please apply your changes to the latest version and try again")
  }

  /// A deletion was for another object, or another version of it, than is there. The message names
  /// the kind, not the resource.
  static func preconditionFailed(_ kind: ResourceKind, _ name: String, _ why: String) -> APIError {
    let full = kind.group.isEmpty ? kind.kind : "\(kind.kind).\(kind.group)"
    return APIError(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on \(full) \"\(name)\": \(why)",
      details: APIStatus.Details(
        name: name, group: kind.group.isEmpty ? nil : kind.group, kind: kind.kind))
  }

  static func forbidden(
    _ kind: ResourceKind, _ name: String, _ why: String, causes: [APIStatus.Cause]? = nil
  ) -> APIError {
    APIError(
      code: 403, reason: "Forbidden",
      message: name.isEmpty
        ? "\(qualified(kind)) is forbidden: \(why)"
        : "\(qualified(kind)) \"\(name)\" is forbidden: \(why)",
      details: details(kind, name, causes: causes))
  }

  static var unauthorized: APIError {
    APIError(code: 401, reason: "Unauthorized", message: "Unauthorized")
  }

  static func badRequest(_ message: String) -> APIError {
    APIError(code: 400, reason: "BadRequest", message: message)
  }

  /// An object that its kind's rules refuse; `errors` must not be empty. The message names each
  /// problem once, the causes as often as it was found.
  static func invalid(_ kind: ResourceKind, _ name: String, _ errors: [FieldError]) -> APIError {
    var seen: Set<String> = []
    let texts = errors.map(\.description).filter { seen.insert($0).inserted }
    let list = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
    let full = kind.group.isEmpty ? kind.kind : "\(kind.kind).\(kind.group)"
    return APIError(
      code: 422, reason: "Invalid", message: "\(full) \"\(name)\" is invalid: \(list)",
      details: APIStatus.Details(
        name: name.isEmpty ? nil : name, group: kind.group.isEmpty ? nil : kind.group,
        kind: kind.kind.isEmpty ? nil : kind.kind,
        causes: errors.map {
          APIStatus.Cause(reason: $0.reason, message: $0.message, field: $0.field)
        }))
  }

  static var methodNotAllowed: APIError {
    APIError(
      code: 405, reason: "MethodNotAllowed",
      message: "the server does not allow this method on the requested resource",
      details: APIStatus.Details())
  }

  static func unsupportedMediaType(accepted: [String]) -> APIError {
    APIError(
      code: 415, reason: "UnsupportedMediaType",
      message: "the body of the request was in an unknown format - accepted media types include: "
        + accepted.joined(separator: ", "))
  }

  static func notAcceptable(available: [String]) -> APIError {
    APIError(
      code: 406, reason: "NotAcceptable",
      message: "406: Not Acceptable\n\nAvailable representations: "
        + available.joined(separator: ", "),
      details: APIStatus.Details())
  }

  /// The representation exists, but not of this object.
  static var notTransformable: APIError {
    APIError(
      code: 406, reason: "NotAcceptable",
      message: "only the following media types are accepted: "
        + OutputForm.available.joined(separator: ", "))
  }

  /// History does not reach back to the version asked for.
  static func expired(_ message: String) -> APIError {
    APIError(code: 410, reason: "Expired", message: message)
  }

  static func tooLargeResourceVersion(asked: UInt64, current: UInt64) -> APIError {
    var error = APIError(
      code: 504, reason: "Timeout",
      message: "Timeout: Too large resource version: \(asked), current: \(current)",
      details: APIStatus.Details(
        causes: [
          APIStatus.Cause(
            reason: "ResourceVersionTooLarge", message: "Too large resource version")
        ], retryAfterSeconds: 1))
    error.retryAfterSeconds = 1
    return error
  }

  static func internalError(_ message: String) -> APIError {
    APIError(
      code: 500, reason: "InternalError", message: "Internal error occurred: \(message)",
      details: APIStatus.Details(causes: [APIStatus.Cause(message: message)]))
  }
}
