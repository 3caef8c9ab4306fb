import NetworkAddresses
import Testing

@Suite struct CIDRBlockTests {
  @Test(
    arguments: [
      ("198.51.100.10/24", "198.51.100.0/24", "198.51.100.0", "198.51.100.255", 256),
      ("10.0.0.5/32", "10.0.0.5/32", "10.0.0.5", "10.0.0.5", 1),
      ("10.1.2.3/0", "0.0.0.0/0", "0.0.0.0", "255.255.255.255", 1 << 32),
      ("2001:db8::ff/120", "2001:db8::/120", "2001:db8::", "2001:db8::ff", 256),
      ("2001:db8::1/128", "2001:db8::1/128", "2001:db8::1", "2001:db8::1", 1),
      ("1::/0", "::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .max),
      ("::/1", "::/1", "::", "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1 << 127),
    ] as [(String, String, String, String, UInt128)])
  func `Masks host bits and knows its ends`(
    text: String, canonical: String, first: String, last: String, count: UInt128
  ) throws {
    let block = try #require(CIDRBlock(text))
    #expect(block.description == canonical)
    #expect(CIDRBlock(canonical) == block)
    #expect(block.first.description == first)
    #expect(block.last.description == last)
    #expect(block.count == count)
  }

  @Test(
    arguments: [
      ("10.0.0.5", .missingPrefixLength(.v4(IPv4Address(rawValue: 0x0a00_0005)))),
      ("", .malformedAddress("")),
      ("/24", .malformedAddress("")),
      ("10.0.0/24", .malformedAddress("10.0.0")),
      (" 10.0.0.0/24", .malformedAddress(" 10.0.0.0")),
      ("10.0.0.0/33", .malformedPrefixLength("33", .ipv4)),
      ("10.0.0.0/", .malformedPrefixLength("", .ipv4)),
      ("10.0.0.0/08", .malformedPrefixLength("08", .ipv4)),
      ("10.0.0.0/-1", .malformedPrefixLength("-1", .ipv4)),
      ("10.0.0.0/24/8", .malformedPrefixLength("24/8", .ipv4)),
      ("10.0.0.0/999999999999999999999", .malformedPrefixLength("999999999999999999999", .ipv4)),
      ("10.0.0.0/255.0.0.0", .malformedPrefixLength("255.0.0.0", .ipv4)),
      ("2001:db8::/129", .malformedPrefixLength("129", .ipv6)),
      (
        "::ffff:10.0.0.0/120",
        .mappedAddress(.v6(IPv6Address(mapping: IPv4Address(rawValue: 0x0a00_0000))))
      ),
    ] as [(String, AddressNotationError)])
  func `Says what is wrong with a block`(text: String, expected: AddressNotationError) {
    #expect(throws: expected) { try CIDRBlock(notation: text) }
    #expect(CIDRBlock(text) == nil)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.1.0.0/16", true, true),
    ("10.1.0.0/16", "10.0.0.0/8", false, true),
    ("10.0.0.0/9", "10.128.0.0/9", false, false),
    ("10.0.0.0/8", "10.0.0.0/8", true, true),
    ("0.0.0.0/0", "::/0", false, false),
    ("::/0", "2001:db8::/32", true, true),
  ])
  func `Compares blocks`(left: String, right: String, contains: Bool, overlaps: Bool) throws {
    let left = try #require(CIDRBlock(left))
    let right = try #require(CIDRBlock(right))
    #expect(left.contains(right) == contains)
    #expect(left.overlaps(right) == overlaps)
    #expect(right.overlaps(left) == overlaps)
  }

  @Test func `Holds its ends and nothing beside them`() throws {
    let block = try #require(CIDRBlock("10.0.1.0/24"))
    #expect(block.contains(block.first))
    #expect(block.contains(block.last))
    #expect(try !block.contains(#require(IPAddress("10.0.0.255"))))
    #expect(try !block.contains(#require(IPAddress("10.0.2.0"))))
    #expect(try !block.contains(#require(IPAddress("::10.0.1.0"))))
  }

  @Test func `Sorts by start, larger first`() {
    let blocks = ["10.0.0.0/16", "::/0", "10.0.0.0/8", "9.0.0.0/8"].compactMap { CIDRBlock($0) }
    #expect(
      blocks.sorted().map(\.description) == ["9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/16", "::/0"])
  }
}
