import Foundation
import Testing

/// The recording in `Fixtures/route-netlink.txt`: the datagrams of each step, in order.
enum RouteRecording {
  static func datagrams() throws -> [(step: String, bytes: [UInt8])] {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/route-netlink", withExtension: "txt"))
    let text = try String(contentsOf: url, encoding: .utf8)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      return (String(parts[0]), bytes(hex: parts[1].dropFirst()))
    }
  }

  static func bytes(hex: some StringProtocol) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }
}
