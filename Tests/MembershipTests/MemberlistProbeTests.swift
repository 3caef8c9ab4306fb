import Testing

@testable import Membership

/// Pings, with the times of the local network's profile.
struct MemberlistProbeTests {
  private let origin: Origin

  init() throws {
    origin = Origin(address: try address(Bench.own), node: "me")
  }

  private func ping(_ sequenceNumber: UInt32, _ node: String) -> Message {
    .ping(Ping(sequenceNumber: sequenceNumber, node: node, origin: origin))
  }

  private func suspect(_ node: String) -> Message {
    .suspect(Accusation(incarnation: 1, node: node, from: "me"))
  }

  /// A bench whose next probe is of `b`, the one after it of `c` if that is there.
  private func bench(
    _ others: [String], versions: ProtocolVersions = ProtocolVersions()
  ) throws -> Bench {
    var bench = try Bench(others: others, versions: versions)
    for _ in 0..<100 {
      var ahead = bench.core.table
      let now = bench.now
      func next(_ table: inout MemberTable) -> String? {
        table.nextToProbe(except: "me", now: now, retention: .seconds(30))?.member.name
      }
      let coming = others.map { _ in next(&ahead) }
      if coming.starts(with: ["b", "c"].prefix(others.count)) { return bench }
      // Another round, another order: as if the members had come otherwise.
      _ = next(&bench.core.table)
      if coming.first == "b" {
        bench = try Bench(others: others, versions: versions, seed: bench.seed + 1)
      }
    }
    throw WireError.malformed
  }

