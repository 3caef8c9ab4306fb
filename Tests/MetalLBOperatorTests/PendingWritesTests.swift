import KubernetesAPI
import Testing

@testable import MetalLBOperator

@Suite struct PendingWritesTests {
  private let key = ObjectKey(
    ConfigMap.resource, NamespacedName(namespace: "metallb-system", name: "config"))

  private func object(_ version: String, uid: String = "1") throws -> LiveObject {
    try LiveObject([
      "metadata": ["name": "config", "uid": .string(uid), "resourceVersion": .string(version)]
    ])
  }

  private func current(_ writes: PendingWrites, shown: LiveObject?) -> String? {
    writes.current(key, shown: shown)?.metadata.resourceVersion
  }

  @Test func `The answer stands in until the informer shows it`() throws {
    var writes = PendingWrites()
    writes.begin(key)
    #expect(current(writes, shown: try object("1")) == "1")
    writes.finish(key, written: try object("3"))
    #expect(current(writes, shown: try object("1")) == "3")
    writes.observe(key, try object("2"))
    #expect(current(writes, shown: try object("2")) == "3")
    writes.observe(key, try object("3"))
    #expect(current(writes, shown: try object("3")) == "3")
    #expect(current(writes, shown: nil) == nil)
  }

  @Test func `An informer that was faster counts`() throws {
    var writes = PendingWrites()
    writes.begin(key)
    writes.observe(key, try object("4"))
    writes.finish(key, written: try object("3"))
    #expect(current(writes, shown: try object("4")) == "4")
  }

  @Test func `An object that was deleted before the answer came is gone`() throws {
    var writes = PendingWrites()
    writes.begin(key)
    writes.observe(key, try object("3"))
    writes.observe(key, nil)
    writes.finish(key, written: try object("3"))
    #expect(current(writes, shown: nil) == nil)
  }

  @Test func `A deletion after the answer ends it`() throws {
    var writes = PendingWrites()
    writes.begin(key)
    writes.finish(key, written: try object("3"))
    writes.observe(key, nil)
    #expect(current(writes, shown: nil) == nil)
  }

  @Test func `A deleted object is gone until another incarnation shows`() throws {
    var writes = PendingWrites()
    writes.begin(key)
    writes.finish(key, deleted: try object("3"))
    #expect(current(writes, shown: try object("3")) == nil)
    writes.observe(key, try object("4"))
    #expect(current(writes, shown: try object("4")) == nil)
    writes.observe(key, try object("6", uid: "2"))
    #expect(current(writes, shown: try object("6", uid: "2")) == "6")
  }

  @Test func `A failed write changes nothing`() throws {
    var writes = PendingWrites()
    writes.begin(key)
    writes.fail(key)
    #expect(current(writes, shown: try object("1")) == "1")
  }
}
