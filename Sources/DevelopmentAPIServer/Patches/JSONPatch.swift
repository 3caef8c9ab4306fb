import KubernetesAPI

/// A JSON Patch (RFC 6902): operations applied one after the other, all or none.
struct JSONPatch: Sendable, Hashable {
  enum Operation: Sendable, Hashable {
    case add(JSONPointer, JSONValue)
    case remove(JSONPointer)
    case replace(JSONPointer, JSONValue)
    case move(from: JSONPointer, JSONPointer)
    case copy(from: JSONPointer, JSONPointer)
    case test(JSONPointer, JSONValue)
  }

  /// What is wrong with a patch. A malformed one is a bad request; one that does not fit the object
  /// is unprocessable.
  enum Failure: Error, Hashable, Sendable {
    case malformed(String)
    case tooManyOperations(Int)
    case doesNotApply(String)
  }

  static let operationLimit = 10_000
  /// What `copy` operations may add together, as a real server: 3 MiB.
  static let copyLimit = 3 * 1024 * 1024

  var operations: [Operation]

  init(_ patch: JSONValue) throws(Failure) {
    guard let entries = patch.arrayValue else {
      throw .malformed(
        "json: cannot unmarshal \(GoText.jsonType(patch)) into Go value of type "
          + "[]handlers.jsonPatchOp")
    }
    guard entries.count <= Self.operationLimit else { throw .tooManyOperations(entries.count) }
    operations = []
    for entry in entries { operations.append(try Operation(entry)) }
  }

  func apply(to document: JSONValue) throws(Failure) -> JSONValue {
    var document = document
    var copied = 0
    for operation in operations { try operation.apply(to: &document, copied: &copied) }
    return document
  }
}

extension JSONPatch.Operation {
  init(_ entry: JSONValue) throws(JSONPatch.Failure) {
    guard case .object = entry else {
      throw .malformed(
        "json: cannot unmarshal \(GoText.jsonType(entry)) into Go value of type "
          + "handlers.jsonPatchOp")
    }
    func pointer(_ member: String) throws(JSONPatch.Failure) -> JSONPointer {
      guard let text = entry[member]?.stringValue, let pointer = JSONPointer(text) else {
        throw .doesNotApply("operation has no valid \"\(member)\"")
      }
      return pointer
    }
    let name = entry["op"]?.stringValue ?? ""
    let path = try pointer("path")
    switch name {
    case "add": self = .add(path, entry["value"] ?? .null)
    case "remove": self = .remove(path)
    case "replace": self = .replace(path, entry["value"] ?? .null)
    case "move": self = .move(from: try pointer("from"), path)
    case "copy": self = .copy(from: try pointer("from"), path)
    case "test": self = .test(path, entry["value"] ?? .null)
    default: throw .doesNotApply("Unexpected kind: \(name)")
    }
  }

  /// - Parameter copied: bytes that `copy` operations have added so far.
  func apply(to document: inout JSONValue, copied: inout Int) throws(JSONPatch.Failure) {
    switch self {
    case .add(let path, let value): try path.add(value, to: &document)
    case .remove(let path): _ = try path.remove(from: &document)
    case .replace(let path, let value): try path.replace(value, in: &document)
    case .move(let from, let path):
      let value = try from.remove(from: &document)
      try path.add(value, to: &document)
    case .copy(let from, let path):
      guard let value = from.value(in: document) else { throw .doesNotApply("missing \(from)") }
      copied += value.jsonBytes.count
      guard copied <= JSONPatch.copyLimit else {
        throw .doesNotApply(
          "Unable to complete the copy, the accumulated size increase of copy is \(copied), "
            + "exceeding the limit \(JSONPatch.copyLimit)")
      }
      try path.add(value, to: &document)
    case .test(let path, let value):
      // An absent value passes a test for null, as in the server's library.
      guard (path.value(in: document) ?? .null) == value else {
        throw .doesNotApply("testing value \(path) failed")
      }
    }
  }
}

extension JSONPatch.Failure: CustomStringConvertible {
  var description: String {
    switch self {
    case .malformed(let why), .doesNotApply(let why): why
    case .tooManyOperations(let count): "\(count) operations are too many"
    }
  }
}

extension JSONValue {
  /// Whether at most so many arrays and objects are nested.
  func isNested(atMost limit: Int) -> Bool {
    guard limit >= 0 else { return false }
    switch self {
    case .array(let elements): return elements.allSatisfy { $0.isNested(atMost: limit - 1) }
    case .object(let members): return members.allSatisfy { $0.value.isNested(atMost: limit - 1) }
    case .null, .bool, .integer, .double, .string: return true
    }
  }
}

