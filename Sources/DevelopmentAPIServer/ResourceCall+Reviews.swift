import KubernetesAPI

extension ResourceCall {
  /// Kinds that are answered and never stored.
  func answerReview() async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "CreateOptions")
    var (review, _) = try decodeBody(options)
    switch kind.kind {
    case "SelfSubjectReview":
      review["status"] = ["userInfo": user.json]
    case "TokenReview":
      review["status"] = try await tokenStatus(review)
    case "SelfSubjectAccessReview":
      review["status"] = await accessStatus(review, user: user)
    case "SubjectAccessReview", "LocalSubjectAccessReview":
      let spec = review["spec"] ?? [:]
      let subject = UserInfo(
        name: spec["user"]?.stringValue ?? "", uid: spec["uid"]?.stringValue ?? "",
        groups: (spec["groups"]?.arrayValue ?? []).compactMap(\.stringValue))
      review["status"] = await accessStatus(review, user: subject)
    case "SelfSubjectRulesReview":
      let namespace = review[path: ["spec", "namespace"]]?.stringValue ?? ""
      review["status"] = await store.authorizer().rules(of: user, namespace: namespace)
    default: throw APIError.unknownResource
    }
    if review.metadata["creationTimestamp"] == nil { review.metadata["creationTimestamp"] = .null }
    return try respond(status: 201, review)
  }

  private func tokenStatus(_ review: JSONValue) async throws -> JSONValue {
    let token = review[path: ["spec", "token"]]?.stringValue ?? ""
    let audiences = (review[path: ["spec", "audiences"]]?.arrayValue ?? []).compactMap(
      \.stringValue)
    do {
      let (user, audiences) = try await handler.authenticator.user(
        bearing: token, audiences: audiences)
      return [
        "authenticated": true, "user": user.json, "audiences": .strings(audiences),
      ]
    } catch let error as TokenError {
      return ["user": .object([:]), "error": .string(error.description)]
    }
  }

  private func accessStatus(_ review: JSONValue, user: UserInfo) async -> JSONValue {
    let spec = review["spec"] ?? [:]
    let attributes: RequestAttributes
    if let resource = spec["resourceAttributes"] {
      func text(_ field: String) -> String { resource[field]?.stringValue ?? "" }
      attributes = RequestAttributes(
        verb: text("verb"), group: text("group"), version: text("version"),
        resource: text("resource"), subresource: text("subresource"),
        namespace: text("namespace"), name: text("name"))
    } else {
      let path = spec["nonResourceAttributes"] ?? [:]
      attributes = RequestAttributes(
        nonResource: path["path"]?.stringValue ?? "", verb: path["verb"]?.stringValue ?? "")
    }
    if user.isMaster { return ["allowed": true] }
    switch await store.authorizer().decide(user, attributes) {
    case .allowed(let why): return ["allowed": true, "reason": .string(why)]
    case .denied(let why):
      return why.isEmpty ? ["allowed": false] : ["allowed": false, "reason": .string(why)]
    }
  }
}
