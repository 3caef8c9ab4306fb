import KubernetesAPI
import KubernetesClient

/// Counts requests in the server, at no cost worth mentioning: a fault that never strikes knows how many it saw.
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

  /// Waits until there were so many, and returns when that was seen.
  func reach(_ count: Int) async throws -> ContinuousClock.Instant {
    while try await value < count { try await Task.sleep(for: .milliseconds(10)) }
    return .now
  }
}
