import KubernetesAPI

extension ResourceCall {
  /// Kinds that are answered and never stored.
  func answerReview() async throws -> APIResponse {
    if kind.kind == "Binding" { return try await bindPod() }
    let options = try WriteOptions(request.query, kind: "CreateOptions")
    var (review, warnings) = try decodeBody(options)
    if kind.isNamespaced { try checkNamespace(&review) }
    SystemMetadata.wipe(&review)
    review = definition.fieldManager().update(
      live: nil, new: review, manager: fieldManagerName(options), now: WallClock.now)
    switch kind.kind {
    case "SelfSubjectReview":
      review = [
        "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion),
        "metadata": ["creationTimestamp": .string(WallClock.now.rfc3339)],
        "status": ["userInfo": user.json],
      ]
    case "TokenReview": review["status"] = try await tokenStatus(review)
    case "SelfSubjectAccessReview", "SubjectAccessReview", "LocalSubjectAccessReview":
      let errors = accessErrors(review)
      guard errors.isEmpty else {
        // A real server leaves the kind out of these.
        throw APIError.invalid(
          ResourceKind(group: kind.group, version: "", kind: "", plural: ""), "", errors)
      }
      review["status"] = await accessStatus(review)
    case "SelfSubjectRulesReview":
      let namespace = review.text("spec", "namespace")
      guard !namespace.isEmpty else { throw APIError.badRequest("no namespace on request") }
      review = [
        "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion),
        "metadata": .object([:]), "spec": .object([:]),
        "status": await store.authorizer().rules(of: user, namespace: namespace),
      ]
    default: throw APIError.unknownResource
    }
    return try respond(status: 201, review, warnings: warnings)
  }

  // MARK: Tokens

  private func tokenStatus(_ review: JSONValue) async throws -> JSONValue {
    let token = review.text("spec", "token")
    guard !token.isEmpty else {
      throw APIError.badRequest("token is required for TokenReview in authentication")
    }
    let audiences = review.texts("spec", "audiences")
    do {
      let (user, audiences) = try await handler.authenticator.user(
        bearing: token, audiences: audiences)
      return ["authenticated": true, "user": user.json, "audiences": .strings(audiences)]
    } catch let error as TokenError {
      return ["user": .object([:]), "error": .string(error.description)]
    }
  }

  // MARK: Access

  private func accessErrors(_ review: JSONValue) -> [FieldError] {
    let spec = review["spec"] ?? [:]
    var errors: [FieldError] = []
    if spec.has("resourceAttributes") == spec.has("nonResourceAttributes") {
      errors.append(
        .invalid(
          "spec.resourceAttributes", spec["resourceAttributes"] ?? .null,
          spec.has("resourceAttributes")
            ? "cannot be specified in combination with nonResourceAttributes"
            : "exactly one of nonResourceAttributes or resourceAttributes must be specified"))
    }
    if kind.kind != "SelfSubjectAccessReview", spec.text("user").isEmpty,
      spec.texts("groups").isEmpty
    {
      errors.append(
        .invalid("spec.user", "", "at least one of user or group must be specified"))
    }
    if kind.isNamespaced, spec.has("resourceAttributes") {
      let namespace = spec.text("resourceAttributes", "namespace")
      if namespace != key.namespace {
        errors.append(
          .invalid(
            "spec.resourceAttributes.namespace", .string(namespace),
            "must match metadata.namespace"))
      }
    }
    return errors
  }

  private func accessStatus(_ review: JSONValue) async -> JSONValue {
    let spec = review["spec"] ?? [:]
    let subject =
      kind.kind == "SelfSubjectAccessReview"
      ? user
      : UserInfo(name: spec.text("user"), uid: spec.text("uid"), groups: spec.texts("groups"))
    let attributes: RequestAttributes
    if let resource = spec["resourceAttributes"] {
      attributes = RequestAttributes(
        verb: resource.text("verb"), group: resource.text("group"),
        version: resource.text("version"), resource: resource.text("resource"),
        subresource: resource.text("subresource"), namespace: resource.text("namespace"),
        name: resource.text("name"))
    } else {
      attributes = RequestAttributes(
        nonResource: spec.text("nonResourceAttributes", "path"),
        verb: spec.text("nonResourceAttributes", "verb"))
    }
    if subject.isMaster { return ["allowed": true] }
    switch await store.authorizer().decide(subject, attributes) {
    case .allowed(let why): return ["allowed": true, "reason": .string(why)]
    case .denied(let why):
      return why.isEmpty ? ["allowed": false] : ["allowed": false, "reason": .string(why)]
    }
  }
}
