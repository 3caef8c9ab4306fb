import KubernetesAPI
import KubernetesClient

/// Counts requests in the server: a fault that never strikes knows how many it saw.
struct RequestCount: Sendable {
  private let client: APIClient
  private let id: Int64

  /// - Parameters:
  ///   - verb: as RBAC names it.
  ///   - resource: `services/status`, for example.
  init(_ verb: String, _ resource: String, client: APIClient) async throws {
    self.client = client
    let fault: JSONValue = [
      "type": "Conflict", "verbs": [.string(verb)], "resources": [.string(resource)],
      "every": .integer(1_000_000_000),
    ]
    let record = try await client.send(APIRequest(.post, "/debug/faults", json: fault))
    id = record["id"]?.integerValue ?? 0
  }

  /// How many there were so far.
  var value: Int {
    get async throws {
      let records = try await client.json("/debug/faults")["faults"]?.arrayValue ?? []
      let own = records.first { $0["id"]?.integerValue == id }
      return Int(own?["seen"]?.integerValue ?? 0)
    }
  }

  /// Waits until there were so many, and returns when that was seen, as a rule a hundredth of a second later. Asks seldom
  /// while many are missing: each question costs the server as much as a write.
  func reach(_ count: Int) async throws -> ContinuousClock.Instant {
    let start = ContinuousClock.now
    let first = try await value
    var seen = first
    while seen < count {
      let pace = (ContinuousClock.now - start) / max(1, seen - first)
      let pause = min(pace * (count - seen) / 2, Self.longestPause)
      try await Task.sleep(for: seen == first ? Self.pause : max(Self.pause, pause))
      seen = try await value
    }
    return .now
  }

  private static let pause = Duration.milliseconds(10)
  private static let longestPause = Duration.milliseconds(500)
}
