import Testing

@testable import Membership

/// The rules by which statements change what is believed.
struct MemberlistStateTests {
  private func accusation(
    _ node: String, by from: String = "x", _ incarnation: UInt32 = 1
  ) -> Accusation {
    Accusation(incarnation: incarnation, node: node, from: from)
  }

  // MARK: Alive

  @Test func `A member begins alive and says so`() throws {
    var bench = try Bench(metadata: [7])
    let own = try #require(bench.member("me"))
    #expect(own.state == .alive)
    #expect(own.incarnation == 1)
    #expect(own.metadata == [7])
    var fresh = try Memberlist(
      Memberlist.Configuration(name: "me", address: try address(Bench.own)))
    let actions = fresh.start(now: bench.now, using: &bench.generator)
    let timers = actions.compactMap { action -> Memberlist.Timer? in
      guard case .setTimer(let timer, let delay) = action else { return nil }
      #expect(delay >= .zero && delay <= .seconds(30))
      return timer
    }
    #expect(timers == [.probe, .gossip, .pushPull, .rejoin])
    #expect(actions.count == 4)
    #expect(fresh.queuedBroadcasts == 1)
    #expect(fresh.start(now: bench.now, using: &bench.generator) == [])
  }

  @Test func `An unknown member joins and is passed on`() throws {
    var bench = try Bench()
    let alive = try Bench.alive("b", "10.0.0.2", incarnation: 3, metadata: [1])
    let effects = bench.hear(.alive(alive))
    let member = try #require(bench.member("b"))
    #expect(effects == [.event(.joined(member))])
    #expect(member.state == .alive)
    #expect(member.incarnation == 3)
    #expect(member.metadata == [1])
    #expect(bench.news == [.alive(alive)])
  }

  @Test func `Older and equal incarnations change nothing`() throws {
    var bench = try Bench(others: ["b"])
    #expect(bench.hear(.alive(try Bench.alive("b", "10.0.0.2", metadata: [9]))) == [])
    #expect(bench.hear(.alive(try Bench.alive("c", "10.0.0.3", incarnation: 0))) == [])
    #expect(bench.member("b")?.metadata == [])
    #expect(bench.member("c") == nil)
    #expect(bench.news == [])
  }

  @Test func `A newer incarnation updates, and only other contents are told`() throws {
    var bench = try Bench(others: ["b"])
    #expect(bench.hear(.alive(try Bench.alive("b", "10.0.0.2", incarnation: 2))) == [])
    let effects = bench.hear(
      .alive(try Bench.alive("b", "10.0.0.2", incarnation: 3, metadata: [5])))
    #expect(effects == [.event(.updated(try #require(bench.member("b"))))])
    #expect(bench.news.count == 1)
  }

  @Test func `A statement without versions keeps the known ones`() throws {
    var bench = try Bench(others: ["b"])
    bench.hear(.alive(try Bench.alive("b", "10.0.0.2", incarnation: 2, versions: nil)))
    #expect(bench.member("b")?.incarnation == 2)
    #expect(bench.member("b")?.versions == ProtocolVersions())
  }

  @Test func `Impossible versions are ignored`() throws {
    for bytes in [[0, 5, 2], [1, 0, 2], [3, 2, 2]] as [[UInt8]] {
      var bench = try Bench()
      let versions = ProtocolVersions(bytes: [bytes[0], bytes[1], bytes[2], 0, 0, 0])
      let effects = bench.hear(.alive(try Bench.alive("b", "10.0.0.2", versions: versions)))
      #expect(effects == [.event(.ignored(.impossibleVersions("b"), from: nil))])
      #expect(bench.member("b") == nil)
    }
  }

