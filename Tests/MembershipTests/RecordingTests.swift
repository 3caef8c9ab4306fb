import Testing

@testable import Membership

/// Every datagram and stream of the recordings is read, and written again to the same bytes.
struct RecordingTests {
  struct File: CustomTestStringConvertible {
    var name: String
    var port = 7946
    var label = ""
    var keys: [GossipKey] = []
    /// How many messages of each kind there are, as an independent decoder counted them.
    var messages: [String: Int]
    var streams: [String: Int]
    /// Streams with another label than ours.
    var refusedStreams = 0

    var testDescription: String { name }

    /// A format whose first key is the one that opens the message.
    func format(opening: (WireFormat) throws(WireError) -> Void) throws -> WireFormat {
      var format = WireFormat()
      format.label = Array(label.utf8)
      var problem: WireError?
      for key in keys.isEmpty ? [nil] : keys.map(Optional.init) {
        format.cipher = GossipCipher(keys: key.map { [$0] } ?? [])
        do {
          try opening(format)
          return format
        } catch {
          problem = error
        }
      }
      throw try #require(problem)
    }
  }

  static let files = [
    File(
      name: "plain",
      messages: [
        "alive": 108, "ping": 273, "ack": 251, "indirectPing": 11, "suspect": 24, "nack": 11,
        "dead": 36,
      ],
      streams: ["pushPull": 28]),
    File(
      name: "encrypted", keys: [GossipKey(secret: Array("c3dpZnQtbWV0YWxsYi1rMQ".utf8))],
      messages: [
        "alive": 60, "ping": 174, "ack": 164, "indirectPing": 5, "suspect": 11, "nack": 5,
        "dead": 26,
      ],
      streams: ["pushPull": 16]),
    File(
      name: "label-encrypted", label: "blue",
      keys: ["wire-label-key-1", "wire-label-key-0-thirty-two-byte"]
        .compactMap { GossipKey(bytes: Array($0.utf8)) },
      messages: [
        "alive": 36, "ping": 53, "ack": 46, "indirectPing": 13, "user": 2, "suspect": 12, "nack": 5,
        "dead": 16,
      ],
      streams: ["pushPull": 8, "ping": 8, "error": 4, "ack": 4, "user": 2]),
    File(
      name: "label-plain", label: "blue",
      messages: ["alive": 16, "ping": 8, "ack": 8, "user": 1, "dead": 3],
      streams: ["pushPull": 2, "user": 1], refusedStreams: 1),
    File(
      name: "alertmanager", port: 9094,
      messages: [
        "ping": 121, "alive": 56, "ack": 109, "user": 9, "indirectPing": 6, "suspect": 12,
        "nack": 6, "dead": 29,
      ],
      streams: ["pushPull": 20, "user": 2]),
  ]

  @Test(arguments: files)
  func `Every datagram is read, and written again to the same bytes`(file: File) throws {
    var counts: [String: Int] = [:]
    for datagram in try Recording(file.name, port: file.port).datagrams {
      let bytes = datagram.bytes
      let format = try file.format { format throws(WireError) in
        _ = try format.messages(of: bytes)
      }
      let read = try format.messages(of: bytes)
      #expect(read.problems == [], "frame \(datagram.frame)")
      for message in read.messages { counts["\(message.type)", default: 0] += 1 }

      // Whether it is compressed, and with what result, follows from the message.
      let opened = try format.open(datagram: bytes)
      let hasChecksum = opened.first == MessageType.checksum.rawValue
      let parts = read.messages.map(\.encoded)
      let message = parts.count == 1 ? parts[0] : CompoundMessage.encode(parts)
      var nonce = NonceReplay(datagram: bytes, headerLength: format.labelHeader.count)
      let written = format.datagram(message, withChecksum: hasChecksum, using: &nonce)
      #expect(written == bytes, "frame \(datagram.frame)")
    }
    #expect(counts == file.messages)
  }

  @Test(arguments: files)
  func `Every stream is read, and written again to the same bytes`(file: File) throws {
    var counts: [String: Int] = [:]
    var refused = 0
    for stream in try Recording(file.name, port: file.port).streams {
      var message: StreamMessage?
      let format: WireFormat
      do {
        format = try file.format { format throws(WireError) in
          var decoder = StreamDecoder(format: format, isDialler: !stream.isDialler)
          message = try decoder.receive(stream.bytes)
        }
      } catch let error as WireError where error == .labelMismatch {
        refused += 1
        continue
      }
      switch try #require(message, "frame \(stream.frame)") {
      case .user:
        counts["user", default: 0] += 1
        continue
      case .ping: counts["ping", default: 0] += 1
      case .ack: counts["ack", default: 0] += 1
      case .pushPull: counts["pushPull", default: 0] += 1
      case .error: counts["error", default: 0] += 1
      }
      let header = stream.isDialler ? format.labelHeader : []
      var nonce = NonceReplay(datagram: stream.bytes, headerLength: header.count + 5)
      var encoded = try #require(message).encoded
      if file.name == "alertmanager", case .pushPull(let table) = message,
        table.userState.count > 127
      {
        // Its older library writes `int` fields above 127 as unsigned numbers.
        let key = Array("UserStateLen".utf8)
        let start = try #require(encoded.indices.first { encoded[$0...].starts(with: key) })
        encoded[start + key.count] = 0xcd
      }
      let written = format.streamMessage(encoded, using: &nonce)
      #expect(header + written == stream.bytes, "frame \(stream.frame)")
    }
    #expect(counts == file.streams)
    #expect(refused == file.refusedStreams)
  }

  @Test(arguments: files)
  func `A stream may arrive in pieces of any length`(file: File) throws {
    for stream in try Recording(file.name, port: file.port).streams {
      for size in [1, 2, 7, 64] {
        var whole: StreamMessage?
        let format = try? file.format { format throws(WireError) in
          var decoder = StreamDecoder(format: format, isDialler: !stream.isDialler)
          whole = try decoder.receive(stream.bytes)
        }
        guard let format else { continue }
        var decoder = StreamDecoder(format: format, isDialler: !stream.isDialler)
        var messages: [StreamMessage] = []
        for start in stride(from: 0, to: stream.bytes.count, by: size) {
          let end = min(start + size, stream.bytes.count)
          if let message = try decoder.receive(Array(stream.bytes[start..<end])) {
            messages.append(message)
          }
        }
        #expect(messages == [try #require(whole)], "frame \(stream.frame) by \(size)")
      }
    }
  }

  /// Gives out the nonce that a recorded message has behind its header and its version byte.
  struct NonceReplay: RandomNumberGenerator {
    private var words: [UInt64]

    init(datagram: [UInt8], headerLength: Int) {
      let nonce = datagram.dropFirst(headerLength + 1).prefix(12)
      words = [
        nonce.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
        nonce.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) },
      ]
    }

    mutating func next() -> UInt64 {
      words.isEmpty ? 0 : words.removeFirst()
    }
  }
}
