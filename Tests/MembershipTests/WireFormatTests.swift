import SeededRandomness
import Testing

@testable import Membership

struct WireFormatTests {
  private let ack = Message.ack(sequenceNumber: 1)
  private let secret = [UInt8](repeating: 0x41, count: 22)
  private let nonce = bytes("000102030405060708090a0b")

  private func format(label: String = "", keys: [GossipKey] = []) -> WireFormat {
    var format = WireFormat()
    format.label = Array(label.utf8)
    format.cipher = GossipCipher(keys: keys)
    return format
  }

  private func key(_ byte: UInt8, length: Int = 32) throws -> GossipKey {
    try #require(GossipKey(bytes: [UInt8](repeating: byte, count: length)))
  }

  // MARK: Keys and encryption

  @Test func `A secret is padded with the digest of nothing, or cut`() throws {
    #expect(
      GossipKey(secret: secret) == GossipKey(bytes: secret + bytes("e3b0c44298fc1c149afb")))
    let long = (0..<40).map { UInt8($0) }
    #expect(GossipKey(secret: long) == GossipKey(bytes: Array(long.prefix(32))))
    #expect(
      GossipKey(secret: [])
        == GossipKey(
          bytes: bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")))
    for length in 0...40 where ![16, 24, 32].contains(length) {
      #expect(GossipKey(bytes: Array(repeating: 1, count: length)) == nil)
    }
  }

