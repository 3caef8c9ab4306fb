/// How this cluster wraps its messages.
///
/// ```
/// datagram = [label header] encrypt?( [checksum header] compress?( message | compound ) )
/// stream   = [label header, from the dialler only] then per message: encrypt?( compress?( message ) )
/// label header = 244, length (1–255), label
/// ```
struct WireFormat: Sendable {
  /// At most 255 bytes; empty for none. With encryption it is authenticated too.
  var label: [UInt8] = []
  var cipher: GossipCipher?
  /// With a key: whether messages in clear are refused.
  var verifiesIncoming = true
  /// With a key: whether we encrypt.
  var verifiesOutgoing = true
  var compresses = true

  private var sendingCipher: GossipCipher? { verifiesOutgoing ? cipher : nil }

  var labelHeader: [UInt8] {
    label.isEmpty
      ? [] : [MessageType.label.rawValue, UInt8(truncatingIfNeeded: label.count)] + label
  }

  /// What wrapping adds to a datagram, at most, without the checksum; peers do not count that either.
  var datagramOverhead: Int {
    labelHeader.count + (sendingCipher == nil ? 0 : GossipCipher.overhead(.unpadded))
  }

  // MARK: Datagrams

  /// Wraps one message, or a compound. A checksum is only for receivers that understand it.
  func datagram(
    _ message: [UInt8], withChecksum: Bool, using generator: inout some RandomNumberGenerator
  ) -> [UInt8] {
    var bytes = message
    if compresses {
      let compressed = CompressedMessage.encode(message)
      if compressed.count < message.count { bytes = compressed }
    }
    if withChecksum {
      var header = [MessageType.checksum.rawValue]
      header.append(network: CRC32.checksum(bytes))
      bytes = header + bytes
    }
    if let sendingCipher,
      let sealed = sendingCipher.seal(bytes, authenticating: label, using: &generator)
    {
      bytes = sealed
    }
    return labelHeader + bytes
  }

  /// Takes the label off and decrypts.
  func open(datagram: [UInt8]) throws(WireError) -> ArraySlice<UInt8> {
    var bytes = datagram[...]
    var received: ArraySlice<UInt8> = []
    if bytes.first == MessageType.label.rawValue {
      guard let length = bytes.dropFirst().first.map(Int.init), bytes.count >= 2 + length else {
        throw .truncated
      }
      guard length > 0 else { throw .malformed }
      received = bytes.dropFirst(2).prefix(length)
      bytes = bytes.dropFirst(2 + length)
    }
    guard received.elementsEqual(label) else { throw .labelMismatch }
    guard let cipher else { return bytes }
    do throws(WireError) {
      return try cipher.open(bytes, authenticating: label)[...]
    } catch {
      guard verifiesIncoming else { return bytes }
      throw error
    }
  }

  /// The messages of a datagram, in order, and what was wrong with those that are missing. Throws when there can be none.
  func messages(of datagram: [UInt8]) throws(WireError) -> DatagramMessages {
    var bytes = try open(datagram: datagram)
    if bytes.first == MessageType.checksum.rawValue, bytes.count >= 5 {
      let checksum = bytes.dropFirst().prefix(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
      bytes = bytes.dropFirst(5)
      guard checksum == CRC32.checksum(bytes) else { throw .checksumMismatch }
    }
    var messages = DatagramMessages()
    messages.add(bytes, depth: 0)
    return messages
  }

  // MARK: Streams

  /// Wraps one message for a stream. Who dials begins the stream with the ``labelHeader``; both authenticate the label.
  func streamMessage(
    _ message: [UInt8], using generator: inout some RandomNumberGenerator
  ) -> [UInt8] {
    let bytes = compresses ? CompressedMessage.encode(message) : message
    guard let sendingCipher else { return bytes }
    let length = bytes.count + GossipCipher.overhead(.unpadded)
    let header = Self.encryptedHeader(length: length)
    guard
      let sealed = sendingCipher.seal(bytes, authenticating: header + label, using: &generator)
    else { return [] }
    return header + sealed
  }

  static func encryptedHeader(length: Int) -> [UInt8] {
    var header = [MessageType.encrypted.rawValue]
    header.append(network: UInt32(truncatingIfNeeded: length))
    return header
  }
}

/// What a datagram held.
struct DatagramMessages {
  private(set) var messages: [Message] = []
  private(set) var problems: [WireError] = []
  private var expansionLeft = Limits.expandedDatagram

  fileprivate mutating func add(_ bytes: ArraySlice<UInt8>, depth: Int) {
    do throws(WireError) {
      try unwrap(bytes, depth: depth)
    } catch {
      problems.append(error)
    }
  }

  private mutating func unwrap(_ bytes: ArraySlice<UInt8>, depth: Int) throws(WireError) {
    guard depth <= Limits.datagramNesting else { throw .nestedTooDeep }
    guard let first = bytes.first else { throw .truncated }
    guard let type = MessageType(rawValue: first) else { throw .unexpectedType(first) }
    let body = bytes.dropFirst()
    switch type {
    case .compound:
      for part in try CompoundMessage.decode(body) { add(part, depth: depth + 1) }
    case .compressed:
      let expanded = try CompressedMessage.decode(body.span.bytes, limit: expansionLeft)
      expansionLeft -= expanded.count
      add(expanded[...], depth: depth + 1)
    case .ping, .indirectPing, .ack, .suspect, .alive, .dead, .pushPull, .user, .encrypted, .nack,
      .checksum, .error, .label:
      messages.append(try Message(type: type, body.span.bytes))
    }
  }
}
