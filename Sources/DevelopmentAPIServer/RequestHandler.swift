import Hummingbird
import KubernetesAPI
import Logging

/// Answers requests: who asks, may they, what is it about, do it. One value serves all connections;
/// everything that changes is in the store.
struct RequestHandler: Sendable {
  let store: ObjectStore
  let authenticator: Authenticator
  let webhooks: WebhookClient
  let faults: FaultInjector
  let watches: OpenWatches
  let settings: ServerSettings
  let logger: Logger

  func effects(_ registry: ResourceRegistry) -> WriteEffects {
    WriteEffects(
      registry: registry,
      namespaceContent: NamespaceContent(caCertificatePEM: settings.caCertificatePEM))
  }

  func handle(_ request: APIRequest) async -> APIResponse {
    do {
      return try await answer(request)
    } catch let error as APIError {
      let form = OutputForm.negotiate(request.headers[.accept], allowsTransforms: true)
      return APIResponse(error, encoding: form?.encoding ?? .json)
    } catch {
      logger.error("Request failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
      return APIResponse(.internalError("\(error)"))
    }
  }

  private func answer(_ request: APIRequest) async throws -> APIResponse {
    let attributes = RequestAttributes(request)
    var user = try await authenticator.user(of: request, skew: faults.tokenSkew(attributes))
    user = try await impersonated(user, by: request)
    let strike = faults.strike(
      attributes, user: user, isPage: request.query["continue"].map { !$0.isEmpty } ?? false)
    if strike.delay > .zero { try await Task.sleep(for: strike.delay) }
    if let refusal = strike.refusal { throw refusal }
    switch strike.reset {
    case .before?: return .reset
    case .afterwards?:
      _ = try? await answer(request, attributes, user, strike)
      return .reset
    case nil:
      let answer = try await answer(request, attributes, user, strike)
      if strike.answerDelay > .zero { try await Task.sleep(for: strike.answerDelay) }
      return answer
    }
  }

  private func answer(
    _ request: APIRequest, _ attributes: RequestAttributes, _ user: UserInfo, _ strike: FaultStrike
  ) async throws -> APIResponse {
    try await authorize(user, attributes)
    let registry = await store.registry()
    guard attributes.isResource else {
      return try await answerNonResource(request, attributes, user, registry)
    }
    guard
      let definition = registry.definition(
        group: attributes.group, version: attributes.version, plural: attributes.resource)
    else { return try Self.unknown(attributes, registry) }
    if definition.kind.isNamespaced {
      // Without a namespace a namespaced kind can only be listed and watched.
      if attributes.namespace.isEmpty, !["list", "watch"].contains(attributes.verb),
        definition.storage != nil || attributes.verb != "create"
      {
        throw attributes.name.isEmpty ? APIError.methodNotAllowed : APIError.unknownResource
      }
    } else if !attributes.namespace.isEmpty, definition.kind.plural != "namespaces" {
      return try Self.unknown(attributes, registry)
    }
    let call = ResourceCall(
      handler: self, request: request, attributes: attributes, user: user, definition: definition,
      registry: registry, strike: strike)
    return try await call.answer()
  }

  /// Below a built-in group there is a Status; nothing else has a handler, so the answer
  /// is plain text.
  private static func unknown(
    _ attributes: RequestAttributes, _ registry: ResourceRegistry
  ) throws -> APIResponse {
    let isBuiltIn = registry.definitions.contains {
      !$0.isCustom && $0.kind.group == attributes.group
    }
    if isBuiltIn { throw APIError.unknownResource }
    return .noSuchPath
  }

  private func authorize(_ user: UserInfo, _ attributes: RequestAttributes) async throws {
    if user.isMaster { return }
    let authorizer = await store.authorizer()
    switch authorizer.decide(user, attributes) {
    case .allowed: return
    case .denied(let why): throw Authorizer.forbidden(user, attributes, why: why)
    }
  }

  /// `kubectl --as`: acting as somebody else needs the verb `impersonate` on that user and groups.
  private func impersonated(_ user: UserInfo, by request: APIRequest) async throws -> UserInfo {
    guard let name = request.header("Impersonate-User"), !name.isEmpty else { return user }
    var asked = [
      RequestAttributes(verb: "impersonate", group: "", resource: "users", name: name)
    ]
    let groups = request.headers.compactMap {
      $0.name.canonicalName == "impersonate-group" ? $0.value : nil
    }
    for group in groups {
      asked.append(
        RequestAttributes(verb: "impersonate", group: "", resource: "groups", name: group))
    }
    for attributes in asked { try await authorize(user, attributes) }
    var impersonated = UserInfo(name: name, groups: groups)
    if groups.isEmpty, let account = ServiceAccountName(user: name) {
      impersonated.groups = account.groups
    }
    if name != UserInfo.anonymous.name { impersonated.groups.append("system:authenticated") }
    return impersonated
  }

  private func answerNonResource(
    _ request: APIRequest, _ attributes: RequestAttributes, _ user: UserInfo,
    _ registry: ResourceRegistry
  ) async throws -> APIResponse {
    let debug = DebugEndpoint(faults: faults, watches: watches, store: store)
    if let answer = try await debug.answer(request) { return answer }
    let discovery = Discovery(registry: registry, store: store, settings: settings)
    if let answer = try await discovery.answer(request, tokens: authenticator.tokens) {
      return answer
    }
    return .noSuchPath
  }
}

/// One request for a resource, with everything that its answer needs.
struct ResourceCall: Sendable {
  let handler: RequestHandler
  let request: APIRequest
  let attributes: RequestAttributes
  let user: UserInfo
  let definition: ResourceDefinition
  let registry: ResourceRegistry
  /// What goes wrong on request.
  var strike = FaultStrike()

