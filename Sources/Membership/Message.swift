/// A message of a datagram.
package enum Message: Hashable, Sendable {
  case ping(Ping)
  case indirectPing(IndirectPing)
  /// Answers a ping. Map: `Payload`, `SeqNo`.
  case ack(sequenceNumber: UInt32, payload: [UInt8]?)
  /// Answers an indirect ping whose target did not answer. Map: `SeqNo`.
  case nack(sequenceNumber: UInt32)
  case suspect(Accusation)
  case alive(Alive)
  case dead(Accusation)
  /// Bytes of a program that uses the cluster to spread its own news. We have none, and pass none on.
  case user([UInt8])

  static func ack(sequenceNumber: UInt32) -> Message {
    .ack(sequenceNumber: sequenceNumber, payload: nil)
  }

  /// Reads what follows the type byte. Bytes behind the message are ignored, as the peers do.
  init(type: MessageType, _ body: RawSpan) throws(WireError) {
    var reader = MessagePackReader(body)
    switch type {
    case .ping: self = .ping(try Ping(reading: &reader))
    case .indirectPing: self = .indirectPing(try IndirectPing(reading: &reader))
    case .ack:
      let (sequenceNumber, payload) = try Self.acknowledgement(&reader)
      self = .ack(sequenceNumber: sequenceNumber, payload: payload)
    case .nack: self = .nack(sequenceNumber: try Self.acknowledgement(&reader).sequenceNumber)
    case .suspect: self = .suspect(try Accusation(reading: &reader))
    case .alive: self = .alive(try Alive(reading: &reader))
    case .dead: self = .dead(try Accusation(reading: &reader))
    case .user: self = .user(try reader.take(body.byteCount))
    case .pushPull, .compound, .compressed, .encrypted, .checksum, .error, .label:
      throw .unexpectedType(type.rawValue)
    }
  }

  private static func acknowledgement(
    _ reader: inout MessagePackReader
  ) throws(WireError) -> (sequenceNumber: UInt32, payload: [UInt8]?) {
    var sequenceNumber: UInt32 = 0
    var payload: [UInt8]?
    for _ in 0..<(try reader.mapCount()) {
      switch try reader.key() {
      case "Payload": payload = try reader.raw()
      case "SeqNo": sequenceNumber = try reader.integer()
      default: try reader.skipValue()
      }
    }
    return (sequenceNumber, payload)
  }

  var type: MessageType {
    switch self {
    case .ping: .ping
    case .indirectPing: .indirectPing
    case .ack: .ack
    case .nack: .nack
    case .suspect: .suspect
    case .alive: .alive
    case .dead: .dead
    case .user: .user
    }
  }

  /// The type byte and the body.
  var encoded: [UInt8] {
    var bytes = [type.rawValue]
    switch self {
    case .ping(let ping): ping.encode(into: &bytes)
    case .indirectPing(let ping): ping.encode(into: &bytes)
    case .ack(let sequenceNumber, let payload):
      bytes.append(mapOf: 2)
      bytes.append(text: "Payload")
      bytes.append(raw: payload)
      bytes.append(text: "SeqNo")
      bytes.append(unsigned: sequenceNumber)
    case .nack(let sequenceNumber):
      bytes.append(mapOf: 1)
      bytes.append(text: "SeqNo")
      bytes.append(unsigned: sequenceNumber)
    case .suspect(let accusation), .dead(let accusation): accusation.encode(into: &bytes)
    case .alive(let alive): alive.encode(into: &bytes)
    case .user(let payload): bytes.append(contentsOf: payload)
    }
    return bytes
  }
}

/// A message in a compressed wrapper. Map: `Algo` (0, LZW), `Buf`.
enum CompressedMessage {
  static func encode(_ message: [UInt8]) -> [UInt8] {
    let buffer = LZW.compress(message)
    var bytes = [MessageType.compressed.rawValue]
    bytes.append(mapOf: 2)
    bytes.append(text: "Algo")
    bytes.append(unsigned: 0)
    bytes.append(text: "Buf")
    bytes.append(raw: buffer)
    return bytes
  }

  /// Reads what follows the type byte, and expands it to at most `limit` bytes. Nothing but the two pairs may be there, so
  /// that trying again whenever more of a stream has come costs nothing until all of it has.
  static func decode(_ body: RawSpan, limit: Int) throws(WireError) -> [UInt8] {
    var reader = MessagePackReader(body)
    var algorithm: UInt8 = 0
    var buffer: [UInt8]?
    guard try reader.mapCount() == 2 else { throw .malformed }
    for _ in 0..<2 {
      switch try reader.key() {
      case "Algo": algorithm = try reader.integer()
      case "Buf" where buffer == nil: buffer = try reader.raw(limit: limit)
      default: throw .malformed
      }
    }
    guard algorithm == 0, let buffer else { throw .malformed }
    do throws(WireError) {
      return try LZW.expand(buffer, limit: limit)
    } catch .truncated {
      // The buffer is complete: it is its content that has no end.
      throw .malformed
    }
  }
}

/// Several messages in one: type, number of parts (u8), their lengths (u16 each), the parts.
enum CompoundMessage {
  /// What each part costs beside its own bytes, and what the frame costs.
  static let partOverhead = 2
  static let frameOverhead = 2

  /// At most 255 parts of at most 65,535 bytes.
  static func encode(_ parts: [[UInt8]]) -> [UInt8] {
    var bytes = [MessageType.compound.rawValue, UInt8(truncatingIfNeeded: parts.count)]
    for part in parts { bytes.append(network: UInt16(truncatingIfNeeded: part.count)) }
    for part in parts { bytes.append(contentsOf: part) }
    return bytes
  }

  /// Reads what follows the type byte. Parts that are not whole are left out.
  static func decode(_ body: ArraySlice<UInt8>) throws(WireError) -> [ArraySlice<UInt8>] {
    guard let count = body.first.map(Int.init) else { throw .truncated }
    let lengths = body.dropFirst()
    guard lengths.count >= 2 * count else { throw .truncated }
    var parts: [ArraySlice<UInt8>] = []
    var rest = lengths.dropFirst(2 * count)
    for index in 0..<count {
      let offset = lengths.startIndex + 2 * index
      let length = Int(lengths[offset]) << 8 | Int(lengths[offset + 1])
      guard length <= rest.count else { break }
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts
  }
}
