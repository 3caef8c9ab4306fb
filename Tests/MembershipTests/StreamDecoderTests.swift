import SeededRandomness
import Testing

@testable import Membership

struct StreamDecoderTests {
  private func table(rows: Int, userState: Int = 0) throws -> PushPull {
    PushPull(
      isJoin: true,
      rows: try (0..<rows).map { index in
        PushPull.Row(
          name: "node\(index)", address: try address("10.0.\(index / 250).\(index % 250)"),
          metadata: index % 2 == 0 ? nil : [1, 2], incarnation: UInt32(index),
          state: try #require(MemberState(rawValue: index % 4)),
          versions: index % 5 == 0 ? nil : ProtocolVersions())
      },
      userState: [UInt8](repeating: 3, count: userState))
  }

  /// All ways to wrap a stream message.
  private func formats() throws -> [WireFormat] {
    let key = try #require(GossipKey(bytes: Array(repeating: 1, count: 32)))
    var formats: [WireFormat] = []
    for compresses in [false, true] {
      for cipher in [nil, GossipCipher(keys: [key])] {
        for label in ["", "blue"] {
          var format = WireFormat()
          format.compresses = compresses
          format.cipher = cipher
          format.label = Array(label.utf8)
          formats.append(format)
        }
      }
    }
    return formats
  }

  @Test func `A message is read however it is wrapped and cut`() throws {
    let messages: [StreamMessage] = [
      .pushPull(try table(rows: 0)), .pushPull(try table(rows: 300, userState: 1000)),
      .ping(Ping(sequenceNumber: 3, node: "n", origin: nil)), .ack(sequenceNumber: 3),
      .error("no"),
    ]
    var generator = SeededGenerator(seed: 1)
    for format in try formats() {
      for message in messages {
        let sent = format.labelHeader + format.streamMessage(message.encoded, using: &generator)
        for size in [1, 13, sent.count] {
          var decoder = StreamDecoder(format: format, isDialler: false)
          var read: [StreamMessage] = []
          for start in stride(from: 0, to: sent.count, by: size) {
            let piece = Array(sent[start..<min(start + size, sent.count)])
            if let message = try decoder.receive(piece) { read.append(message) }
          }
          #expect(read == [message])
          #expect(try decoder.receive([1, 2, 3]) == nil)
        }
      }
    }
  }

  @Test func `A cut message never completes`() throws {
    var generator = SeededGenerator(seed: 2)
    for format in try formats() {
      let sent =
        format.labelHeader
        + format.streamMessage(
          StreamMessage.pushPull(try table(rows: 3)).encoded, using: &generator)
      for length in 0..<sent.count {
        var decoder = StreamDecoder(format: format, isDialler: false)
        #expect(try decoder.receive(Array(sent.prefix(length))) == nil)
      }
    }
  }

