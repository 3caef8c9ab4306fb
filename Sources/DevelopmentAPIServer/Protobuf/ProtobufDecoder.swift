import KubernetesAPI

/// Reads objects from Kubernetes' protobuf envelope: four bytes `k8s` and NUL, then `runtime.Unknown`
/// with the kind and the message of that kind.
///
/// Only kinds of `ProtobufTable` are known; clients that can speak JSON should.
struct ProtobufDecoder: Sendable {
  enum Failure: Error, Hashable, Sendable {
    /// No envelope, or a message that ends too early.
    case malformed
    case unknownKind(String)
    case unknownField(message: String, number: UInt64)
  }

  private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

  indirect enum FieldType: Sendable, Hashable {
    case string, bool, int, bytes, time, quantity, intOrString, json
    /// Read by nobody.
    case any
    case message(String)
    case list(FieldType)
    case map(FieldType)

    init(_ text: Substring) {
      switch text {
      case "string": self = .string
      case "bool": self = .bool
      case "int": self = .int
      case "bytes": self = .bytes
      case "time": self = .time
      case "quantity": self = .quantity
      case "intOrString": self = .intOrString
      case "json": self = .json
      case "any": self = .any
      default:
        switch text.first {
        case "["?: self = .list(FieldType(text.dropFirst().dropLast()))
        case "{"?: self = .map(FieldType(text.dropFirst().dropLast()))
        default: self = .message(String(text))
        }
      }
    }
  }

  struct Field: Sendable, Hashable {
    var name: String
    var type: FieldType
  }

  /// By message and number.
  private let messages: [String: [UInt64: Field]]

  static let kubernetes = ProtobufDecoder(ProtobufTable.text)

