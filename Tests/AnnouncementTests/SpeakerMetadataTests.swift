import Announcement
import NetworkAddresses
import Testing

struct SpeakerMetadataTests {
  private static let first = MACAddress("02:00:00:00:00:01") ?? .zero
  private static let second = MACAddress("02:00:00:00:00:02") ?? .zero

  @Test func `Is written as documented`() {
    let metadata = SpeakerMetadata(
      version: "1.0", capabilities: .known, interfaces: ["eth1": [.ipv4], "br0": .both],
      hardwareAddresses: [Self.second, Self.first])
    #expect(
      metadata.encoded == Array("MLB".utf8) + [1, 0, 0, 0, 15, 3] + Array("1.0".utf8) + [2, 3]
        + Array("br0".utf8) + [4] + Array("eth1".utf8) + [3, 1] + [2] + Self.first.bytes
        + Self.second.bytes)
  }

  @Test func `Speakers that know less are read, with both families for each interface`() {
    // As version 0.1 wrote it.
    let bytes =
      Array("MLB".utf8) + [1, 0, 0, 0, 3, 3] + Array("0.1".utf8) + [2, 3] + Array("br0".utf8) + [4]
      + Array("eth1".utf8)
    #expect(
      SpeakerMetadata(decoding: bytes)
        == SpeakerMetadata(
          version: "0.1", capabilities: [.interfaceAvailability, .draining],
          interfaces: ["br0": .both, "eth1": .both]))
    // And what is appended now is what it does not read: the part that it knows is the same.
    let metadata = SpeakerMetadata(
      version: "0.1", capabilities: .known, interfaces: ["br0": [.ipv6], "eth1": [.ipv4]],
      hardwareAddresses: [Self.first])
    #expect(Array(metadata.encoded.prefix(bytes.count).dropFirst(8)) == Array(bytes.dropFirst(8)))
  }

  @Test(arguments: [[], ["eth0"], ["bond0", "bond0.100", "enp0s31f6"]])
  func `Is read as written`(interfaces: [String]) throws {
    let metadata = SpeakerMetadata(
      version: "v0.1.2-ü", capabilities: .known,
      interfaces: Dictionary(uniqueKeysWithValues: interfaces.map { ($0, [.ipv6]) }),
      hardwareAddresses: [Self.first, Self.second])
    #expect(try #require(SpeakerMetadata(decoding: metadata.encoded)) == metadata)
  }

  @Test func `What a later version appends is not read`() {
    let metadata = SpeakerMetadata(
      version: "", capabilities: .known, interfaces: ["eth0": [.ipv4]],
      hardwareAddresses: [Self.first])
    #expect(SpeakerMetadata(decoding: metadata.encoded + [1, 2, 3]) == metadata)
  }

  @Test func `Interfaces that do not fit switch their rules off`() throws {
    let names = (0..<40).map { ("interface-name\($0)", Set<AddressFamily>.both) }
    let metadata = SpeakerMetadata(
      version: String(repeating: "v", count: 300), capabilities: .known,
      interfaces: Dictionary(uniqueKeysWithValues: names), hardwareAddresses: [Self.first])
    #expect(metadata.encoded.count <= SpeakerMetadata.limit)
    let read = try #require(SpeakerMetadata(decoding: metadata.encoded))
    #expect(read.capabilities == [.draining, .hardwareAddresses])
    #expect(read.interfaces == [:])
    #expect(read.version.count == 64)
    #expect(read.hardwareAddresses == [Self.first])
  }

  /// Names of 15 bytes, as many as the kernel allows, so that at some count the names just fit and what follows does not.
  @Test(arguments: 0...300)
  func `Never exceeds the limit, and says what was left out`(count: Int) throws {
    let names = (0..<count).map { ("interface-\(100_00 + $0)", Set<AddressFamily>([.ipv4])) }
    let addresses = Set(
      (0..<UInt64(count)).compactMap { MACAddress(number: 0x0200_0000_0000 + $0) })
    let metadata = SpeakerMetadata(
      version: "1.2.3", capabilities: .known,
      interfaces: Dictionary(uniqueKeysWithValues: names), hardwareAddresses: addresses)
    #expect(metadata.encoded.count <= SpeakerMetadata.limit)
    let read = try #require(SpeakerMetadata(decoding: metadata.encoded))
    if read.capabilities.contains(.familyAvailability) {
      #expect(read.interfaces == metadata.interfaces)
    } else if read.capabilities.contains(.interfaceAvailability) {
      #expect(Set(read.interfaces.keys) == Set(metadata.interfaces.keys))
    } else {
      #expect(read.interfaces == [:])
    }
    #expect(read.hardwareAddresses.isSubset(of: addresses))
    if count <= 20 { #expect(read == metadata) }
  }

  @Test func `Nothing else is taken for it`() {
    let metadata = SpeakerMetadata(
      version: "1", capabilities: .known, interfaces: ["eth0": .both, "eth1": [.ipv4]],
      hardwareAddresses: [Self.first])
    for length in 0..<metadata.encoded.count {
      #expect(SpeakerMetadata(decoding: Array(metadata.encoded.prefix(length))) == nil)
    }
    // Serf's tags begin with 255; a later format has another number.
    #expect(SpeakerMetadata(decoding: [255, 0x81, 0xa4]) == nil)
    #expect(SpeakerMetadata(decoding: Array("MLB".utf8) + [2, 0, 0, 0, 0, 0, 0]) == nil)
  }
}