  @Test func `Rows that are of no use are left out`() throws {
    let good = StreamMessage.pushPull(try table(rows: 1)).encoded
    // a row without an address, one in a state that is none, and an empty map
    let odd =
      bytes("06 83 a44a6f696e c2 a54e6f646573 04 ac5573657253746174654c656e 00")
      + bytes("81 a44e616d65 a16e")
      + bytes("83 a44e616d65 a16e a441646472 a40a000001 a55374617465 09") + [0x80]
    // 30 bytes of the good table are its header
    let sent = odd + good.dropFirst(1 + 1 + 5 + 1 + 6 + 1 + 13 + 1)
    var decoder = StreamDecoder(format: WireFormat(), isDialler: true)
    #expect(
      try decoder.receive(sent)
        == .pushPull(PushPull(isJoin: false, rows: try table(rows: 1).rows)))
  }

  @Test func `User messages are read to their end and thrown away`() throws {
    let header = bytes("08 81 aa557365724d73674c656e ce00400000")
    var decoder = StreamDecoder(format: WireFormat(), isDialler: false)
    #expect(try decoder.receive(header) == nil)
    for _ in 0..<1023 {
      #expect(try decoder.receive([UInt8](repeating: 1, count: 4096)) == nil)
    }
    #expect(try decoder.receive([UInt8](repeating: 1, count: 4095)) == nil)
    #expect(try decoder.receive([1]) == .user)

    var atOnce = StreamDecoder(format: WireFormat(), isDialler: false)
    #expect(try atOnce.receive(bytes("08 81 aa557365724d73674c656e 02 0909")) == .user)
    var compressed = StreamDecoder(format: WireFormat(), isDialler: false)
    var generator = SeededGenerator(seed: 3)
    let sent = WireFormat().streamMessage(
      bytes("08 81 aa557365724d73674c656e 02 0909"), using: &generator)
    #expect(try compressed.receive(sent) == .user)
  }

  struct Refusal: CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
    var error: WireError
    var label = ""
    var hasKey = false
  }

  static let refusals: [Refusal] = [
    Refusal(
      testDescription: "type of datagrams", bytes: bytes("04 80"), error: .unexpectedType(4)),
    Refusal(testDescription: "unknown type", bytes: [77], error: .unexpectedType(77)),
    Refusal(
      testDescription: "second label", bytes: bytes("f40162 f40162"),
      error: .unexpectedType(244), label: "b"),
    Refusal(testDescription: "no label", bytes: [6], error: .labelMismatch, label: "b"),
    Refusal(testDescription: "other label", bytes: bytes("f40163 06"), error: .labelMismatch),
    Refusal(testDescription: "empty label", bytes: bytes("f400 06"), error: .malformed),
    Refusal(testDescription: "encrypted", bytes: bytes("0a 00000020"), error: .noKey),
    Refusal(testDescription: "in clear", bytes: [6], error: .notEncrypted, hasKey: true),
    Refusal(
      testDescription: "too long", bytes: bytes("0a 00400000"),
      error: .tooLarge(limit: Limits.streamMessage), hasKey: true),
    Refusal(
      testDescription: "other key", bytes: bytes("0a 0000001e") + Array(repeating: 1, count: 30),
      error: .notDecryptable, hasKey: true),
    Refusal(
      testDescription: "too short to be sealed", bytes: bytes("0a 00000001 01"),
      error: .notDecryptable, hasKey: true),
    Refusal(
      testDescription: "negative number of rows",
      bytes: bytes("06 81 a54e6f646573 ff"), error: .malformed),
    Refusal(
      testDescription: "user state beyond the limit",
      bytes: bytes("06 81 ac557365725374617465 4c656e ce7fffffff"),
      error: .tooLarge(limit: Limits.streamMessage)),
    Refusal(
      testDescription: "negative length of a user message",
      bytes: bytes("08 81 aa557365724d73674c656e ff"), error: .malformed),
    Refusal(
      testDescription: "compressed twice",
      bytes: CompressedMessage.encode(CompressedMessage.encode(bytes("0d 80"))),
      error: .nestedTooDeep),
    Refusal(
      testDescription: "cut message in a compressed one",
      bytes: CompressedMessage.encode(bytes("06 83 a44a6f696e")), error: .malformed),
    Refusal(
      testDescription: "nothing in a compressed one", bytes: CompressedMessage.encode([]),
      error: .malformed),
    Refusal(
      testDescription: "bomb",
      bytes: CompressedMessage.encode([UInt8](repeating: 6, count: Limits.streamMessage + 1)),
      error: .tooLarge(limit: Limits.streamMessage)),
  ]

  @Test(arguments: refusals)
  func `What is not for us is refused with a reason`(refusal: Refusal) throws {
    var format = WireFormat()
    format.label = Array(refusal.label.utf8)
    if refusal.hasKey {
      let key = try #require(GossipKey(bytes: Array(repeating: 1, count: 32)))
      format.cipher = GossipCipher(keys: [key])
    }
    var decoder = StreamDecoder(format: format, isDialler: false)
    #expect(throws: refusal.error) { try decoder.receive(refusal.bytes) }
  }

  @Test func `A stream that never completes a value ends at the limit`() throws {
    let heads = [
      "06 81 a44a6f696e",  // a header whose value does not come
      "06 81 a54e6f646573 7f 8f",  // a row of many pairs
      "0d 8f",  // an error with many pairs
      "09 82 a4416c676f 00 a3427566 db00400000",  // a buffer of 4 MiB
    ]
    for head in heads {
      var decoder = StreamDecoder(format: WireFormat(), isDialler: false)
      #expect(throws: WireError.self) {
        _ = try decoder.receive(bytes(head))
        // nested arrays of one element
        for _ in 0..<(Limits.streamMessage / 4096 + 2) {
          _ = try decoder.receive([UInt8](repeating: 0x91, count: 4096))
        }
      }
    }
  }

  @Test func `Many small rows end at the limit too`() throws {
    var decoder = StreamDecoder(format: WireFormat(), isDialler: false)
    #expect(throws: WireError.tooLarge(limit: Limits.streamMessage)) {
      _ = try decoder.receive(bytes("06 81 a54e6f646573 ce7fffffff"))
      for _ in 0..<(Limits.streamMessage / 65_536 + 2) {
        _ = try decoder.receive([UInt8](repeating: 0x80, count: 65_536))
      }
    }
  }
}
