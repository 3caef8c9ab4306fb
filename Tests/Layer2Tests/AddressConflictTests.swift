import Layer2
import NetworkAddresses
import Testing

@Suite struct AddressConflictTests {
  private let start = ContinuousClock.now
  private static let stranger = mac(0x99)
  private static let peer = mac(0x0c)

  private func responder(_ timing: GratuitousSchedule<Layer2Responder.Target>.Timing = .init())
    throws -> Layer2Responder
  {
    var responder = Layer2Responder(timing: timing)
    responder.update(
      ResponderInterface(
        index: 1, name: "eth0", hardwareAddress: mac(0x0d),
        linkLocalAddress: try ipv6("fe80::ff:fe00:d")), now: start)
    responder.setPeers(Peers(addresses: [try address("10.98.0.12"): "node2"]))
    responder.learn(Self.peer, has: try address("10.98.0.12"))
    return responder
  }

  /// A frame by which a host tells that it has an address.
  private func claim(_ text: String, by owner: MACAddress) throws -> [UInt8] {
    var frame: [UInt8] = []
    switch try address(text) {
    case .v4(let address):
      ARPPacket.gratuitous(.request, for: address, from: owner)
        .encodeFrame(to: .broadcast, into: &frame)
    case .v6(let address):
      NeighborAdvertisement(
        source: try ipv6("fe80::99"), destination: .allNodes, isSolicited: false, isOverride: true,
        target: address, targetLinkLayerAddress: owner
      ).encodeFrame(from: owner, to: IPv6Address.allNodes.multicastHardwareAddress, into: &frame)
    }
    return frame
  }

  /// Feeds a frame and returns what was reported.
  private func hear(
    _ frame: [UInt8], _ responder: inout Layer2Responder, at time: Duration = .zero
  ) -> [AddressReport] {
    var bytes: [UInt8] = []
    _ = responder.answer(frame.span.bytes, arrivedOn: 1, now: start + time, into: &bytes)
    return responder.takeReports()
  }

  private func isAnswered(_ text: String, _ responder: Layer2Responder) throws -> Bool {
    responder.addresses.contains(try address(text))
  }

  /// Moves the time to each wanted moment and returns when probes were sent, in milliseconds.
  private func run(_ responder: inout Layer2Responder, from: Duration = .zero, until: Duration)
    -> [Double]
  {
    var sent: [Double] = []
    var now = start + from
    while true {
      for _ in responder.takeProbes(now: now) { sent.append((now - start) / .milliseconds(1)) }
      _ = responder.takeRounds(now: now)
      guard let next = responder.nextRound(now: now), next <= start + until else { return sent }
      now = max(next, now)
    }
  }

  // MARK: Probing

  @Test(arguments: ["10.98.0.150", "fd98::1000"])
  func `An address is announced after three probes that nobody answered`(text: String) throws {
    var responder = try responder()
    responder.announce(
      try address(text), on: .all, options: .init(probesFirst: true), now: start)
    #expect(try !isAnswered(text, responder))
    #expect(run(&responder, until: .milliseconds(299)) == [0, 100, 200])
    #expect(responder.takeReports() == [])
    #expect(run(&responder, from: .milliseconds(300), until: .seconds(10)) == [])
    #expect(responder.takeReports() == [.announcedAfterProbing(try address(text))])
    #expect(try isAnswered(text, responder))
  }