  var store: ObjectStore { handler.store }
  var webhooks: WebhookCaller {
    WebhookCaller(client: handler.webhooks, delay: strike.webhookDelay)
  }
  var kind: ResourceKind { definition.kind }
  var key: ObjectKey {
    ObjectKey(
      namespace: kind.isNamespaced ? attributes.namespace : "", name: attributes.name)
  }

  func answer() async throws -> APIResponse {
    guard let warning = definition.deprecationWarning else { return try await answerVerb() }
    do {
      var response = try await answerVerb()
      response.add(warnings: [warning])
      return response
    } catch var error as APIError {
      error.warnings.append(warning)
      throw error
    }
  }

  private func answerVerb() async throws -> APIResponse {
    if !attributes.subresource.isEmpty { return try await answerSubresource() }
    guard let verb = ResourceDefinition.Verb(rawValue: attributes.verb),
      definition.verbs.contains(verb)
    else { throw APIError.methodNotAllowed }
    // Before anything is changed.
    _ = try outputForm()
    guard let table = definition.storage else { return try await answerReview() }
    switch verb {
    case .get: return try await get(table)
    case .list: return try await list(table)
    case .watch: return try await watch(table)
    case .create:
      guard attributes.name.isEmpty else { throw APIError.methodNotAllowed }
      if definition.isLeftOut { throw Omissions.error(kind.plural) }
      return try await create(in: table)
    case .update, .patch:
      guard !attributes.name.isEmpty else { throw APIError.methodNotAllowed }
      return verb == .update ? try await update(in: table) : try await patch(in: table)
    case .delete: return try await delete(from: table)
    case .deletecollection: return try await deleteCollection(from: table)
    }
  }

  /// The form of the answer, or 406.
  func outputForm() throws -> OutputForm {
    let accept = request.headers[.accept]
    guard var form = OutputForm.negotiate(accept) else {
      throw accept?.contains("as=") ?? false
        ? APIError.notTransformable : .notAcceptable(available: OutputForm.available)
    }
    form.pretty = request.query.flag("pretty")
    return form
  }

  /// One object in the form that was asked for.
  func respond(
    status: Int = 200, _ object: StoredObject, warnings: [String] = []
  ) async throws -> APIResponse {
    let form = try outputForm()
    var response: APIResponse
    if form == OutputForm(), definition.conversion == nil, definition.shows(object) {
      response = APIResponse(
        status: status, contentType: "application/json", bytes: object.bytes(kind) + [0x0A])
    } else {
      response = try render(status: status, try await present(object), form: form)
    }
    response.add(warnings: warnings)
    return response
  }

  func respond(
    status: Int = 200, _ value: JSONValue, warnings: [String] = []
  ) throws -> APIResponse {
    var response = try render(status: status, value, form: try outputForm())
    response.add(warnings: warnings)
    return response
  }

  func render(status: Int = 200, _ value: JSONValue, form: OutputForm) throws -> APIResponse {
    let shaped: JSONValue =
      switch form.shape {
      case .object: value
      case .table: try tableAnswer([value], metadata: value["metadata"] ?? [:])
      case .partialMetadata: PartialMetadata.of(value)
      }
    return Self.encode(status: status, shaped, form: form)
  }

  static func encode(status: Int = 200, _ value: JSONValue, form: OutputForm) -> APIResponse {
    switch form.encoding {
    case .json:
      if form.pretty {
        return APIResponse(
          status: status, contentType: "application/json", bytes: Array(value.prettyText().utf8))
      }
      return APIResponse(status: status, json: value)
    case .yaml:
      return APIResponse(
        status: status, contentType: "application/yaml",
        bytes: Array(YAMLText.write(value).utf8))
    }
  }
}

/// `meta.k8s.io/v1` `PartialObjectMetadata`: an object without its contents.
enum PartialMetadata {
  static func of(_ object: JSONValue) -> JSONValue {
    [
      "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
      "metadata": object["metadata"] ?? [:],
    ]
  }
}
