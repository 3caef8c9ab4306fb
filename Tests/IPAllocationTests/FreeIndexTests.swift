import SeededRandomness
import Testing

@testable import IPAllocation

@Suite struct FreeIndexTests {
  @Test(arguments: [0, 1, 2, 62, 63, 64, 65, 127, 4_095, 4_096, 5_000] as [UInt128])
  func `Hands out every position once, lowest first, and takes all back`(last: UInt128) {
    var index = FreeIndex(last: last)
    for expected in 0...last {
      #expect(index.first == expected)
      index.take(expected)
    }
    #expect(index.first == nil)
    for position in (0...last).reversed() {
      index.giveBack(position)
      #expect(index.first == position)
    }
  }

  @Test(
    arguments: [
      (0, 0, []), (0, 255, []), (0, 7, [7]), (3, 0, [1, 2, 3]), (31, 224, Array(224...254)),
      (63, 0, Array(1...63)), (63, 64, Array(64...127)), (127, 128, Array(128...254)),
      (255, 0, Array(1...254)), (511, 0, Array(1...254) + Array(257...510)),
    ] as [(UInt128, UInt8, [Int])])
  func `Avoids the ends of each octet`(last: UInt128, octet: UInt8, expected: [Int]) {
    var index = FreeIndex(last: last, avoidingFromOctet: octet)
    var found: [Int] = []
    while let position = index.first {
      found.append(Int(octet) + Int(position))
      index.take(position)
    }
    #expect(found == expected)
  }

  @Test func `Avoids octet ends deep in a large block`() {
    var index = FreeIndex(last: (1 << 24) - 1, avoidingFromOctet: 0)
    for octet in 1...254 as ClosedRange<UInt128> {
      #expect(index.first == octet)
      index.take(octet)
    }
    #expect(index.first == 257)
    #expect(!index.isFree(255))
    #expect(!index.isFree(256))
    #expect(!index.isFree(0xffff00))
    #expect(!index.isFree(0xffffff))
    #expect(index.isFree(0xfffffe))
    index.giveBack(200)
    #expect(index.first == 200)
  }

  @Test func `Covers all of IPv6`() {
    var index = FreeIndex(last: .max)
    #expect(index.first == 0)
    index.take(.max)
    index.take(0)
    index.take(1 << 100)
    #expect(index.first == 1)
    #expect(!index.isFree(.max))
    #expect(!index.isFree(1 << 100))
    #expect(index.isFree(1 << 100 + 1))
    index.giveBack(0)
    index.giveBack(.max)
    #expect(index.first == 0)
    #expect(index.isFree(.max))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `Agrees with a plain set`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let last = UInt128.random(in: 0...20_000, using: &generator)
    let octet: UInt8? = Bool.random(using: &generator) ? 0 : nil
    var index = FreeIndex(last: last, avoidingFromOctet: octet)
    let usable = (0...last).filter { octet == nil || ($0 % 256 != 0 && $0 % 256 != 255) }
    var taken: Set<UInt128> = []
    for _ in 0..<2_000 {
      switch Int.random(in: 0..<4, using: &generator) {
      case 0, 1:
        let position = index.first
        #expect(position == usable.first { !taken.contains($0) })
        if let position {
          index.take(position)
          taken.insert(position)
        }
      case 2:
        guard let position = usable.randomElement(using: &generator) else { continue }
        #expect(index.isFree(position) == !taken.contains(position))
        index.take(position)
        taken.insert(position)
      default:
        guard let position = taken.min() else { continue }
        index.giveBack(position)
        taken.remove(position)
      }
    }
    #expect(!index.isFree(last + 1))
  }
}
