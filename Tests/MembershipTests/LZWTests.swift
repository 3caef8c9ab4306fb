import SeededRandomness
import Testing

@testable import Membership

struct LZWTests {
  @Test(arguments: [
    ("", "000302"),
    ("A", "008304 04"),
    ("AAAAAAA", "0083081c182420"),
  ])
  func `Known texts have known codes`(text: String, code: String) throws {
    #expect(LZW.compress(Array(text.utf8)) == bytes(code))
    #expect(try LZW.expand(bytes(code), limit: 100) == Array(text.utf8))
  }

  @Test(arguments: [1, 255, 256, 257, 3838, 3839, 3840, 3841, 8191, 70_000])
  func `Whatever is compressed expands to itself`(length: Int) throws {
    var generator = SeededGenerator(seed: UInt64(length))
    let noise = generator.bytes(length)
    let letters = noise.map { $0 % 3 }
    let same = [UInt8](repeating: 9, count: length)
    for input in [noise, letters, same] {
      #expect(try LZW.expand(LZW.compress(input), limit: length) == input)
    }
  }

  @Test func `A full table is used until it is cleared`() throws {
    // A writer that does not clear: 12-bit codes go on, nothing is added.
    let input = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 5) }
    var codes: [(code: UInt32, width: UInt32)] = [(256, 9)]
    var next = 257
    for byte in input {
      codes.append((UInt32(byte), next < 512 ? 9 : next < 1024 ? 10 : next < 2048 ? 11 : 12))
      next += 1
    }
    codes.append((258, 12))  // the first two bytes
    codes.append((4095, 12))  // the last entry
    codes.append((257, 12))
    var packed: [UInt8] = []
    var (pending, bits): (UInt64, UInt64) = (0, 0)
    for (code, width) in codes {
      pending |= UInt64(code) << bits
      bits += UInt64(width)
      while bits >= 8 {
        packed.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        bits -= 8
      }
    }
    packed.append(UInt8(truncatingIfNeeded: pending))
    let expected = input + input[0..<2] + input[3837..<3839]
    #expect(try LZW.expand(packed, limit: 6000) == expected)
  }

  @Test func `A bomb stops at the limit`() throws {
    let bomb = LZW.compress([UInt8](repeating: 0, count: 1 << 20))
    #expect(bomb.count < 2000)
    #expect(throws: WireError.tooLarge(limit: (1 << 20) - 1)) {
      try LZW.expand(bomb, limit: (1 << 20) - 1)
    }
    #expect(try LZW.expand(bomb, limit: 1 << 20).count == 1 << 20)
  }

  @Test func `Codes that cannot be known yet, and a missing end, are refused`() throws {
    // clear, 258 before any literal
    #expect(throws: WireError.malformed) { try LZW.expand(bytes("000502"), limit: 100) }
    // clear, 'A', 260
    #expect(throws: WireError.malformed) { try LZW.expand(bytes("00831004"), limit: 100) }
    let whole = LZW.compress(Array("banana bandana".utf8))
    for length in 0..<whole.count - 1 {
      #expect(throws: WireError.truncated) {
        try LZW.expand(Array(whole.prefix(length)), limit: 100)
      }
    }
  }
}
