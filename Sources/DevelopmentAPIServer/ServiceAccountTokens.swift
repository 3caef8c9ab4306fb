import Crypto
import KubernetesAPI

/// Why a bearer token was not accepted; the text is what `TokenReview.status.error` says.
enum TokenError: Error, Hashable, Sendable, CustomStringConvertible {
  case invalid
  case expired
  case wrongAudience([String], wanted: [String])
  case accountGone(String)

  var description: String {
    switch self {
    case .invalid: "invalid bearer token"
    case .expired: "[invalid bearer token, service account token has expired]"
    case .wrongAudience(let audiences, let wanted):
      "[invalid bearer token, token audiences is invalid for the target audiences]"
    case .accountGone(let why): "[invalid bearer token, \(why)]"
    }
  }
}

/// A service account as a user: `system:serviceaccount:NAMESPACE:NAME`.
struct ServiceAccountName: Sendable, Hashable {
  var namespace: String
  var name: String

  init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }

  init?(user: String) {
    let parts = user.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else { return nil }
    namespace = String(parts[2])
    name = String(parts[3])
  }

  var user: String { "system:serviceaccount:\(namespace):\(name)" }
  var groups: [String] { ["system:serviceaccounts", "system:serviceaccounts:\(namespace)"] }
}

/// Makes and checks the signed tokens of service accounts (RFC 7519, bound tokens of the
/// TokenRequest API).
struct ServiceAccountTokens: Sendable {
  static let issuer = "https://kubernetes.default.svc"
  private let key = P256.Signing.PrivateKey()
  private let keyID: String

  init() {
    let digest = SHA256.hash(data: key.publicKey.derRepresentation)
    keyID = Base64URL.encode(Array(digest))
  }

  /// What a token is bound to: it ends with that object.
  struct Bound: Sendable {
    var kind: String
    var name: String
    var uid: String
  }

  func issue(
    account: ServiceAccountName, uid: String, audiences: [String], now: Timestamp,
    lifetimeSeconds: Int64, bound: Bound?
  ) throws -> String {
    let seconds = now.microseconds / 1_000_000
    var kubernetes: JSONObject = [
      "namespace": .string(account.namespace),
      "serviceaccount": ["name": .string(account.name), "uid": .string(uid)],
    ]
    if let bound {
      kubernetes[bound.kind.lowercased()] = [
        "name": .string(bound.name), "uid": .string(bound.uid),
      ]
    }
    let claims: JSONValue = [
      "aud": .strings(audiences), "exp": .integer(seconds + lifetimeSeconds),
      "iat": .integer(seconds), "iss": .string(Self.issuer), "jti": .string(Names.uid()),
      "kubernetes.io": .object(kubernetes), "nbf": .integer(seconds),
      "sub": .string(account.user),
    ]
    let header: JSONValue = ["alg": "ES256", "kid": .string(keyID)]
    let signed =
      Base64URL.encode(header.jsonBytes) + "."
      + Base64URL.encode(claims.jsonBytes)
    let signature = try key.signature(for: Array(signed.utf8))
    return signed + "." + Base64URL.encode(Array(signature.rawRepresentation))
  }

