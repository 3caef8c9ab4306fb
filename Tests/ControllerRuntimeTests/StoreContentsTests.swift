import KubernetesAPI
import Testing

@testable import ControllerRuntime

@Suite struct StoreContentsTests {
  private func map(_ name: String, _ value: String, version: String = "1") -> ConfigMap {
    ConfigMap(
      metadata: ObjectMeta(name: name, namespace: "ns", resourceVersion: version),
      data: ["value": value])
  }

  private func key(_ name: String) -> NamespacedName { NamespacedName(namespace: "ns", name: name) }

  private let byValue = StoreIndex<ConfigMap>(name: "value") {
    $0.data.map { [$0["value"] ?? ""] } ?? []
  }

  @Test func `changes carry the old and the new object`() {
    var contents = StoreContents<ConfigMap>()
    let first = map("a", "1")
    let second = map("a", "2", version: "2")
    #expect(contents.upsert(first) == Change(key: key("a"), old: nil, new: first))
    #expect(contents.upsert(second) == Change(key: key("a"), old: first, new: second))
    #expect(contents.remove(key("a")) == Change(key: key("a"), old: second, new: nil))
    #expect(contents.remove(key("a")) == nil)
  }

  @Test func `the same object again is no change`() {
    var contents = StoreContents<ConfigMap>()
    _ = contents.upsert(map("a", "1"))
    #expect(contents.upsert(map("a", "1")) == nil)
    #expect(contents.upsert(map("a", "1", version: "2")) != nil)
  }

  @Test func `a replacement says what went, came and changed`() {
    var contents = StoreContents<ConfigMap>()
    let (a, b, c) = (map("a", "1"), map("b", "1"), map("c", "1"))
    for object in [a, b, c] { _ = contents.upsert(object) }
    let changed = map("b", "2", version: "2")
    let new = map("d", "1")
    let changes = contents.replace([key("a"): a, key("b"): changed, key("d"): new])
    #expect(
      Set(changes) == [
        Change(key: key("c"), old: c, new: nil), Change(key: key("b"), old: b, new: changed),
        Change(key: key("d"), old: nil, new: new),
      ])
    #expect(changes.first?.new == nil)
    #expect(contents.objects == [key("a"): a, key("b"): changed, key("d"): new])
  }

  @Test func `an unreadable object stays at its last readable version`() {
    var contents = StoreContents<ConfigMap>()
    let a = map("a", "1")
    _ = contents.upsert(a)
    _ = contents.upsert(map("b", "1"))
    let changes = contents.replace([:], keeping: [key("a"), key("never seen")])
    #expect(changes.map(\.key) == [key("b")])
    #expect(contents.objects == [key("a"): a])
  }

  @Test func `indexes follow every change`() {
    var contents = StoreContents(indexes: [byValue])
    func names(_ value: String) -> [String] {
      contents.keys(index: "value", key: value).map(\.name).sorted()
    }
    _ = contents.upsert(map("a", "1"))
    _ = contents.upsert(map("b", "1"))
    #expect(names("1") == ["a", "b"])
    _ = contents.upsert(map("a", "2", version: "2"))
    #expect(names("1") == ["b"])
    #expect(names("2") == ["a"])
    _ = contents.remove(key("b"))
    #expect(names("1") == [])
    _ = contents.replace([key("c"): map("c", "1")])
    #expect(names("1") == ["c"])
    #expect(names("2") == [])
    #expect(contents.keys(index: "nosuch", key: "1").isEmpty)
  }

  @Test func `a store is read by key, namespace and index`() {
    let store = Store(indexes: [byValue])
    _ = store.upsert(map("a", "1"))
    _ = store.upsert(
      ConfigMap(metadata: ObjectMeta(name: "a", namespace: "other"), data: ["value": "1"]))
    #expect(store[key("a")]?.data == ["value": "1"])
    #expect(store[key("b")] == nil)
    #expect(store.count == 2)
    #expect(store.values(namespace: "ns").map(\.metadata.name) == ["a"])
    #expect(store.values(index: "value", key: "1").count == 2)
    #expect(Set(store.keys.map(\.namespace)) == ["ns", "other"])
  }

  @Test func `a status write is no change of the generation`() {
    var old = map("a", "1")
    old.metadata.generation = 1
    old.metadata.uid = "u"
    var new = old
    #expect(!Change(key: key("a"), old: old, new: new).isGenerationChange)
    new.metadata.generation = 2
    #expect(Change(key: key("a"), old: old, new: new).isGenerationChange)
    new.metadata.generation = 1
    new.metadata.uid = "another"
    #expect(Change(key: key("a"), old: old, new: new).isGenerationChange)
    #expect(Change(key: key("a"), old: nil, new: new).isGenerationChange)
    #expect(Change(key: key("a"), old: old, new: nil).isGenerationChange)
    #expect(Change(key: key("a"), old: map("a", "1"), new: map("a", "2")).isGenerationChange)
  }
}
