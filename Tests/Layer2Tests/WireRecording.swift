import Foundation
import Layer2
import NetworkAddresses
import Testing

/// The frames of `Fixtures/l2-arp-ndp.pcap`, in order.
enum WireRecording {
  struct Frame {
    /// Since the first frame.
    var time: Duration
    var bytes: [UInt8]

    var source: [UInt8] { Array(bytes[6..<12]) }
    var etherType: UInt16 { UInt16(bytes[12]) << 8 | UInt16(bytes[13]) }

    /// Linux invents a flow label for each IPv6 flow (RFC 6437); ours is 0.
    var withoutFlowLabel: [UInt8] {
      guard etherType == EthernetHeader.ipv6 else { return bytes }
      var bytes = bytes
      bytes.replaceSubrange(15..<18, with: [0, 0, 0])
      return bytes
    }
  }

  static let frames: [Frame] = {
    guard let url = Bundle.module.url(forResource: "Fixtures/l2-arp-ndp", withExtension: "pcap"),
      let data = try? Data(contentsOf: url)
    else { return [] }
    let bytes = [UInt8](data)
    func word(_ offset: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    // pcap: a header of 24 bytes, then for each frame seconds, microseconds, kept length, length.
    var frames: [Frame] = []
    var offset = 24
    var start: Duration?
    while offset + 16 <= bytes.count {
      let time = Duration.seconds(word(offset)) + .microseconds(word(offset + 4))
      let end = offset + 16 + word(offset + 8)
      frames.append(
        Frame(time: time - (start ?? time), bytes: Array(bytes[offset + 16..<end])))
      start = start ?? time
      offset = end
    }
    return frames
  }()

  static let arp = frames.filter { $0.etherType == EthernetHeader.arp }
  static let ipv6 = frames.filter { $0.etherType == EthernetHeader.ipv6 }

  /// Neighbour solicitations or advertisements.
  static func neighborDiscovery(type: UInt8) -> [Frame] {
    ipv6.filter { $0.bytes[20] == 58 && $0.bytes[54] == type }
  }
}

func mac(_ lastOctet: UInt8) -> MACAddress {
  MACAddress(bytes: [2, 0, 0, 0, 0, lastOctet]) ?? .zero
}

func address(_ text: String) throws -> IPAddress {
  try #require(IPAddress(text))
}

func ipv6(_ text: String) throws -> IPv6Address {
  try #require(IPv6Address(text))
}
