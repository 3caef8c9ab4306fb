extension JSONValue {
  /// Renders a typed value as JSON: absent optionals are left out, members keep declaration order.
  package init(encoding value: some Encodable) throws {
    if let value = value as? JSONValue {
      self = value
      return
    }
    let encoder = JSONValueEncoder(codingPath: [])
    try value.encode(to: encoder)
    self = encoder.slot.value
  }
}

extension JSONValue: Encodable {
  package func encode(to encoder: any Encoder) throws {
    guard let encoder = encoder as? JSONValueEncoder else {
      throw EncodingError.invalidValue(
        self,
        .init(codingPath: encoder.codingPath, debugDescription: "JSONValue encodes to JSON values")
      )
    }
    encoder.slot.value = self
  }
}

/// Where a container puts what it encodes; containers of one value share it.
private final class JSONSlot {
  var value: JSONValue = .object([:])
}

private struct JSONValueEncoder: Encoder {
  let slot = JSONSlot()
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .object = slot.value {} else { slot.value = .object([:]) }
    return KeyedEncodingContainer(JSONKeyedEncoding(slot: slot, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    slot.value = .array([])
    return JSONUnkeyedEncoding(slot: slot, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  static func value(of value: some Encodable, codingPath: [any CodingKey]) throws -> JSONValue {
    if let value = value as? JSONValue { return value }
    // Dictionaries have no order of their own; sorted ones print the same every time.
    if let value = value as? [String: String] { return .strings(value) }
    let encoder = JSONValueEncoder(codingPath: codingPath)
    try value.encode(to: encoder)
    return encoder.slot.value
  }

  static func integer(
    _ value: some FixedWidthInteger, codingPath: [any CodingKey]
  ) throws -> JSONValue {
    guard let integer = Int64(exactly: value) else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: codingPath, debugDescription: "exceeds 64 signed bits"))
    }
    return .integer(integer)
  }
}

extension JSONValueEncoder: SingleValueEncodingContainer {
  func encodeNil() { slot.value = .null }
  func encode(_ value: Bool) { slot.value = .bool(value) }
  func encode(_ value: String) { slot.value = .string(value) }
  func encode(_ value: Double) { slot.value = .double(value) }
  func encode(_ value: Float) { slot.value = .double(Double(value)) }
  func encode(_ value: Int) throws { try encodeInteger(value) }
  func encode(_ value: Int8) throws { try encodeInteger(value) }
  func encode(_ value: Int16) throws { try encodeInteger(value) }
  func encode(_ value: Int32) throws { try encodeInteger(value) }
  func encode(_ value: Int64) throws { try encodeInteger(value) }
  func encode(_ value: UInt) throws { try encodeInteger(value) }
  func encode(_ value: UInt8) throws { try encodeInteger(value) }
  func encode(_ value: UInt16) throws { try encodeInteger(value) }
  func encode(_ value: UInt32) throws { try encodeInteger(value) }
  func encode(_ value: UInt64) throws { try encodeInteger(value) }
  func encode(_ value: some Encodable) throws {
    slot.value = try Self.value(of: value, codingPath: codingPath)
  }

  private func encodeInteger(_ value: some FixedWidthInteger) throws {
    slot.value = try Self.integer(value, codingPath: codingPath)
  }
}

private struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let slot: JSONSlot
  let codingPath: [any CodingKey]

  private func set(_ value: JSONValue, _ key: Key) {
    guard case .object(var object) = slot.value else { return }
    slot.value = .null  // keeps `object` uniquely referenced while it changes
    object[key.stringValue] = value
    slot.value = .object(object)
  }

  private func setInteger(_ value: some FixedWidthInteger, _ key: Key) throws {
    set(try JSONValueEncoder.integer(value, codingPath: codingPath + [key]), key)
  }

  func encodeNil(forKey key: Key) { set(.null, key) }
  func encode(_ value: Bool, forKey key: Key) { set(.bool(value), key) }
  func encode(_ value: String, forKey key: Key) { set(.string(value), key) }
  func encode(_ value: Double, forKey key: Key) { set(.double(value), key) }
  func encode(_ value: Float, forKey key: Key) { set(.double(Double(value)), key) }
  func encode(_ value: Int, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: Int8, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: Int16, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: Int32, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: Int64, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: UInt, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: UInt8, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: UInt16, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: UInt32, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: UInt64, forKey key: Key) throws { try setInteger(value, key) }
  func encode(_ value: some Encodable, forKey key: Key) throws {
    set(try JSONValueEncoder.value(of: value, codingPath: codingPath + [key]), key)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    preconditionFailure("no Kubernetes type nests containers by hand")
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    preconditionFailure("no Kubernetes type nests containers by hand")
  }
  func superEncoder() -> any Encoder {
    preconditionFailure("no Kubernetes type encodes through a super encoder")
  }
  func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
  let slot: JSONSlot
  let codingPath: [any CodingKey]
  private(set) var count = 0

  init(slot: JSONSlot, codingPath: [any CodingKey]) {
    self.slot = slot
    self.codingPath = codingPath
  }

  private mutating func append(_ value: JSONValue) {
    guard case .array(var array) = slot.value else { return }
    slot.value = .null
    array.append(value)
    slot.value = .array(array)
    count += 1
  }

  mutating func encodeNil() { append(.null) }
  mutating func encode(_ value: some Encodable) throws {
    let path = codingPath + [JSONCodingKey(intValue: count)]
    append(try JSONValueEncoder.value(of: value, codingPath: path))
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    preconditionFailure("no Kubernetes type nests containers by hand")
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    preconditionFailure("no Kubernetes type nests containers by hand")
  }
  func superEncoder() -> any Encoder {
    preconditionFailure("no Kubernetes type encodes through a super encoder")
  }
}
