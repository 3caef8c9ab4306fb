import KubernetesAPI

extension ResourceCall {
  private static let tokenKind = ResourceKind(
    group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", plural: "tokenrequests")

  /// `serviceaccounts/NAME/token`
  func createToken(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try WriteOptions(request.query, kind: "CreateOptions")
    guard let tokens = registry.auxiliary(Self.tokenKind) else { throw APIError.unknownResource }
    let call = ResourceCall(
      handler: handler, request: request, attributes: attributes, user: user, definition: tokens,
      registry: registry)
    var (review, warnings) = try call.decodeBody(options)
    let now = WallClock.now
    review = tokens.fieldManager(subresource: "token").update(
      live: nil, new: review, manager: fieldManagerName(options), now: now)
    guard let account = await store.object(table, key) else {
      throw APIError.notFound(kind, attributes.name)
    }
    review = try await telling(&warnings) { [review] warnings in
      try await admitCreate(
        review, subresource: "token", kind: Self.tokenKind, isDryRun: options.isDryRun,
        warnings: &warnings)
    }
    let seconds = review.integer("spec", "expirationSeconds") ?? 3600
    guard seconds >= 600 else {
      throw APIError.invalid(
        Self.tokenKind, "",
        [
          .invalid(
            "spec.expirationSeconds", .integer(seconds),
            "may not specify a duration less than 10 minutes")
        ])
    }
    var audiences = review.texts("spec", "audiences")
    if audiences.isEmpty { audiences = [ServiceAccountTokens.issuer] }
    let token = try handler.authenticator.tokens.issue(
      account: ServiceAccountName(namespace: account.namespace, name: account.name),
      uid: account.uid, audiences: audiences, now: now, lifetimeSeconds: seconds,
      bound: try await boundObject(review[path: ["spec", "boundObjectRef"]]))
    review.metadata["name"] = .string(account.name)
    review.metadata["namespace"] = .string(account.namespace)
    review.metadata["uid"] = .string(account.uid)
    review.metadata["creationTimestamp"] = .string(now.rfc3339)
    review[path: ["spec", "audiences"]] = .strings(audiences)
    review["status"] = [
      "token": .string(token),
      "expirationTimestamp": .string(now.advanced(by: .seconds(seconds)).rfc3339),
    ]
    return try respond(status: 201, review, warnings: warnings)
  }

  private func boundObject(
    _ reference: JSONValue?
  ) async throws -> ServiceAccountTokens.Bound? {
    guard let reference, !reference.isNull else { return nil }
    let kindName = reference.text("kind")
    let name = reference.text("name")
    let plurals = ["Pod": "pods", "Secret": "secrets", "Node": "nodes"]
    guard let plural = plurals[kindName] else {
      throw APIError.badRequest(
        "cannot bind token for serviceaccount \"\(attributes.name)\" to object of type "
          + "\(reference.text("apiVersion")), Kind=\(kindName)")
    }
    let bound = ResourceKind(version: "v1", kind: kindName, plural: plural)
    let object = await store.object(
      ResourceDefinition.StorageKey(group: "", plural: plural),
      ObjectKey(namespace: kindName == "Node" ? "" : attributes.namespace, name: name))
    guard let object else { throw APIError.notFound(bound, name) }
    let uid = reference.text("uid")
    if !uid.isEmpty, uid != object.uid {
      throw APIError.conflict(
        bound, name,
        "the UID in the bound object reference (\(uid)) does not match the UID in record. "
          + "The object might have been deleted and then recreated")
    }
    return ServiceAccountTokens.Bound(kind: kindName, name: name, uid: object.uid)
  }
}
