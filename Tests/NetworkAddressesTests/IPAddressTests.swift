import NetworkAddresses
import SeededRandomness
import Testing

struct Literal: CustomTestStringConvertible {
  let text: String
  let canonical: String
  let bytes: [UInt8]

  init(_ text: String, _ canonical: String? = nil, _ bytes: [UInt8]) {
    self.text = text
    self.canonical = canonical ?? text
    self.bytes = bytes
  }

  var testDescription: String { text }

  static let valid: [Literal] = [
    Literal("0.0.0.0", nil, [0, 0, 0, 0]),
    Literal("10.0.0.5", nil, [10, 0, 0, 5]),
    Literal("255.255.255.255", nil, [255, 255, 255, 255]),
    Literal("::", nil, Array(repeating: 0, count: 16)),
    Literal("::1", nil, Array(repeating: 0, count: 15) + [1]),
    Literal("1::", nil, [0, 1] + Array(repeating: 0, count: 14)),
    Literal(
      "2001:DB8::00a0:0", "2001:db8::a0:0",
      [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa0, 0, 0]),
    // RFC 5952 §4.2.2: one zero group is not shortened.
    Literal(
      "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1",
      [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]),
    // RFC 5952 §4.2.3: the first of equally long runs is shortened.
    Literal(
      "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1",
      [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]),
    Literal(
      "2001:0:0:1:0:0:0:1", "2001:0:0:1::1", [0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]),
    // RFC 5952 §5
    Literal(
      "::ffff:c000:0201", "::ffff:192.0.2.1",
      Array(repeating: 0, count: 10) + [0xff, 0xff, 192, 0, 2, 1]),
    Literal(
      "64:ff9b::192.0.2.33", "64:ff9b::c000:221",
      [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33]),
    Literal(
      "1:2:3:4:5:6:7:8", nil, [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
    Literal(
      "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304",
      [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1, 2, 3, 4]),
    Literal(
      "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
  ]
}

@Suite struct IPAddressTests {
  @Test(arguments: Literal.valid)
  func `Reads and writes literals`(literal: Literal) throws {
    let address = try #require(IPAddress(literal.text))
    #expect(address.bytes == literal.bytes)
    #expect(address.description == literal.canonical)
    #expect(IPAddress(literal.canonical) == address)
    #expect(IPAddress(bytes: literal.bytes) == address)
    #expect(IPAddress(family: address.family, number: address.number) == address)
  }

  @Test(arguments: [
    "", " ", "10.0.0", "10.0.0.5.6", "10.0.0.256", "10.0.0.05", "10.0.0.00", "010.0.0.1", "10..0.1",
    ".10.0.0.1",
    "10.0.0.1.", " 10.0.0.1", "10.0.0.1 ", "10.0.0.1/32", "+1.0.0.1", "0x1.0.0.1", "1.2.3.4444",
    "١.0.0.1",
    ":", ":::", "1", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8", "12345::", "g::", "fe80::1%eth0", "fe80::1%1", "::1.2.3", "::1.2.3.04",
    "1.2.3.4::",
    "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::%", "[::1]", "::1/128", "::-1", "::ffff:1.2.3.4.",
  ])
  func `Refuses everything else`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `A mapped address keeps its family until it is unmapped`() throws {
    let mapped = try #require(IPAddress("::ffff:10.0.0.5"))
    let plain = try #require(IPAddress("10.0.0.5"))
    #expect(mapped != plain)
    #expect(mapped.family == .ipv6)
    #expect(mapped.isMapped)
    #expect(mapped.unmapped == plain)
    #expect(plain.unmapped == plain)
    #expect(!plain.isMapped)
    #expect(
      IPv6Address(mapping: IPv4Address(rawValue: 0x0a00_0005)).description == "::ffff:10.0.0.5")
  }

  @Test func `Sorts IPv4 before IPv6 and by number`() {
    let texts = ["::2", "10.0.0.10", "9.0.0.1", "::1", "10.0.0.9"]
    let sorted = texts.compactMap { IPAddress($0) }.sorted().map(\.description)
    #expect(sorted == ["9.0.0.1", "10.0.0.9", "10.0.0.10", "::1", "::2"])
  }

  @Test func `Arithmetic stops at the end of a family`() throws {
    let last4 = try #require(IPAddress("255.255.255.254"))
    #expect(last4.advanced(by: 1)?.description == "255.255.255.255")
    #expect(last4.advanced(by: 2) == nil)
    let last6 = try #require(IPAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"))
    #expect(last6.advanced(by: 1)?.number == .max)
    #expect(last6.advanced(by: 2) == nil)
    #expect(IPAddress(family: .ipv4, number: 1 << 32) == nil)
  }

  @Test(arguments: [
    ("127.255.0.1", "loopback"), ("::1", "loopback"), ("169.254.1.1", "link-local"),
    ("fe80::1", "link-local"),
    ("febf::1", "link-local"), ("224.0.0.1", "multicast"), ("239.255.255.255", "multicast"),
    ("ff02::1", "multicast"), ("0.0.0.0", "unspecified"), ("::", "unspecified"), ("10.0.0.1", ""),
    ("fec0::1", ""), ("128.0.0.1", ""), ("240.0.0.1", ""), ("2001:db8::1", ""),
  ])
  func `Knows the special ranges`(text: String, expected: String) throws {
    let address = try #require(IPAddress(text))
    let kinds = [
      address.isLoopback ? "loopback" : nil, address.isLinkLocal ? "link-local" : nil,
      address.isMulticast ? "multicast" : nil, address.isUnspecified ? "unspecified" : nil,
    ].compactMap(\.self)
    #expect(kinds == (expected.isEmpty ? [] : [expected]))
  }

  @Test func `Random addresses survive text and bytes`() throws {
    var generator = SeededGenerator(seed: 5952)
    for round in 0..<20_000 {
      // Sparse numbers make runs of zero groups of every length and place.
      var number = UInt128.random(in: 0 ... .max, using: &generator)
      for group in 0..<8 where Bool.random(using: &generator) {
        number &= ~((0xffff as UInt128) << UInt128(16 * group))
      }
      let family: AddressFamily = round.isMultiple(of: 4) ? .ipv4 : .ipv6
      let value = family == .ipv4 ? number & 0xffff_ffff : number
      let address = try #require(IPAddress(family: family, number: value))
      try #require(IPAddress(address.description) == address)
      try #require(IPAddress(bytes: address.bytes) == address)
      if case .v6(let address) = address {
        let groups = stride(from: 112, through: 0, by: -16)
          .map { String(UInt16(truncatingIfNeeded: address.rawValue >> $0), radix: 16) }
        try #require(IPv6Address(groups.joined(separator: ":")) == address)
        try #require(!address.description.contains(":::"))
      }
    }
  }

  @Test func `No text makes the parser trap`() {
    var generator = SeededGenerator(seed: 4291)
    let alphabet = Array("0123456789abcdefABCDEFg:.:.:/%- ")
    for _ in 0..<50_000 {
      let length = Int.random(in: 0...24, using: &generator)
      let text = String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
      if let address = IPAddress(text) {
        #expect(IPAddress(address.description) == address)
      }
      _ = AddressRange(text)
      _ = MACAddress(text)
    }
  }
}
