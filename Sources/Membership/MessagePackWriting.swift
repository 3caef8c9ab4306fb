/// Appending in MessagePack as memberlist's writer does: text and bytes in the old raw form, unsigned integers in the
/// shortest form, `int` fields in the shortest signed one.
extension [UInt8] {
  mutating func append(network value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// The head of a map of at most 15 pairs.
  mutating func append(mapOf count: UInt8) {
    append(0x80 | count)
  }

  mutating func append(text: String) {
    append(raw: Array(text.utf8))
  }

  mutating func append(raw bytes: [UInt8]?) {
    guard let bytes else { return append(0xc0) }
    switch bytes.count {
    case ..<32: append(0xa0 | UInt8(bytes.count))
    case ...0xffff:
      append(0xda)
      append(network: UInt16(bytes.count))
    default:
      append(0xdb)
      append(network: UInt32(truncatingIfNeeded: bytes.count))
    }
    append(contentsOf: bytes)
  }

  mutating func append(boolean: Bool) {
    append(boolean ? 0xc3 : 0xc2)
  }

  mutating func append(unsigned value: UInt32) {
    switch value {
    case ...0x7f: append(UInt8(value))
    case ...0xff:
      append(0xcc)
      append(UInt8(value))
    case ...0xffff:
      append(0xcd)
      append(network: UInt16(value))
    default:
      append(0xce)
      append(network: value)
    }
  }

  mutating func append(signed value: Int) {
    switch value {
    case -32...0x7f: append(UInt8(bitPattern: Int8(value)))
    case -0x80..<0:
      append(0xd0)
      append(UInt8(bitPattern: Int8(value)))
    case -0x8000...0x7fff:
      append(0xd1)
      append(network: Int16(value))
    case -0x8000_0000...0x7fff_ffff:
      append(0xd2)
      append(network: Int32(value))
    default:
      append(0xd3)
      append(network: Int64(value))
    }
  }
}
