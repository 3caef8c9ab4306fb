package import KubernetesAPI
internal import Yams

/// Why a text is not YAML that Kubernetes would take. `line` counts from 1.
package struct YAMLReadingError: Error, Hashable, Sendable, CustomStringConvertible {
  package var message: String
  package var line: Int?

  package init(message: String, line: Int? = nil) {
    self.message = message
    self.line = line
  }

  package var description: String { line.map { "line \($0): \(message)" } ?? message }
}

extension JSONValue {
  /// Reads a YAML text of one document; an empty text is `null`.
  ///
  /// - Throws: `YAMLReadingError`; of several documents, too.
  package init(yaml text: String) throws {
    let documents = try JSONValue.documents(yaml: text)
    guard documents.count <= 1 else {
      throw YAMLReadingError(message: "expected one document, not \(documents.count)")
    }
    self = documents.first ?? .null
  }

  /// Reads all documents of a YAML text, leaving out empty ones. Plain scalars follow the core schema
  /// of YAML 1.2 and the 1.1 booleans that Kubernetes manifests use, as sigs.k8s.io/yaml reads them.
  ///
  /// - Throws: `YAMLReadingError` for bad syntax, for members that stand twice in one mapping, and for
  ///   aliases or nesting that would take all memory or stack.
  package static func documents(yaml text: String) throws -> [JSONValue] {
    guard YAMLAliases(text).areFew else { throw YAMLReadingError.aliasing }
    do {
      var documents: [JSONValue] = []
      // Without aliases each value takes at least a byte.
      var budget = text.utf8.count + 100_000
      var nodes = try compose_all(yaml: text)
      while let node = nodes.next() {
        let document = try JSONValue(node, depth: 0, &budget)
        if !document.isNull { documents.append(document) }
      }
      // The iterator ends at a syntax error and keeps it to itself.
      if let error = nodes.error { throw error }
      return documents
    } catch let error as YamlError {
      throw YAMLReadingError(error)
    }
  }

  private init(_ node: Yams.Node, depth: Int, _ budget: inout Int) throws {
    guard depth <= JSONValue.depthLimit else {
      throw YAMLReadingError(message: "nested too deeply", line: node.mark?.line)
    }
    budget -= 1
    guard budget >= 0 else { throw YAMLReadingError.aliasing }
    switch node {
    case .scalar: self = Self.scalar(node)
    case .sequence(let sequence):
      var elements: [JSONValue] = []
      for element in sequence {
        elements.append(try JSONValue(element, depth: depth + 1, &budget))
      }
      self = .array(elements)
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw YAMLReadingError(message: "a key must be a string", line: key.mark?.line)
        }
        guard object[name.string] == nil else {
          throw YAMLReadingError(
            message: "key \"\(name.string)\" stands twice", line: key.mark?.line)
        }
        object[name.string] = try JSONValue(value, depth: depth + 1, &budget)
      }
      self = .object(object)
    case .alias:
      throw YAMLReadingError(message: "aliases are not supported", line: node.mark?.line)
    }
  }

  /// Quoted scalars are strings; plain ones are resolved by their looks.
  private static func scalar(_ node: Yams.Node) -> JSONValue {
    let text = JSONValue.string(node.string ?? "")
    // Numbers to the base of 60 are of YAML 1.1 alone: `1234:1` is a community.
    if node.string?.contains(":") ?? false { return text }
    return switch node.tag.rawValue {
    case Tag.Name.null.rawValue: .null
    case Tag.Name.bool.rawValue: node.bool.map(JSONValue.bool) ?? text
    case Tag.Name.int.rawValue: node.int.map { .integer(Int64($0)) } ?? text
    case Tag.Name.float.rawValue: node.float.map(JSONValue.double) ?? text
    default: text
    }
  }
}

extension YAMLReadingError {
  static let aliasing = YAMLReadingError(
    message: "the aliases (*name) of its anchors (&name) stand for too much: write it out")

  init(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(message: problem, line: mark.line)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "\"\($0)\"" }.sorted().joined(separator: ", ")
      self.init(message: "key \(names) stands twice", line: context.mark.line)
    case .reader, .writer, .emitter, .representer, .no, .memory, .dataCouldNotBeDecoded:
      self.init(message: "\(error)")
    }
  }
}
