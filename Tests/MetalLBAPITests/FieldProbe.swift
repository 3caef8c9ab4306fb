import KubernetesAPI

/// Finds out which fields a type reads: decodes it from a source that has every field, and notes what
/// was asked for. Lists hold one element, maps one member named `*`.
final class FieldProbe {
  /// `spec.ports[].port: integer`; free-form parts are `any`, and nothing is noted below them.
  private(set) var fields: Set<String> = []

  static func fields<Value: Decodable>(of type: Value.Type) throws -> Set<String> {
    let probe = FieldProbe()
    _ = try probe.value(of: type, at: "")
    return probe.fields
  }

  fileprivate func note(_ path: String, _ type: String) { fields.insert("\(path): \(type)") }

  fileprivate func value<Value: Decodable>(of type: Value.Type, at path: String) throws -> Value {
    if type == JSONValue.self, let value = JSONValue.null as? Value {
      note(path, "any")
      return value
    }
    if type == ObjectMeta.self, let value = ObjectMeta() as? Value { return value }
    return try Value(from: ProbingDecoder(probe: self, path: path))
  }
}

private struct ProbeKey: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

private struct ProbingDecoder: Decoder {
  let probe: FieldProbe
  let path: String
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(ProbingKeyed(probe: probe, path: path))
  }
  func unkeyedContainer() -> any UnkeyedDecodingContainer {
    ProbingUnkeyed(probe: probe, path: path + "[]")
  }
  func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension ProbingDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { false }
  func decode(_ type: Bool.Type) -> Bool {
    probe.note(path, "boolean")
    return true
  }
  func decode(_ type: String.Type) -> String {
    probe.note(path, "string")
    return "1970-01-01T00:00:00Z"
  }
  func decode(_ type: Double.Type) -> Double {
    probe.note(path, "number")
    return 1
  }
  func decode(_ type: Float.Type) -> Float { 1 }
  private func integer<Value: FixedWidthInteger>() -> Value {
    probe.note(path, "integer")
    return 1
  }
  func decode(_ type: Int.Type) -> Int { integer() }
  func decode(_ type: Int8.Type) -> Int8 { integer() }
  func decode(_ type: Int16.Type) -> Int16 { integer() }
  func decode(_ type: Int32.Type) -> Int32 { integer() }
  func decode(_ type: Int64.Type) -> Int64 { integer() }
  func decode(_ type: UInt.Type) -> UInt { integer() }
  func decode(_ type: UInt8.Type) -> UInt8 { integer() }
  func decode(_ type: UInt16.Type) -> UInt16 { integer() }
  func decode(_ type: UInt32.Type) -> UInt32 { integer() }
  func decode(_ type: UInt64.Type) -> UInt64 { integer() }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try probe.value(of: type, at: path)
  }
}

private struct ProbingKeyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let probe: FieldProbe
  let path: String
  var codingPath: [any CodingKey] { [] }
  /// Only dictionaries ask which keys there are.
  var allKeys: [Key] { Key(stringValue: "*").map { [$0] } ?? [] }

  private func decoder(_ key: Key) -> ProbingDecoder {
    ProbingDecoder(
      probe: probe, path: path.isEmpty ? key.stringValue : path + "." + key.stringValue)
  }
  func contains(_ key: Key) -> Bool { true }
  func decodeNil(forKey key: Key) -> Bool { false }
  func decode(_ type: Bool.Type, forKey key: Key) -> Bool { decoder(key).decode(type) }
  func decode(_ type: String.Type, forKey key: Key) -> String { decoder(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) -> Double { decoder(key).decode(type) }
  func decode(_ type: Float.Type, forKey key: Key) -> Float { decoder(key).decode(type) }
  func decode(_ type: Int.Type, forKey key: Key) -> Int { decoder(key).decode(type) }
  func decode(_ type: Int8.Type, forKey key: Key) -> Int8 { decoder(key).decode(type) }
  func decode(_ type: Int16.Type, forKey key: Key) -> Int16 { decoder(key).decode(type) }
  func decode(_ type: Int32.Type, forKey key: Key) -> Int32 { decoder(key).decode(type) }
  func decode(_ type: Int64.Type, forKey key: Key) -> Int64 { decoder(key).decode(type) }
  func decode(_ type: UInt.Type, forKey key: Key) -> UInt { decoder(key).decode(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) -> UInt8 { decoder(key).decode(type) }
  func decode(_ type: UInt16.Type, forKey key: Key) -> UInt16 { decoder(key).decode(type) }
  func decode(_ type: UInt32.Type, forKey key: Key) -> UInt32 { decoder(key).decode(type) }
  func decode(_ type: UInt64.Type, forKey key: Key) -> UInt64 { decoder(key).decode(type) }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decoder(key).decode(type)
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedDecodingContainer<Nested> { decoder(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
    decoder(key).unkeyedContainer()
  }
  func superDecoder() -> any Decoder { ProbingDecoder(probe: probe, path: path) }
  func superDecoder(forKey key: Key) -> any Decoder { decoder(key) }
}

private struct ProbingUnkeyed: UnkeyedDecodingContainer {
  let probe: FieldProbe
  let path: String
  var codingPath: [any CodingKey] { [] }
  var count: Int? { 1 }
  var currentIndex = 0
  var isAtEnd: Bool { currentIndex > 0 }

  init(probe: FieldProbe, path: String) {
    self.probe = probe
    self.path = path
  }

  private mutating func next() -> ProbingDecoder {
    currentIndex += 1
    return ProbingDecoder(probe: probe, path: path)
  }
  mutating func decodeNil() -> Bool { false }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try next().decode(type)
  }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedDecodingContainer<Nested> { next().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer {
    next().unkeyedContainer()
  }
  mutating func superDecoder() -> any Decoder { next() }
}
