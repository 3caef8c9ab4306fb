import Foundation
import Testing

@testable import Membership

/// The datagrams and streams of a file in `Fixtures`, in order.
struct Recording {
  struct Datagram {
    var frame: Int
    var bytes: [UInt8]
  }

  /// What one side of a TCP connection sent.
  struct Stream {
    var frame: Int
    var isDialler: Bool
    var bytes: [UInt8]
  }

  private(set) var datagrams: [Datagram] = []
  private(set) var streams: [Stream] = []

  init(_ name: String, port: Int = 7946) throws {
    let url = Bundle.module.url(forResource: "Fixtures/memberlist-\(name)", withExtension: "pcap")
    let file = [UInt8](try Data(contentsOf: #require(url)))
    func little(_ offset: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
    }
    func big(_ offset: Int, _ count: Int) -> Int {
      file[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
    struct Side: Hashable {
      var addresses: [UInt8]
      var ports: [UInt8]
    }
    var segments: [Side: (frame: Int, isDialler: Bool, bySequence: [Int: [UInt8]])] = [:]
    var order: [Side] = []
    // pcap: a header of 24 bytes, then for each frame seconds, microseconds, kept length, length.
    var offset = 24
    var frame = 0
    while offset + 16 <= file.count {
      let start = offset + 16
      let end = start + little(offset + 8)
      offset = end
      frame += 1
      // Ethernet, IPv4 without options.
      guard big(start + 12, 2) == 0x0800 else { continue }
      let transport = start + 34
      let length = big(start + 16, 2) - 20
      let ports = (big(transport, 2), big(transport + 2, 2))
      guard ports.0 == port || ports.1 == port else { continue }
      switch file[start + 23] {
      case 17:
        datagrams.append(
          Datagram(frame: frame, bytes: Array(file[transport + 8..<transport + length])))
      case 6:
        let payload = transport + Int(file[transport + 12] >> 4) * 4
        guard payload < transport + length else { continue }
        let side = Side(
          addresses: Array(file[start + 26..<start + 34]),
          ports: Array(file[transport..<transport + 4]))
        if segments[side] == nil {
          order.append(side)
          segments[side] = (frame, ports.1 == port, [:])
        }
        segments[side]?.bySequence[big(transport + 4, 4)] = Array(
          file[payload..<transport + length])
      default: continue
      }
    }
    streams = order.compactMap { segments[$0] }.map { side in
      Stream(
        frame: side.frame, isDialler: side.isDialler,
        bytes: side.bySequence.sorted { $0.key < $1.key }.flatMap(\.value))
    }
  }

  static func keys(_ texts: String...) throws -> [GossipKey] {
    try texts.map { try #require(GossipKey(bytes: Array($0.utf8))) }
  }
}
