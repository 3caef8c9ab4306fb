import KubernetesAPI
import Yams

/// Kubernetes has a kind of the same name.
typealias YAMLNode = Yams.Node

/// One mapping of a document while it is read: typed access to its keys, and an error for each key that nobody asked
/// for, with its line and place.
///
/// Every `read…` method returns nil when the key is absent or null, and throws ``LegacyProblem`` for a wrong type.
struct LegacyMapping {
  let entry: LegacyProblem.Entry
  /// The place of the mapping in the document: `address-pools[0]`.
  let path: String
  let line: Int?
  private let members: [String: YAMLNode]
  /// In the order written.
  private let keys: [(name: String, line: Int?)]
  private var known: Set<String> = []
  /// Where unknown keys go; nil where they are errors.
  private let unknown: UnknownKeys?

  init(
    _ node: YAMLNode, entry: LegacyProblem.Entry, path: String, unknown: UnknownKeys? = nil
  ) throws(LegacyProblem) {
    self.unknown = unknown
    guard case .mapping(let mapping) = node else {
      throw LegacyProblem(
        .wrongType, entry: entry, path: path, line: node.mark?.line,
        message: "expected keys and values, found \(node.kindName)")
    }
    self.entry = entry
    self.path = path
    line = node.mark?.line
    var members: [String: YAMLNode] = [:]
    var keys: [(String, Int?)] = []
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else {
        throw LegacyProblem(
          .wrongType, entry: entry, path: path, line: key.mark?.line,
          message: "a key must be a plain word")
      }
      members[scalar.string] = value
      keys.append((scalar.string, key.mark?.line))
    }
    self.members = members
    self.keys = keys
  }

  func contains(_ key: String) -> Bool { members[key].map { !$0.isNull } ?? false }

  func problem(
    _ reason: LegacyProblem.Reason, _ key: String, _ message: String
  ) -> LegacyProblem {
    LegacyProblem(
      reason, entry: entry, path: place(key), line: members[key]?.mark?.line ?? line,
      message: message)
  }

  /// Throws for the first key that no `read…` call asked for, or notes them all.
  func finish() throws(LegacyProblem) {
    for key in keys where !known.contains(key.name) {
      let meant = known.first { Self.bare($0) == Self.bare(key.name) }
      let hint = meant.map { ": write \($0)" } ?? ": remove it"
      let problem = LegacyProblem(
        .unknownKey, entry: entry, path: place(key.name), line: key.line,
        message: "unknown key \"\(key.name)\"\(hint)")
      guard let unknown else { throw problem }
      unknown.problems.append(problem)
    }
  }

  mutating func readString(_ key: String) throws(LegacyProblem) -> String? {
    guard let node = read(key) else { return nil }
    return try string(node, place(key))
  }

  mutating func readRequiredString(_ key: String) throws(LegacyProblem) -> String {
    guard let text = try readString(key), !text.isEmpty else {
      throw problem(.missingKey, key, "\(key) is missing")
    }
    return text
  }

  mutating func readBool(_ key: String) throws(LegacyProblem) -> Bool? {
    guard let node = read(key) else { return nil }
    // YAML 1.1, as the readers of all generations had it.
    switch try string(node, place(key)).lowercased() {
    case "true", "yes", "on", "y": return true
    case "false", "no", "off", "n": return false
    default: throw wrongType(node, place(key), "true or false")
    }
  }

  mutating func readInteger<Value: FixedWidthInteger>(
    _ key: String, as type: Value.Type = Value.self
  ) throws(LegacyProblem) -> Value? {
    guard let node = read(key) else { return nil }
    guard let value = Value(try string(node, place(key))) else {
      throw wrongType(node, place(key), "a whole number from \(Value.min) to \(Value.max)")
    }
    return value
  }

  mutating func readRequiredInteger<Value: FixedWidthInteger>(
    _ key: String, as type: Value.Type = Value.self
  ) throws(LegacyProblem) -> Value {
    guard let value = try readInteger(key, as: type) else {
      throw problem(.missingKey, key, "\(key) is missing")
    }
    return value
  }

  /// A duration in Go's text form.
  mutating func readDuration(_ key: String) throws(LegacyProblem) -> Duration? {
    guard let node = read(key) else { return nil }
    guard let value = Duration(goText: try string(node, place(key))), value >= .zero else {
      throw wrongType(node, place(key), "a duration such as 90s or 1m30s")
    }
    return value
  }

  mutating func readStrings(_ key: String) throws(LegacyProblem) -> [String]? {
    guard let nodes = try readNodes(key) else { return nil }
    var strings: [String] = []
    for (index, node) in nodes.enumerated() {
      strings.append(try string(node, "\(place(key))[\(index)]"))
    }
    return strings
  }

  /// A mapping from text to text, in the order written.
  mutating func readPairs(_ key: String) throws(LegacyProblem) -> [(key: String, value: String)]? {
    guard let node = read(key) else { return nil }
    var mapping = try LegacyMapping(node, entry: entry, path: place(key))
    var pairs: [(String, String)] = []
    for name in mapping.keys.map(\.name) {
      pairs.append((name, try mapping.readString(name) ?? ""))
    }
    return pairs
  }

  /// The items of a list, for the caller to read.
  mutating func readNodes(_ key: String) throws(LegacyProblem) -> [YAMLNode]? {
    guard let node = read(key) else { return nil }
    guard case .sequence(let items) = node else { throw wrongType(node, place(key), "a list") }
    return Array(items)
  }

  /// The items of a list, each read as a mapping; an item with unknown keys throws.
  mutating func readItems<Item>(
    _ key: String, _ read: (inout LegacyMapping) throws(LegacyProblem) -> Item
  ) throws(LegacyProblem) -> [Item]? {
    guard let nodes = try readNodes(key) else { return nil }
    var items: [Item] = []
    for (index, node) in nodes.enumerated() {
      var mapping = try LegacyMapping(
        node, entry: entry, path: "\(place(key))[\(index)]", unknown: unknown)
      items.append(try read(&mapping))
      try mapping.finish()
    }
    return items
  }

  private mutating func read(_ key: String) -> YAMLNode? {
    known.insert(key)
    guard let node = members[key], !node.isNull else { return nil }
    return node
  }

  private func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func string(_ node: YAMLNode, _ place: String) throws(LegacyProblem) -> String {
    guard case .scalar(let scalar) = node else { throw wrongType(node, place, "a single value") }
    return scalar.string
  }

  /// Names what was found, never its text: it could be a password.
  private func wrongType(_ node: YAMLNode, _ place: String, _ expected: String) -> LegacyProblem {
    LegacyProblem(
      .wrongType, entry: entry, path: place, line: node.mark?.line,
      message: "expected \(expected), found \(node.kindName)")
  }

  /// `autoAssign`, `auto_assign` and `auto-assign` are the same word.
  private static func bare(_ key: String) -> String {
    key.lowercased().filter { $0 != "-" && $0 != "_" }
  }
}

/// Keys that no generation has, gathered while a document is read.
final class UnknownKeys {
  var problems: [LegacyProblem] = []
}

extension YAMLNode {
  var isNull: Bool {
    guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else {
      return false
    }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  fileprivate var kindName: String {
    switch self {
    case .scalar: isNull ? "nothing" : "another value"
    case .mapping: "keys and values"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }
}
