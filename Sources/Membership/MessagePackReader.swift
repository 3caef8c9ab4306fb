/// Reads the part of MessagePack that memberlist uses: maps with text keys, integers, booleans, and raw bytes.
///
/// Lenient as the peers are: any integer form that fits, text and bytes in the old form (raw) or the new ones (str, bin),
/// and nil for the zero of any type. Every read is checked against the end, and a value that is skipped needs no memory,
/// however deep it is nested.
struct MessagePackReader: ~Escapable {
  let bytes: RawSpan
  private(set) var offset = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { offset == bytes.byteCount }

  private mutating func bigEndian(_ width: Int) throws(WireError) -> UInt64 {
    guard width <= bytes.byteCount - offset else { throw .truncated }
    var value: UInt64 = 0
    for index in offset..<offset + width {
      value = value << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
    }
    offset += width
    return value
  }

  mutating func byte() throws(WireError) -> UInt8 {
    UInt8(truncatingIfNeeded: try bigEndian(1))
  }

  mutating func take(_ count: Int) throws(WireError) -> [UInt8] {
    guard count <= bytes.byteCount - offset else { throw .truncated }
    defer { offset += count }
    return bytes.extracting(offset..<offset + count).withUnsafeBytes { Array($0) }
  }

  /// The number of pairs of a map.
  mutating func mapCount() throws(WireError) -> Int {
    switch try byte() {
    case let form where form & 0xf0 == 0x80: Int(form & 0x0f)
    case 0xc0: 0
    case 0xde: Int(try bigEndian(2))
    case 0xdf: Int(try bigEndian(4))
    default: throw .malformed
    }
  }

  /// The length of raw bytes, or nil for nil.
  private mutating func rawLength() throws(WireError) -> Int? {
    switch try byte() {
    case let form where form & 0xe0 == 0xa0: Int(form & 0x1f)
    case 0xc0: nil
    case 0xc4, 0xd9: Int(try bigEndian(1))
    case 0xc5, 0xda: Int(try bigEndian(2))
    case 0xc6, 0xdb: Int(try bigEndian(4))
    default: throw .malformed
    }
  }

  /// Bytes, or nil for nil. Throws `tooLarge` before any of them are copied.
  mutating func raw(limit: Int = .max) throws(WireError) -> [UInt8]? {
    guard let length = try rawLength() else { return nil }
    guard length <= limit else { throw .tooLarge(limit: limit) }
    return try take(length)
  }

  mutating func text(limit: Int) throws(WireError) -> String {
    guard let raw = try raw(limit: limit) else { return "" }
    guard let text = String(validating: raw, as: UTF8.self) else { throw .malformed }
    return text
  }

  /// The key of a pair; empty when it is longer than any that we know, or no text.
  mutating func key() throws(WireError) -> String {
    guard let length = try rawLength() else { return "" }
    guard length <= bytes.byteCount - offset else { throw .truncated }
    defer { offset += length }
    guard length <= 15 else { return "" }
    let raw = bytes.extracting(offset..<offset + length)
    return raw.withUnsafeBytes { String(validating: $0, as: UTF8.self) } ?? ""
  }

  mutating func boolean() throws(WireError) -> Bool {
    switch try byte() {
    case 0xc2, 0xc0: false
    case 0xc3: true
    default: throw .malformed
    }
  }

  mutating func integer<Value: FixedWidthInteger>(
    as type: Value.Type = Value.self
  ) throws(WireError) -> Value {
    let form = try byte()
    let value: Value?
    switch form {
    case 0x00...0x7f: value = Value(exactly: form)
    case 0xe0...0xff: value = Value(exactly: Int8(bitPattern: form))
    case 0xc0: value = 0
    case 0xcc...0xcf: value = Value(exactly: try bigEndian(1 << Int(form - 0xcc)))
    case 0xd0: value = Value(exactly: Int8(truncatingIfNeeded: try bigEndian(1)))
    case 0xd1: value = Value(exactly: Int16(truncatingIfNeeded: try bigEndian(2)))
    case 0xd2: value = Value(exactly: Int32(truncatingIfNeeded: try bigEndian(4)))
    case 0xd3: value = Value(exactly: Int64(bitPattern: try bigEndian(8)))
    default: throw .malformed
    }
    guard let value else { throw .malformed }
    return value
  }

  /// Passes over a value of any form. Nested values are counted, not recursed into.
  mutating func skipValue() throws(WireError) {
    var pending = 1
    while pending > 0 {
      pending -= 1
      let form = try byte()
      switch form {
      case 0x00...0x7f, 0xe0...0xff, 0xc0, 0xc2, 0xc3: break
      case 0x80...0x8f: pending += 2 * Int(form & 0x0f)
      case 0x90...0x9f: pending += Int(form & 0x0f)
      case 0xa0...0xbf: try skip(UInt64(form & 0x1f))
      case 0xc4, 0xd9: try skip(try bigEndian(1))
      case 0xc5, 0xda: try skip(try bigEndian(2))
      case 0xc6, 0xdb: try skip(try bigEndian(4))
      case 0xc7: try skip(try bigEndian(1) + 1)
      case 0xc8: try skip(try bigEndian(2) + 1)
      case 0xc9: try skip(try bigEndian(4) + 1)
      case 0xca, 0xce, 0xd2: try skip(4)
      case 0xcb, 0xcf, 0xd3: try skip(8)
      case 0xcc, 0xd0: try skip(1)
      case 0xcd, 0xd1: try skip(2)
      case 0xd4...0xd8: try skip(1 + 1 << UInt64(form - 0xd4))
      case 0xdc: pending += Int(try bigEndian(2))
      case 0xdd: pending += Int(try bigEndian(4))
      case 0xde: pending += 2 * Int(try bigEndian(2))
      case 0xdf: pending += 2 * Int(try bigEndian(4))
      default: throw .malformed
      }
    }
  }

  private mutating func skip(_ count: UInt64) throws(WireError) {
    guard count <= UInt64(bytes.byteCount - offset) else { throw .truncated }
    offset += Int(count)
  }
}
