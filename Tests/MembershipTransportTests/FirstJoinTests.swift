import Membership
import Testing

@testable import MembershipTransport

struct FirstJoinTests {
  private let patience = FirstJoin.Patience(
    afterFirst: .milliseconds(500), altogether: .seconds(3))
  private let peers: Set<MemberAddress>

  init() throws {
    peers = Set(
      try (1...3).map { try #require(MemberAddress(bytes: [10, 0, 0, $0], port: 7946)) })
  }

  private func peer(_ number: UInt8) throws -> MemberAddress {
    try #require(MemberAddress(bytes: [10, 0, 0, number], port: 7946))
  }

  @Test func `Without peers it is over at once`() {
    var join = FirstJoin(patience: patience)
    #expect(!join.isSettled)
    #expect(join.begin([]) == .settled)
    #expect(join.isSettled)
  }

  @Test func `It is over when all have answered or failed`() throws {
    var join = FirstJoin(patience: patience)
    #expect(join.begin(peers) == .waitAtMost(.seconds(3)))
    #expect(join.failed(try peer(1)) == .wait)
    #expect(join.answered(try peer(2)) == .waitAtMost(.milliseconds(500)))
    #expect(join.failed(try peer(3)) == .settled)
  }

  @Test func `The first answer shortens the wait once`() throws {
    var join = FirstJoin(patience: patience)
    _ = join.begin(peers)
    #expect(join.answered(try peer(1)) == .waitAtMost(.milliseconds(500)))
    #expect(join.answered(try peer(2)) == .wait)
    #expect(!join.isSettled)
    #expect(join.timeIsOver() == .settled)
    #expect(join.isSettled)
  }

  @Test func `It ends when nobody answers`() {
    var join = FirstJoin(patience: patience)
    _ = join.begin(peers)
    #expect(join.timeIsOver() == .settled)
  }

  @Test func `Afterwards nothing matters any more`() throws {
    var join = FirstJoin(patience: patience)
    _ = join.begin([])
    #expect(join.begin(peers) == .wait)
    #expect(join.answered(try peer(1)) == .wait)
    #expect(join.failed(try peer(1)) == .wait)
    #expect(join.timeIsOver() == .wait)
    #expect(join.isSettled)
  }

  @Test func `Answers of strangers and before the beginning are no answers`() throws {
    var join = FirstJoin(patience: patience)
    #expect(join.answered(try peer(1)) == .wait)
    #expect(join.timeIsOver() == .wait)
    #expect(!join.isSettled)
    _ = join.begin(peers)
    #expect(join.failed(try peer(9)) == .wait)
    #expect(!join.isSettled)
  }
}
