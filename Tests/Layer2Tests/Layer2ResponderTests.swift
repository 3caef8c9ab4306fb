import Layer2
import NetworkAddresses
import SeededRandomness
import Testing

@Suite struct Layer2ResponderTests {
  private let start = ContinuousClock.now

  private func interface(_ index: Int32 = 1, mac: MACAddress = mac(0x0d)) throws
    -> ResponderInterface
  {
    ResponderInterface(
      index: index, name: "eth\(index)", hardwareAddress: mac,
      linkLocalAddress: try ipv6("fe80::ff:fe00:d"))
  }

  private func responder(
    _ addresses: [String], on selection: InterfaceSelection = .all
  ) throws -> Layer2Responder {
    var responder = Layer2Responder()
    responder.update(try interface(), now: start)
    for text in addresses {
      responder.announce(try address(text), on: selection, now: start)
    }
    return responder
  }

  private func answer(
    _ responder: Layer2Responder, _ frame: [UInt8], on index: Int32 = 1
  ) -> (outcome: Layer2Responder.Outcome, bytes: [UInt8]) {
    var responder = responder
    var bytes: [UInt8] = []
    let outcome = responder.answer(
      frame.span.bytes, arrivedOn: index, now: start, into: &bytes)
    return (outcome, bytes)
  }

  private static func request(
    to destination: MACAddress = .broadcast, from source: MACAddress = mac(0x64),
    sender: MACAddress = mac(0x64), operation: ARPPacket.Operation = .request
  ) -> [UInt8] {
    var frame: [UInt8] = []
    EthernetHeader(destination: destination, source: source, etherType: EthernetHeader.arp)
      .encode(into: &frame)
    ARPPacket(
      operation: operation, senderHardwareAddress: sender,
      senderProtocolAddress: IPv4Address(rawValue: 0x0a62_0064), targetHardwareAddress: .zero,
      targetProtocolAddress: IPv4Address(rawValue: 0x0a62_0096)
    ).encode(into: &frame)
    return frame
  }

  private static func solicitation(
    to destination: MACAddress = mac(0x0d), source: String = "fd98::100",
    target: String = "fd98::1000", unicast: Bool = false, option: MACAddress? = mac(0x64)
  ) throws -> [UInt8] {
    let target = try ipv6(target)
    var frame: [UInt8] = []
    EthernetHeader(destination: destination, source: mac(0x64), etherType: EthernetHeader.ipv6)
      .encode(into: &frame)
    NeighborSolicitation(
      source: try ipv6(source), destination: unicast ? target : target.solicitedNodeGroup,
      target: target, sourceLinkLayerAddress: option
    ).encode(into: &frame)
    return frame
  }

  // MARK: The recording

  @Test func `Recorded ARP requests get the recorded replies, byte for byte`() throws {
    // node3's part until it is killed.
    let responder = try responder(["10.98.0.150"])
    let frames = WireRecording.arp.filter { $0.time < .seconds(40) }
    let client = mac(0x64).bytes
    var replies = 0
    for (frame, next) in zip(frames, frames.dropFirst()) where frame.source != mac(0x0d).bytes {
      let (outcome, bytes) = answer(responder, frame.bytes)
      let isRecordedReply =
        next.source == mac(0x0d).bytes && Array(next.bytes.prefix(6)) == client
        && next.bytes[20...21] == [0, 2] && next.bytes[28..<32] == [10, 98, 0, 150]
      if isRecordedReply {
        #expect(outcome == .answered(try address("10.98.0.150")))
        #expect(bytes == next.bytes)
        replies += 1
      } else {
        #expect(bytes.isEmpty)
      }
    }
    #expect(replies == 8)
  }

