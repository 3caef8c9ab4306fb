import KubernetesYAML
import Yams

/// What a text says, and what of it cannot be used.
package struct LegacyReading: Sendable, Hashable {
  /// All entries that could be read.
  package var document: LegacyDocument
  /// One for each entry that could not, and for each fault of the document itself.
  package var problems: [LegacyProblem]
  /// Keys that were skipped; none where they are problems.
  package var skippedKeys: [LegacyProblem]

  package init(
    document: LegacyDocument, problems: [LegacyProblem] = [], skippedKeys: [LegacyProblem] = []
  ) {
    self.document = document
    self.problems = problems
    self.skippedKeys = skippedKeys
  }
}

extension LegacyDocument {
  /// Reads a document of any generation. An entry with a fault is left out and named, the others are kept.
  ///
  /// - Parameter skipsUnknownKeys: leaves out keys that no generation has, and not the entries that hold them.
  package static func read(_ text: String, skipsUnknownKeys: Bool = false) -> LegacyReading {
    let unknown = skipsUnknownKeys ? UnknownKeys() : nil
    var reader = LegacyReader(unknown: unknown)
    do {
      try reader.read(text)
    } catch {
      reader.problems.append(error)
    }
    return LegacyReading(
      document: reader.document, problems: reader.problems, skippedKeys: unknown?.problems ?? [])
  }

  /// Reads a document that must be free of faults.
  /// - Throws: the first fault.
  package init(parsing text: String) throws(LegacyProblem) {
    let reading = Self.read(text)
    if let problem = reading.problems.first { throw problem }
    self = reading.document
  }
}

/// Collects entries and faults.
private struct LegacyReader {
  let unknown: UnknownKeys?
  var document = LegacyDocument()
  var problems: [LegacyProblem] = []

  init(unknown: UnknownKeys?) { self.unknown = unknown }

  mutating func read(_ text: String) throws(LegacyProblem) {
    guard let root = try Self.compose(text), !root.isNull else { return }
    var mapping = try LegacyMapping(root, entry: .document, path: "", unknown: unknown)
    if mapping.contains("communities") && mapping.contains("bgp-communities") {
      problems.append(
        mapping.problem(
          .conflictingKeys, "communities",
          "communities is the older name of bgp-communities: write all of them there"))
    }
    let isNamedLikeEarlyFiles =
      !mapping.contains("bgp-communities") && !mapping.contains("bfd-profiles")
    for key in ["communities", "bgp-communities"] {
      let pairs = try mapping.readPairs(key) ?? []
      document.communities += pairs.map { LegacyCommunity(name: $0.key, value: $0.value) }
    }
    for (index, node) in (try mapping.readNodes("peers") ?? []).enumerated() {
      readEntry(node, entry: .peer(index), path: "peers[\(index)]") {
        (mapping) throws(LegacyProblem) in
        var peer = try LegacyPeer(reading: &mapping)
        peer.index = index
        return peer
      }.map { document.peers.append($0) }
    }
    for (index, node) in (try mapping.readNodes("address-pools") ?? []).enumerated() {
      let entry = node.name.map { LegacyProblem.Entry.pool($0) } ?? .document
      readEntry(node, entry: entry, path: "address-pools[\(index)]") {
        (mapping) throws(LegacyProblem) in
        try LegacyPool(reading: &mapping, mayBeEarly: isNamedLikeEarlyFiles)
      }.map { document.pools.append($0) }
    }
    for (index, node) in (try mapping.readNodes("bfd-profiles") ?? []).enumerated() {
      let entry = node.name.map { LegacyProblem.Entry.bfdProfile($0) } ?? .document
      readEntry(node, entry: entry, path: "bfd-profiles[\(index)]") {
        (mapping) throws(LegacyProblem) in try LegacyBFDProfile(reading: &mapping)
      }.map { document.bfdProfiles.append($0) }
    }
    try mapping.finish()
  }

  private mutating func readEntry<Value>(
    _ node: YAMLNode, entry: LegacyProblem.Entry, path: String,
    _ read: (inout LegacyMapping) throws(LegacyProblem) -> Value
  ) -> Value? {
    do {
      var mapping = try LegacyMapping(node, entry: entry, path: path, unknown: unknown)
      let value = try read(&mapping)
      try mapping.finish()
      return value
    } catch {
      problems.append(error)
      return nil
    }
  }

  private static func compose(_ text: String) throws(LegacyProblem) -> YAMLNode? {
    guard YAMLAliases(text).areFew else {
      throw LegacyProblem(
        .invalidYAML,
        message: "the aliases (*name) of its anchors (&name) stand for too much: write it out")
    }
    do {
      return try Yams.compose(yaml: text)
    } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(
      _, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _)
    {
      throw LegacyProblem(.invalidYAML, line: mark.line, message: "this is no YAML: \(problem)")
    } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
      let keys = duplicates.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
      throw LegacyProblem(
        .invalidYAML, line: context.mark.line, message: "the key \(keys) is written twice: keep one"
      )
    } catch {
      throw LegacyProblem(.invalidYAML, message: "this is no YAML text")
    }
  }
}

extension YAMLNode {
  /// The value of the key `name`.
  fileprivate var name: String? {
    guard case .mapping(let mapping) = self else { return nil }
    for (key, value) in mapping {
      if case .scalar(let key) = key, key.string == "name", case .scalar(let value) = value,
        !value.string.isEmpty
      {
        return value.string
      }
    }
    return nil
  }
}