  @Test func `The same name at another address is a conflict`() throws {
    var bench = try Bench(others: ["b"])
    let member = try #require(bench.member("b"))
    let elsewhere = try Bench.alive("b", "10.0.0.99", incarnation: 8)
    let claimed = try address("10.0.0.99")
    #expect(bench.hear(.alive(elsewhere)) == [.event(.conflict(member, claimed: claimed))])
    bench.hear(.suspect(accusation("b")))
    #expect(
      bench.hear(.alive(elsewhere)).contains { effect in
        if case .event(.conflict) = effect { true } else { false }
      })
    #expect(bench.member("b")?.address == member.address)
  }

  @Test func `A name that left may come back elsewhere at once`() throws {
    var bench = try Bench(others: ["b"])
    bench.hear(.dead(accusation("b", by: "b", 5)))
    let effects = bench.hear(.alive(try Bench.alive("b", "10.0.0.99", incarnation: 1)))
    let member = try #require(bench.member("b"))
    #expect(effects == [.event(.joined(member))])
    #expect(member.address == (try address("10.0.0.99")))
    #expect(member.incarnation == 1)
  }

  @Test(arguments: [Duration.zero, .seconds(10)])
  func `A dead name may come back elsewhere after the reclaim time`(reclaim: Duration) throws {
    var parameters = MemberlistParameters.lan
    parameters.deadNodeReclaim = reclaim
    var bench = try Bench(others: ["b"], parameters: parameters)
    bench.hear(.dead(accusation("b")))
    let elsewhere = Message.alive(try Bench.alive("b", "10.0.0.99", incarnation: 2))
    bench.wait(.seconds(10))
    bench.hear(elsewhere)
    #expect(bench.state("b") == .dead)
    bench.wait(.milliseconds(1))
    bench.hear(elsewhere)
    #expect(bench.state("b") == (reclaim == .zero ? .dead : .alive))
  }

  @Test(arguments: [MemberState.alive, .suspect, .dead])
  func `A name may take another address at once where it is known to live`(state: MemberState)
    throws
  {
    var bench = try Bench(others: ["b"])
    switch state {
    case .suspect: bench.hear(.suspect(accusation("b")))
    case .dead: bench.hear(.dead(accusation("b")))
    case .alive, .left: break
    }
    let (new, old) = (try address("10.0.0.99"), try address("10.0.0.2"))
    _ = bench.call { core, now, generator in
      core.setPeers([new], names: ["b": new], now: now, using: &generator)
    }
    let third = Message.alive(try Bench.alive("b", "10.0.0.98", incarnation: 9))
    bench.hear(third)
    #expect(bench.member("b")?.address == old)
    bench.hear(.alive(try Bench.alive("b", "10.0.0.99", incarnation: 1)))
    #expect(bench.member("b")?.address == new)
    #expect(bench.member("b")?.incarnation == 1)
    #expect(bench.state("b") == .alive)
    // What is still said of the machine before it changes nothing.
    bench.hear(.alive(try Bench.alive("b", "10.0.0.2", incarnation: 57)))
    #expect(bench.member("b")?.address == new)
    #expect(bench.state("b") == .alive)
  }

  @Test func `The table does not grow without end`() throws {
    var bench = try Bench()
    for index in 0..<Limits.members - 1 {
      bench.hear(.alive(try Bench.alive("n\(index)", "10.1.0.1")))
    }
    #expect(bench.core.members.count == Limits.members)
    #expect(
      bench.hear(.alive(try Bench.alive("late", "10.1.0.1")))
        == [.event(.ignored(.tooManyMembers, from: nil))])
  }

  // MARK: Suspect

  @Test func `A suspicion is passed on, and ends in death`() throws {
    var bench = try Bench(others: ["b"])
    let effects = bench.hear(.suspect(accusation("b")))
    let member = try #require(bench.member("b"))
    #expect(member.state == .suspect)
    #expect(
      effects == [
        .timer(.suspicion("b"), .seconds(4)), .event(.suspected(member, by: "x")),
      ])
    #expect(bench.news == [.suspect(accusation("b"))])

    #expect(
      bench.fire(.suspicion("b"), after: .milliseconds(3999))
        == [.timer(.suspicion("b"), .milliseconds(1))])
    let death = bench.fire(.suspicion("b"), after: .milliseconds(1))
    #expect(
      death == [
        .cancel(.suspicion("b")), .event(.left(try #require(bench.member("b")))),
      ])
    #expect(bench.state("b") == .dead)
    #expect(bench.news == [.dead(accusation("b", by: "me"))])
    // a timer that nobody cancelled
    #expect(bench.fire(.suspicion("b")) == [])
  }

  @Test func `Others who say so too shorten a suspicion, and are passed on`() throws {
    var bench = try Bench(others: ["b", "c", "d", "e"])
    #expect(bench.hear(.suspect(accusation("b"))).first == .timer(.suspicion("b"), .seconds(24)))
    #expect(bench.hear(.suspect(accusation("b"))) == [])
    bench.wait(.seconds(1))
    #expect(
      bench.hear(.suspect(accusation("b", by: "y")))
        == [.timer(.suspicion("b"), .milliseconds(10_381))])
    #expect(bench.news == [.suspect(accusation("b", by: "y"))])
    #expect(
      bench.hear(.suspect(accusation("b", by: "z"))) == [.timer(.suspicion("b"), .seconds(3))])
    #expect(bench.hear(.suspect(accusation("b", by: "w"))) == [])
    #expect(bench.news == [.suspect(accusation("b", by: "z"))])
  }

  @Test func `A late confirmation ends a suspicion at once`() throws {
    var bench = try Bench(others: ["b", "c", "d", "e"])
    bench.hear(.suspect(accusation("b")))
    bench.wait(.seconds(12))
    #expect(bench.hear(.suspect(accusation("b", by: "y"))) == [.timer(.suspicion("b"), .zero)])
  }

  @Test func `An objection ends a suspicion`() throws {
    var bench = try Bench(others: ["b"])
    bench.hear(.suspect(accusation("b")))
    #expect(bench.hear(.alive(try Bench.alive("b", "10.0.0.2"))) == [])
    #expect(bench.state("b") == .suspect)
    let effects = bench.hear(.alive(try Bench.alive("b", "10.0.0.2", incarnation: 2)))
    #expect(effects == [.cancel(.suspicion("b"))])
    #expect(bench.state("b") == .alive)
  }

  @Test func `Suspicions of the unknown, the gone and the past are ignored`() throws {
    var bench = try Bench(others: ["b", "c"])
    bench.hear(.alive(try Bench.alive("c", "10.0.0.3", incarnation: 5)))
    bench.hear(.dead(accusation("b")))
    bench.drain()
    #expect(bench.hear(.suspect(accusation("nobody"))) == [])
    #expect(bench.hear(.suspect(accusation("b", by: "x", 9))) == [])
    #expect(bench.hear(.suspect(accusation("c", by: "x", 4))) == [])
    #expect(bench.news == [])
    #expect(bench.state("b") == .dead)
    #expect(bench.state("c") == .alive)
  }

  // MARK: Dead

  @Test func `A death is believed and passed on`() throws {
    var bench = try Bench(others: ["b"])
    bench.hear(.suspect(accusation("b")))
    let effects = bench.hear(.dead(accusation("b", by: "c")))
    #expect(
      effects == [
        .cancel(.suspicion("b")), .event(.left(try #require(bench.member("b")))),
      ])
    #expect(bench.state("b") == .dead)
    #expect(bench.news == [.dead(accusation("b", by: "c"))])
    // again
    bench.drain()
    #expect(bench.hear(.dead(accusation("b", by: "c"))) == [])
    #expect(bench.news == [])
  }

  @Test func `Who declares itself dead has left`() throws {
    var bench = try Bench(others: ["b"])
    let effects = bench.hear(.dead(accusation("b", by: "b")))
    #expect(bench.state("b") == .left)
    #expect(effects == [.event(.left(try #require(bench.member("b"))))])
  }

  @Test func `Deaths of the unknown and of the past are ignored`() throws {
    var bench = try Bench(others: ["b"])
    bench.hear(.alive(try Bench.alive("b", "10.0.0.2", incarnation: 2)))
    bench.drain()
    #expect(bench.hear(.dead(accusation("nobody"))) == [])
    #expect(bench.hear(.dead(accusation("b"))) == [])
    #expect(bench.state("b") == .alive)
    #expect(bench.news == [])
  }

  @Test func `The dead come back with a newer incarnation`() throws {
    var bench = try Bench(others: ["b"])
    bench.hear(.dead(accusation("b")))
    #expect(bench.hear(.alive(try Bench.alive("b", "10.0.0.2"))) == [])
    let effects = bench.hear(.alive(try Bench.alive("b", "10.0.0.2", incarnation: 2)))
    #expect(effects == [.event(.joined(try #require(bench.member("b"))))])
  }

  // MARK: About ourselves

  private func ownNews(_ incarnation: UInt32) throws -> [Message] {
    [.alive(try Bench.alive("me", Bench.own, incarnation: incarnation))]
  }

  @Test func `We object to what others say of us`() throws {
    for message in [Message.suspect(accusation("me")), .dead(accusation("me"))] {
      var bench = try Bench()
      #expect(bench.hear(message) == [.event(.refuted(incarnation: 2))])
      #expect(bench.state("me") == .alive)
      #expect(bench.core.healthScore == 1)
      #expect(bench.news == (try ownNews(2)))
    }
  }

  @Test func `Objections go above what others know, and old accusations do not count`() throws {
    var bench = try Bench()
    #expect(
      bench.hear(.suspect(accusation("me", by: "x", 41))) == [.event(.refuted(incarnation: 42))])
    bench.drain()
    #expect(bench.hear(.suspect(accusation("me", by: "x", 41))) == [])
    #expect(bench.hear(.dead(accusation("me", by: "me", 7))) == [])
    #expect(bench.news == [])
    #expect(
      bench.hear(.dead(accusation("me", by: "x", .max))) == [.event(.refuted(incarnation: 1))])
    #expect(bench.news == (try ownNews(1)))
  }

  @Test func `What others repeat of us is fine, unless it is newer or different`() throws {
    var bench = try Bench()
    #expect(bench.hear(.alive(try Bench.alive("me", Bench.own))) == [])
    #expect(
      bench.hear(.alive(try Bench.alive("me", Bench.own, metadata: [1])))
        == [.event(.refuted(incarnation: 2))])
    #expect(
      bench.hear(.alive(try Bench.alive("me", Bench.own, incarnation: 9)))
        == [.event(.refuted(incarnation: 10))])
    #expect(bench.hear(.alive(try Bench.alive("me", Bench.own, incarnation: 9))) == [])
    #expect(bench.news == (try ownNews(10)))
  }

  @Test func `Somebody else with our name is a conflict`() throws {
    var bench = try Bench()
    let effects = bench.hear(.alive(try Bench.alive("me", "10.0.0.77", incarnation: 5)))
    let claimed = try address("10.0.0.77")
    #expect(effects == [.event(.conflict(try #require(bench.member("me")), claimed: claimed))])
    #expect(bench.news == [])
  }

  @Test func `Changed metadata gets a new incarnation, and has a limit`() throws {
    var bench = try Bench()
    let longest = [UInt8](repeating: 1, count: 512)
    #expect(
      bench.call { core, now, generator in
        (try? core.setMetadata(longest, now: now, using: &generator)) ?? []
      } == [])
    #expect(bench.member("me")?.metadata == longest)
    #expect(
      bench.news
        == [.alive(try Bench.alive("me", Bench.own, incarnation: 2, metadata: longest))])
    #expect(throws: Memberlist.ConfigurationError.metadataTooLong(513)) {
      try bench.core.setMetadata(longest + [1], now: bench.now, using: &bench.generator)
    }
    bench.drain()
    _ = bench.call { core, now, generator in
      (try? core.setMetadata(longest, now: now, using: &generator)) ?? []
    }
    #expect(bench.news == [])
  }

  @Test func `A configuration has limits`() throws {
    var configuration = Memberlist.Configuration(name: "", address: try address(Bench.own))
    #expect(throws: Memberlist.ConfigurationError.badNameLength(0)) {
      try Memberlist(configuration)
    }
    configuration.name = String(repeating: "n", count: 513)
    #expect(throws: Memberlist.ConfigurationError.badNameLength(513)) {
      try Memberlist(configuration)
    }
    configuration.name = "n"
    configuration.label = String(repeating: "l", count: 256)
    #expect(throws: Memberlist.ConfigurationError.labelTooLong(256)) {
      try Memberlist(configuration)
    }
    configuration.label = ""
    configuration.metadata = [UInt8](repeating: 1, count: 513)
    #expect(throws: Memberlist.ConfigurationError.metadataTooLong(513)) {
      try Memberlist(configuration)
    }
  }

  // MARK: Leaving

  @Test func `Leaving tells everybody, then those who have not heard`() throws {
    var bench = try Bench(others: ["b", "c", "d"])
    bench.hear(.dead(accusation("d")))
    bench.drain()
    let goodbye = Message.dead(accusation("me", by: "me"))
    let effects = bench.call { core, now, generator in
      core.leave(now: now, using: &generator)
    }
    #expect(
      Set(effects) == [
        .send([goodbye], to: "10.0.0.2"), .send([goodbye], to: "10.0.0.3"),
        .timer(.leave, .seconds(1)),
      ])
    #expect(bench.state("me") == .left)
    #expect(bench.news == [goodbye])
    // By gossip to two members, and one of the dead, twice.
    let gossip = bench.fire(.gossip, after: .milliseconds(100))
    #expect(
      gossip.filter { if case .send([goodbye], to: _) = $0 { true } else { false } }.count == 3)
    let last = bench.fire(.gossip, after: .milliseconds(100))
    #expect(last.suffix(2) == [.cancel(.leave), .event(.hasLeft)])
    #expect(bench.fire(.leave) == [])
    #expect(bench.call { core, now, generator in core.leave(now: now, using: &generator) } == [])
  }

  @Test func `Leaving takes no longer than a second`() throws {
    var bench = try Bench(others: ["b"])
    _ = bench.call { core, now, generator in core.leave(now: now, using: &generator) }
    #expect(bench.fire(.leave, after: .seconds(1)) == [.cancel(.leave), .event(.hasLeft)])
  }

  @Test func `Who leaves does not let others call it back`() throws {
    var bench = try Bench(others: ["b"])
    _ = bench.call { core, now, generator in core.leave(now: now, using: &generator) }
    bench.drain()
    #expect(
      bench.hear(.alive(try Bench.alive("me", Bench.own, incarnation: 9))) == [
        .cancel(.leave), .event(.hasLeft),
      ])
    #expect(bench.hear(.suspect(accusation("me", by: "x", 9))) == [])
    #expect(bench.hear(.dead(accusation("me", by: "x", 9))) == [])
    #expect(bench.state("me") == .left)
  }
}
