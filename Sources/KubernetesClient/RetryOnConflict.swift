/// Repeats read-change-write steps that lost against another writer: `body` runs again after 409
/// Conflict, at most `attempts` times, and has to read the object anew each time. Any other error,
/// and the last conflict, is thrown.
package func retryOnConflict<Value>(
  attempts: Int = 5, _ body: () async throws -> Value
) async throws -> Value {
  var remaining = attempts
  while true {
    remaining -= 1
    do {
      return try await body()
    } catch let error as KubernetesError where error.isConflict && remaining > 0 {
      continue
    }
  }
}
