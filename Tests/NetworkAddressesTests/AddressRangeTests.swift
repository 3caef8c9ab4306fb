import NetworkAddresses
import SeededRandomness
import Testing

@Suite struct AddressRangeTests {
  @Test(
    arguments: [
      ("10.0.0.1-10.0.0.1", ["10.0.0.1/32"]),
      ("10.0.0.5", ["10.0.0.5/32"]),
      ("2001:db8::5", ["2001:db8::5/128"]),
      ("10.0.0.77/24", ["10.0.0.0/24"]),
      ("10.0.0.0-10.0.0.255", ["10.0.0.0/24"]),
      ("  10.0.0.1 -  10.0.0.6  ", ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]),
      (
        "10.0.0.250-10.0.1.4",
        [
          "10.0.0.250/31", "10.0.0.252/30", "10.0.1.0/30", "10.0.1.4/32",
        ]
      ),
      ("0.0.0.0-255.255.255.255", ["0.0.0.0/0"]),
      (
        "0.0.0.0-255.255.255.254",
        (1...32).map { length in
          let first = IPAddress(family: .ipv4, number: (1 << 32) - (1 << UInt128(33 - length)))
          return "\(first.map(\.description) ?? "")/\(length)"
        }
      ),
      ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["::/0"]),
      (
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        [
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"
        ]
      ),
      ("2001:db8::1-2001:db8::3", ["2001:db8::1/128", "2001:db8::2/127"]),
    ] as [(String, [String])])
  func `Splits into the fewest blocks`(text: String, blocks: [String]) throws {
    let range = try AddressRange(notation: text)
    #expect(range.blocks.map(\.description) == blocks)
  }

  @Test(arguments: [
    ("", "\"\" is not an IP address"),
    ("-", "\"\" is not an IP address"),
    ("10.0.0.1-", "\"\" is not an IP address"),
    ("10.0.0.1 10.0.0.2", "\"10.0.0.1 10.0.0.2\" is not an IP address"),
    ("10.0.0.1-10.0.0.2-10.0.0.3", "\"10.0.0.2-10.0.0.3\" is not an IP address"),
    ("10.0.0.9-10.0.0.1", "the range starts at 10.0.0.9, after its end 10.0.0.1"),
    ("10.0.0.1-::1", "the range from 10.0.0.1 to ::1 mixes IPv4 and IPv6"),
    ("::1-10.0.0.1", "the range from ::1 to 10.0.0.1 mixes IPv4 and IPv6"),
    (
      "::ffff:10.0.0.1-::ffff:10.0.0.9",
      "::ffff:10.0.0.1 is an IPv4-mapped IPv6 address: write it as 10.0.0.1"
    ),
    ("10.0.0.0/33", "\"33\" is not a prefix length for IPv4: write a number from 0 to 32"),
    ("fe80::1%eth0-fe80::2", "\"fe80::1%eth0\" is not an IP address"),
  ])
  func `Says what is wrong with an entry`(text: String, message: String) {
    let error = #expect(throws: AddressNotationError.self) { try AddressRange(notation: text) }
    #expect(error?.description == message)
    #expect(AddressRange(text) == nil)
  }

  @Test func `Counts saturate`() throws {
    #expect(AddressRange("::/0")?.count == .max)
    #expect(AddressRange("0.0.0.0/0")?.count == 1 << 32)
    #expect(AddressRange("10.0.0.1-10.0.0.1")?.count == 1)
  }

  @Test func `Text round-trips`() throws {
    let range = try #require(AddressRange("10.0.0.1 - 10.0.0.9"))
    #expect(range.description == "10.0.0.1-10.0.0.9")
    #expect(AddressRange(range.description) == range)
  }

  @Test(arguments: [
    ("10.0.0.1-10.0.0.5", "10.0.0.5-10.0.0.9", true),
    ("10.0.0.1-10.0.0.5", "10.0.0.6-10.0.0.9", false),
    ("0.0.0.0/0", "::/0", false), ("::/0", "::5", true),
  ])
  func `Knows overlap`(left: String, right: String, expected: Bool) throws {
    let left = try #require(AddressRange(left))
    let right = try #require(AddressRange(right))
    #expect(left.overlaps(right) == expected)
    #expect(right.overlaps(left) == expected)
  }

  @Test func `Random ranges are covered exactly, in order, by blocks that cannot be merged`() throws
  {
    var generator = SeededGenerator(seed: 4632)
    for round in 0..<5_000 {
      let family: AddressFamily = round.isMultiple(of: 2) ? .ipv4 : .ipv6
      let width = UInt128(Int.random(in: 1...family.bitWidth, using: &generator))
      let limit: UInt128 = family == .ipv4 ? 0xffff_ffff : .max
      let start = UInt128.random(in: 0...limit, using: &generator)
      let span = UInt128.random(in: 0...((1 << width) &- 1), using: &generator)
      let (sum, overflow) = start.addingReportingOverflow(span)
      let end = overflow ? limit : min(sum, limit)
      let first = try #require(IPAddress(family: family, number: start))
      let last = try #require(IPAddress(family: family, number: end))
      let range = try #require(AddressRange(first, last))
      let blocks = range.blocks
      try #require(blocks.first?.first == first)
      try #require(blocks.last?.last == last)
      for (left, right) in zip(blocks, blocks.dropFirst()) {
        try #require(left.last.advanced(by: 1) == right.first)
        // Two neighbours of one length that share a parent would be one block.
        let parent = CIDRBlock(left.address, prefixLength: left.prefixLength - 1)
        try #require(left.prefixLength != right.prefixLength || parent?.contains(right) == false)
      }
    }
  }
}
