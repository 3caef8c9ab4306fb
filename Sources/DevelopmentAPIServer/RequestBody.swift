import KubernetesAPI

/// Reads the objects that requests carry.
enum RequestBody {
  static let acceptedTypes = [
    "application/json", "application/yaml", "application/vnd.kubernetes.protobuf",
  ]
  /// As a real server: 3 MiB.
  static let sizeLimit = 3 * 1024 * 1024

  /// The body as a value; `expected` names the kind in error texts.
  static func parse(_ request: APIRequest, expected: String) throws(APIError) -> JSONValue {
    let type = MediaType(request.header("Content-Type") ?? "application/json")
    switch type.name {
    case "application/json", "": return try parseJSON(request.body, expected: expected)
    case "application/yaml":
      do {
        return try YAMLText.read(String(decoding: request.body, as: UTF8.self))
      } catch {
        throw .badRequest(
          "the object provided is unrecognized (must be of type \(expected)): "
            + "error converting YAML to JSON: \(YAMLText.message(error))")
      }
    case "application/vnd.kubernetes.protobuf":
      return try parseProtobuf(request.body, expected: expected)
    default:
      throw .unsupportedMediaType(accepted: acceptedTypes)
    }
  }

  private static func parseProtobuf(
    _ bytes: [UInt8], expected: String
  ) throws(APIError) -> JSONValue {
    do {
      return try ProtobufDecoder.kubernetes.decode(bytes)
    } catch {
      switch error {
      case .malformed:
        throw .badRequest(
          "the object provided is unrecognized (must be of type \(expected)): the protobuf message "
            + "is malformed")
      case .unknownKind, .unknownField:
        // JSON is what the client can do about it.
        throw .unsupportedMediaType(accepted: acceptedTypes.filter { !$0.hasSuffix("protobuf") })
      }
    }
  }

  private static func parseJSON(
    _ bytes: [UInt8], expected: String
  ) throws(APIError) -> JSONValue {
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .badRequest(
        "the object provided is unrecognized (must be of type \(expected)): "
          + "couldn't get version/kind; json parse error: \(GoJSON.message(error, in: bytes)) "
          + "(\(excerpt(bytes)))")
    }
  }

  private static func excerpt(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "<empty>" }
    let limit = 1024
    let text = String(decoding: bytes.prefix(limit), as: UTF8.self)
    return bytes.count > limit ? text + "..." : text
  }
}

/// JSON errors in the words of Go's decoder.
enum GoJSON {
  static func message(_ error: JSONParsingError, in bytes: [UInt8]) -> String {
    switch error.reason {
    case .unexpectedEnd: return "unexpected end of JSON input"
    case .unexpectedByte, .invalidNumber, .trailingBytes, .controlCharacter, .invalidEscape:
      guard error.offset < bytes.count else { return "unexpected end of JSON input" }
      let character = quoted(bytes[error.offset])
      return "invalid character \(character) \(context(error, bytes))"
    case .invalidUTF8: return "invalid UTF-8 in string literal"
    case .tooDeep: return "exceeded max depth"
    }
  }

  private static func quoted(_ byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "'"): "'\\''"
    case UInt8(ascii: "\""): "'\"'"
    case 0x20..<0x7F: "'\(Character(UnicodeScalar(byte)))'"
    default: "'\\u00\(String(byte >> 4, radix: 16))\(String(byte & 15, radix: 16))'"
    }
  }

  private static func context(_ error: JSONParsingError, _ bytes: [UInt8]) -> String {
    switch error.reason {
    case .trailingBytes: return "after top-level value"
    case .controlCharacter: return "in string literal"
    case .invalidEscape: return "in string escape code"
    case .invalidNumber: return "in numeric literal"
    case .unexpectedByte, .unexpectedEnd, .invalidUTF8, .tooDeep: break
    }
    let before = bytes[..<error.offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    switch before {
    case UInt8(ascii: "{")?: return "looking for beginning of object key string"
    case UInt8(ascii: ":")?, UInt8(ascii: "[")?, nil: return "looking for beginning of value"
    case UInt8(ascii: ",")?: return "looking for beginning of value"
    case UInt8(ascii: "\"")?: return "after object key"
    case .some: return "looking for beginning of value"
    }
  }
}
