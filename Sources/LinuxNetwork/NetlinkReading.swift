/// Bounds-checked reads in host byte order; netlink speaks the byte order of the machine.
extension RawSpan {
  func hostUInt16(at offset: Int) -> UInt16? {
    guard offset >= 0, offset <= byteCount - 2 else { return nil }
    return unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
  }

  func hostUInt32(at offset: Int) -> UInt32? {
    guard offset >= 0, offset <= byteCount - 4 else { return nil }
    return unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }

  func byte(at offset: Int) -> UInt8? {
    guard offset >= 0, offset < byteCount else { return nil }
    return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  var byteArray: [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  /// The text up to the first NUL, or to the end.
  var nulTerminatedText: String {
    String(decoding: byteArray.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// The attributes that follow a netlink payload's fixed part: a length (with its own header) and a type of 16 bits
/// each, then the value, padded to 4 bytes.
struct NetlinkAttributes {
  private var ranges: [(type: UInt16, value: Range<Int>)] = []

  /// Reads attributes from `offset` to the end. What does not parse ends the list: the kernel never sends such a thing.
  init(_ bytes: RawSpan, from offset: Int) {
    var offset = offset
    while let length = bytes.hostUInt16(at: offset), let type = bytes.hostUInt16(at: offset + 2),
      length >= 4, Int(length) <= bytes.byteCount - offset
    {
      // The upper two bits say how the value is encoded (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
      ranges.append((type & 0x3fff, offset + 4..<offset + Int(length)))
      offset += (Int(length) + 3) & ~3
    }
  }

  /// Where the value of an attribute lies; the last one wins when a type is repeated.
  subscript(type: Int) -> Range<Int>? {
    ranges.last { Int($0.type) == type }?.value
  }
}
