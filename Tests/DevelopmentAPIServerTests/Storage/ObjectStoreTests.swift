import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

/// Waiting for changes.
@Suite(.timeLimit(.minutes(1))) struct ObjectStoreTests {
  private static let maps = ResourceDefinition.StorageKey(group: "", plural: "configmaps")
  private static let secrets = ResourceDefinition.StorageKey(group: "", plural: "secrets")

  private func store() -> ObjectStore {
    ObjectStore(
      historyLimit: 8, addresses: ServiceAddresses(blocks: []), builtIns: [], auxiliary: [])
  }

  private func insert(
    _ name: String, in table: ResourceDefinition.StorageKey = maps, _ store: ObjectStore
  ) async throws {
    _ = try await store.transact { state throws(StoreState.Failure) in
      try state.insert(
        ["apiVersion": "v1", "metadata": ["name": .string(name), "namespace": "a"]], in: table)
    }
  }

  private var never: ContinuousClock.Instant { .now.advanced(by: .seconds(3600)) }

  private func names(_ batch: ObjectStore.Batch) -> [String]? {
    guard case .events(let events, _) = batch else { return nil }
    return events.map(\.object.name)
  }

  @Test func `What happened already is answered at once, in order`() async throws {
    let store = store()
    let start = await store.read { $0.revision }
    for name in ["a", "b"] { try await insert(name, store) }
    let batch = await store.events(in: Self.maps, after: start, until: never)
    #expect(names(batch) == ["a", "b"])
  }

  @Test func `A change of the kind wakes all who wait for it, and only them`() async throws {
    let store = store()
    let start = await store.read { $0.revision }
    try await withThrowingTaskGroup(of: [String]?.self) { group in
      for _ in 0..<5 {
        group.addTask { names(await store.events(in: Self.maps, after: start, until: never)) }
      }
      let other = Task { names(await store.events(in: Self.secrets, after: start, until: never)) }
      try await insert("a", store)
      for try await names in group { #expect(names == ["a"]) }
      try await insert("s", in: Self.secrets, store)
      #expect(await other.value == ["s"])
    }
  }

  @Test func `A deadline ends the wait with the version that nothing happened up to`() async throws
  {
    let store = store()
    try await insert("s", in: Self.secrets, store)
    let batch = await withTaskGroup(of: ObjectStore.Batch?.self) { group in
      group.addTask {
        await store.events(in: Self.maps, after: 1, until: .now.advanced(by: .milliseconds(20)))
      }
      group.addTask {
        // As the server's service does.
        while !Task.isCancelled {
          await store.expireWaiters()
          await Task.yield()
        }
        return nil
      }
      let first = await group.next()
      group.cancelAll()
      return first ?? nil
    }
    guard case .events(let events, let through)? = batch else {
      Issue.record("the wait did not end")
      return
    }
    #expect(events.isEmpty)
    #expect(through == 2)
  }

  @Test func `Who is too far behind is told so`() async throws {
    let store = store()
    for number in 0..<20 { try await insert("x\(number)", store) }
    guard case .expired = await store.events(in: Self.maps, after: 2, until: never) else {
      Issue.record("the history is longer than its limit")
      return
    }
    #expect(names(await store.events(in: Self.maps, after: 19, until: never)) == ["x18", "x19"])
    await store.transact { $0.compact() }
    guard case .expired = await store.events(in: Self.maps, after: 19, until: never) else {
      Issue.record("what was compacted is still there")
      return
    }
  }

  @Test func `Cancellation and the end of the store end the wait`() async throws {
    let store = store()
    func wait() -> Task<Bool, Never> {
      Task {
        if case .closed = await store.events(in: Self.maps, after: 9, until: never) {
          true
        } else {
          false
        }
      }
    }
    let cancelled = wait()
    cancelled.cancel()
    #expect(await cancelled.value)
    let waiting = wait()
    await store.close()
    #expect(await waiting.value)
    #expect(await wait().value)
  }
}
