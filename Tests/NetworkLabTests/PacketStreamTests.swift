import NetworkAddresses
import Testing

@testable import NetworkLab

struct PacketStreamTests {
  /// A header and two frames of 3 and 1 bytes at 1.000002 s and 2.5 s.
  static let littleEndian: [UInt8] =
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]
    + [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 7, 8, 9]
    + [2, 0, 0, 0, 0x20, 0xa1, 7, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5]
  static let frames = [
    CapturedFrame(time: .microseconds(1_000_002), bytes: [7, 8, 9]),
    CapturedFrame(time: .milliseconds(2500), bytes: [5]),
  ]

  @Test func `Frames come out with their times`() throws {
    var stream = PacketStream()
    #expect(try stream.append(Self.littleEndian) == Self.frames)
  }

  @Test func `A stream may arrive in pieces of any size`() throws {
    var stream = PacketStream()
    var frames: [CapturedFrame] = []
    for byte in Self.littleEndian { frames += try stream.append([byte]) }
    #expect(frames == Self.frames)
  }

  @Test func `Big-endian nanosecond streams are read`() throws {
    var stream = PacketStream()
    let bytes: [UInt8] =
      [0xa1, 0xb2, 0x3c, 0x4d] + [UInt8](repeating: 0, count: 20)
      + [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 9]
    #expect(
      try stream.append(bytes)
        == [CapturedFrame(time: .seconds(1) + .nanoseconds(2), bytes: [9])])
  }

  @Test func `What is no capture is refused`() {
    var stream = PacketStream()
    #expect(throws: LabError.malformedCapture("no pcap header")) {
      try stream.append([UInt8](repeating: 1, count: 24))
    }
    var damaged = PacketStream()
    #expect(throws: LabError.malformedCapture("a frame of 4294967295 bytes")) {
      try damaged.append(
        Self.littleEndian[..<24] + [UInt8](repeating: 0, count: 8)
          + [UInt8](repeating: 0xff, count: 8))
    }
  }

  /// A gratuitous reply as in RFC 5227 §1.2, for 192.0.2.7.
  static let announcement: [UInt8] =
    [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6]
    + [0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 192, 0, 2, 7]
    + [255, 255, 255, 255, 255, 255, 192, 0, 2, 7]

  @Test func `An ARP packet is read field by field`() throws {
    let packet = try #require(ObservedARP(frame: Self.announcement))
    #expect(packet.operation == .reply)
    #expect(packet.frameDestination == .broadcast)
    #expect(packet.frameSource == MACAddress("02:00:00:00:00:01"))
    #expect(packet.senderHardware == MACAddress("02:00:00:00:00:01"))
    #expect(packet.senderAddress == IPv4Address("192.0.2.7"))
    #expect(packet.targetAddress == IPv4Address("192.0.2.7"))
    #expect(packet.isGratuitous)
  }

  @Test func `A request for somebody else is not gratuitous`() throws {
    var frame = Self.announcement
    frame[21] = 1
    frame[41] = 9
    let packet = try #require(ObservedARP(frame: frame))
    #expect(packet.operation == .request)
    #expect(!packet.isGratuitous)
  }

  @Test func `Other frames and cut ones are no ARP`() {
    #expect(ObservedARP(frame: Array(Self.announcement[..<41])) == nil)
    var other = Self.announcement
    other[12] = 0x86
    #expect(ObservedARP(frame: other) == nil)
  }
}
