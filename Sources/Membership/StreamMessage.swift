/// A message of a stream.
enum StreamMessage: Hashable, Sendable {
  case ping(Ping)
  case ack(sequenceNumber: UInt32)
  case pushPull(PushPull)
  /// A message of the program that uses the cluster, read and thrown away. Map: `UserMsgLen`; then that many bytes.
  case user
  /// Why the other side refuses what we sent. Map: `Error`.
  case error(String)

  /// The type byte and the body. A user message has no bytes: we send none.
  var encoded: [UInt8] {
    switch self {
    case .ping(let ping): return Message.ping(ping).encoded
    case .ack(let sequenceNumber): return Message.ack(sequenceNumber: sequenceNumber).encoded
    case .pushPull(let table):
      var bytes = [MessageType.pushPull.rawValue]
      table.encode(into: &bytes)
      return bytes
    case .user: return []
    case .error(let text):
      var bytes = [MessageType.error.rawValue]
      bytes.append(mapOf: 1)
      bytes.append(text: "Error")
      bytes.append(text: text)
      return bytes
    }
  }
}

/// Reads one message from a stream as its bytes arrive: each side of a stream sends exactly one.
///
/// Work is proportional to the bytes that come, however they are cut, and memory to ``Limits/streamMessage``: a table is read
/// row by row, a user message is dropped as it comes, and everything else waits for a known length.
struct StreamDecoder {
  private enum State {
    /// The label, when the other side dialled.
    case label
    /// The first byte of the message, and the header of an encrypted one.
    case start
    case pushPull(PushPullReader)
    case user(remaining: Int)
    /// Another kind, in clear.
    case message(MessageType)
    case finished
  }

  private let format: WireFormat
  private var state: State
  private var buffer: [UInt8] = []
  private var consumed = 0

  /// A stream that others dialled begins with their label, if they have one.
  init(format: WireFormat, isDialler: Bool) {
    self.format = format
    state = isDialler ? .start : .label
  }

  /// Takes in bytes, and returns the message once it is complete. Later bytes are ignored.
  mutating func receive(_ bytes: [UInt8]) throws(WireError) -> StreamMessage? {
    if case .finished = state { return nil }
    if case .user(let remaining) = state {
      return passUserBytes(bytes.count, of: remaining)
    }
    buffer.append(contentsOf: bytes)
    let message = try step()
    // The limit counts what has been read of a table as well.
    guard consumed + buffer.count <= Limits.streamMessage else {
      throw .tooLarge(limit: Limits.streamMessage)
    }
    if message != nil { state = .finished }
    return message
  }

  private mutating func step() throws(WireError) -> StreamMessage? {
    switch state {
    case .label:
      guard try readLabel() else { return nil }
      state = .start
      return try step()
    case .start: return try start()
    case .pushPull(var reader):
      let table = try read(&reader)
      state = .pushPull(reader)
      return table
    case .message(let type):
      do throws(WireError) {
        return try complete(type, buffer[...])
      } catch .truncated {
        guard type == .compressed || buffer.count <= Limits.row else {
          throw .tooLarge(limit: Limits.row)
        }
        return nil
      }
    case .user, .finished: return nil
    }
  }

  /// False as long as the label is not complete.
  private mutating func readLabel() throws(WireError) -> Bool {
    guard let first = buffer.first else { return false }
    var received: ArraySlice<UInt8> = []
    if first == MessageType.label.rawValue {
      guard buffer.count >= 2 else { return false }
      let length = Int(buffer[1])
      guard length > 0 else { throw .malformed }
      guard buffer.count >= 2 + length else { return false }
      received = buffer[2..<2 + length]
    }
    guard received.elementsEqual(format.label) else { throw .labelMismatch }
    if !received.isEmpty { buffer.removeFirst(2 + received.count) }
    return true
  }

