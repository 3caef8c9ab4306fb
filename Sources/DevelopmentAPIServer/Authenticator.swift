import Hummingbird
import KubernetesAPI

/// Finds out who makes a request.
struct Authenticator: Sendable {
  /// Fixed bearer tokens and whose they are.
  let staticTokens: [String: UserInfo]
  let tokens: ServiceAccountTokens
  let store: ObjectStore

  /// Credentials that are wrong are refused; no credentials at all are `system:anonymous`.
  ///
  /// - Parameter skew: by how many seconds the clock is ahead that tokens are checked by.
  func user(of request: APIRequest, skew: Int = 0) async throws -> UserInfo {
    if let header = request.headers[.authorization] {
      let parts = header.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer" else {
        // Other schemes are not looked at.
        return request.certificateUser?.authenticated ?? .anonymous
      }
      do {
        return try await user(
          bearing: String(parts[1]), audiences: [],
          now: WallClock.now.advanced(by: .seconds(skew))
        ).user.authenticated
      } catch is TokenError {
        throw APIError.unauthorized
      }
    }
    return request.certificateUser?.authenticated ?? .anonymous
  }

  /// - Parameter audiences: for whom the token must be meant; empty means for this API.
  func user(
    bearing token: String, audiences: [String], now: Timestamp = WallClock.now
  ) async throws -> (user: UserInfo, audiences: [String]) {
    if let user = staticTokens[token] {
      return (user.authenticated, audiences.isEmpty ? [ServiceAccountTokens.issuer] : audiences)
    }
    return try await tokens.verify(token, audiences: audiences, store: store, now: now)
  }
}

extension UserInfo {
  /// Everyone with valid credentials is in this group.
  var authenticated: UserInfo {
    guard !groups.contains("system:authenticated") else { return self }
    var user = self
    user.groups.append("system:authenticated")
    return user
  }
}
