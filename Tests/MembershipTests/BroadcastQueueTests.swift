import SeededRandomness
import Testing

@testable import Membership

struct BroadcastQueueTests {
  private func message(_ letter: Character, _ length: Int) -> [UInt8] {
    [UInt8](repeating: letter.asciiValue ?? 0, count: length)
  }

  /// The first letters of what is taken.
  private func take(
    _ queue: inout BroadcastQueue, limit: Int = 1400, transmitLimit: Int = 4
  ) -> String {
    let taken = queue.take(limit: limit, overhead: 2, transmitLimit: transmitLimit)
    return String(taken.compactMap { $0.first.map { Character(Unicode.Scalar($0)) } })
  }

  @Test func `The least sent goes first, then the longest, then the newest`() {
    var queue = BroadcastQueue()
    queue.add(message("a", 10), about: "a")
    queue.add(message("b", 20), about: "b")
    queue.add(message("c", 10), about: "c")
    #expect(take(&queue) == "bca")
    queue.add(message("d", 5), about: "d")
    #expect(take(&queue) == "dbca")
  }

  @Test func `What does not fit waits, and shorter news goes in its place`() {
    var queue = BroadcastQueue()
    queue.add(message("a", 100), about: "a")
    queue.add(message("b", 60), about: "b")
    queue.add(message("c", 30), about: "c")
    #expect(take(&queue, limit: 134) == "ac")
    #expect(take(&queue, limit: 133) == "bc")
    // c has been sent more often, and fits besides
    #expect(take(&queue, limit: 134) == "ac")
    #expect(take(&queue, limit: 2) == "")
    #expect(take(&queue, limit: -5) == "")
    #expect(take(&queue, limit: 32) == "c")
  }

  @Test func `News is gone after it was sent often enough`() {
    var queue = BroadcastQueue()
    queue.add(message("a", 10), about: "a")
    for _ in 0..<4 {
      #expect(queue.contains("a"))
      #expect(take(&queue) == "a")
    }
    #expect(!queue.contains("a"))
    #expect(queue.isEmpty)
    #expect(take(&queue) == "")
  }

  @Test func `Newer news about a member replaces older`() {
    var queue = BroadcastQueue()
    queue.add(message("a", 10), about: "x")
    queue.add(message("b", 9), about: "x")
    queue.add(message("c", 9), about: "y")
    #expect(queue.count == 2)
    #expect(take(&queue) == "cb")
  }

  // MARK: Members

  private let now = ContinuousClock.now

  private func table(_ states: [MemberState], seed: UInt64 = 1) throws -> MemberTable {
    var table = MemberTable()
    var generator = SeededGenerator(seed: seed)
    for (index, state) in states.enumerated() {
      let member = Member(
        name: "n\(index)", address: try address("10.0.0.\(index)"), metadata: [], incarnation: 1,
        state: state, versions: ProtocolVersions())
      table.insert(MemberTable.Record(member: member, since: now), using: &generator)
    }
    return table
  }

  @Test func `Every present member is probed once a round`() throws {
    var table = try table([.alive, .alive, .suspect, .dead, .left, .alive])
    var last: [String] = []
    for _ in 0..<5 {
      let round = (0..<3).map { _ in
        table.nextToProbe(except: "n0", now: now, retention: .seconds(30))?.member.name
      }
      #expect(Set(round) == ["n1", "n2", "n5"])
      if !last.isEmpty { #expect(round == last) }
      last = round.compactMap { $0 }
    }
  }

  @Test func `Nobody is probed where nobody else is present`() throws {
    var alone = try table([.alive])
    #expect(alone.nextToProbe(except: "n0", now: now, retention: .zero) == nil)
    var deserted = try table([.alive, .dead, .left])
    #expect(deserted.nextToProbe(except: "n0", now: now, retention: .seconds(30)) == nil)
    #expect(deserted.count == 3)
    var empty = MemberTable()
    #expect(empty.nextToProbe(except: "n0", now: now, retention: .zero) == nil)
  }

  @Test func `Who is gone for long is forgotten, and only they`() throws {
    var table = try table([.alive, .dead, .left, .suspect])
    for _ in 0..<4 {
      _ = table.nextToProbe(except: "n0", now: now + .seconds(30), retention: .seconds(30))
    }
    #expect(table.count == 4)
    for _ in 0..<4 {
      _ = table.nextToProbe(except: "n0", now: now + .seconds(31), retention: .seconds(30))
    }
    #expect(Set(table.all.map(\.member.name)) == ["n0", "n3"])
    #expect(table["n1"] == nil)
  }

  @Test func `Random members are different ones, and each is as likely`() throws {
    let table = try table(Array(repeating: .alive, count: 10))
    var generator = SeededGenerator(seed: 7)
    var counts: [String: Int] = [:]
    for _ in 0..<10_000 {
      let chosen = table.random(3, using: &generator) { $0.member.name != "n0" }
        .map(\.member.name)
      #expect(Set(chosen).count == 3)
      for name in chosen { counts[name, default: 0] += 1 }
    }
    #expect(counts["n0"] == nil)
    for index in 1..<10 { #expect((3100...3570).contains(counts["n\(index)"] ?? 0)) }
    #expect(table.random(99, using: &generator) { _ in true }.count == 10)
    #expect(table.random(0, using: &generator) { _ in true }.isEmpty)
    #expect(table.random(3, using: &generator) { _ in false }.isEmpty)
  }
}