  @Test func `Probes ask from nobody, so that they change nobody's cache`() throws {
    var responder = try responder()
    for text in ["10.98.0.150", "fd98::1000"] {
      responder.announce(
        try address(text), on: .all, options: .init(probesFirst: true), now: start)
    }
    let frames = responder.takeProbes(now: start).compactMap { responder.probeFrame(for: $0) }
    let (first, last) = (try #require(frames.first), try #require(frames.last))
    let packet = try ARPPacket(decoding: first.span.bytes.extracting(14..<first.count))
    #expect(packet.senderProtocolAddress == .unspecified)
    #expect(packet.operation == .request && packet.targetHardwareAddress == .zero)
    let solicitation = try NeighborSolicitation(
      decoding: last.span.bytes.extracting(14..<last.count))
    #expect(solicitation.source == .unspecified && solicitation.sourceLinkLayerAddress == nil)
    #expect(solicitation.destination == (try ipv6("fd98::1000").solicitedNodeGroup))
  }

  @Test(arguments: ["10.98.0.150", "fd98::1000"])
  func `An address that somebody has is not announced before they are gone`(text: String) throws {
    var responder = try responder()
    let wanted = try address(text)
    responder.announce(wanted, on: .all, options: .init(probesFirst: true), now: start)
    _ = run(&responder, until: .milliseconds(150))
    let reports = hear(
      try claim(text, by: Self.stranger), &responder, at: .milliseconds(150))
    #expect(
      reports == [
        .claimed(
          AddressClaim(
            address: wanted, hardwareAddress: Self.stranger, interface: "eth0", stage: .probing))
      ])
    #expect(run(&responder, from: .milliseconds(151), until: .seconds(30)) == [])
    #expect(try !isAnswered(text, responder))
    // Half a minute later it is asked for again.
    #expect(
      run(&responder, from: .seconds(30), until: .seconds(31)) == [30_150, 30_250, 30_350])
    #expect(responder.takeReports() == [.announcedAfterProbing(wanted)])
    #expect(try isAnswered(text, responder))
  }

  @Test func `A peer that still answers stops nothing`() throws {
    var responder = try responder()
    responder.announce(
      try address("10.98.0.150"), on: .all, options: .init(probesFirst: true), now: start)
    _ = run(&responder, until: .milliseconds(150))
    #expect(hear(try claim("10.98.0.150", by: Self.peer), &responder).isEmpty)
    _ = run(&responder, from: .milliseconds(150), until: .seconds(1))
    #expect(try isAnswered("10.98.0.150", responder))
  }

  @Test func `Without an interface there is nobody to ask`() throws {
    var responder = Layer2Responder()
    responder.announce(
      try address("10.98.0.150"), on: .all, options: .init(probesFirst: true), now: start)
    #expect(run(&responder, until: .zero) == [])
    #expect(responder.takeReports() == [.announcedAfterProbing(try address("10.98.0.150"))])
  }

  @Test(arguments: [nil, 150] as [Int?])
  func `An address that is not to be probed any more is announced at once`(claimed: Int?) throws {
    var responder = try responder()
    let wanted = try address("10.98.0.150")
    responder.announce(wanted, on: .all, options: .init(probesFirst: true), now: start)
    _ = run(&responder, until: .milliseconds(150))
    if let claimed {
      let reports = hear(
        try claim("10.98.0.150", by: Self.stranger), &responder, at: .milliseconds(claimed))
      #expect(reports.count == 1)
    }
    // Other options than that end nothing.
    responder.announce(
      wanted, on: .all, options: .init(probesFirst: true, refreshInterval: .seconds(60)),
      now: start + .milliseconds(160))
    #expect(responder.takeReports() == [])
    #expect(try !isAnswered("10.98.0.150", responder))
    responder.announce(wanted, on: .all, options: .init(), now: start + .milliseconds(170))
    #expect(responder.takeReports() == [.announcedAfterProbing(wanted)])
    #expect(try isAnswered("10.98.0.150", responder))
    #expect(responder.takeRounds(now: start + .milliseconds(170)).count == 1)
    // And probed no more.
    #expect(run(&responder, from: .milliseconds(170), until: .seconds(60)) == [])
  }

  @Test func `A withdrawn address is probed no more`() throws {
    var responder = try responder()
    responder.announce(
      try address("10.98.0.150"), on: .all, options: .init(probesFirst: true), now: start)
    responder.withdraw(try address("10.98.0.150"))
    #expect(run(&responder, until: .seconds(60)) == [])
    #expect(responder.takeReports() == [])
  }

  // MARK: Claims

  @Test(arguments: ["10.98.0.150", "fd98::1000"])
  func `A claim to an announced address is reported, once a second`(text: String) throws {
    var responder = try responder()
    responder.announce(try address(text), on: .all, now: start)
    let frame = try claim(text, by: Self.stranger)
    let expected = AddressReport.claimed(
      AddressClaim(
        address: try address(text), hardwareAddress: Self.stranger, interface: "eth0",
        stage: .announcing))
    #expect(hear(frame, &responder) == [expected])
    #expect(hear(frame, &responder, at: .milliseconds(999)) == [])
    #expect(hear(frame, &responder, at: .seconds(1)) == [expected])
    // One from a peer is news of its own.
    let reports = hear(try claim(text, by: Self.peer), &responder, at: .seconds(1))
    #expect(reports.count == 1)
    guard case .claimed(let claim) = reports.first else { return }
    #expect(claim.peer == "node2")
    #expect(try isAnswered(text, responder))
  }

  @Test func `Peers are learned from what they send, and what they leave behind is forgotten`()
    throws
  {
    var responder = try responder()
    responder.setPeers(Peers(addresses: [try address("10.98.0.13"): "node3"]))
    #expect(responder.peer(Self.peer) == nil)
    _ = hear(try claim("10.98.0.13", by: mac(0x0e)), &responder)
    _ = hear(try claim("10.98.0.14", by: mac(0x0f)), &responder)
    #expect(responder.peer(mac(0x0e)) == "node3")
    #expect(responder.peer(mac(0x0f)) == nil)
  }

  @Test(arguments: ["10.98.0.150", "fd98::1000"])
  func `A peer is known by the hardware addresses that it tells, without its protocol addresses`(
    text: String
  ) throws {
    var responder = try responder()
    let (told, wanted) = (mac(0x2c), try address(text))
    responder.setPeers(Peers(hardwareAddresses: [told: "node2"]))
    // While it is probed, a peer that still answers stops nothing.
    responder.announce(wanted, on: .all, options: .init(probesFirst: true), now: start)
    _ = run(&responder, until: .milliseconds(150))
    #expect(hear(try claim(text, by: told), &responder, at: .milliseconds(150)).isEmpty)
    _ = run(&responder, from: .milliseconds(150), until: .seconds(1))
    #expect(responder.takeReports() == [.announcedAfterProbing(wanted)])
    #expect(
      hear(try claim(text, by: told), &responder, at: .seconds(1)) == [
        .claimed(
          AddressClaim(
            address: wanted, hardwareAddress: told, interface: "eth0", peer: "node2",
            stage: .announcing))
      ])
    responder.setPeers(Peers())
    #expect(responder.peer(told) == nil)
  }

  @Test func `What this node says on another of its interfaces is no claim`() throws {
    var responder = try responder()
    responder.announce(try address("10.98.0.150"), on: .all, now: start)
    responder.setOwnHardwareAddresses([mac(0x0d), mac(0x1d)])
    #expect(hear(try claim("10.98.0.150", by: mac(0x1d)), &responder).isEmpty)
  }

  @Test func `An address is defended every ten seconds at most`() throws {
    var timing = GratuitousSchedule<Layer2Responder.Target>.Timing()
    timing.rounds = 1
    var responder = try responder(timing)
    let address = try address("10.98.0.150")
    responder.announce(address, on: .all, now: start)
    #expect(responder.takeRounds(now: start).count == 1)
    responder.defend(address, now: start)
    responder.defend(address, now: start + .seconds(9))
    #expect(responder.takeRounds(now: start + .seconds(9)).count == 1)
    #expect(responder.takeRounds(now: start + .seconds(9)).isEmpty)
    responder.defend(address, now: start + .seconds(10))
    #expect(responder.takeRounds(now: start + .seconds(10)).count == 1)
  }

  // MARK: Handing over

  @Test func `An address that is handed over is answered for until its next owner tells`() throws {
    var responder = try responder()
    let text = "10.98.0.150"
    responder.announce(try address(text), on: .all, now: start)
    responder.handOver(try address(text), until: start + .seconds(1), now: start)
    // Nothing is told unasked any more.
    #expect(responder.takeRounds(now: start).isEmpty)
    #expect(try isAnswered(text, responder))
    let reports = hear(try claim(text, by: Self.peer), &responder, at: .milliseconds(20))
    #expect(reports == [.handedOver(try address(text), to: Self.peer)])
    #expect(try !isAnswered(text, responder))
  }

  @Test func `A next owner that was faster has the address at once`() throws {
    var responder = try responder()
    let text = "10.98.0.150"
    responder.announce(try address(text), on: .all, now: start)
    _ = run(&responder, until: .seconds(5))
    _ = hear(try claim(text, by: Self.peer), &responder, at: .seconds(5))
    let now = start + .milliseconds(5500)
    responder.handOver(try address(text), until: now + .seconds(1), now: now)
    let reports = responder.takeReports()
    #expect(reports == [.handedOver(try address(text), to: Self.peer)])
    #expect(try !isAnswered(text, responder))
  }

  @Test func `A next owner that this node has contradicted since has to tell once more`() throws {
    var responder = try responder()
    let text = "10.98.0.150"
    responder.announce(try address(text), on: .all, now: start)
    _ = run(&responder, until: .seconds(5))
    _ = hear(try claim(text, by: Self.peer), &responder, at: .seconds(5))
    responder.defend(try address(text), now: start + .seconds(5))
    _ = run(&responder, from: .seconds(5), until: .milliseconds(5100))
    let now = start + .milliseconds(5100)
    responder.handOver(try address(text), until: now + .seconds(2), now: now)
    #expect(responder.takeReports().isEmpty)
    #expect(try isAnswered(text, responder))
    let reports = hear(try claim(text, by: Self.peer), &responder, at: .milliseconds(6100))
    #expect(reports == [.handedOver(try address(text), to: Self.peer)])
  }

  @Test func `Nobody's turn ends with the time`() throws {
    var responder = try responder()
    responder.announce(try address("fd98::1000"), on: .all, now: start)
    responder.handOver(try address("fd98::1000"), until: start + .seconds(1), now: start)
    _ = run(&responder, until: .milliseconds(999))
    #expect(try isAnswered("fd98::1000", responder))
    _ = run(&responder, from: .milliseconds(999), until: .seconds(1))
    #expect(responder.takeReports() == [.handedOver(try address("fd98::1000"), to: nil)])
    #expect(try !isAnswered("fd98::1000", responder))
    #expect(responder.takeGroupChanges().count == 2)
  }

  @Test func `An address that comes back during its handover is told again`() throws {
    var responder = try responder()
    let address = try address("10.98.0.150")
    responder.announce(address, on: .all, now: start)
    responder.handOver(address, until: start + .seconds(1), now: start)
    responder.announce(address, on: .all, now: start + .milliseconds(10))
    #expect(responder.takeRounds(now: start + .milliseconds(10)).count == 1)
    _ = run(&responder, from: .milliseconds(10), until: .seconds(2))
    #expect(responder.takeReports().isEmpty)
    #expect(try isAnswered("10.98.0.150", responder))
  }

  // MARK: Watching

  @Test func `A watched address is asked for every second, and not answered for`() throws {
    var responder = try responder()
    let address = try address("fd98::1000")
    responder.announce(address, on: .all, now: start)
    responder.watch(address, on: .all, now: start)
    #expect(try !isAnswered("fd98::1000", responder))
    #expect(run(&responder, until: .milliseconds(3500)) == [1000, 2000, 3000])
    // Upstream's speakers do not answer solicitations without a source.
    let frame = try #require(responder.probeFrame(for: .init(address: address, interface: 1)))
    let solicitation = try NeighborSolicitation(
      decoding: frame.span.bytes.extracting(14..<frame.count))
    #expect(solicitation.source == (try ipv6("fe80::ff:fe00:d")))
    guard
      case .claimed(let claim) = hear(
        try claim("fd98::1000", by: Self.peer), &responder, at: .seconds(3)
      ).first
    else {
      Issue.record("no claim")
      return
    }
    #expect(claim.stage == .watching)
    responder.announce(address, on: .all, now: start + .seconds(4))
    #expect(try isAnswered("fd98::1000", responder))
  }
}
