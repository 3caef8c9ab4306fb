import NetworkAddresses

/// Bounds-checked reads in network byte order: nil past the end, whatever the bytes are.
extension RawSpan {
  func byte(at offset: Int) -> UInt8? {
    guard offset >= 0, offset < byteCount else { return nil }
    return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  func networkUInt16(at offset: Int) -> UInt16? {
    guard offset >= 0, offset <= byteCount - 2 else { return nil }
    return UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  func networkUInt32(at offset: Int) -> UInt32? {
    guard offset >= 0, offset <= byteCount - 4 else { return nil }
    return UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  func macAddress(at offset: Int) -> MACAddress? {
    guard let high = networkUInt16(at: offset), let low = networkUInt32(at: offset + 2) else {
      return nil
    }
    return MACAddress(number: UInt64(high) << 32 | UInt64(low))
  }

  func ipv4Address(at offset: Int) -> IPv4Address? {
    networkUInt32(at: offset).map(IPv4Address.init(rawValue:))
  }

  func ipv6Address(at offset: Int) -> IPv6Address? {
    guard offset >= 0, offset <= byteCount - 16 else { return nil }
    let number = unsafeLoadUnaligned(fromByteOffset: offset, as: UInt128.self)
    return IPv6Address(rawValue: UInt128(bigEndian: number))
  }
}

/// Appending in network byte order.
extension [UInt8] {
  mutating func append(network value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  mutating func append(_ address: MACAddress) {
    append(network: UInt16(truncatingIfNeeded: address.number >> 32))
    append(network: UInt32(truncatingIfNeeded: address.number))
  }

  mutating func append(_ address: IPv4Address) {
    append(network: address.rawValue)
  }

  mutating func append(_ address: IPv6Address) {
    append(network: address.rawValue)
  }
}
