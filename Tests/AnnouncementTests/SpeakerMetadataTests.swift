import Announcement
import Testing

struct SpeakerMetadataTests {
  @Test func `Is written as documented`() {
    let metadata = SpeakerMetadata(
      version: "1.0", capabilities: [.interfaceAvailability, .draining],
      interfaces: ["eth1", "br0"])
    #expect(
      metadata.encoded == Array("MLB".utf8) + [1, 0, 0, 0, 3, 3] + Array("1.0".utf8) + [2, 3]
        + Array("br0".utf8) + [4] + Array("eth1".utf8))
  }

  @Test(arguments: [[], ["eth0"], ["bond0", "bond0.100", "enp0s31f6"]])
  func `Is read as written`(interfaces: [String]) throws {
    let metadata = SpeakerMetadata(
      version: "v0.1.2-ü", capabilities: .draining, interfaces: Set(interfaces))
    #expect(try #require(SpeakerMetadata(decoding: metadata.encoded)) == metadata)
  }

  @Test func `What a later version appends is not read`() {
    let metadata = SpeakerMetadata(version: "", capabilities: [], interfaces: ["eth0"])
    #expect(SpeakerMetadata(decoding: metadata.encoded + [1, 2, 3]) == metadata)
  }

  @Test func `Interfaces that do not fit switch their rule off`() throws {
    let names = Set((0..<40).map { "interface-name\($0)" })
    let metadata = SpeakerMetadata(
      version: String(repeating: "v", count: 300),
      capabilities: [.interfaceAvailability, .draining], interfaces: names)
    #expect(metadata.encoded.count <= SpeakerMetadata.limit)
    let read = try #require(SpeakerMetadata(decoding: metadata.encoded))
    #expect(read.capabilities == .draining)
    #expect(read.interfaces == [])
    #expect(read.version.count == 64)
  }

  @Test func `Nothing else is taken for it`() {
    let metadata = SpeakerMetadata(
      version: "1", capabilities: .draining, interfaces: ["eth0", "eth1"])
    for length in 0..<metadata.encoded.count {
      #expect(SpeakerMetadata(decoding: Array(metadata.encoded.prefix(length))) == nil)
    }
    // Serf's tags begin with 255; a later format has another number.
    #expect(SpeakerMetadata(decoding: [255, 0x81, 0xa4]) == nil)
    #expect(SpeakerMetadata(decoding: Array("MLB".utf8) + [2, 0, 0, 0, 0, 0, 0]) == nil)
  }
}