  private mutating func start() throws(WireError) -> StreamMessage? {
    guard let first = buffer.first else { return nil }
    guard let type = MessageType(rawValue: first) else { throw .unexpectedType(first) }
    if type == .encrypted {
      guard let cipher = format.cipher else { throw .noKey }
      return try readEncrypted(cipher)
    }
    guard format.cipher == nil || !format.verifiesIncoming else { throw .notEncrypted }
    switch type {
    case .pushPull: state = .pushPull(PushPullReader())
    case .ping, .ack, .user, .compressed, .error: state = .message(type)
    case .indirectPing, .suspect, .alive, .dead, .compound, .encrypted, .nack, .checksum, .label:
      throw .unexpectedType(first)
    }
    buffer.removeFirst()
    return try step()
  }

  private mutating func readEncrypted(_ cipher: GossipCipher) throws(WireError) -> StreamMessage? {
    guard buffer.count >= 5 else { return nil }
    let length = buffer[1..<5].reduce(0) { $0 << 8 | Int($1) }
    guard length <= Limits.streamMessage - 5 else { throw .tooLarge(limit: Limits.streamMessage) }
    guard buffer.count >= 5 + length else { return nil }
    let plaintext = try cipher.open(
      buffer[5..<5 + length], authenticating: buffer[..<5] + format.label)
    return try whole(plaintext)
  }

  private mutating func read(_ reader: inout PushPullReader) throws(WireError) -> StreamMessage? {
    var count = 0
    let table = try reader.read(buffer.span.bytes, consumed: &count)
    buffer.removeFirst(count)
    consumed += count
    return table.map(StreamMessage.pushPull)
  }

  private mutating func passUserBytes(_ count: Int, of remaining: Int) -> StreamMessage? {
    state = count < remaining ? .user(remaining: remaining - count) : .finished
    return count < remaining ? nil : .user
  }

  /// A message of which all bytes are there.
  private mutating func whole(_ bytes: [UInt8]) throws(WireError) -> StreamMessage {
    guard let first = bytes.first else { throw .malformed }
    guard let type = MessageType(rawValue: first) else { throw .unexpectedType(first) }
    do throws(WireError) {
      guard let message = try complete(type, bytes.dropFirst()) else { throw WireError.malformed }
      return message
    } catch .truncated {
      throw .malformed
    }
  }

  /// The message of a type whose body is in `body`. Throws `truncated` when it is not complete; nil means a user message
  /// whose bytes have not all come.
  private mutating func complete(
    _ type: MessageType, _ body: ArraySlice<UInt8>
  ) throws(WireError) -> StreamMessage? {
    switch type {
    case .compressed:
      let expanded = try CompressedMessage.decode(body.span.bytes, limit: Limits.streamMessage)
      guard expanded.first != MessageType.compressed.rawValue else { throw .nestedTooDeep }
      return try whole(expanded)
    case .pushPull:
      var reader = PushPullReader()
      var count = 0
      return try reader.read(body.span.bytes, consumed: &count).map(StreamMessage.pushPull)
    case .ping, .ack:
      switch try Message(type: type, body.span.bytes) {
      case .ping(let ping): return .ping(ping)
      case .ack(let sequenceNumber, _): return .ack(sequenceNumber: sequenceNumber)
      case .indirectPing, .nack, .suspect, .alive, .dead, .user: return nil
      }
    case .user:
      var reader = MessagePackReader(body.span.bytes)
      let length = try Self.readOne("UserMsgLen", &reader) { reader throws(WireError) in
        try reader.integer(as: Int.self)
      }
      guard let length, length >= 0 else { throw .malformed }
      return passUserBytes(body.count - reader.offset, of: length)
    case .error:
      var reader = MessagePackReader(body.span.bytes)
      let text = try Self.readOne("Error", &reader) { reader throws(WireError) in
        try reader.text(limit: 4096)
      }
      return .error(text ?? "")
    case .indirectPing, .suspect, .alive, .dead, .compound, .encrypted, .nack, .checksum, .label:
      throw .unexpectedType(type.rawValue)
    }
  }

  /// The value of one key of a map; nil when it is missing.
  private static func readOne<Value>(
    _ wanted: String, _ reader: inout MessagePackReader,
    _ read: (inout MessagePackReader) throws(WireError) -> Value
  ) throws(WireError) -> Value? {
    var value: Value?
    for _ in 0..<(try reader.mapCount()) {
      if try reader.key() == wanted {
        value = try read(&reader)
      } else {
        try reader.skipValue()
      }
    }
    return value
  }
}
