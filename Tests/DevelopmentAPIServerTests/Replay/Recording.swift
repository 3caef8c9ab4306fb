import FoundationEssentials
import KubernetesAPI

/// One recorded exchange.
struct RecordedStep: Sendable {
  let json: JSONValue

  var number: Int { Int(json["step"]?.integerValue ?? 0) }
  var note: String { json["note"]?.stringValue ?? "" }
  var user: String { json["user"]?.stringValue ?? "admin" }
  var request: JSONValue { json["request"] ?? [:] }
  var response: JSONValue { json["response"] ?? [:] }
  var webhooks: [JSONValue]? { json["webhooks"]?.arrayValue }
  var mode: String { json["compare"]?.stringValue ?? "exact" }
  var isPolled: Bool { json["poll"]?.boolValue ?? false }
  var isBackground: Bool { json["background"]?.boolValue ?? false }
  var until: Int { Int(json["until"]?.integerValue ?? 0) }
  var action: String? { json["action"]?.stringValue }
  var ignoresBookmarks: Bool { json["loose"]?.arrayValue?.contains("bookmarks") ?? false }
  var method: String { request["method"]?.stringValue ?? "GET" }
  var path: String { request["path"]?.stringValue ?? "/" }
  var isWatch: Bool { path.contains("watch=1") || path.contains("watch=true") }

  /// Reads one topic of the recordings.
  static func read(_ topic: String) throws -> [RecordedStep] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appending(path: "Fixtures/Recordings/\(topic).jsonl")
    return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
      RecordedStep(json: try JSONValue(parsing: $0))
    }
  }
}

/// Fills `${N:/json/pointer}` with values of earlier answers, and `${name}` with given texts.
struct StepTemplate {
  var answers: [Int: JSONValue]
  var names: [String: String]

  struct MissingValue: Error { var reference: String }

  func fill(_ value: JSONValue) throws -> JSONValue {
    switch value {
    case .object(let members):
      return .object(JSONObject(try members.map { ($0.key, try fill($0.value)) }))
    case .array(let elements): return .array(try elements.map(fill))
    case .string(let text):
      let text = withNames(text)
      if let match = text.wholeMatch(of: Self.reference) {
        return try answer(match.1, match.2)
      }
      return .string(try fill(text, escaping: false))
    case .null, .bool, .integer, .double: return value
    }
  }

  /// - Parameter escaping: the text is a path.
  func fill(_ text: String, escaping: Bool) throws -> String {
    var filled = ""
    var rest = Substring(withNames(text))
    while let match = rest.firstMatch(of: Self.reference) {
      filled += rest[..<match.range.lowerBound]
      let value = try answer(match.1, match.2)
      let plain = value.stringValue ?? value.jsonText
      filled += escaping ? Self.escape(plain) : plain
      rest = rest[match.range.upperBound...]
    }
    return filled + rest
  }

  private static var reference: Regex<(Substring, Substring, Substring)> {
    /\$\{(\d+):([^}]*)\}/
  }

  private func withNames(_ text: String) -> String {
    names.reduce(text) { $0.replacing("${\($1.key)}", with: $1.value) }
  }

  private func answer(_ step: Substring, _ pointer: Substring) throws -> JSONValue {
    var value = Int(step).flatMap { answers[$0] }
    for part in pointer.split(separator: "/") {
      let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      if let elements = value?.arrayValue {
        value = Int(key).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
      } else {
        value = value?[String(key)]
      }
    }
    guard let value else { throw MissingValue(reference: "\(step):\(pointer)") }
    return value
  }

  private static func escape(_ text: String) -> String {
    text.utf8.map { byte in
      let character = Character(UnicodeScalar(byte))
      if character.isASCII, character.isLetter || character.isNumber || "_.-~/".contains(character)
      {
        return String(character)
      }
      let hex = String(byte, radix: 16, uppercase: true)
      return "%" + (hex.count == 1 ? "0" : "") + hex
    }.joined()
  }
}
