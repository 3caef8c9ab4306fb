extension JSONValue {
  /// Appends the compact JSON text of this value to `bytes`, members in the order they are kept.
  package func write(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): bytes.append(contentsOf: String(value).utf8)
    case .double(let value): Self.write(value, to: &bytes)
    case .string(let value): Self.write(value, to: &bytes)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      var first = true
      for (key, value) in object {
        if !first { bytes.append(UInt8(ascii: ",")) }
        first = false
        Self.write(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// The compact JSON text.
  package var jsonBytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  package var jsonText: String { String(decoding: jsonBytes, as: UTF8.self) }

  /// JSON over several lines, two spaces a level, as `kubectl -o json` prints it with four.
  package func prettyText(indent: Int = 2) -> String {
    var bytes: [UInt8] = []
    writePretty(to: &bytes, indent: indent, level: 0)
    bytes.append(UInt8(ascii: "\n"))
    return String(decoding: bytes, as: UTF8.self)
  }

  private func writePretty(to bytes: inout [UInt8], indent: Int, level: Int) {
    func newline(_ level: Int) {
      bytes.append(UInt8(ascii: "\n"))
      bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
    }
    switch self {
    case .array(let values) where !values.isEmpty:
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        newline(level + 1)
        value.writePretty(to: &bytes, indent: indent, level: level + 1)
      }
      newline(level)
      bytes.append(UInt8(ascii: "]"))
    case .object(let object) where !object.isEmpty:
      bytes.append(UInt8(ascii: "{"))
      var first = true
      for (key, value) in object {
        if !first { bytes.append(UInt8(ascii: ",")) }
        first = false
        newline(level + 1)
        Self.write(key, to: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        value.writePretty(to: &bytes, indent: indent, level: level + 1)
      }
      newline(level)
      bytes.append(UInt8(ascii: "}"))
    case .null, .bool, .integer, .double, .string, .array, .object: write(to: &bytes)
    }
  }

  /// JSON has no infinities and no NaN (RFC 8259 §6); both print as null.
  private static func write(_ value: Double, to bytes: inout [UInt8]) {
    if let integer = Int64(exactly: value) {
      bytes.append(contentsOf: String(integer).utf8)
    } else if value.isFinite {
      bytes.append(contentsOf: "\(value)".utf8)
    } else {
      bytes.append(contentsOf: "null".utf8)
    }
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      // Nearly no text has anything to escape: whole stretches are copied.
      var rest = utf8[...]
      while let index = rest.firstIndex(where: needsEscape) {
        bytes.append(contentsOf: rest[..<index])
        writeEscape(of: rest[index], to: &bytes)
        rest = rest[(index + 1)...]
      }
      bytes.append(contentsOf: rest)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func writeEscape(of byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    case 0x08: bytes.append(contentsOf: "\\b".utf8)
    case 0x09: bytes.append(contentsOf: "\\t".utf8)
    case 0x0A: bytes.append(contentsOf: "\\n".utf8)
    case 0x0C: bytes.append(contentsOf: "\\f".utf8)
    case 0x0D: bytes.append(contentsOf: "\\r".utf8)
    case 0..<0x20:
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(hexDigit(byte >> 4))
      bytes.append(hexDigit(byte & 0x0F))
    default:
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
