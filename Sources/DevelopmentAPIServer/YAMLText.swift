import KubernetesAPI
import KubernetesYAML
import Yams

/// YAML to and from values. JSON is a subset of YAML, so what is written is always readable.
enum YAMLText {
  static func write(_ value: JSONValue) -> String {
    (try? Yams.serialize(node: node(value), sortKeys: false)) ?? value.jsonText + "\n"
  }

  /// What is YAML, and no object of the API.
  struct Refusal: Error, Hashable, Sendable {
    var message: String

    static let aliasing = Refusal(message: "document contains excessive aliasing")
    static let depth = Refusal(message: "exceeded max depth")
    static let number = Refusal(message: "a number is not finite")
  }

  /// The first document. Throws the parser's error, or a `Refusal`.
  static func read(_ text: String) throws -> JSONValue {
    guard YAMLAliases(text).areFew else { throw Refusal.aliasing }
    guard let node = try Yams.compose(yaml: text) else { return .null }
    // Without aliases each value takes at least a byte.
    var budget = text.utf8.count + 100_000
    return try value(node, depth: 0, &budget)
  }

  /// An error of the reader in the words of Go's. Go counts lines from 0, and scanners are a line
  /// ahead of parsers.
  static func message(_ error: any Error) -> String {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _)?: text(problem, line: mark.line)
    case .parser(_, let problem, let mark, _)?: text(problem, line: mark.line - 1)
    case .some(let other): "yaml: \(other)"
    case nil: "yaml: \((error as? Refusal)?.message ?? "\(error)")"
    }
  }

  private static func text(_ problem: String, line: Int) -> String {
    line > 0 ? "yaml: line \(line): \(problem)" : "yaml: \(problem)"
  }

  private static func node(_ value: JSONValue) -> Yams.Node {
    switch value {
    case .null: Yams.Node("null", Tag(.null))
    case .bool(let flag): Yams.Node(flag ? "true" : "false", Tag(.bool))
    case .integer(let number): Yams.Node(String(number), Tag(.int))
    case .double: Yams.Node(value.jsonText, Tag(.float))
    case .string(let text): Yams.Node(text, Tag(.str), style(text))
    case .array(let values): Yams.Node(values.map(node))
    case .object(let object): Yams.Node(object.map { (Yams.Node($0.key), node($0.value)) })
    }
  }

  /// Texts that would read as something else are quoted.
  private static func style(_ text: String) -> Yams.Node.Scalar.Style {
    let plain = Yams.Node(text)
    if text.isEmpty || plain.tag.description != Tag(.str).description { return .doubleQuoted }
    return .any
  }

  /// Keys are read as values are, and printed: `yes` is the key `true`.
  private static func name(_ key: Yams.Node) -> String {
    let text = key.string ?? ""
    if let flag = key.bool, key.tag == Tag(.bool) { return String(flag) }
    if let number = key.int, key.tag == Tag(.int), !text.contains(":") { return String(number) }
    return text
  }

  private static func value(
    _ node: Yams.Node, depth: Int, _ budget: inout Int
  ) throws -> JSONValue {
    guard depth <= JSONValue.depthLimit else { throw Refusal.depth }
    budget -= 1
    guard budget >= 0 else { throw Refusal.aliasing }
    switch node {
    case .scalar(let scalar):
      if scalar.style == .doubleQuoted || scalar.style == .singleQuoted {
        return .string(scalar.string)
      }
      if node.null != nil, node.tag == Tag(.null) { return .null }
      if let flag = node.bool, node.tag == Tag(.bool) { return .bool(flag) }
      // Numbers to the base of 60 are of YAML 1.1 alone, and Go reads none.
      if scalar.string.contains(":") { return .string(scalar.string) }
      if let number = node.int, node.tag == Tag(.int) { return .integer(Int64(number)) }
      if let number = node.float, node.tag == Tag(.float) {
        guard number.isFinite else { throw Refusal.number }
        return .double(number)
      }
      return .string(scalar.string)
    case .sequence(let sequence):
      var elements: [JSONValue] = []
      for element in sequence { elements.append(try value(element, depth: depth + 1, &budget)) }
      return .array(elements)
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, member) in mapping {
        object[name(key)] = try value(member, depth: depth + 1, &budget)
      }
      return .object(object)
    case .alias: return .null
    }
  }
}