  @Test func `A member that answers is well, and so are we`() throws {
    var bench = try bench(["b", "c"])
    bench.core.awareness.apply(2)
    #expect(
      bench.fire(.probe) == [
        .timer(.probe, .seconds(1)), .send([ping(1, "b")], to: "10.0.0.2"),
        .timer(.probeTimeout, .milliseconds(500)), .timer(.probeEnd, .seconds(3)),
      ])
    // not an answer
    #expect(bench.hear(.ack(sequenceNumber: 2)) == [])
    #expect(bench.hear(.nack(sequenceNumber: 1)) == [])
    #expect(
      bench.hear(.ack(sequenceNumber: 1)) == [.cancel(.probeTimeout), .cancel(.probeEnd)])
    #expect(bench.core.healthScore == 1)
    // late, or twice
    #expect(bench.hear(.ack(sequenceNumber: 1)) == [])
    #expect(bench.core.healthScore == 1)
  }

  @Test func `Nobody is there to probe`() throws {
    var bench = try Bench()
    #expect(bench.fire(.probe) == [.timer(.probe, .seconds(1))])
    #expect(bench.fire(.probeTimeout) == [])
    #expect(bench.fire(.probeEnd) == [])
  }

  @Test func `A suspect hears that it is one`() throws {
    var bench = try bench(["b"])
    bench.hear(.suspect(Accusation(incarnation: 1, node: "b", from: "x")))
    bench.drain()
    let effects = bench.fire(.probe)
    #expect(effects.contains(.send([ping(1, "b"), suspect("b")], to: "10.0.0.2")))
  }

  @Test func `Who does not answer is asked for by others and over TCP`() throws {
    var bench = try bench(["b", "c", "d"])
    bench.fire(.probe)
    let effects = bench.fire(.probeTimeout, after: .milliseconds(500))
    let request = IndirectPing(
      sequenceNumber: 1, target: try address("10.0.0.2"), node: "b", wantsNack: true,
      origin: origin)
    #expect(
      Set(effects) == [
        .send([.indirectPing(request)], to: "10.0.0.3"),
        .send([.indirectPing(request)], to: "10.0.0.4"),
        .timer(.stream(StreamID(number: 1)), .milliseconds(500)),
        .open(
          1, to: "10.0.0.2",
          .ping(Ping(sequenceNumber: 1, node: "b", origin: origin))),
      ])
    // A helper has an answer: fine, but nothing to be proud of.
    bench.core.awareness.apply(1)
    #expect(
      bench.hear(.ack(sequenceNumber: 1), from: "10.0.0.3") == [
        .cancel(.probeEnd), .cancel(.stream(StreamID(number: 1))), .close(1),
      ])
    #expect(bench.core.healthScore == 1)
    #expect(bench.state("b") == .alive)
  }

  @Test(arguments: [0, 1, 2])
  func `Helpers that are silent as well count against us`(nacks: Int) throws {
    var bench = try bench(["b", "c", "d"])
    bench.fire(.probe)
    bench.fire(.probeTimeout, after: .milliseconds(500))
    for index in 0..<nacks { bench.hear(.nack(sequenceNumber: 1), from: "10.0.0.\(index + 3)") }
    let effects = bench.fire(.probeEnd, after: .milliseconds(500))
    #expect(bench.core.healthScore == 2 - nacks)
    #expect(bench.state("b") == .suspect)
    #expect(effects.contains(.event(.suspected(try #require(bench.member("b")), by: "me"))))
    #expect(effects.contains(.close(1)))
    #expect(bench.news == [suspect("b")])
  }

  @Test func `Without helpers a failure counts against us once`() throws {
    var bench = try bench(["b"])
    bench.fire(.probe)
    bench.fire(.probeTimeout, after: .milliseconds(500))
    bench.fire(.probeEnd, after: .milliseconds(500))
    #expect(bench.core.healthScore == 1)
    #expect(bench.state("b") == .suspect)
  }

  @Test func `Old members give no nacks and know no pings over TCP`() throws {
    let versions = ProtocolVersions(bytes: [1, 2, 2, 0, 0, 0])
    var bench = try bench(["b", "c"], versions: versions)
    bench.fire(.probe)
    let request = IndirectPing(
      sequenceNumber: 1, target: try address("10.0.0.2"), node: "b", wantsNack: false,
      origin: origin)
    #expect(
      bench.fire(.probeTimeout, after: .milliseconds(500))
        == [.send([.indirectPing(request)], to: "10.0.0.3")])
    bench.fire(.probeEnd, after: .milliseconds(500))
    #expect(bench.core.healthScore == 1)
  }

  @Test func `An answer over TCP saves a member`() throws {
    var bench = try bench(["b"])
    bench.fire(.probe)
    bench.fire(.probeTimeout, after: .milliseconds(500))
    #expect(
      bench.receive(.ack(sequenceNumber: 1), on: 1)
        == [.cancel(.stream(StreamID(number: 1))), .close(1)])
    let effects = bench.fire(.probeEnd, after: .milliseconds(500))
    #expect(
      effects == [
        .event(.answersOnlyStreams(try #require(bench.member("b")))), .cancel(.probeEnd),
      ])
    #expect(bench.state("b") == .alive)
    #expect(bench.core.healthScore == 0)
  }

  @Test func `A wrong answer over TCP saves nobody`() throws {
    for message in [
      StreamMessage.ack(sequenceNumber: 2), .error("no"), .user,
      .ping(Ping(sequenceNumber: 1, node: "", origin: nil)),
    ] {
      var bench = try bench(["b"])
      bench.fire(.probe)
      bench.fire(.probeTimeout, after: .milliseconds(500))
      if case .user = message {
        _ = bench.receive(bytes("08 81 aa557365724d73674c656e 00"), on: 1)
      } else {
        _ = bench.receive(message, on: 1)
      }
      bench.fire(.probeEnd, after: .milliseconds(500))
      #expect(bench.state("b") == .suspect)
    }
  }

  @Test func `A probe that lasts longer than the interval is followed by the next`() throws {
    var bench = try bench(["b", "c"])
    bench.core.awareness.apply(1)
    #expect(bench.fire(.probe).contains(.timer(.probeEnd, .seconds(2))))
    #expect(bench.fire(.probe, after: .seconds(1)) == [.timer(.probe, .seconds(1))])
    #expect(bench.fire(.probe, after: .seconds(1)) == [.timer(.probe, .seconds(1))])
    let effects = bench.fire(.probeEnd)
    #expect(
      effects.contains { effect in
        if case .send(let messages, to: "10.0.0.3") = effect {
          messages.first == ping(2, "c")
        } else {
          false
        }
      })
  }

  @Test func `A probe whose timer comes early waits for its end`() throws {
    var bench = try bench(["b"])
    bench.fire(.probe)
    #expect(
      bench.fire(.probeEnd, after: .milliseconds(999)) == [.timer(.probeEnd, .milliseconds(1))])
  }

  // MARK: For others

  @Test func `A ping is answered where it says, or to its sender`() throws {
    var bench = try Bench()
    let other = Origin(address: try address("10.0.0.9", port: 99), node: "z")
    #expect(
      bench.hear(.ping(Ping(sequenceNumber: 8, node: "me", origin: other)))
        == [.send([.ack(sequenceNumber: 8)], to: "10.0.0.9:99")])
    #expect(
      bench.hear(.ping(Ping(sequenceNumber: 9, node: "", origin: nil)))
        == [.send([.ack(sequenceNumber: 9)], to: "10.0.0.2")])
    #expect(
      bench.hear(.ping(Ping(sequenceNumber: 9, node: "you", origin: nil)))
        == [.event(.ignored(.notForUs("you"), from: try address("10.0.0.2")))])
  }

  @Test func `News rides on acks as far as there is room`() throws {
    var bench = try Bench()
    let alive = try (0..<3).map {
      try Bench.alive("n\($0)", "10.0.0.1\($0)", metadata: [UInt8](repeating: 1, count: 500))
    }
    for alive in alive { bench.hear(.alive(alive)) }
    let effects = bench.hear(.ping(Ping(sequenceNumber: 1, node: "me", origin: nil)))
    guard case .send(let messages, _) = try #require(effects.first) else {
      Issue.record("no answer")
      return
    }
    // 1400 bytes hold two of them
    #expect(messages == [.ack(sequenceNumber: 1), .alive(alive[2]), .alive(alive[1])])
  }

  private func request(wantsNack: Bool, port: UInt16 = 7946) throws -> Message {
    .indirectPing(
      IndirectPing(
        sequenceNumber: 70, target: try address("10.0.0.3", port: port), node: "c",
        wantsNack: wantsNack, origin: nil))
  }

  @Test func `We ping for others and pass the answer on`() throws {
    var bench = try Bench()
    #expect(
      bench.hear(try request(wantsNack: true)) == [
        .timer(.relay(1), .milliseconds(500)), .send([ping(1, "c")], to: "10.0.0.3"),
      ])
    #expect(
      bench.hear(.ack(sequenceNumber: 1), from: "10.0.0.3") == [
        .cancel(.relay(1)), .send([.ack(sequenceNumber: 70)], to: "10.0.0.2"),
      ])
    #expect(bench.hear(.ack(sequenceNumber: 1), from: "10.0.0.3") == [])
    #expect(bench.fire(.relay(1)) == [])
  }

  @Test func `We say when there was no answer, to those who want to know`() throws {
    var bench = try Bench()
    bench.hear(try request(wantsNack: true))
    bench.hear(try request(wantsNack: false))
    #expect(
      bench.fire(.relay(1), after: .milliseconds(500))
        == [.send([.nack(sequenceNumber: 70)], to: "10.0.0.2")])
    #expect(bench.fire(.relay(2)) == [])
    #expect(bench.hear(.ack(sequenceNumber: 1)) == [])
  }

  @Test func `A request without a port means our own port`() throws {
    var bench = try Bench()
    #expect(
      bench.hear(try request(wantsNack: true, port: 0))
        .contains(.send([ping(1, "c")], to: "10.0.0.3")))
  }

  @Test func `Requests have a limit`() throws {
    var bench = try Bench()
    for _ in 0..<Limits.relays { bench.hear(try request(wantsNack: true)) }
    #expect(
      bench.hear(try request(wantsNack: true))
        == [.event(.ignored(.tooBusy, from: try address("10.0.0.2")))])
  }
}