  init(_ table: String) {
    var messages: [String: [UInt64: Field]] = [:]
    var current = ""
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.first == " ", words.count == 3, let number = UInt64(words[0]) {
        messages[current, default: [:]][number] = Field(
          name: String(words[1]), type: FieldType(words[2]))
      } else if let name = words.first {
        current = String(name)
        messages[current] = [:]
      }
    }
    self.messages = messages
  }

  /// The object in an envelope, as JSON has it.
  func decode(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
    guard bytes.starts(with: Self.magic) else { throw .malformed }
    var apiVersion = ""
    var kind = ""
    var content: ArraySlice<UInt8> = []
    var envelope = ProtobufReader(bytes[4...])
    while let (number, value) = try envelope.next() {
      switch (number, value) {
      case (1, .bytes(let typeMeta)):
        var reader = ProtobufReader(typeMeta)
        while let (number, value) = try reader.next() {
          guard case .bytes(let text) = value else { throw .malformed }
          if number == 1 { apiVersion = String(decoding: text, as: UTF8.self) }
          if number == 2 { kind = String(decoding: text, as: UTF8.self) }
        }
      case (2, .bytes(let raw)): content = raw
      default: break
      }
    }
    guard messages[kind] != nil else { throw .unknownKind(kind) }
    var object: JSONObject = ["kind": .string(kind), "apiVersion": .string(apiVersion)]
    if case .object(let members) = try message(kind, content) {
      for (name, value) in members { object[name] = value }
    }
    return .object(object)
  }

  private func message(
    _ name: String, _ bytes: ArraySlice<UInt8>
  ) throws(Failure) -> JSONValue {
    guard let fields = messages[name] else { throw .unknownKind(name) }
    var object = JSONObject()
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      guard let field = fields[number] else {
        // What is zero says nothing, so nothing is lost with it.
        if value.isZero { continue }
        throw .unknownField(message: name, number: number)
      }
      switch field.type {
      case .list(let element):
        let before = object[field.name]?.arrayValue ?? []
        object[field.name] = .array(before + [try self.value(value, element)])
      case .map(let type):
        var members = object[field.name]?.objectValue ?? [:]
        let (key, member) = try entry(value, type)
        members[key] = member
        object[field.name] = .object(members)
      case .any: continue
      case .message where field.name == ".":
        for (name, member) in try self.value(value, field.type).objectValue ?? [:] {
          object[name] = member
        }
      case .string, .bool, .int, .bytes, .time, .quantity, .intOrString, .json, .message:
        object[field.name] = try self.value(value, field.type)
      }
    }
    return .object(object)
  }

  private func entry(
    _ value: ProtobufReader.Value, _ type: FieldType
  ) throws(Failure) -> (String, JSONValue) {
    guard case .bytes(let bytes) = value else { throw .malformed }
    var key = ""
    var member: JSONValue = ""
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      if number == 1, case .bytes(let text) = value { key = String(decoding: text, as: UTF8.self) }
      if number == 2 { member = try self.value(value, type) }
    }
    return (key, member)
  }

  private func value(
    _ value: ProtobufReader.Value, _ type: FieldType
  ) throws(Failure) -> JSONValue {
    switch (type, value) {
    case (.string, .bytes(let text)): return .string(String(decoding: text, as: UTF8.self))
    case (.bytes, .bytes(let data)): return .string(Base64.encode(data))
    case (.bool, .number(let number)): return .bool(number != 0)
    case (.int, .number(let number)): return .integer(Int64(bitPattern: number))
    case (.message(let name), .bytes(let bytes)): return try message(name, bytes)
    case (.time, .bytes(let bytes)): return try time(bytes)
    case (.quantity, .bytes(let bytes)): return try quantity(bytes)
    case (.intOrString, .bytes(let bytes)): return try intOrString(bytes)
    case (.json, .bytes(let bytes)): return try json(bytes)
    default: throw .malformed
    }
  }

  /// Seconds in field 1; nothing at all is no time.
  private func time(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSONValue {
    var reader = ProtobufReader(bytes)
    var seconds: Int64 = 0
    while let (number, value) = try reader.next() {
      if number == 1, case .number(let number) = value { seconds = Int64(bitPattern: number) }
    }
    return seconds == 0 ? .null : .string(Timestamp(seconds: seconds).rfc3339)
  }

  private func quantity(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSONValue {
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      if number == 1, case .bytes(let text) = value {
        return .string(String(decoding: text, as: UTF8.self))
      }
    }
    return "0"
  }

  /// The text in field 1.
  private func json(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSONValue {
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      guard number == 1, case .bytes(let text) = value else { continue }
      do { return try JSONValue(parsing: Array(text)) } catch { throw .malformed }
    }
    return .object([:])
  }

  /// Field 1 says which: 0 an integer in field 2, 1 a text in field 3.
  private func intOrString(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSONValue {
    var reader = ProtobufReader(bytes)
    var isText = false
    var integer: JSONValue = 0
    var text: JSONValue = ""
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (1, .number(let type)): isText = type == 1
      case (2, .number(let number)): integer = .integer(Int64(bitPattern: number))
      case (3, .bytes(let bytes)): text = .string(String(decoding: bytes, as: UTF8.self))
      default: break
      }
    }
    return isText ? text : integer
  }
}

/// Reads the fields of one protobuf message in their order on the wire.
struct ProtobufReader {
  enum Value {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)

    var isZero: Bool {
      switch self {
      case .number(let number): number == 0
      case .bytes(let bytes): bytes.isEmpty
      }
    }
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The next field's number and value; `nil` at the end.
  mutating func next() throws(ProtobufDecoder.Failure) -> (number: UInt64, value: Value)? {
    if rest.isEmpty { return nil }
    let tag = try varint()
    switch tag & 7 {
    case 0: return (tag >> 3, .number(try varint()))
    case 1: return (tag >> 3, .number(try fixed(8)))
    case 2:
      let length = try varint()
      guard length <= rest.count else { throw .malformed }
      let bytes = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
      return (tag >> 3, .bytes(bytes))
    case 5: return (tag >> 3, .number(try fixed(4)))
    default: throw .malformed
    }
  }

  private mutating func varint() throws(ProtobufDecoder.Failure) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { throw .malformed }
      if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
      if byte < 0x80 { return value }
    }
    throw .malformed
  }

  private mutating func fixed(_ count: Int) throws(ProtobufDecoder.Failure) -> UInt64 {
    guard rest.count >= count else { throw .malformed }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