/// A path into a document (RFC 6901).
struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
  var tokens: [String]

  /// The empty text, or one that starts with a slash.
  init?(_ text: String) {
    guard text.isEmpty || text.hasPrefix("/") else { return nil }
    tokens = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
      String($0).replacing("~1", with: "/").replacing("~0", with: "~")
    }
  }

  init(tokens: [String]) { self.tokens = tokens }

  var description: String {
    tokens.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
  }

  func value(in document: JSONValue) -> JSONValue? {
    var value = document
    for token in tokens {
      switch value {
      case .object(let members):
        guard let member = members[token] else { return nil }
        value = member
      case .array(let elements):
        guard let index = Self.index(token, count: elements.count) else { return nil }
        value = elements[index]
      case .null, .bool, .integer, .double, .string: return nil
      }
    }
    return value
  }

  /// Negative indices count from the end, as the server's library allows.
  private static func index(_ token: String, count: Int) -> Int? {
    guard let number = Int(token) else { return nil }
    let index = number < 0 ? number + count : number
    return index >= 0 && index < count ? index : nil
  }
}

extension JSONPointer {
  fileprivate func add(
    _ value: JSONValue, to document: inout JSONValue
  ) throws(JSONPatch.Failure) {
    guard !tokens.isEmpty else {
      document = value
      return
    }
    // Whatever comes later walks the document recursively.
    guard value.isNested(atMost: JSONValue.depthLimit - tokens.count) else {
      throw .doesNotApply("exceeded max depth")
    }
    try edit(&document, tokens[...]) { (parent, token) throws(JSONPatch.Failure) in
      switch parent {
      case .object(var members):
        members[token] = value
        parent = .object(members)
      case .array(var elements):
        if token == "-" {
          elements.append(value)
        } else if let index = Self.index(token, count: elements.count + 1) {
          elements.insert(value, at: index)
        } else {
          throw .doesNotApply("invalid index \(token)")
        }
        parent = .array(elements)
      case .null, .bool, .integer, .double, .string:
        throw .doesNotApply("add operation does not apply: \(self)")
      }
    }
  }

  fileprivate func replace(
    _ value: JSONValue, in document: inout JSONValue
  ) throws(JSONPatch.Failure) {
    guard self.value(in: document) != nil else {
      throw .doesNotApply("replace operation does not apply: missing \(self)")
    }
    guard !tokens.isEmpty else {
      document = value
      return
    }
    guard value.isNested(atMost: JSONValue.depthLimit - tokens.count) else {
      throw .doesNotApply("exceeded max depth")
    }
    try edit(&document, tokens[...]) { (parent, token) throws(JSONPatch.Failure) in
      if case .array(var elements) = parent {
        guard let index = Self.index(token, count: elements.count) else {
          throw .doesNotApply("invalid index \(token)")
        }
        elements[index] = value
        parent = .array(elements)
      } else {
        parent[token] = value
      }
    }
  }

  fileprivate func remove(
    from document: inout JSONValue
  ) throws(JSONPatch.Failure) -> JSONValue {
    guard !tokens.isEmpty, let removed = value(in: document) else {
      throw .doesNotApply("remove operation does not apply: missing \(self)")
    }
    try edit(&document, tokens[...]) { (parent, token) throws(JSONPatch.Failure) in
      if case .array(var elements) = parent {
        guard let index = Self.index(token, count: elements.count) else {
          throw .doesNotApply("invalid index \(token)")
        }
        elements.remove(at: index)
        parent = .array(elements)
      } else {
        parent[token] = nil
      }
    }
    return removed
  }

  /// Hands the container of the last token to `change`.
  private func edit(
    _ value: inout JSONValue, _ path: ArraySlice<String>,
    _ change: (_ parent: inout JSONValue, _ token: String) throws(JSONPatch.Failure) -> Void
  ) throws(JSONPatch.Failure) {
    guard let token = path.first else { return }
    if path.count == 1 {
      try change(&value, token)
      return
    }
    switch value {
    case .object(var members):
      guard var child = members[token] else { throw .doesNotApply("missing \(self)") }
      try edit(&child, path.dropFirst(), change)
      members[token] = child
      value = .object(members)
    case .array(var elements):
      guard let index = Self.index(token, count: elements.count) else {
        throw .doesNotApply("missing \(self)")
      }
      try edit(&elements[index], path.dropFirst(), change)
      value = .array(elements)
    case .null, .bool, .integer, .double, .string: throw .doesNotApply("missing \(self)")
    }
  }
}
