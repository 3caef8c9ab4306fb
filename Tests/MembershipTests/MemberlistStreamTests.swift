import Testing

@testable import Membership

struct MemberlistStreamTests {
  private func row(
    _ name: String, _ host: String, _ state: MemberState = .alive, incarnation: UInt32 = 1,
    versions: ProtocolVersions? = ProtocolVersions()
  ) throws -> PushPull.Row {
    PushPull.Row(
      name: name, address: try address(host), metadata: nil, incarnation: incarnation,
      state: state, versions: versions)
  }

  private func table(_ rows: PushPull.Row..., isJoin: Bool = false) -> StreamMessage {
    .pushPull(PushPull(isJoin: isJoin, rows: rows))
  }

  private let first = StreamID(number: 1)

  private func setPeers(_ hosts: [String], _ bench: inout Bench) throws -> [Bench.Effect] {
    let addresses = try hosts.map { try address($0) }
    return bench.call { core, now, generator in
      core.setPeers(addresses, now: now, using: &generator)
    }
  }

  // MARK: Answering

  @Test func `A table is answered with ours, then taken in`() throws {
    var bench = try Bench()
    let stream = try bench.accept()
    let effects = bench.receive(
      table(try row("b", "10.0.0.2"), isJoin: true), on: stream)
    let member = try #require(bench.member("b"))
    #expect(
      effects == [
        .finish(stream, table(try row("me", Bench.own), isJoin: true)), .event(.joined(member)),
      ])
    #expect(bench.news == [.alive(try Bench.alive("b", "10.0.0.2"))])
    #expect(bench.closed(stream) == [.cancel(.stream(first))])
  }

  @Test func `Rows follow the rules of their state, and the dead are only suspect`() throws {
    var bench = try Bench(others: ["b", "c", "d", "e", "f"])
    let stream = try bench.accept()
    _ = bench.receive(
      table(
        try row("b", "10.0.0.2", .dead), try row("c", "10.0.0.3", .suspect),
        try row("d", "10.0.0.4", .left), try row("e", "10.0.0.5", incarnation: 4),
        try row("g", "10.0.0.9", .dead), try row("me", Bench.own, .dead, incarnation: 6)),
      on: stream)
    #expect(bench.state("b") == .suspect)
    #expect(bench.state("c") == .suspect)
    #expect(bench.state("d") == .left)
    #expect(bench.member("e")?.incarnation == 4)
    #expect(bench.state("f") == .alive)
    #expect(bench.state("g") == nil)
    #expect(bench.member("me")?.incarnation == 7)
    #expect(
      bench.news.contains(.suspect(Accusation(incarnation: 1, node: "b", from: "me"))))
  }

  @Test func `Clusters whose versions do not fit are not merged`() throws {
    var bench = try Bench()
    let stream = try bench.accept()
    var serf = ProtocolVersions(delegateMin: 2, delegateMax: 5, delegateCurrent: 4)
    let effects = bench.receive(table(try row("b", "10.0.0.2", versions: serf)), on: stream)
    #expect(effects.count == 2)
    #expect(effects.last == .event(.ignored(.impossibleVersions("b"), from: nil)))
    #expect(bench.member("b") == nil)

    serf.delegateMin = 0
    let next = try bench.accept()
    _ = bench.receive(table(try row("b", "10.0.0.2", versions: serf)), on: next)
    #expect(bench.member("b") == nil, "4 is more than we understand")
    serf.delegateCurrent = 0
    let last = try bench.accept()
    _ = bench.receive(table(try row("b", "10.0.0.2", versions: serf)), on: last)
    #expect(bench.state("b") == .alive)
  }

  @Test(arguments: [
    ([1, 5, 2], [1, 5, 2], true), ([1, 5, 2], [3, 5, 3], false), ([1, 5, 4], [1, 3, 2], false),
    ([1, 5, 2], [2, 2, 2], true),
  ])
  func `Versions fit where everybody understands what each one speaks`(
    left: [UInt8], right: [UInt8], fits: Bool
  ) {
    let versions = [left, right].map {
      ProtocolVersions(bytes: [$0[0], $0[1], $0[2], 0, 0, 0])
    }
    func conflict(_ states: [Bool]) -> String? {
      ProtocolVersions.conflict(among: [
        ("l", states[0], versions[0]), ("r", states[1], versions[1]),
      ])?.name
    }
    #expect((conflict([true, true]) == nil) == fits)
    // who did not say uses version 0, which those that begin with 1 do not understand
    #expect(
      ProtocolVersions.conflict(among: [("l", true, versions[0]), ("r", true, nil)])?.name == "r")
  }

  @Test func `A ping over TCP is answered if it is for us`() throws {
    var bench = try Bench()
    let stream = try bench.accept()
    #expect(
      bench.receive(.ping(Ping(sequenceNumber: 7, node: "me", origin: nil)), on: stream)
        == [.finish(stream, .ack(sequenceNumber: 7))])
    let other = try bench.accept()
    #expect(
      bench.receive(.ping(Ping(sequenceNumber: 7, node: "you", origin: nil)), on: other) == [
        .event(.ignored(.notForUs("you"), from: nil)), .cancel(.stream(StreamID(number: 2))),
        .close(2),
      ])
  }

  @Test func `What cannot be read is answered with an error`() throws {
    var bench = try Bench()
    let stream = try bench.accept()
    #expect(
      bench.receive([MessageType.alive.rawValue, 0x80], on: stream) == [
        .event(.ignored(.unreadable(.unexpectedType(4)), from: nil)),
        .finish(stream, .error("message type 4 is not expected here")),
      ])
    #expect(bench.receive([1, 2, 3], on: stream) == [])
    // another cluster hears nothing
    let other = try bench.accept()
    #expect(
      bench.receive(bytes("f4 03 726564 06"), on: other) == [
        .event(.ignored(.unreadable(.labelMismatch), from: nil)),
        .cancel(.stream(StreamID(number: 2))), .close(2),
      ])
  }

  @Test func `User messages are read and ignored`() throws {
    var bench = try Bench()
    let stream = try bench.accept()
    #expect(bench.receive(bytes("08 81 aa557365724d73674c656e 03 01"), on: stream) == [])
    #expect(
      bench.receive(bytes("0203"), on: stream)
        == [.event(.ignored(.userMessage, from: nil)), .cancel(.stream(first)), .close(stream)])
    #expect(
      bench.hear(.user([1]))
        == [.event(.ignored(.userMessage, from: try address("10.0.0.2")))])
  }

  @Test func `Streams that others leave open end, and there are not too many`() throws {
    var bench = try Bench()
    let stream = try bench.accept()
    #expect(bench.fire(.stream(first), after: .seconds(10)) == [.close(stream)])
    #expect(bench.receive([6], on: stream) == [])
    for _ in 0..<Limits.inboundStreams { _ = try bench.accept() }
    let refused = bench.acceptIfPossible()
    #expect(refused == nil)
    _ = bench.closed(5)
    _ = try bench.accept()
  }

  // MARK: Asking

  @Test func `Peers that are no members are asked to exchange tables`() throws {
    var bench = try Bench(others: ["b"])
    let ask = try setPeers([Bench.own, "10.0.0.2", "10.0.0.3"], &bench)
    let mine = StreamMessage.pushPull(
      PushPull(
        isJoin: true,
        rows: bench.core.members.map {
          PushPull.Row(
            name: $0.name, address: $0.address, metadata: nil, incarnation: 1, state: .alive,
            versions: ProtocolVersions())
        }))
    let isHere = Bench.Effect.event(.peerJoined(try address("10.0.0.2")))
    #expect(ask == [isHere, .timer(.stream(first), .seconds(10)), .open(1, to: "10.0.0.3", mine)])
    // not again while that is going on
    #expect(try setPeers(["10.0.0.2", "10.0.0.3"], &bench) == [isHere])
    #expect(bench.fire(.rejoin) == [.timer(.rejoin, .seconds(10))])

    let answer = bench.receive(
      table(try row("c", "10.0.0.3"), try row("me", Bench.own)), on: 1)
    #expect(
      answer == [
        .cancel(.stream(first)), .close(1), .event(.joined(try #require(bench.member("c")))),
        .event(.peerJoined(try address("10.0.0.3"))),
      ])
    #expect(bench.fire(.rejoin, after: .seconds(10)) == [.timer(.rejoin, .seconds(10))])
  }

  @Test func `Many peers are asked a few at a time`() throws {
    var bench = try Bench()
    let hosts = (1...40).map { "10.0.1.\($0)" }
    let ask = try setPeers(hosts, &bench)
    func opened(_ effects: [Bench.Effect]) -> Int {
      effects.count { if case .open = $0 { true } else { false } }
    }
    #expect(opened(ask) == Limits.joins)
    // Each that ends makes room for the next.
    let afterFailure = bench.closed(1)
    #expect(opened(afterFailure) == 1)
    // Who became a member meanwhile need not be asked.
    let rows = try hosts.map { try row("n\($0)", $0) } + [row("me", Bench.own)]
    let afterAnswer = bench.receive(.pushPull(PushPull(isJoin: false, rows: rows)), on: 2)
    #expect(opened(afterAnswer) == 0)
    let joined = afterAnswer.count { if case .event(.peerJoined) = $0 { true } else { false } }
    #expect(joined == 1 + 40 - Limits.joins - 1)
  }

  @Test func `Peers that died are asked again`() throws {
    var bench = try Bench(others: ["b"])
    _ = try setPeers(["10.0.0.2"], &bench)
    bench.hear(.dead(Accusation(incarnation: 1, node: "b", from: "x")))
    let effects = bench.fire(.rejoin)
    #expect(effects.contains { if case .open(1, to: "10.0.0.2", _) = $0 { true } else { false } })
  }

  @Test func `A failed attempt is reported with its reason`() throws {
    let peer = try address("10.0.0.3")
    func failure(_ end: (inout Bench) -> [Bench.Effect]) throws -> Memberlist.StreamFailure? {
      var bench = try Bench()
      _ = try setPeers(["10.0.0.3"], &bench)
      for case .event(.peerFailed(peer, let failure)) in end(&bench) { return failure }
      return nil
    }
    #expect(try failure { $0.closed(1) } == .closed)
    #expect(try failure { $0.fire(.stream(StreamID(number: 1))) } == .timedOut)
    #expect(try failure { $0.receive(.error("go away"), on: 1) } == .refused("go away"))
    #expect(
      try failure { $0.receive(.ack(sequenceNumber: 1), on: 1) } == .unexpectedMessage)
    #expect(try failure { $0.receive([99], on: 1) } == .unreadable(.unexpectedType(99)))
    let old = ProtocolVersions(bytes: [3, 5, 3, 0, 0, 0])
    let rows = table(try row("b", "10.0.0.3", versions: old))
    #expect(
      try failure { $0.receive(rows, on: 1) } == .incompatible(member: "me", ProtocolVersions()))
  }

  @Test func `Tables are exchanged with some member now and then`() throws {
    var bench = try Bench(others: ["b", "c"])
    bench.hear(.dead(Accusation(incarnation: 1, node: "c", from: "x")))
    let effects = bench.fire(.pushPull)
    #expect(effects.first == .timer(.pushPull, .seconds(30)))
    #expect(
      effects.contains { effect in
        if case .open(1, to: "10.0.0.2", .pushPull(let table)) = effect {
          !table.isJoin && table.rows.count == 3
        } else {
          false
        }
      })
    // its failure is nobody's concern
    #expect(bench.closed(1) == [.cancel(.stream(first))])
    var alone = try Bench()
    #expect(alone.fire(.pushPull) == [.timer(.pushPull, .seconds(30))])
  }

  // MARK: Gossip

  @Test func `News goes to some members at each tick, until it was sent often enough`() throws {
    var bench = try Bench(others: ["b", "c", "d", "e", "f"])
    bench.hear(.dead(Accusation(incarnation: 1, node: "b", from: "x")))
    let news = bench.news
    var receivers: [String] = []
    for _ in 0..<4 {
      for case .send(let messages, let host) in bench.fire(.gossip, after: .milliseconds(200)) {
        #expect(messages == news)
        receivers.append(host)
      }
    }
    #expect(receivers.count == 4)
    #expect(Set(receivers.prefix(3)).count == 3)
    #expect(bench.news == [])
  }

  @Test func `The dead hear news for a while, those who left do not`() throws {
    var bench = try Bench(others: ["b", "c"])
    bench.hear(.dead(Accusation(incarnation: 1, node: "b", from: "x")))
    bench.hear(.dead(Accusation(incarnation: 1, node: "c", from: "c")))
    func receivers(_ bench: inout Bench) -> [String] {
      bench.hear(.dead(Accusation(incarnation: 1, node: "me", from: "x")))
      return bench.fire(.gossip).compactMap {
        if case .send(_, let host) = $0 { host } else { nil }
      }
    }
    #expect(receivers(&bench) == ["10.0.0.2"])
    bench.wait(.seconds(31))
    bench.hear(
      .dead(
        Accusation(
          incarnation: try #require(bench.member("me")).incarnation, node: "me", from: "x")))
    #expect(
      bench.fire(.gossip) == [.timer(.gossip, .milliseconds(200))])
  }

  @Test func `Only those get checksums who understand them`() throws {
    for (version, first) in [(5, MessageType.checksum), (4, MessageType.dead)]
      as [(UInt8, MessageType)]
    {
      var bench = try Bench(
        others: ["b"], versions: ProtocolVersions(bytes: [1, version, 2, 0, 0, 0]))
      bench.core.queue.add(
        Message.dead(Accusation(incarnation: 1, node: "z", from: "x")).encoded, about: "z")
      let actions = bench.core.timerFired(.gossip, now: bench.now, using: &bench.generator)
      var sent: [UInt8] = []
      for case .send(let bytes, _) in actions { sent = bytes }
      #expect(sent.first == first.rawValue)
    }
  }

  @Test func `Unreadable datagrams are reported with their sender`() throws {
    var bench = try Bench()
    let sender = try address("10.0.0.66")
    let actions = bench.core.receive(
      datagram: [0xff, 1], from: sender, now: bench.now, using: &bench.generator)
    #expect(
      actions == [.report(.ignored(.unreadable(.unexpectedType(255)), from: sender))])
  }
}
