/// The little YAML that the ConfigMap needs, laid out as Go's encoder does it: keys in the order given, two spaces per
/// level, sequences level with their key, and quotes only where a plain scalar would read as something else.
struct YAMLWriter {
  indirect enum Node {
    case null
    /// A number or a boolean, printed as it is.
    case literal(String)
    case string(String)
    case sequence([Node])
    case mapping([(key: String, value: Node)])
  }

  private(set) var text = ""

  /// A whole document; an empty mapping is `{}`.
  mutating func write(_ node: Node) {
    switch node {
    case .mapping(let members) where !members.isEmpty: write(members, indentation: "")
    case .sequence(let items) where !items.isEmpty: write(items, indentation: "")
    case .null, .literal, .string, .sequence, .mapping: text += Self.inline(node) + "\n"
    }
  }

  private mutating func write(
    _ members: [(key: String, value: Node)], indentation: String, first: String? = nil
  ) {
    for (index, member) in members.enumerated() {
      text += index == 0 ? first ?? indentation : indentation
      text += Self.scalar(member.key) + ":"
      switch member.value {
      case .mapping(let members) where !members.isEmpty:
        text += "\n"
        write(members, indentation: indentation + "  ")
      case .sequence(let items) where !items.isEmpty:
        text += "\n"
        write(items, indentation: indentation)
      case .null, .literal, .string, .sequence, .mapping:
        text += " " + Self.inline(member.value) + "\n"
      }
    }
  }

  private mutating func write(_ items: [Node], indentation: String) {
    for item in items {
      switch item {
      case .mapping(let members) where !members.isEmpty:
        write(members, indentation: indentation + "  ", first: indentation + "- ")
      case .null, .literal, .string, .sequence, .mapping:
        text += indentation + "- " + Self.inline(item) + "\n"
      }
    }
  }

  private static func inline(_ node: Node) -> String {
    switch node {
    case .null: "null"
    case .literal(let text): text
    case .string(let text): scalar(text)
    case .sequence(let items): "[" + items.map(inline).joined(separator: ", ") + "]"
    case .mapping(let members):
      "{" + members.map { "\(scalar($0.key)): \(inline($0.value))" }.joined(separator: ", ") + "}"
    }
  }

  /// Plain where every YAML reader, 1.1 and 1.2, reads a string; else in double quotes.
  static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

  private static func isPlain(_ text: String) -> Bool {
    let allowed = text.unicodeScalars.allSatisfy {
      switch $0 {
      case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "/", ":", " ", "@", "+", "=": true
      default: false
      }
    }
    guard allowed, let first = text.unicodeScalars.first, let last = text.unicodeScalars.last,
      first != " ", last != " ", last != ":", !"-@=".unicodeScalars.contains(first)
    else { return false }
    let hasKeySeparator = zip(text.unicodeScalars, text.unicodeScalars.dropFirst())
      .contains { $0 == ":" && $1 == " " }
    return !hasKeySeparator && !otherTypes.contains(text.lowercased()) && !isNumberOrDate(text)
  }

  private static let otherTypes: Set<String> = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", "+.inf", ".nan",
  ]

  /// Errs on the side of quotes. Addresses, blocks and ranges of IPv4 have three points and stay plain.
  private static func isNumberOrDate(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard let first = scalars.first, "0"..."9" ~= first || first == "+" || first == "." else {
      return false
    }
    if Double(text) != nil || text.contains("_") { return true }
    if ["0x", "0o", "0b"].contains(where: text.lowercased().hasPrefix) { return true }
    let isDate = scalars.prefix(5).last == "-" && scalars.prefix(4).allSatisfy { "0"..."9" ~= $0 }
    return isDate || isBase60(text)
  }

  /// YAML 1.1 reads `190:20:30` as one number; `64512:77` has no such digit.
  private static func isBase60(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count > 1 && UInt64(parts[0]) != nil
      && parts.dropFirst().allSatisfy { $0.count <= 2 && UInt8($0).map { $0 < 60 } ?? false }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _
      where scalar.value < 0x20 || scalar.value == 0x7F || (0x80..<0xA0).contains(scalar.value):
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
