import SeededRandomness
import Testing

@testable import Membership

/// Bytes from hexadecimal digits; anything else is ignored.
func bytes(_ hexadecimal: String) -> [UInt8] {
  let digits = hexadecimal.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] << 4 | digits[$0 + 1])
  }
}

func address(_ text: String, port: UInt16 = 7946) throws -> MemberAddress {
  try #require(
    MemberAddress(bytes: text.split(separator: ".").compactMap { UInt8($0) }, port: port))
}

/// Reads a message from its type byte on.
func message(_ bytes: [UInt8]) throws -> Message {
  let type = try #require(bytes.first.flatMap(MessageType.init(rawValue:)))
  let body = bytes.dropFirst()
  return try Message(type: type, body.span.bytes)
}

extension SeededGenerator {
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}
