import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite(.timeLimit(.minutes(1))) struct ObjectStoreWatchTests {
  private let table = BuiltInResources.configMaps

  private func store() throws -> ObjectStore {
    ObjectStore(
      historyLimit: 4096, addresses: ServiceAddresses(blocks: []),
      builtIns: try BuiltInResources.all(), auxiliary: [])
  }

  private func insert(_ name: String, in store: ObjectStore) async throws {
    _ = try await store.transact { [table] state throws(StoreState.Failure) in
      try state.insert(["metadata": ["namespace": "default", "name": .string(name)]], in: table)
    }
  }

  @Test func `Changes faster than watchers are woken reach each of them once, in order`()
    async throws
  {
    let store = try store()
    let count = 500
    try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<5 {
        group.addTask { [table] in
          var names: [String] = []
          var position: UInt64 = 1
          while names.count < count {
            guard
              case .events(let events, let through) = await store.events(
                in: table, after: position, until: .now + .seconds(50))
            else { break }
            names += events.map(\.object.name)
            position = through
          }
          return names
        }
      }
      for index in 0..<count { try await insert("object-\(index)", in: store) }
      for try await names in group {
        #expect(names == (0..<count).map { "object-\($0)" })
      }
    }
  }

  @Test func `A watch that is over still gets what has happened`() async throws {
    let store = try store()
    for index in 0..<3 { try await insert("object-\(index)", in: store) }
    guard
      case .events(let events, _) = await store.events(
        in: table, after: 1, until: .now - .seconds(1))
    else {
      Issue.record("no events")
      return
    }
    #expect(events.count == 3)
  }
}
