import KubernetesAPI
import KubernetesClient
import OperatorRendering
import Synchronization

/// Writes the conditions of objects that users made, and only when they say something new.
final class StatusWriter: Sendable {
  private let client: APIClient
  /// What was written and may not have reached the informers yet, by the uid of the object.
  private let written = Mutex<[String: Written]>([:])

  private struct Written {
    var version: UInt64
    var conditions: [Condition]
  }

  init(client: APIClient) { self.client = client }

  /// Compares with what the object has, or with what was written to it since it was read.
  ///
  /// - Parameter make: the conditions, given those that the object has.
  /// - Returns: what was written; `nil` when it was there already or the object is gone.
  func update<R: KubernetesResource>(
    _ object: R, conditions present: [Condition]?,
    to make: (_ previous: [Condition]) -> [Condition]
  ) async throws -> StatusChange? {
    let previous = newest(object, present ?? [])
    let conditions = make(previous)
    guard conditions != previous else { return nil }
    let value: JSONValue = [
      "apiVersion": .string(R.resource.apiVersion),
      "kind": .string(R.resource.kind),
      "metadata": [
        "name": .string(object.metadata.name),
        "namespace": .string(object.metadata.namespace ?? ""),
      ],
      "status": ["conditions": .array(try conditions.map { try JSONValue(encoding: $0) })],
    ]
    do {
      let answer = try await client.apply(
        value, R.resource, fieldManager: FieldManager.status, force: true, subresource: "status")
      remember(answer, conditions)
    } catch let error as KubernetesError where error.isNotFound {
      return nil
    }
    return StatusChange(previous: previous, conditions: conditions)
  }

  /// Forgets objects that are gone.
  func forget(except uids: Set<String>) {
    written.withLock { $0 = $0.filter { uids.contains($0.key) } }
  }

  private func newest<R: KubernetesResource>(_ object: R, _ present: [Condition]) -> [Condition] {
    written.withLock { written in
      guard let uid = object.metadata.uid, let last = written[uid] else { return present }
      let version = object.metadata.resourceVersion.flatMap { UInt64($0) } ?? .max
      if version < last.version { return last.conditions }
      written[uid] = nil
      return present
    }
  }

  private func remember(_ answer: JSONValue, _ conditions: [Condition]) {
    let metadata = answer["metadata"]
    guard let uid = metadata?["uid"]?.stringValue,
      let version = metadata?["resourceVersion"]?.stringValue.flatMap({ UInt64($0) })
    else { return }
    written.withLock { $0[uid] = Written(version: version, conditions: conditions) }
  }
}

/// Conditions before and after a write.
struct StatusChange: Sendable, Hashable {
  var previous: [Condition]
  var conditions: [Condition]

  /// The condition of a type, if its status or reason is another one than before.
  func news(of type: String) -> Condition? {
    guard let new = conditions.first(where: { $0.type == type }) else { return nil }
    let old = previous.first { $0.type == type }
    return old?.status == new.status && old?.reason == new.reason ? nil : new
  }
}
