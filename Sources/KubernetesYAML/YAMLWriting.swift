package import KubernetesAPI
internal import Yams

extension JSONValue {
  /// This value as a YAML document in block style, members in the order they are kept. Strings that
  /// would read as something else are quoted.
  package func yamlText() throws -> String {
    try serialize(node: yamlNode, width: -1, allowUnicode: true, sortKeys: false)
  }

  private var yamlNode: Yams.Node {
    switch self {
    case .null: Yams.Node("null", Tag(.null))
    case .bool(let value): Yams.Node(value ? "true" : "false", Tag(.bool))
    case .integer(let value): Yams.Node(String(value), Tag(.int))
    case .double: Yams.Node(jsonText, Tag(.float))
    case .string(let text): Self.node(text)
    case .array(let values):
      Yams.Node(values.map(\.yamlNode), Tag(.seq), values.isEmpty ? .flow : .block)
    case .object(let object):
      Yams.Node(
        object.map { (Self.node($0.key), $0.value.yamlNode) }, Tag(.map),
        object.isEmpty ? .flow : .block)
    }
  }

  private static func node(_ text: String) -> Yams.Node {
    if text.contains("\n") { return Yams.Node(text, Tag(.str), .literal) }
    let plain = Yams.Node(text)
    let resolved = Resolver.default.resolveTag(of: plain)
    return Yams.Node(text, Tag(.str), resolved == .str ? .any : .doubleQuoted)
  }
}

extension Sequence<JSONValue> {
  /// All values as the documents of one YAML text, separated by `---`.
  package func yamlDocuments() throws -> String {
    try map { try $0.yamlText() }.joined(separator: "---\n")
  }
}
