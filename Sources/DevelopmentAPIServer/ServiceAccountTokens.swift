import KubernetesAPI

/// Why a bearer token was not accepted; the text is what `TokenReview.status.error` says.
enum TokenError: Error, Hashable, Sendable, CustomStringConvertible {
  case invalid
  case expired
  case wrongAudience([String], wanted: [String])
  /// The service account, or what the token is bound to, is not there any more.
  case gone(String, String)

  var description: String {
    switch self {
    case .invalid: "invalid bearer token"
    case .expired: "[invalid bearer token, service account token has expired]"
    case .wrongAudience(let audiences, let wanted):
      "[invalid bearer token, token audiences \(JSONValue.strings(audiences).jsonText) is invalid "
        + "for the target audiences \(JSONValue.strings(wanted).jsonText)]"
    case .gone(let resource, let name):
      "[invalid bearer token, \(resource) \"\(name)\" not found]"
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
  let key = TokenSigningKey()

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
    return try key.sign(claims)
  }

  func verify(
    _ token: String, audiences: [String], store: ObjectStore, now: Timestamp = WallClock.now
  ) async throws -> (user: UserInfo, audiences: [String]) {
    guard let claims = key.claims(of: token),
      let account = ServiceAccountName(user: claims.text("sub"))
    else { throw TokenError.invalid }
    guard claims["exp"]?.integerValue ?? 0 > now.microseconds / 1_000_000 else {
      throw TokenError.expired
    }
    // One minute is granted to clocks that differ.
    guard claims["nbf"]?.integerValue ?? 0 <= now.microseconds / 1_000_000 + 60 else {
      throw TokenError.invalid
    }
    let accepted = audiences.isEmpty ? [Self.issuer] : audiences
    let meant = claims.texts("aud")
    let granted = meant.filter { accepted.contains($0) }
    guard !granted.isEmpty else { throw TokenError.wrongAudience(meant, wanted: accepted) }
    let kubernetes = claims["kubernetes.io"] ?? [:]
    let uid = kubernetes[path: ["serviceaccount", "uid"]]?.stringValue ?? ""
    let key = ObjectKey(namespace: account.namespace, name: account.name)
    guard let found = await store.object(BuiltInResources.serviceAccounts, key), found.uid == uid
    else { throw TokenError.gone("serviceaccounts", key.name) }
    var user = UserInfo(name: account.user, uid: uid, groups: account.groups)
    user.extra["authentication.kubernetes.io/credential-id"] = [
      "JTI=\(claims["jti"]?.stringValue ?? "")"
    ]
    if let pod = kubernetes["pod"] {
      let name = pod["name"]?.stringValue ?? ""
      let podKey = ObjectKey(namespace: account.namespace, name: name)
      guard let found = await store.object(BuiltInResources.pods, podKey),
        found.uid == pod["uid"]?.stringValue
      else { throw TokenError.gone("pods", name) }
      user.extra["authentication.kubernetes.io/pod-name"] = [name]
      user.extra["authentication.kubernetes.io/pod-uid"] = [found.uid]
    }
    return (user.authenticated, granted)
  }
}
