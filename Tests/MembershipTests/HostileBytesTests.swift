import SeededRandomness
import Testing

@testable import Membership

/// Whatever the bytes are, reading ends, in an error or a value, and what was read can be written.
struct HostileBytesTests {
  private let samples: [[UInt8]]
  private let format: WireFormat
  private let clear = WireFormat()

  init() throws {
    var format = WireFormat()
    let key = try #require(GossipKey(bytes: Array(repeating: 1, count: 32)))
    format.cipher = GossipCipher(keys: [key])
    self.format = format
    samples = try Recording("plain").datagrams.prefix(300).map(\.bytes)
  }

  private func read(_ bytes: [UInt8]) {
    if let messages = try? clear.messages(of: bytes) {
      for message in messages.messages { _ = message.encoded }
    }
    _ = try? format.messages(of: bytes)
    for isDialler in [false, true] {
      for format in [clear, format] {
        var decoder = StreamDecoder(format: format, isDialler: isDialler)
        let half = bytes.count / 2
        if (try? decoder.receive(Array(bytes[..<half]))) != nil {
          _ = try? decoder.receive(Array(bytes[half...]))
        }
      }
    }
  }

  @Test(arguments: 0..<8)
  func `Random bytes do no harm`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<2000 {
      var bytes = generator.bytes(.random(in: 0...80, using: &generator))
      // Begin with a type that means something.
      if let first = bytes.first { bytes[0] = first % 14 }
      read(bytes)
    }
  }

  @Test(arguments: 0..<8)
  func `Changed recordings do no harm`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(1000 + seed))
    for _ in 0..<2000 {
      guard var bytes = samples.randomElement(using: &generator) else { continue }
      // A checksum would stop nearly everything.
      if bytes.first == MessageType.checksum.rawValue { bytes.removeFirst(5) }
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        guard let index = bytes.indices.randomElement(using: &generator) else { break }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = .random(in: 0...255, using: &generator)
        case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(index...)
        default: bytes.insert(contentsOf: bytes[..<index], at: index)
        }
      }
      read(bytes)
      read(CompressedMessage.encode(bytes))
      read(CompoundMessage.encode([bytes, bytes]))
    }
  }

  @Test(arguments: 0..<8)
  func `Random codes expand or fail`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(2000 + seed))
    for _ in 0..<500 {
      _ = try? LZW.expand(generator.bytes(.random(in: 0...400, using: &generator)), limit: 4096)
    }
  }
}