  @Test func `A key does not print itself`() throws {
    let key = try key(0x41)
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped] {
      #expect(text.contains("GossipKey(256 bits)"))
      #expect(!text.contains("65") && !text.lowercased().contains("4141"))
    }
  }

  @Test func `A sealed datagram has its bytes`() throws {
    let cipher = try #require(GossipCipher(keys: [GossipKey(secret: secret)]))
    let sealed = bytes(
      """
      01 000102030405060708090a0b 217dbdf64e503e0a06865dca99b3e15c247e
      43e83bec2e804cdaa891e6d7c75c8e61
      """)
    #expect(
      cipher.seal(ack.encoded, version: .unpadded, authenticating: [], nonce: nonce) == sealed)
    #expect(try cipher.open(sealed[...], authenticating: []) == ack.encoded)
  }

  @Test func `A sealed stream message has its bytes, and authenticates its header`() throws {
    let cipher = try #require(GossipCipher(keys: [GossipKey(secret: secret)]))
    let header = WireFormat.encryptedHeader(length: 47)
    #expect(header == bytes("0a 0000002f"))
    let sealed = bytes(
      """
      01 000102030405060708090a0b 217dbdf64e503e0a06865dca99b3e15c247e
      5af4a9fc9524f0a6d910d0a0dae7c577
      """)
    #expect(
      cipher.seal(ack.encoded, version: .unpadded, authenticating: header, nonce: nonce) == sealed)
    #expect(try cipher.open(sealed[...], authenticating: header) == ack.encoded)
    #expect(throws: WireError.notDecryptable) {
      try cipher.open(sealed[...], authenticating: WireFormat.encryptedHeader(length: 48))
    }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 31, 32, 1000])
  func `Version 0 pads, version 1 does not`(length: Int) throws {
    let cipher = try #require(GossipCipher(keys: [try key(1, length: 16)]))
    let plaintext = [UInt8](repeating: 5, count: length)
    for version in [GossipCipher.Version.padded, .unpadded] {
      let sealed = try #require(
        cipher.seal(plaintext, version: version, authenticating: [9], nonce: nonce))
      #expect(sealed.first == version.rawValue)
      #expect(sealed.count <= length + GossipCipher.overhead(version))
      #expect(
        sealed.count == 29 + (version == .padded ? (length / 16 + 1) * 16 : length))
      #expect(try cipher.open(sealed[...], authenticating: [9]) == plaintext)
    }
  }

  @Test func `The first key encrypts, each one decrypts`() throws {
    let (old, new) = (try key(1), try key(2, length: 24))
    var generator = SeededGenerator(seed: 1)
    let sender = format(keys: [new, old])
    let sent = sender.datagram(ack.encoded, withChecksum: false, using: &generator)
    #expect(try format(keys: [old, new]).messages(of: sent).messages == [ack])
    #expect(try format(keys: [new]).messages(of: sent).messages == [ack])
    #expect(throws: WireError.notDecryptable) { try format(keys: [old]).messages(of: sent) }
  }

  @Test func `Any changed bit of a sealed datagram is noticed`() throws {
    let format = format(label: "blue", keys: [try key(1)])
    var generator = SeededGenerator(seed: 2)
    let sent = format.datagram(ack.encoded, withChecksum: true, using: &generator)
    for bit in 0..<sent.count * 8 {
      var changed = sent
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: WireError.self, "bit \(bit)") { try format.messages(of: changed) }
    }
    for length in 0..<sent.count {
      #expect(throws: WireError.self) { try format.messages(of: Array(sent.prefix(length))) }
    }
  }

  @Test func `With a key, messages in clear pass only if that is allowed`() throws {
    var guarded = format(keys: [try key(1)])
    var generator = SeededGenerator(seed: 3)
    let clear = WireFormat().datagram(ack.encoded, withChecksum: true, using: &generator)
    #expect(throws: WireError.notDecryptable) { try guarded.messages(of: clear) }
    guarded.verifiesIncoming = false
    #expect(try guarded.messages(of: clear).messages == [ack])
    guarded.verifiesOutgoing = false
    #expect(guarded.datagram(ack.encoded, withChecksum: true, using: &generator) == clear)
    #expect(guarded.datagramOverhead == 0)
  }

  @Test func `Overheads are what the budget counts`() throws {
    #expect(WireFormat().datagramOverhead == 0)
    #expect(format(label: "blue").datagramOverhead == 6)
    #expect(format(label: "blue", keys: [try key(1)]).datagramOverhead == 35)
    #expect(GossipCipher.overhead(.padded) == 45)
  }

  // MARK: Checksums, labels, compounds

  @Test func `A checksum has its bytes, and is checked`() throws {
    var generator = SeededGenerator(seed: 4)
    let sent = WireFormat().datagram(ack.encoded, withChecksum: true, using: &generator)
    #expect(sent == bytes("0c41a888da") + ack.encoded)
    #expect(try WireFormat().messages(of: sent).messages == [ack])
    for index in 1..<sent.count {
      var changed = sent
      changed[index] ^= 1
      #expect(throws: WireError.checksumMismatch) { try WireFormat().messages(of: changed) }
    }
  }

  @Test func `A label must be ours`() throws {
    var generator = SeededGenerator(seed: 5)
    let blue = format(label: "blue")
    let sent = blue.datagram(ack.encoded, withChecksum: false, using: &generator)
    #expect(sent == bytes("f404") + Array("blue".utf8) + ack.encoded)
    #expect(try blue.messages(of: sent).messages == [ack])
    for other in [WireFormat(), format(label: "red"), format(label: "blues")] {
      #expect(throws: WireError.labelMismatch) { try other.messages(of: sent) }
    }
    #expect(throws: WireError.labelMismatch) { try blue.messages(of: ack.encoded) }
    #expect(throws: WireError.malformed) { try blue.messages(of: bytes("f400") + ack.encoded) }
    #expect(throws: WireError.truncated) { try blue.messages(of: bytes("f4 05 62")) }
    #expect(throws: WireError.truncated) { try blue.messages(of: bytes("f4")) }
  }

  @Test func `A compound has its bytes`() throws {
    let ping = Message.ping(
      Ping(
        sequenceNumber: 1, node: "node2",
        origin: Origin(address: try address("10.0.0.1"), node: "node1")))
    let compound = CompoundMessage.encode([ping.encoded, ack.encoded])
    #expect(compound == bytes("07 02 0043 0012") + ping.encoded + ack.encoded)
    #expect(try WireFormat().messages(of: compound).messages == [ping, ack])
  }

  @Test func `Whole parts of a cut compound count`() throws {
    let nack = Message.nack(sequenceNumber: 2)
    let compound = CompoundMessage.encode([ack.encoded, nack.encoded, ack.encoded])
    let headLength = 2 + 6
    for length in headLength...compound.count {
      let read = try WireFormat().messages(of: Array(compound.prefix(length)))
      #expect(read.problems == [])
      let wholeParts =
        length < headLength + ack.encoded.count
        ? 0
        : length < headLength + ack.encoded.count + nack.encoded.count
          ? 1 : length < compound.count ? 2 : 3
      #expect(read.messages == Array([ack, nack, ack].prefix(wholeParts)))
    }
    #expect(
      try WireFormat().messages(of: Array(compound.prefix(headLength - 1))).problems
        == [.truncated])
  }

  @Test func `A bad part does not hurt its neighbours`() throws {
    let compound = CompoundMessage.encode([
      ack.encoded, [MessageType.nack.rawValue, 0xc1], [], [99, 1], [MessageType.pushPull.rawValue],
      [MessageType.checksum.rawValue, 0, 0, 0, 0, 0], ack.encoded,
    ])
    let read = try WireFormat().messages(of: compound)
    #expect(read.messages == [ack, ack])
    #expect(
      read.problems
        == [
          .malformed, .truncated, .unexpectedType(99), .unexpectedType(6), .unexpectedType(12),
        ])
  }

  // MARK: Limits

  @Test func `Compression is used only when it saves bytes`() throws {
    var generator = SeededGenerator(seed: 6)
    let repetitive = Message.user([UInt8](repeating: 1, count: 500)).encoded
    let sent = WireFormat().datagram(repetitive, withChecksum: false, using: &generator)
    #expect(sent.first == MessageType.compressed.rawValue)
    #expect(sent.count < repetitive.count)
    #expect(try WireFormat().messages(of: sent).messages.map(\.encoded) == [repetitive])
    let noise = Message.user(generator.bytes(500)).encoded
    #expect(WireFormat().datagram(noise, withChecksum: false, using: &generator) == noise)
    var plain = WireFormat()
    plain.compresses = false
    #expect(plain.datagram(repetitive, withChecksum: false, using: &generator) == repetitive)
  }

  @Test func `Compounds within compounds end at the limit`() throws {
    var nested = ack.encoded
    for depth in 0...Limits.datagramNesting {
      #expect(
        try WireFormat().messages(of: nested).messages == [ack], "\(depth)")
      nested = depth % 2 == 0 ? CompressedMessage.encode(nested) : CompoundMessage.encode([nested])
    }
    let read = try WireFormat().messages(of: nested)
    #expect(read.messages == [])
    #expect(read.problems == [.nestedTooDeep])
  }

  @Test func `All that a datagram expands to is limited together`() throws {
    let bomb = CompressedMessage.encode(
      [MessageType.user.rawValue] + [UInt8](repeating: 0, count: 100 << 10))
    let read = try WireFormat().messages(
      of: CompoundMessage.encode(Array(repeating: bomb, count: 100)))
    #expect(read.messages.count == 2)
    #expect(read.problems.count == 98)
  }

  @Test func `A compressed message must be just that`() throws {
    func problems(_ text: String) throws -> [WireError] {
      try WireFormat().messages(of: bytes(text)).problems
    }
    let buffer = "a7 0083081c182420"
    #expect(try problems("09 82 a4416c676f 00 a3427566 \(buffer)") == [.unexpectedType(0x41)])
    #expect(try problems("09 82 a4416c676f 01 a3427566 \(buffer)") == [.malformed])
    #expect(try problems("09 81 a3427566 \(buffer)") == [.malformed])
    #expect(try problems("09 82 a3427566 \(buffer) a3427566 \(buffer)") == [.malformed])
    #expect(try problems("09 82 a4416c676f 00 a3427567 \(buffer)") == [.malformed])
    #expect(try problems("09 82 a4416c676f 00 a3427566 a3 008308") == [.malformed])
    #expect(try problems("09 82 a4416c676f 00 a3427566 c0") == [.malformed])
  }
}
