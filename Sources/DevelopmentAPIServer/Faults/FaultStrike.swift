import KubernetesAPI

/// What goes wrong with one request.
struct FaultStrike: Sendable {
  var delay: Duration = .zero
  /// How long the answer is held back.
  var answerDelay: Duration = .zero
  var webhookDelay: Duration = .zero
  /// The request is answered with this instead.
  var refusal: APIError?
  var reset: Reset?
  /// The watch is cut after so many events.
  var cutAfter: Int?
  /// The watch, or the page of a list, is told that its version is gone.
  var isGone = false

  enum Reset: Sendable { case before, afterwards }

  private var isDecided: Bool {
    refusal != nil || reset != nil || cutAfter != nil || isGone
  }

  mutating func add(_ effect: Fault.Effect, _ attributes: RequestAttributes) {
    switch effect {
    case .latency(let milliseconds, false): delay += .milliseconds(milliseconds)
    case .latency(let milliseconds, true): answerDelay += .milliseconds(milliseconds)
    case .slowWebhooks(let milliseconds): webhookDelay += .milliseconds(milliseconds)
    case .clockSkew: break
    case .status(let code, let seconds):
      if !isDecided { refusal = .onRequest(code: code, retryAfterSeconds: seconds) }
    case .conflict:
      if !isDecided {
        let kind = ResourceKind(
          group: attributes.group, version: attributes.version, kind: "",
          plural: attributes.resource)
        refusal = .modified(kind, attributes.name)
      }
    case .gone: if !isDecided { isGone = true }
    case .reset(let afterwards): if !isDecided { reset = afterwards ? .afterwards : .before }
    case .cutWatch(let events): if !isDecided { cutAfter = events }
    }
  }
}

extension Fault {
  /// Whether the request is one of those that are meant.
  func means(_ request: RequestAttributes, user: String?, isPage: Bool) -> Bool {
    if case .gone = effect, request.verb == "list", !isPage { return false }
    let verbs = match.verbs.isEmpty ? effect.usualVerbs : match.verbs
    guard verbs.isEmpty || verbs.contains(request.verb) else { return false }
    return match.means(request, user: user)
  }
}

extension Fault.Effect {
  /// Where the match names none; empty means all.
  fileprivate var usualVerbs: [String] {
    switch self {
    case .conflict: ["update", "patch"]
    case .gone: ["watch", "list"]
    case .cutWatch: ["watch"]
    case .latency, .status, .reset, .clockSkew, .slowWebhooks: []
    }
  }
}

extension Fault.Match {
  /// All aspects but the verb.
  ///
  /// - Parameter user: `nil` where it is not known.
  func means(_ request: RequestAttributes, user: String?) -> Bool {
    func allows(_ values: [String], _ value: String) -> Bool {
      values.isEmpty || values.contains(value)
    }
    if let user, !allows(users, user) { return false }
    guard request.isResource else {
      if request.path == "/debug" || request.path.hasPrefix("/debug/") { return false }
      return paths.contains { path in
        path == request.path || path.hasSuffix("*") && request.path.hasPrefix(path.dropLast())
      } || paths.isEmpty && resources.isEmpty && namespaces.isEmpty && names.isEmpty
    }
    guard resources.isEmpty ? paths.isEmpty : resources.contains(where: { request.isFor($0) })
    else { return false }
    let name = request.name.isEmpty ? request.authorizedName : request.name
    return allows(namespaces, request.namespace) && allows(names, name)
  }
}

extension RequestAttributes {
  /// `pods`, `pods/status`, `deployments.apps`, `deployments.apps/scale`
  fileprivate func isFor(_ text: String) -> Bool {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard let named = parts.first, parts.dropFirst().first ?? "" == subresource else {
      return false
    }
    return named == resource || named == "\(resource).\(group)"
  }
}

extension APIError {
  /// A refusal for no reason of its own, in the words that the API has for the code.
  fileprivate static func onRequest(code: Int, retryAfterSeconds: Int?) -> APIError {
    let (reason, message): (String?, String) =
      switch code {
      case 400: ("BadRequest", "the server rejected our request for an unknown reason")
      case 401: ("Unauthorized", "Unauthorized")
      case 403: ("Forbidden", "forbidden")
      case 404: ("NotFound", "the server could not find the requested resource")
      case 409: ("Conflict", "the server reported a conflict")
      case 410: ("Expired", "too old resource version")
      case 429: ("TooManyRequests", "Too many requests, please try again later.")
      case 503:
        ("ServiceUnavailable", "the server is currently unable to handle the request")
      case 504: ("Timeout", "Timeout: request did not complete within the allotted timeout")
      case 500...: ("InternalError", "Internal error occurred: fault on request")
      default: (nil, "fault on request")
      }
    var error = APIError(
      code: code, reason: reason, message: message,
      details: APIStatus.Details(retryAfterSeconds: retryAfterSeconds))
    error.retryAfterSeconds = retryAfterSeconds
    return error
  }
}
