package import KubernetesAPI
internal import Yams

/// Why a text is not the YAML that Kubernetes takes.
package struct YAMLParsingError: Error, Hashable, Sendable, CustomStringConvertible {
  package var description: String
}

extension JSONValue {
  /// The documents of a YAML stream as JSON values, empty documents left out. Scalars resolve as in
  /// kubectl (YAML 1.1: `yes` is a boolean); keys become strings.
  package static func documents(yaml text: String) throws(YAMLParsingError) -> [JSONValue] {
    do {
      return try compose_all(yaml: text).compactMap { node in
        let value = JSONValue(node)
        return value.isNull ? nil : value
      }
    } catch {
      throw YAMLParsingError(description: "\(error)")
    }
  }

  private init(_ node: Yams.Node) {
    switch node {
    case .scalar(let scalar): self = JSONValue(scalar, tag: node.tag)
    case .sequence(let sequence): self = .array(sequence.map { JSONValue($0) })
    case .mapping(let mapping):
      self = .object(
        JSONObject(mapping.lazy.map { ($0.key.scalar?.string ?? "", JSONValue($0.value)) }))
    case .alias: self = .null
    }
  }

  private init(_ scalar: Yams.Node.Scalar, tag: Tag) {
    let node = Yams.Node.scalar(scalar)
    let text = JSONValue.string(scalar.string)
    self =
      switch tag.rawValue {
      case "tag:yaml.org,2002:null": .null
      case "tag:yaml.org,2002:bool": node.bool.map { .bool($0) } ?? text
      case "tag:yaml.org,2002:int": node.int.map { .integer(Int64($0)) } ?? text
      case "tag:yaml.org,2002:float": node.float.map { .double($0) } ?? text
      default: text
      }
  }
}