  @Test func `Recorded solicitations get the recorded advertisements, with override set`() throws {
    // node2's part until node3 is killed. Upstream leaves the override flag out (RFC 4861 §7.2.4 wants it).
    var responder = Layer2Responder()
    responder.update(
      ResponderInterface(
        index: 1, name: "eth0", hardwareAddress: mac(0x0c),
        linkLocalAddress: try ipv6("fe80::ff:fe00:c")), now: start)
    responder.announce(try address("fd98::1000"), on: .all, now: start)
    let frames = WireRecording.ipv6.filter { $0.time < .seconds(40) }
    var recorded: [[UInt8]] = []
    for frame in WireRecording.neighborDiscovery(type: 136) where frame.time < .seconds(40) {
      guard frame.source == mac(0x0c).bytes, frame.bytes[58] == 0x40,
        Array(frame.bytes[62..<78]) == (try ipv6("fd98::1000")).bytes
      else { continue }
      recorded.append(frame.bytes)
    }
    var given: [[UInt8]] = []
    for frame in frames {
      let (_, bytes) = answer(responder, frame.bytes)
      // Upstream leaves those who check for duplicates without an answer, which would go to a group.
      if let first = bytes.first, first & 1 == 0 { given.append(bytes) }
    }
    // Upstream's last one answers hop limit 64.
    #expect(recorded.count == 6)
    #expect(given.count == 5)
    for (ours, theirs) in zip(given, recorded) {
      var expected = try NeighborAdvertisement(
        decoding: theirs.span.bytes.extracting(14..<theirs.count))
      expected.isOverride = true
      #expect(Array(ours.prefix(14)) == Array(theirs.prefix(14)))
      #expect(
        try NeighborAdvertisement(decoding: ours.span.bytes.extracting(14..<ours.count))
          == expected)
    }
  }

  @Test func `Gratuitous frames equal the recorded burst, byte for byte`() throws {
    let node1 = ResponderInterface(
      index: 4, name: "eth0", hardwareAddress: mac(0x0b),
      linkLocalAddress: try ipv6("fe80::ff:fe00:b"))
    var responder = Layer2Responder()
    responder.update(node1, now: start)
    for (text, type) in [("10.98.0.151", EthernetHeader.arp), ("fd98::1002", EthernetHeader.ipv6)] {
      let address = try address(text)
      responder.announce(address, on: .all, now: start)
      let isMulticast = { (frame: WireRecording.Frame) in frame.bytes[0] & 1 == 1 }
      let recorded = WireRecording.frames.filter {
        $0.time < .seconds(6) && $0.source == mac(0x0b).bytes && $0.etherType == type
          && isMulticast($0)
      }
      let round = responder.gratuitousFrames(for: .init(address: address, interface: 4))
      #expect(round.count == (type == EthernetHeader.arp ? 2 : 1))
      #expect(recorded.map(\.withoutFlowLabel) == (0..<5).flatMap { _ in round })
    }
  }

  // MARK: Answers

  @Test func `A broadcast, a unicast and a probing request are answered`() throws {
    let responder = try responder(["10.98.0.150"])
    var probe = Self.request()
    probe.replaceSubrange(28..<32, with: [0, 0, 0, 0])
    for frame in [Self.request(), Self.request(to: mac(0x0d)), probe] {
      #expect(answer(responder, frame).outcome == .answered(try address("10.98.0.150")))
    }
  }

  @Test func `The reply goes to the sender hardware address`() throws {
    let frame = Self.request(from: mac(0xaa), sender: mac(0x64))
    let bytes = answer(try responder(["10.98.0.150"]), frame).bytes
    #expect(Array(bytes.prefix(6)) == mac(0x64).bytes)
    #expect(bytes.count == 60)
  }

  struct Ignored: CustomTestStringConvertible {
    var testDescription: String
    var reason: IgnoredFrame
    var frame: [UInt8]
  }

  static let ignoredRequests = [
    Ignored(testDescription: "empty", reason: .truncated, frame: []),
    Ignored(
      testDescription: "short", reason: .truncated, frame: Array(Self.request().prefix(41))),
    Ignored(
      testDescription: "reply", reason: .notRequest, frame: Self.request(operation: .reply)),
    Ignored(
      testDescription: "to another host", reason: .otherDestination,
      frame: Self.request(to: mac(0x99))),
    Ignored(
      testDescription: "own frame", reason: .ownFrame, frame: Self.request(from: mac(0x0d))),
    Ignored(
      testDescription: "own sender address", reason: .ownFrame,
      frame: Self.request(sender: mac(0x0d))),
    Ignored(
      testDescription: "broadcast sender", reason: .invalidSender,
      frame: Self.request(sender: .broadcast)),
    Ignored(
      testDescription: "zero sender", reason: .invalidSender, frame: Self.request(sender: .zero)),
    Ignored(
      testDescription: "not Ethernet", reason: .notEthernetIPv4,
      frame: {
        var frame = Self.request()
        frame[15] = 6
        return frame
      }()),
    Ignored(
      testDescription: "other EtherType", reason: .otherEtherType,
      frame: {
        var frame = Self.request()
        frame[12] = 0x88
        return frame
      }()),
  ]

  @Test(arguments: ignoredRequests)
  func `A request that is not answered has a reason`(row: Ignored) throws {
    let (outcome, bytes) = answer(try responder(["10.98.0.150"]), row.frame)
    #expect(outcome == .ignored(row.reason))
    #expect(bytes.isEmpty)
  }

  @Test func `Only announced addresses are answered, where they are announced`() throws {
    #expect(
      answer(try responder(["10.98.0.151"]), Self.request()).outcome == .ignored(.notAnnounced))
    let elsewhere = try responder(["10.98.0.150"], on: .named(["eth7"]))
    #expect(answer(elsewhere, Self.request()).outcome == .ignored(.otherInterface))
    let here = try responder(["10.98.0.150"], on: .named(["eth1"]))
    #expect(answer(here, Self.request()).outcome == .answered(try address("10.98.0.150")))
    #expect(answer(here, Self.request(), on: 9).outcome == .ignored(.unusedInterface))
    var withdrawn = here
    withdrawn.withdraw(try address("10.98.0.150"))
    #expect(answer(withdrawn, Self.request()).outcome == .ignored(.notAnnounced))
  }

  @Test func `An interface without broadcast or link-local address does not answer that family`()
    throws
  {
    var responder = Layer2Responder()
    responder.announce(try address("10.98.0.150"), on: .all, now: start)
    responder.announce(try address("fd98::1000"), on: .all, now: start)
    responder.update(
      ResponderInterface(
        index: 1, name: "eth1", hardwareAddress: mac(0x0d), answersARP: false,
        linkLocalAddress: nil), now: start)
    #expect(answer(responder, Self.request()).outcome == .ignored(.unusedInterface))
    #expect(answer(responder, try Self.solicitation()).outcome == .ignored(.unusedInterface))
  }

  @Test func `Solicitations are answered, to a group or to this host`() throws {
    let responder = try responder(["fd98::1000"])
    let group = try ipv6("fd98::1000").solicitedNodeGroup.multicastHardwareAddress
    for frame in [
      try Self.solicitation(to: group), try Self.solicitation(unicast: true),
      try Self.solicitation(unicast: true, option: nil),
    ] {
      let (outcome, bytes) = answer(responder, frame)
      #expect(outcome == .answered(try address("fd98::1000")))
      #expect(Array(bytes.prefix(12)) == mac(0x64).bytes + mac(0x0d).bytes)
      let advertisement = try NeighborAdvertisement(
        decoding: bytes.span.bytes.extracting(14..<bytes.count))
      #expect(
        advertisement
          == NeighborAdvertisement(
            source: try ipv6("fe80::ff:fe00:d"), destination: try ipv6("fd98::100"),
            isSolicited: true, isOverride: true, target: try ipv6("fd98::1000"),
            targetLinkLayerAddress: mac(0x0d)))
    }
  }

  @Test func `A host that checks for duplicates is told, with everybody else`() throws {
    let frame = try Self.solicitation(
      to: try ipv6("fd98::1000").solicitedNodeGroup.multicastHardwareAddress, source: "::",
      option: nil)
    let (outcome, bytes) = answer(try responder(["fd98::1000"]), frame)
    #expect(outcome == .answered(try address("fd98::1000")))
    #expect(Array(bytes.prefix(6)) == [0x33, 0x33, 0, 0, 0, 1])
    let advertisement = try NeighborAdvertisement(
      decoding: bytes.span.bytes.extracting(14..<bytes.count))
    // RFC 4861 §7.2.4: not solicited, and to all nodes.
    #expect(advertisement.destination == .allNodes)
    #expect(!advertisement.isSolicited && advertisement.isOverride)
  }

  @Test func `Solicitations that get no answer have a reason`() throws {
    let responder = try responder(["fd98::1000"])
    let outcome = { (frame: [UInt8]) in answer(responder, frame).outcome }
    #expect(outcome(try Self.solicitation(option: nil)) == .ignored(.noSourceLinkLayerAddress))
    #expect(outcome(try Self.solicitation(target: "fd98:1::1000")) == .ignored(.notAnnounced))
    #expect(outcome(try Self.solicitation(to: mac(0x99))) == .ignored(.otherDestination))
    #expect(outcome(try Self.solicitation(option: mac(0x0d))) == .ignored(.ownFrame))
    #expect(outcome(try Self.solicitation(option: .broadcast)) == .ignored(.invalidSender))
    var frame = try Self.solicitation()
    frame[21] = 64
    #expect(outcome(frame) == .ignored(.hopLimit))
    frame[21] = 255
    frame[70] ^= 1
    #expect(outcome(frame) == .ignored(.checksum))
    #expect(outcome(Array(frame.prefix(50))) == .ignored(.truncated))
    frame[54] = 136
    #expect(outcome(frame) == .ignored(.checksum))
    frame[54] = 137
    #expect(outcome(frame) == .ignored(.notSolicitation))
    #expect(
      outcome(try Self.solicitation(source: "::", option: mac(1)))
        == .ignored(.malformedSolicitation))
  }

  @Test func `Damaged and random frames never trap and are never answered for nothing`() throws {
    var generator = SeededGenerator(seed: 4861)
    let responder = try responder(["10.98.0.150", "fd98::1000"])
    for _ in 0..<50_000 {
      var frame: [UInt8]
      if Int.random(in: 0..<4, using: &generator) == 0 {
        frame = (0..<Int.random(in: 0...120, using: &generator)).map { _ in
          .random(in: 0...255, using: &generator)
        }
      } else {
        frame = WireRecording.frames.randomElement(using: &generator)?.bytes ?? []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          frame[.random(in: 0..<frame.count, using: &generator)] = .random(
            in: 0...255, using: &generator)
        }
        frame = Array(frame.prefix(.random(in: 0...frame.count, using: &generator)))
      }
      let (outcome, bytes) = answer(responder, frame)
      switch outcome {
      case .answered: #expect(bytes.count == 60 || bytes.count == 86)
      case .ignored: #expect(bytes.isEmpty)
      }
    }
  }

  // MARK: Bursts

  /// The targets of one round that is due now.
  private func rounds(_ responder: inout Layer2Responder, at time: Duration = .zero)
    -> Set<Layer2Responder.Target>
  {
    Set(responder.takeRounds(now: start + time))
  }

  private func target(_ text: String, _ index: Int32) throws -> Layer2Responder.Target {
    .init(address: try address(text), interface: index)
  }

  @Test func `An address is told on every interface that its selection contains`() throws {
    var responder = Layer2Responder()
    for index in 1...3 as ClosedRange<Int32> {
      responder.update(try interface(index), now: start)
    }
    #expect(responder.nextRound(now: start) == nil)
    responder.announce(try address("10.0.0.1"), on: .named(["eth1", "eth3"]), now: start)
    #expect(rounds(&responder) == [try target("10.0.0.1", 1), try target("10.0.0.1", 3)])
    #expect(responder.nextRound(now: start) == start + .milliseconds(1100))
  }

  @Test func `Announcing again sends nothing, a wider selection tells the new interfaces`() throws {
    var responder = Layer2Responder()
    for index in 1...2 as ClosedRange<Int32> {
      responder.update(try interface(index), now: start)
    }
    responder.announce(try address("10.0.0.1"), on: .named(["eth1"]), now: start)
    #expect(rounds(&responder) == [try target("10.0.0.1", 1)])
    responder.announce(try address("10.0.0.1"), on: .named(["eth1"]), now: start)
    #expect(rounds(&responder).isEmpty)
    responder.announce(try address("10.0.0.1"), on: .all, now: start)
    #expect(rounds(&responder) == [try target("10.0.0.1", 2)])
    responder.announce(try address("10.0.0.1"), on: .named(["eth2"]), now: start)
    #expect(rounds(&responder, at: .seconds(2)) == [try target("10.0.0.1", 2)])
  }

  @Test func `Another refresh interval counts for what is announced, without a burst`() throws {
    var responder = Layer2Responder()
    responder.update(try interface(), now: start)
    let wanted = try address("10.98.0.150")
    responder.announce(wanted, on: .all, now: start)
    while let next = responder.nextRound(now: start) { _ = responder.takeRounds(now: next) }
    let edit = start + .seconds(100)
    responder.announce(wanted, on: .all, options: .init(refreshInterval: .seconds(30)), now: edit)
    #expect(responder.nextRound(now: edit) == edit + .seconds(30))
    #expect(responder.takeRounds(now: edit + .seconds(30)) == [try target("10.98.0.150", 1)])
    #expect(responder.nextRound(now: edit) == edit + .seconds(60))
    responder.announce(wanted, on: .all, now: edit + .seconds(31))
    #expect(responder.nextRound(now: edit) == nil)
    #expect(responder.answers(wanted))
  }

  @Test func `Withdrawing ends the burst, and announcing again begins a new one`() throws {
    var responder = try responder(["10.0.0.1"])
    #expect(rounds(&responder).count == 1)
    responder.withdraw(try address("10.0.0.1"))
    #expect(responder.nextRound(now: start) == nil)
    #expect(responder.gratuitousFrames(for: try target("10.0.0.1", 1)).isEmpty)
    responder.withdraw(try address("10.0.0.1"))
    responder.announce(try address("10.0.0.1"), on: .all, now: start)
    #expect(rounds(&responder) == [try target("10.0.0.1", 1)])
  }

  @Test func `An interface that appears is told everything that is announced on it`() throws {
    var responder = Layer2Responder()
    responder.announce(try address("10.0.0.1"), on: .all, now: start)
    responder.announce(try address("10.0.0.2"), on: .named(["eth9"]), now: start)
    responder.announce(try address("fd98::1"), on: .all, now: start)
    #expect(responder.nextRound(now: start) == nil)
    responder.update(try interface(), now: start)
    #expect(rounds(&responder) == [try target("10.0.0.1", 1), try target("fd98::1", 1)])
    responder.removeInterface(1)
    #expect(responder.nextRound(now: start) == nil)
  }

  @Test func `A new hardware address or a carrier that returns is told, other changes are not`()
    throws
  {
    var responder = try responder(["10.0.0.1", "fd98::1"])
    #expect(rounds(&responder).count == 2)
    var changed = try interface()
    changed.linkLocalAddress = try ipv6("fe80::77")
    responder.update(changed, now: start)
    #expect(rounds(&responder).isEmpty)
    changed.hasCarrier = false
    responder.update(changed, now: start)
    #expect(rounds(&responder).isEmpty)
    changed.hasCarrier = true
    responder.update(changed, now: start)
    #expect(rounds(&responder).count == 2)
    changed.hardwareAddress = mac(0x77)
    responder.update(changed, now: start)
    #expect(rounds(&responder).count == 2)
    let frames = responder.gratuitousFrames(for: try target("10.0.0.1", 1))
    #expect(frames.map { Array($0[6..<12]) } == [mac(0x77).bytes, mac(0x77).bytes])
    #expect(answer(responder, Self.request(to: mac(0x0d))).outcome == .ignored(.otherDestination))
  }

  @Test func `A renamed interface is judged by its new name`() throws {
    var responder = try responder(["10.0.0.1"], on: .named(["eth1"]))
    #expect(rounds(&responder).count == 1)
    var renamed = try interface()
    renamed.name = "wan"
    responder.update(renamed, now: start)
    #expect(responder.nextRound(now: start) == nil)
    responder.announce(try address("10.0.0.2"), on: .named(["wan"]), now: start)
    #expect(rounds(&responder) == [try target("10.0.0.2", 1)])
  }
}
