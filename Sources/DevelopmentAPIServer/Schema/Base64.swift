/// Base64 (RFC 4648 §4), as `[]byte` fields of built-in kinds are written.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var group: UInt32 = 0
    var count = 0
    func flush() {
      let padded = group << UInt32(8 * (3 - count))
      for place in 0..<4 {
        text.append(
          place <= count
            ? alphabet[Int(padded >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
      }
      group = 0
      count = 0
    }
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      count += 1
      if count == 3 { flush() }
    }
    if count > 0 { flush() }
    return String(decoding: text, as: UTF8.self)
  }

  /// The decoded bytes, `nil` when the text is not base64.
  static func decode(_ text: String) -> [UInt8]? {
    guard firstInvalidByte(text) == nil else { return nil }
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var count = 0
    for character in text.utf8 {
      guard let value = alphabet.firstIndex(of: character) else { continue }
      group = group << 6 | UInt32(value)
      count += 1
      if count == 4 {
        for shift in [16, 8, 0] as [UInt32] {
          bytes.append(UInt8(truncatingIfNeeded: group >> shift))
        }
        group = 0
        count = 0
      }
    }
    if count > 1 {
      group <<= UInt32(6 * (4 - count))
      for shift in [16, 8].prefix(count - 1) as ArraySlice<UInt32> {
        bytes.append(UInt8(truncatingIfNeeded: group >> shift))
      }
    }
    return bytes
  }

  /// Where Go's decoder stops, `nil` when the text is valid. Line breaks are skipped.
  static func firstInvalidByte(_ text: String) -> Int? {
    var count = 0
    var padding = 0
    var length = 0
    for (offset, byte) in text.utf8.enumerated() {
      length = offset + 1
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { continue }
      if byte == UInt8(ascii: "=") {
        padding += 1
        guard count % 4 >= 2, count % 4 + padding <= 4 else { return offset }
      } else {
        guard padding == 0, alphabet.contains(byte) else { return offset }
        count += 1
      }
    }
    let isComplete = count % 4 == 0 ? padding == 0 : count % 4 + padding == 4
    return isComplete ? nil : length - (count % 4 + padding)
  }
}
