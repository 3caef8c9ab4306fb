import CLinuxNetwork
import Glibc
import LinuxNetwork
import Testing

/// The kernel itself runs the programs here, on datagrams of a UNIX socket pair: those have no VLAN tag and count as
/// sent to this host.
@Suite struct PacketFilterTests {
  private struct Filtered {
    var accepted: [Int] = []

    init(_ filter: PacketFilter, _ frames: [[UInt8]]) throws {
      var pair: [Int32] = [-1, -1]
      try #require(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &pair) == 0)
      defer { for descriptor in pair { close(descriptor) } }
      let attached = filter.instructions.withUnsafeBufferPointer {
        cln_attach_filter(pair[1], $0.baseAddress, UInt16($0.count))
      }
      try #require(attached == 0)
      for (index, frame) in frames.enumerated() {
        try #require(send(pair[0], frame, frame.count, 0) == frame.count)
        var buffer = [UInt8](repeating: 0, count: 2048)
        let received = recv(pair[1], &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if received == frame.count { accepted.append(index) }
      }
    }
  }

  private static let ethernet = [UInt8](repeating: 0xff, count: 6) + [2, 0, 0, 0, 0, 0x64]
  private static let arpStart: [UInt8] = [0x08, 0x06, 0, 1, 8, 0, 6, 4]

  @Test func `ARP requests and replies pass, other operations and short frames do not`() throws {
    let rest = [UInt8](repeating: 0, count: 20)
    let frames = [UInt8](0...4).map { Self.ethernet + Self.arpStart + [0, $0] + rest }
    #expect(try Filtered(.arp, frames).accepted == [1, 2])
    #expect(try Filtered(.arp, [Self.ethernet + Self.arpStart]).accepted == [])
  }

  @Test func `Solicitations and advertisements pass, other messages and protocols do not`() throws {
    func frame(nextHeader: UInt8, type: UInt8) -> [UInt8] {
      Self.ethernet + [0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, nextHeader, 255]
        + [UInt8](repeating: 0, count: 32) + [type, 0, 0, 0] + [UInt8](repeating: 0, count: 20)
    }
    let types: [UInt8] = [133, 134, 135, 136, 128]
    let frames = types.map { frame(nextHeader: 58, type: $0) } + [frame(nextHeader: 17, type: 135)]
    #expect(try Filtered(.neighborDiscovery, frames).accepted == [2, 3])
    #expect(try Filtered(.neighborDiscovery, [Array(frames[2].prefix(54))]).accepted == [])
  }
}