  func verify(
    _ token: String, audiences: [String], store: ObjectStore, now: Timestamp = WallClock.now
  ) async throws -> (user: UserInfo, audiences: [String]) {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, let signature = Base64URL.decode(parts[2]),
      let payload = Base64URL.decode(parts[1]),
      let parsed = try? P256.Signing.ECDSASignature(rawRepresentation: signature),
      key.publicKey.isValidSignature(parsed, for: Array("\(parts[0]).\(parts[1])".utf8)),
      let claims = try? JSONValue(parsing: payload),
      let account = ServiceAccountName(user: claims["sub"]?.stringValue ?? "")
    else { throw TokenError.invalid }
    guard claims["exp"]?.integerValue ?? 0 > now.microseconds / 1_000_000 else {
      throw TokenError.expired
    }
    let accepted = audiences.isEmpty ? [Self.issuer] : audiences
    let granted = (claims["aud"]?.arrayValue ?? []).compactMap(\.stringValue).filter {
      accepted.contains($0)
    }
    guard !granted.isEmpty else { throw TokenError.wrongAudience }
    let kubernetes = claims["kubernetes.io"] ?? [:]
    let uid = kubernetes[path: ["serviceaccount", "uid"]]?.stringValue ?? ""
    let key = ObjectKey(namespace: account.namespace, name: account.name)
    guard let found = await store.object(BuiltInResources.serviceAccounts, key), found.uid == uid
    else { throw TokenError.accountGone("service account \(key) has been deleted") }
    var user = UserInfo(name: account.user, uid: uid, groups: account.groups)
    user.extra["authentication.kubernetes.io/credential-id"] = [
      "JTI=\(claims["jti"]?.stringValue ?? "")"
    ]
    if let pod = kubernetes["pod"] {
      let name = pod["name"]?.stringValue ?? ""
      let podKey = ObjectKey(namespace: account.namespace, name: name)
      guard let found = await store.object(BuiltInResources.pods, podKey),
        found.uid == pod["uid"]?.stringValue
      else { throw TokenError.accountGone("pod \(podKey) has been deleted") }
      user.extra["authentication.kubernetes.io/pod-name"] = [name]
      user.extra["authentication.kubernetes.io/pod-uid"] = [found.uid]
    }
    return (user.authenticated, granted)
  }
}

extension ResourceCall {
  /// `serviceaccounts/NAME/token`
  func createToken(in table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    var review = try RequestBody.parse(request, expected: "TokenRequest")
    guard let account = await store.object(table, key) else {
      throw APIError.notFound(kind, attributes.name)
    }
    let spec = review["spec"] ?? [:]
    let requested = spec["expirationSeconds"]?.integerValue ?? 3600
    guard requested >= 600 else {
      throw APIError.invalid(
        ResourceKind(
          group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", plural: ""), "",
        [
          .invalid(
            "spec.expirationSeconds", .integer(requested),
            "may not specify a duration less than 10 minutes")
        ])
    }
    var audiences = (spec["audiences"]?.arrayValue ?? []).compactMap(\.stringValue)
    if audiences.isEmpty { audiences = [ServiceAccountTokens.issuer] }
    let bound = try await boundObject(spec["boundObjectRef"])
    let now = WallClock.now
    let token = try handler.authenticator.tokens.issue(
      account: ServiceAccountName(namespace: account.namespace, name: account.name),
      uid: account.uid, audiences: audiences, now: now, lifetimeSeconds: requested, bound: bound)
    review["kind"] = "TokenRequest"
    review["apiVersion"] = "authentication.k8s.io/v1"
    review["metadata"] = [
      "name": .string(account.name), "namespace": .string(account.namespace),
      "creationTimestamp": .string(now.rfc3339),
    ]
    review[path: ["spec", "audiences"]] = .strings(audiences)
    review[path: ["spec", "expirationSeconds"]] = .integer(requested)
    review[path: ["spec", "boundObjectRef"]] = spec["boundObjectRef"] ?? .null
    review["status"] = [
      "token": .string(token),
      "expirationTimestamp": .string(now.advanced(by: .seconds(requested)).rfc3339),
    ]
    return try respond(status: 201, review)
  }

  private func boundObject(
    _ reference: JSONValue?
  ) async throws -> ServiceAccountTokens.Bound? {
    guard let reference, !reference.isNull else { return nil }
    let kind = reference["kind"]?.stringValue ?? ""
    let name = reference["name"]?.stringValue ?? ""
    let plural = kind == "Pod" ? "pods" : "secrets"
    let table = ResourceDefinition.StorageKey(group: "", plural: plural)
    guard
      let object = await store.object(
        table, ObjectKey(namespace: attributes.namespace, name: name))
    else {
      throw APIError.notFound(ResourceKind(version: "v1", kind: kind, plural: plural), name)
    }
    if let uid = reference["uid"]?.stringValue, !uid.isEmpty, uid != object.uid {
      throw APIError.conflict(
        ResourceKind(version: "v1", kind: kind, plural: plural), name,
        "the UID in the bound object reference (\(uid)) does not match the UID in record. "
          + "The object might have been deleted and then recreated")
    }
    return ServiceAccountTokens.Bound(kind: kind, name: name, uid: object.uid)
  }
}
