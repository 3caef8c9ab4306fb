import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

/// The history of a kind, against a model that keeps every version whole.
@Suite struct ResourceTableTests {
  private static let table = ResourceDefinition.StorageKey(group: "", plural: "configmaps")

  private static func value(_ key: ObjectKey, _ data: String, labels: JSONValue = [:]) -> JSONValue
  {
    [
      "apiVersion": "v1", "kind": "ConfigMap",
      "metadata": [
        "name": .string(key.name), "namespace": .string(key.namespace),
        "uid": .string("\(key)-uid"), "labels": labels,
      ], "data": ["v": .string(data)],
    ]
  }

  private static func state(historyLimit: Int) -> StoreState {
    StoreState(historyLimit: historyLimit, addresses: ServiceAddresses(blocks: []))
  }

  @Test(arguments: 0..<10)
  func `Lists of the past and events lead to the present`(_ seed: UInt64) throws {
    var random = FaultGenerator(state: seed)
    let limit = 40
    var state = Self.state(historyLimit: limit)
    // Keys that are prefixes of each other are the hard ones to sort.
    let keys = ["a", "a-b", "ab", "b"].flatMap { namespace in
      ["x", "x-y", "xy", "z.1"].map { ObjectKey(namespace: namespace, name: $0) }
    }
    var versions: [UInt64: [ObjectKey: UInt64]] = [state.revision: [:]]
    var present: [ObjectKey: UInt64] = [:]
    for step in 0..<400 {
      let key = keys[Int.random(in: 0..<keys.count, using: &random)]
      if let current = state[Self.table, key] {
        if Bool.random(using: &random) {
          let next = try state.replace(current, with: Self.value(key, "\(step)"), in: Self.table)
          present[key] = next.resourceVersion
        } else {
          let last = try state.remove(current, from: Self.table)
          #expect(last.resourceVersion == state.revision)
          present[key] = nil
        }
        // A version that was replaced cannot be replaced again.
        #expect(throws: StoreState.Failure.self) { _ = try state.remove(current, from: Self.table) }
      } else {
        let new = try state.insert(Self.value(key, "\(step)"), in: Self.table)
        present[key] = new.resourceVersion
        #expect(throws: StoreState.Failure.exists) {
          _ = try state.insert(Self.value(key, "again"), in: Self.table)
        }
      }
      versions[state.revision] = present
    }
    let table = state[Self.table]
    #expect(table.objects.map(\.key) == table.objects.map(\.key).sorted())
    let bytewise = table.objects.map(\.key.description).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    #expect(table.objects.map(\.key.description) == bytewise)
    for (version, model) in versions {
      guard version >= table.forgottenThrough else {
        #expect(table.objects(at: version) == nil)
        #expect(table.events(after: version, limit: 1000) == nil)
        continue
      }
      let past = try #require(table.objects(at: version))
      #expect(past.map(\.key) == past.map(\.key).sorted())
      #expect(Dictionary(uniqueKeysWithValues: past.map { ($0.key, $0.resourceVersion) }) == model)
      // The past and what happened since is the present.
      var replayed = model
      for event in try #require(table.events(after: version, limit: 1000)) {
        #expect(event.resourceVersion > version)
        #expect(event.previous?.resourceVersion == replayed[event.object.key])
        replayed[event.object.key] = event.isRemoval ? nil : event.resourceVersion
      }
      #expect(replayed == present)
    }
    #expect(versions.keys.count { $0 >= table.forgottenThrough } == limit + 1)
  }

  @Test func `Large objects are forgotten sooner than many`() throws {
    var state = Self.state(historyLimit: 1000)
    let key = ObjectKey(namespace: "a", name: "x")
    let megabyte = String(repeating: "x", count: 1 << 20)
    var current = try state.insert(Self.value(key, megabyte), in: Self.table)
    for _ in 0..<200 {
      current = try state.replace(current, with: Self.value(key, megabyte), in: Self.table)
    }
    #expect(50..<64 ~= state[Self.table].log.count)
    #expect(state[Self.table].events(after: 1, limit: 1) == nil)
  }

  @Test func `Events come in portions`() throws {
    var state = Self.state(historyLimit: 100)
    for number in 0..<10 {
      _ = try state.insert(
        Self.value(ObjectKey(namespace: "a", name: "x\(number)"), ""), in: Self.table)
    }
    let first = try #require(state[Self.table].events(after: 0, limit: 4))
    let rest = try #require(
      state[Self.table].events(after: first.last?.resourceVersion ?? 0, limit: 100))
    #expect(first.map(\.object.name) == ["x0", "x1", "x2", "x3"])
    #expect(rest.map(\.object.name) == ["x4", "x5", "x6", "x7", "x8", "x9"])
  }

  @Test func `Forgetting keeps what is there`() throws {
    var state = Self.state(historyLimit: 100)
    let key = ObjectKey(namespace: "a", name: "x")
    let object = try state.insert(Self.value(key, "1"), in: Self.table)
    let before = state.revision
    _ = try state.replace(object, with: Self.value(key, "2"), in: Self.table)
    state.compact()
    #expect(state[Self.table].objects(at: before) == nil)
    #expect(state[Self.table].objects(at: state.revision)?.count == 1)
    #expect(state[Self.table].events(after: state.revision, limit: 1)?.isEmpty == true)
  }

  @Test func `Owners know their dependents, and the collector is told`() throws {
    var state = Self.state(historyLimit: 100)
    let owner = try state.insert(
      Self.value(ObjectKey(namespace: "a", name: "owner"), ""), in: Self.table)
    var owned = Self.value(ObjectKey(namespace: "a", name: "owned"), "")
    owned.metadata["ownerReferences"] = [["uid": .string(owner.uid)]]
    let dependent = try state.insert(owned, in: Self.table)
    let reference = StoreState.ObjectReference(table: Self.table, key: dependent.key)
    #expect(state.dependents == [owner.uid: [reference]])
    #expect(state.takeCollectable() == [reference])
    _ = try state.remove(owner, from: Self.table)
    #expect(state.takeCollectable() == [reference])
    _ = try state.remove(dependent, from: Self.table)
    #expect(state.dependents.isEmpty)
  }
}
