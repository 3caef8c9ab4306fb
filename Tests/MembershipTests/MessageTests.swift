import Testing

@testable import Membership

struct MessageTests {
  struct Row: CustomTestStringConvertible {
    var testDescription: String
    var message: Message
    var bytes: [UInt8]
  }

  static func rows() throws -> [Row] {
    let node1 = try address("10.0.0.1")
    let mapped = try #require(
      MemberAddress(bytes: Array(repeating: 0, count: 10) + [255, 255, 10, 0, 0, 1], port: 80))
    let origin = Origin(address: node1, node: "node1")
    return [
      Row(
        testDescription: "ping",
        message: .ping(Ping(sequenceNumber: 1, node: "node2", origin: origin)),
        bytes: bytes(
          """
          00 85 a44e6f6465 a56e6f646532 a55365714e6f 01 aa536f7572636541646472 a40a000001
          aa536f757263654e6f6465 a56e6f646531 aa536f75726365506f7274 cd1f0a
          """)),
      Row(
        testDescription: "ping without origin",
        message: .ping(Ping(sequenceNumber: 0xffff_ffff, node: "", origin: nil)),
        bytes: bytes("00 82 a44e6f6465 a0 a55365714e6f ceffffffff")),
      Row(
        testDescription: "indirect ping",
        message: .indirectPing(
          IndirectPing(
            sequenceNumber: 200, target: try address("10.0.0.3", port: 128), node: "node3",
            wantsNack: true, origin: origin)),
        bytes: bytes(
          """
          01 88 a44e61636b c3 a44e6f6465 a56e6f646533 a4506f7274 cc80 a55365714e6f ccc8
          aa536f7572636541646472 a40a000001 aa536f757263654e6f6465 a56e6f646531
          aa536f75726365506f7274 cd1f0a a6546172676574 a40a000003
          """)),
      Row(
        testDescription: "ack", message: .ack(sequenceNumber: 1),
        bytes: bytes("02 82 a75061796c6f6164 c0 a55365714e6f 01")),
      Row(
        testDescription: "ack with payload",
        message: .ack(sequenceNumber: 70000, payload: [1, 2]),
        bytes: bytes("02 82 a75061796c6f6164 a20102 a55365714e6f ce00011170")),
      Row(
        testDescription: "nack", message: .nack(sequenceNumber: 127),
        bytes: bytes("0b 81 a55365714e6f 7f")),
      Row(
        testDescription: "suspect",
        message: .suspect(Accusation(incarnation: 3, node: "b", from: "a")),
        bytes: bytes("03 83 a446726f6d a161 ab496e6361726e6174696f6e 03 a44e6f6465 a162")),
      Row(
        testDescription: "alive",
        message: .alive(
          Alive(
            incarnation: 1, node: "node1", address: node1, metadata: nil,
            versions: ProtocolVersions())),
        bytes: bytes(
          """
          04 86 a441646472 a40a000001 ab496e6361726e6174696f6e 01 a44d657461 c0
          a44e6f6465 a56e6f646531 a4506f7274 cd1f0a a356736e a6010502000000
          """)),
      Row(
        testDescription: "alive with a mapped address, metadata and no versions",
        message: .alive(
          Alive(
            incarnation: 256, node: "n", address: mapped,
            metadata: Array(repeating: 7, count: 40), versions: nil)),
        bytes: bytes(
          """
          04 86 a441646472 b000000000000000000000ffff0a000001 ab496e6361726e6174696f6e cd0100
          a44d657461 da0028 \(String(repeating: "07", count: 40))
          a44e6f6465 a16e a4506f7274 50 a356736e c0
          """)),
      Row(
        testDescription: "dead",
        message: .dead(Accusation(incarnation: 3, node: "b", from: "b")),
        bytes: bytes("05 83 a446726f6d a162 ab496e6361726e6174696f6e 03 a44e6f6465 a162")),
      Row(
        testDescription: "user", message: .user([0xff, 0, 1]), bytes: bytes("08 ff0001")),
    ]
  }

  @Test(arguments: try rows())
  func `Each message has its bytes, both ways`(row: Row) throws {
    #expect(row.message.encoded == row.bytes)
    let read = try message(row.bytes)
    #expect(read == row.message)
    #expect(read.encoded == row.bytes)
  }

  @Test(arguments: try rows())
  func `A message that is cut anywhere is truncated`(row: Row) throws {
    guard case .user = row.message else {
      for length in 1..<row.bytes.count {
        #expect(throws: WireError.truncated, "\(length)") {
          try message(Array(row.bytes.prefix(length)))
        }
      }
      return
    }
  }

  @Test func `Fields may come in any order, with others among them, in any form that fits`() throws
  {
    // nack: an array, a map, a float and an extension among the fields; SeqNo as int64
    let odd = bytes(
      """
      0b de0006 a178 93 01 91 c0 a161 a179 81 a162 cb4000000000000000
      d903536571 ca00000000 a17a d40102 c40100 c3
      a55365714e6f d3 00000000000000ff
      """)
    #expect(try message(odd) == .nack(sequenceNumber: 255))
    for form in ["7f", "cc7f", "cd007f", "ce0000007f", "cf000000000000007f", "d07f", "d1007f"] {
      #expect(try message(bytes("0b 81 a55365714e6f \(form)")) == .nack(sequenceNumber: 127))
    }
    // nil is the zero of any field
    #expect(try message(bytes("0b 81 a55365714e6f c0")) == .nack(sequenceNumber: 0))
    #expect(
      try message(bytes("00 82 c4044e6f6465 d90162 da00055365714e6f 05"))
        == .ping(Ping(sequenceNumber: 5, node: "b", origin: nil)))
    // a later value of the same field counts, and names are case-sensitive
    #expect(
      try message(bytes("0b 83 a55365714e6f 01 a57365716e6f 03 a55365714e6f 02"))
        == .nack(sequenceNumber: 2))
  }

  @Test(arguments: [
    ("a sequence number of 33 bits", "0b 81 a55365714e6f cf0000000100000000"),
    ("a negative sequence number", "0b 81 a55365714e6f ff"),
    ("a text for a number", "0b 81 a55365714e6f a131"),
    ("no map", "0b 91 01"),
    ("an unknown form", "0b 81 a178 c1"),
    ("a name that is not UTF-8", "00 81 a44e6f6465 a1ff"),
    ("a number for a boolean", "01 81 a44e61636b 01"),
    ("a key that is no text", "0b 81 01 01"),
    ("suspicion of nobody", "03 81 a446726f6d a161"),
    ("alive without an address", "04 81 a44e6f6465 a16e"),
    ("an address of 5 bytes", "04 82 a44e6f6465 a16e a441646472 a50102030405"),
    ("versions of 5 bytes", "04 81 a356736e a50102030405"),
    ("a port of 17 bits", "04 81 a4506f7274 ce00010000"),
    ("an indirect ping without a target", "01 81 a55365714e6f 01"),
  ])
  func `Nonsense is malformed`(what: String, text: String) throws {
    #expect(throws: WireError.malformed, "\(what)") { try message(bytes(text)) }
  }

  @Test func `Metadata has at most 512 bytes`() throws {
    var alive = Alive(
      incarnation: 1, node: "n", address: try address("10.0.0.1"),
      metadata: Array(repeating: 1, count: 512), versions: nil)
    #expect(try message(Message.alive(alive).encoded) == .alive(alive))
    alive.metadata = Array(repeating: 1, count: 513)
    #expect(throws: WireError.tooLarge(limit: 512)) { try message(Message.alive(alive).encoded) }
  }

  @Test func `Values that are passed over need no stack however deep they are`() throws {
    var deep = bytes("0b 82 a178") + Array(repeating: 0x91, count: 100_000) + [0xc0]
    deep += bytes("a55365714e6f 09")
    #expect(try message(deep) == .nack(sequenceNumber: 9))
    // maps that announce four thousand million pairs, again and again
    let wide = bytes("0b 81 a178") + (0..<10_000).flatMap { _ in bytes("dfffffffff") }
    #expect(throws: WireError.truncated) { try message(wide) }
  }

  @Test func `IPv4 addresses are equal in both forms, and keep theirs`() throws {
    let short = try address("10.0.0.1")
    let mapped = try #require(
      MemberAddress(bytes: Array(repeating: 0, count: 10) + [255, 255, 10, 0, 0, 1], port: 7946))
    #expect(short == mapped)
    #expect(Set([short, mapped]).count == 1)
    #expect(mapped.bytes.count == 16)
    #expect(mapped.shortestBytes == [10, 0, 0, 1])
    #expect("\(mapped)" == "10.0.0.1:7946")
    #expect(try address("10.0.0.1", port: 7947) != short)
    let ipv6 = try #require(
      MemberAddress(bytes: [0xfd] + Array(repeating: 0, count: 14) + [0x11], port: 7946))
    #expect("\(ipv6)" == "[fd00:0:0:0:0:0:0:11]:7946")
    #expect(ipv6.shortestBytes == ipv6.bytes)
  }
}
