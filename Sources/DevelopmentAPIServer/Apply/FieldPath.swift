import KubernetesAPI

/// One step from a value to a part of it, as managed fields name it.
enum FieldPathElement: Sendable, Hashable {
  /// `f:name`: a member of an object.
  case field(String)
  /// `k:{"port":80,"protocol":"TCP"}`: the element of a list map with these keys, sorted by name.
  case key([KeyField])
  /// `v:"a"`: the element of a set.
  case value(JSONValue)
  /// `i:0`: an element by place. Real servers read it and never write it.
  case index(Int)

  struct KeyField: Sendable, Hashable {
    var name: String
    var value: JSONValue
  }
}

extension FieldPathElement {
  /// The member name in `fieldsV1`.
  var encoded: String {
    switch self {
    case .field(let name): return "f:\(name)"
    case .key(let fields):
      let members = fields.map { "\(JSONValue.string($0.name).jsonText):\(GoText.json($0.value))" }
      return "k:{\(members.joined(separator: ","))}"
    case .value(let value): return "v:\(GoText.json(value))"
    case .index(let index): return "i:\(index)"
    }
  }

  /// Reads a member name of `fieldsV1`; `nil` for what no server writes.
  init?(encoded text: String) {
    let rest = String(text.dropFirst(2))
    switch text.prefix(2) {
    case "f:": self = .field(rest)
    case "k:":
      guard let members = (try? JSONValue(parsing: rest))?.objectValue else { return nil }
      self = .key(
        members.sorted { $0.key < $1.key }.map { KeyField(name: $0.key, value: $0.value) })
    case "v:":
      guard let value = try? JSONValue(parsing: rest) else { return nil }
      self = .value(value)
    case "i:":
      guard let index = Int(rest) else { return nil }
      self = .index(index)
    default: return nil
    }
  }
}

extension FieldPathElement: CustomStringConvertible {
  /// As paths in error texts: `.name`, `[port=80,protocol="TCP"]`, `[="a"]`, `[0]`.
  var description: String {
    switch self {
    case .field(let name): return ".\(name)"
    case .key(let fields):
      return "[\(fields.map { "\($0.name)=\($0.value.jsonText)" }.joined(separator: ","))]"
    case .value(let value): return "[=\(value.jsonText)]"
    case .index(let index): return "[\(index)]"
    }
  }
}

/// Members come first, then elements by key, by value and by place.
extension FieldPathElement: Comparable {
  static func < (left: FieldPathElement, right: FieldPathElement) -> Bool {
    switch (left, right) {
    case (.field(let a), .field(let b)): a < b
    case (.index(let a), .index(let b)): a < b
    default:
      left.rank == right.rank ? left.encoded < right.encoded : left.rank < right.rank
    }
  }

  private var rank: Int {
    switch self {
    case .field: 0
    case .key: 1
    case .value: 2
    case .index: 3
    }
  }
}
