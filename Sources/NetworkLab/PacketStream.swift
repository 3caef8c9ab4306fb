package import NetworkAddresses

/// One frame from a capture.
package struct CapturedFrame: Sendable, Hashable {
  /// When the kernel saw it: since 1970-01-01T00:00:00Z, by the machine's real-time clock.
  package var time: Duration
  /// The frame from its destination address on, as much of it as was captured.
  package var bytes: [UInt8]

  package init(time: Duration, bytes: [UInt8]) {
    self.time = time
    self.bytes = bytes
  }
}

/// Takes a pcap stream apart as it arrives (draft-ietf-opsawg-pcap, both byte orders, microseconds
/// and nanoseconds).
package struct PacketStream: Sendable {
  private var buffer: [UInt8] = []
  private var header: Header?

  private struct Header {
    var isBigEndian: Bool
    var nanosecondsPerUnit: Int64
  }

  /// Frames above this size are taken for damage: no link has them.
  private static let longestFrame = 1 << 18

  package init() {}

  /// Takes in more of the stream and returns the frames that it completes. Throws
  /// `LabError.malformedCapture` for what is no pcap stream; after that the stream is of no use.
  package mutating func append(_ bytes: some Sequence<UInt8>) throws(LabError) -> [CapturedFrame] {
    buffer.append(contentsOf: bytes)
    if header == nil {
      guard buffer.count >= 24 else { return [] }
      header = try Self.header(buffer)
      buffer.removeFirst(24)
    }
    guard let header else { return [] }
    var frames: [CapturedFrame] = []
    var offset = 0
    while buffer.count - offset >= 16 {
      let length = Int(word(at: offset + 8, header))
      guard length <= Self.longestFrame else {
        throw .malformedCapture("a frame of \(length) bytes")
      }
      guard buffer.count - offset - 16 >= length else { break }
      let seconds = Int64(word(at: offset, header))
      let fraction = Int64(word(at: offset + 4, header)) * header.nanosecondsPerUnit
      let start = offset + 16
      frames.append(
        CapturedFrame(
          time: .seconds(seconds) + .nanoseconds(fraction),
          bytes: Array(buffer[start..<start + length])))
      offset = start + length
    }
    buffer.removeFirst(offset)
    return frames
  }

  private static func header(_ bytes: [UInt8]) throws(LabError) -> Header {
    switch Array(bytes[0..<4]) {
    case [0xa1, 0xb2, 0xc3, 0xd4]: return Header(isBigEndian: true, nanosecondsPerUnit: 1000)
    case [0xd4, 0xc3, 0xb2, 0xa1]: return Header(isBigEndian: false, nanosecondsPerUnit: 1000)
    case [0xa1, 0xb2, 0x3c, 0x4d]: return Header(isBigEndian: true, nanosecondsPerUnit: 1)
    case [0x4d, 0x3c, 0xb2, 0xa1]: return Header(isBigEndian: false, nanosecondsPerUnit: 1)
    default: throw .malformedCapture("no pcap header")
    }
  }

  private func word(at offset: Int, _ header: Header) -> UInt32 {
    let bytes = buffer[offset..<offset + 4]
    return header.isBigEndian
      ? bytes.reduce(0) { $0 << 8 | UInt32($1) }
      : bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// An ARP packet in an Ethernet frame (RFC 826), read independently of what the product uses, so
/// that one mistake cannot hide in both.
package struct ObservedARP: Sendable, Hashable {
  package enum Operation: Sendable, Hashable {
    case request, reply
    case other(UInt16)
  }

  package var frameSource: MACAddress
  package var frameDestination: MACAddress
  package var operation: Operation
  package var senderHardware: MACAddress
  package var senderAddress: IPv4Address
  package var targetHardware: MACAddress
  package var targetAddress: IPv4Address

  /// Whether it announces its sender to everyone (RFC 5227 §1.2): sender and target are the same.
  package var isGratuitous: Bool { senderAddress == targetAddress }

  /// `nil` for anything but ARP for IPv4 over Ethernet.
  package init?(frame: [UInt8]) {
    // Ethernet: destination, source, type. ARP: types 1 and 0x0800, lengths 6 and 4.
    guard frame.count >= 42, frame[12..<20] == [0x08, 0x06, 0, 1, 0x08, 0, 6, 4],
      let destination = MACAddress(bytes: frame[0..<6]),
      let source = MACAddress(bytes: frame[6..<12]),
      let senderHardware = MACAddress(bytes: frame[22..<28]),
      let senderAddress = IPv4Address(bytes: frame[28..<32]),
      let targetHardware = MACAddress(bytes: frame[32..<38]),
      let targetAddress = IPv4Address(bytes: frame[38..<42])
    else { return nil }
    frameSource = source
    frameDestination = destination
    switch UInt16(frame[20]) << 8 | UInt16(frame[21]) {
    case 1: operation = .request
    case 2: operation = .reply
    case let number: operation = .other(number)
    }
    self.senderHardware = senderHardware
    self.senderAddress = senderAddress
    self.targetHardware = targetHardware
    self.targetAddress = targetAddress
  }
}
