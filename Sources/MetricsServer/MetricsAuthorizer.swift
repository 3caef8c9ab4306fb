import Crypto
import KubernetesAPI
package import KubernetesClient
import Synchronization

/// Decides who may read metrics: whoever presents a bearer token that the API server knows, of a user who may `get`
/// the path `/metrics`.
///
/// Answers are kept for a while, so that a scrape does not cost two requests each time: a minute for those who may,
/// ten seconds for those who may not. Tokens are kept only as digests.
package final class MetricsAuthorizer: Sendable {
  package enum Decision: Sendable {
    case allowed
    /// No token, or one that the API server does not know.
    case unauthenticated
    /// A known user who may not.
    case denied
    /// The API server could not be asked.
    case failed(any Error)
  }

  private struct Entry {
    var decision: Decision
    var expiry: ContinuousClock.Instant
  }

  private static let capacity = 256

  private let review: @Sendable (_ token: String) async throws -> Decision
  private let time: TimeSource
  private let cache = Mutex<[SHA256Digest: Entry]>([:])

  /// - Parameter review: asks for a decision on one token.
  package init(
    time: TimeSource = .system,
    review: @escaping @Sendable (_ token: String) async throws -> Decision
  ) {
    self.time = time
    self.review = review
  }

  /// Asks the API server by TokenReview and SubjectAccessReview.
  package convenience init(client: APIClient, time: TimeSource = .system) {
    let client = client.timeout(.seconds(5))
    self.init(time: time) { token in
      let tokenReview = try await client.create(TokenReview(token: token))
      guard tokenReview.status?.authenticated == true, let user = tokenReview.status?.user else {
        return .unauthenticated
      }
      let access = SubjectAccessReview(user: user, path: "/metrics", verb: "get")
      return try await client.create(access).status?.allowed == true ? .allowed : .denied
    }
  }

  /// How many answers are kept; for tests of the bound.
  var cachedCount: Int { cache.withLock { $0.count } }

  /// - Parameter authorization: the value of the request's `Authorization` field.
  func decide(authorization: String?) async -> Decision {
    guard let authorization, let token = Self.bearerToken(authorization) else {
      return .unauthenticated
    }
    let key = SHA256.hash(data: Array(token.utf8))
    let now = time.now
    if let entry = cache.withLock({ $0[key] }), entry.expiry > now { return entry.decision }
    let decision: Decision
    do {
      decision = try await review(token)
    } catch {
      return .failed(error)
    }
    let lifetime: Duration =
      if case .allowed = decision { .seconds(60) } else { .seconds(10) }
    let entry = Entry(decision: decision, expiry: now.advanced(by: lifetime))
    cache.withLock { cache in
      if cache.count >= Self.capacity {
        cache = cache.filter { $0.value.expiry > now }
        // Someone tries tokens: start over instead of growing.
        if cache.count >= Self.capacity { cache = [:] }
      }
      cache[key] = entry
    }
    return decision
  }

  /// RFC 6750 §2.1; the scheme is compared without case (RFC 9110 §11.1).
  private static func bearerToken(_ authorization: String) -> String? {
    let parts = authorization.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}
