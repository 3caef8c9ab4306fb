/// Appends fields of a protobuf message to bytes. Fields that are empty, zero or false are left out,
/// as proto3 does.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func string(_ number: Int, _ text: String) {
    guard !text.isEmpty else { return }
    data(number, Array(text.utf8))
  }

  mutating func bool(_ number: Int, _ value: Bool) {
    guard value else { return }
    varint(UInt64(number) << 3)
    varint(1)
  }

  mutating func integer(_ number: Int, _ value: Int64) {
    guard value != 0 else { return }
    varint(UInt64(number) << 3)
    varint(UInt64(bitPattern: value))
  }

  mutating func double(_ number: Int, _ value: Double) {
    guard value != 0 else { return }
    varint(UInt64(number) << 3 | 1)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A message inside of this one; written also when it is empty.
  mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    data(number, inner.bytes)
  }

  private mutating func data(_ number: Int, _ content: [UInt8]) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}
