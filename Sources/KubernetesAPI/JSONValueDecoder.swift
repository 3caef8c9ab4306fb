extension JSONValue {
  /// Reads a typed value out of this JSON. A member that is `null` counts as absent.
  ///
  /// - Throws: `DecodingError`, whose coding path names the field.
  package func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    if type == JSONValue.self, let value = self as? Value { return value }
    return try Value(from: JSONValueDecoder(value: self))
  }
}

extension JSONValue: Decodable {
  package init(from decoder: any Decoder) throws {
    guard let decoder = decoder as? JSONValueDecoder else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath, debugDescription: "JSONValue decodes from JSON values"))
    }
    self = decoder.value
  }
}

/// Names a decoding failure the way Kubernetes names fields: `spec.ports[0].port`.
extension DecodingError {
  package var fieldDescription: String {
    switch self {
    case .typeMismatch(_, let context), .dataCorrupted(let context):
      Self.fieldDescription(context.codingPath) + ": " + context.debugDescription
    case .valueNotFound(_, let context):
      Self.fieldDescription(context.codingPath) + ": required value"
    case .keyNotFound(let key, let context):
      Self.fieldDescription(context.codingPath + [key]) + ": required value"
    @unknown default: "\(self)"
    }
  }

  private static func fieldDescription(_ path: [any CodingKey]) -> String {
    var text = ""
    for key in path {
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : "." + key.stringValue
      }
    }
    return text.isEmpty ? "(root)" : text
  }
}

struct JSONCodingKey: CodingKey {
  var stringValue: String
  var intValue: Int?

  init(stringValue: String) { self.stringValue = stringValue }
  init(intValue: Int) {
    self.stringValue = String(intValue)
    self.intValue = intValue
  }
}

/// Where a container stands: its key and the container around it. Paths are wanted for errors only,
/// so they are kept as a chain and cost nothing for each member.
private final class JSONCodingPath {
  private let parent: JSONCodingPath?
  private let key: any CodingKey

  init(_ parent: JSONCodingPath?, _ key: any CodingKey) {
    self.parent = parent
    self.key = key
  }

  var keys: [any CodingKey] {
    var keys = [key]
    var next = parent
    while let path = next {
      keys.append(path.key)
      next = path.parent
    }
    return keys.reversed()
  }
}

private struct JSONValueDecoder: Decoder {
  let value: JSONValue
  var parent: JSONCodingPath?
  var key: (any CodingKey)?

  private var path: JSONCodingPath? { key.map { JSONCodingPath(parent, $0) } }
  var codingPath: [any CodingKey] { path?.keys ?? [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let object) = value else { throw mismatch([String: JSONValue].self) }
    return KeyedDecodingContainer(JSONKeyedDecoding(object: object, path: path))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let array) = value else { throw mismatch([JSONValue].self) }
    return JSONUnkeyedDecoding(array: array, path: path)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func mismatch(_ type: Any.Type) -> DecodingError {
    let found =
      switch value {
      case .null: "null"
      case .bool: "a boolean"
      case .integer, .double: "a number"
      case .string: "a string"
      case .array: "a list"
      case .object: "an object"
      }
    return .typeMismatch(
      type,
      .init(codingPath: codingPath, debugDescription: "\(expectation(of: type)), not \(found)"))
  }

  private func expectation(of type: Any.Type) -> String {
    switch type {
    case is Bool.Type: "must be a boolean"
    case is String.Type: "must be a string"
    case is any FixedWidthInteger.Type: "must be an integer"
    case is any BinaryFloatingPoint.Type: "must be a number"
    case is [JSONValue].Type: "must be a list"
    default: "must be an object"
    }
  }
}

extension JSONValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value.isNull }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard case .bool(let value) = value else { throw mismatch(type) }
    return value
  }

  func decode(_ type: String.Type) throws -> String {
    guard case .string(let value) = value else { throw mismatch(type) }
    return value
  }

  func decode(_ type: Double.Type) throws -> Double {
    guard let value = value.doubleValue else { throw mismatch(type) }
    return value
  }

  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }

  private func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
    guard let wide = value.integerValue else { throw mismatch(type) }
    guard let narrow = Value(exactly: wide) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "\(wide) is out of range"))
    }
    return narrow
  }

  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }
}

private struct JSONKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let object: JSONObject
  let path: JSONCodingPath?
  var codingPath: [any CodingKey] { path?.keys ?? [] }

  var allKeys: [Key] { object.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }

  private func decoder(_ key: Key) throws -> JSONValueDecoder {
    guard let value = object[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "required value"))
    }
    return JSONValueDecoder(value: value, parent: path, key: key)
  }

  func decodeNil(forKey key: Key) -> Bool { object[key.stringValue]?.isNull ?? true }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try decoder(key).decode(type)
  }
  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try decoder(key).decode(type)
  }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try decoder(key).decode(type)
  }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    try decoder(key).decode(type)
  }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).decode(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).decode(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
    try decoder(key).decode(type)
  }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    try decoder(key).decode(type)
  }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    try decoder(key).decode(type)
  }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).decode(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
    try decoder(key).decode(type)
  }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
    try decoder(key).decode(type)
  }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
    try decoder(key).decode(type)
  }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try decoder(key).decode(type)
  }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try Value(from: decoder(key))
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }
  func superDecoder() -> any Decoder {
    JSONValueDecoder(value: .object(object))
  }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct JSONUnkeyedDecoding: UnkeyedDecodingContainer {
  let array: [JSONValue]
  let path: JSONCodingPath?
  var currentIndex = 0
  var codingPath: [any CodingKey] { path?.keys ?? [] }

  init(array: [JSONValue], path: JSONCodingPath?) {
    self.array = array
    self.path = path
  }

  var count: Int? { array.count }
  var isAtEnd: Bool { currentIndex >= array.count }

  private mutating func next() throws -> JSONValueDecoder {
    let key = JSONCodingKey(intValue: currentIndex)
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        JSONValue.self, .init(codingPath: codingPath + [key], debugDescription: "end of list"))
    }
    defer { currentIndex += 1 }
    return JSONValueDecoder(value: array[currentIndex], parent: path, key: key)
  }

  mutating func decodeNil() -> Bool {
    guard !isAtEnd, array[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try Value(from: next())
  }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { try next() }
}
