import Layer2
import NetworkAddresses
import Testing

@Suite struct RequesterLimitTests {
  private let start = ContinuousClock.now

  private func request(from sender: MACAddress) -> [UInt8] {
    var frame: [UInt8] = []
    ARPPacket(
      operation: .request, senderHardwareAddress: sender,
      senderProtocolAddress: IPv4Address(rawValue: 0x0a62_0064), targetHardwareAddress: .zero,
      targetProtocolAddress: IPv4Address(rawValue: 0x0a62_0096)
    ).encodeFrame(to: .broadcast, into: &frame)
    return frame
  }

  /// How many of `count` requests are answered at one moment.
  private func answers(
    _ responder: inout Layer2Responder, to sender: MACAddress, _ count: Int, at time: Duration
  ) -> Int {
    let frame = request(from: sender)
    var bytes: [UInt8] = []
    return (0..<count).count { _ in
      responder.answer(frame.span.bytes, arrivedOn: 1, now: start + time, into: &bytes)
        != .ignored(.rateLimited)
    }
  }

  @Test func `A host that floods gets its share, and others get theirs`() throws {
    var limit = RequesterLimit()
    limit.answersPerSecond = 100
    limit.burst = 10
    var responder = Layer2Responder(requesterLimit: limit)
    responder.update(
      ResponderInterface(index: 1, name: "eth0", hardwareAddress: mac(0x0d)), now: start)
    responder.announce(try address("10.98.0.150"), on: .all, now: start)
    #expect(answers(&responder, to: mac(0x64), 1000, at: .zero) == 10)
    #expect(answers(&responder, to: mac(0x65), 5, at: .zero) == 5)
    #expect(answers(&responder, to: mac(0x64), 1000, at: .milliseconds(50)) == 5)
    #expect(answers(&responder, to: mac(0x64), 1000, at: .seconds(60)) == 10)
  }

  @Test func `Invented hardware addresses take no memory and no answers from others`() throws {
    var responder = Layer2Responder(requesterLimit: RequesterLimit())
    responder.update(
      ResponderInterface(index: 1, name: "eth0", hardwareAddress: mac(0x0d)), now: start)
    responder.announce(try address("10.98.0.150"), on: .all, now: start)
    for number in 0..<20_000 as Range<UInt64> {
      let sender = try #require(MACAddress(number: 0x0200_0001_0000 + number))
      #expect(answers(&responder, to: sender, 1, at: .zero) == 1)
    }
    #expect(answers(&responder, to: mac(0x64), 1, at: .zero) == 1)
  }
}
