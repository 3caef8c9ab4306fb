internal import OrderedCollections

/// One JSON value (RFC 8259), as Kubernetes uses it: numbers keep whether they were written as an
/// integer, objects keep the order in which their members were written.
///
/// This is the shape for everything whose schema is not known at compile time: stored objects of
/// the development API server, rendered objects before they are applied, pass-through fields.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of a JSON object. Order is kept for printing and ignored by `==` and `hash(into:)`,
/// as JSON objects are unordered (RFC 8259 §4).
package struct JSONObject: Sendable {
  typealias Members = OrderedDictionary<String, JSONValue>

  var members: Members

  package init() { members = [:] }

  init(members: Members) { self.members = members }

  /// Of members with the same key the last one counts.
  package init(_ members: some Sequence<(String, JSONValue)>) {
    self.members = Members(members, uniquingKeysWith: { _, last in last })
  }

  package var isEmpty: Bool { members.isEmpty }
  package var count: Int { members.count }
  package var keys: [String] { members.keys.elements }

  /// Reads, replaces or, with `nil`, removes one member.
  package subscript(key: String) -> JSONValue? {
    get { members[key] }
    set { members[key] = newValue }
    _modify { yield &members[key] }
  }

  package subscript(key: String, default value: @autoclosure () -> JSONValue) -> JSONValue {
    get { members[key] ?? value() }
    _modify { yield &members[key, default: value()] }
  }

  @discardableResult
  package mutating func removeValue(forKey key: String) -> JSONValue? {
    members.removeValue(forKey: key)
  }

  /// Orders the members by key, as Go prints maps.
  package mutating func sort() { members.sort { $0.key < $1.key } }
}

extension JSONObject: Hashable {
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    for (key, value) in left.members where right.members[key] != value { return false }
    return true
  }

  package func hash(into hasher: inout Hasher) {
    var commutative = 0
    for (key, value) in members {
      var member = Hasher()
      member.combine(key)
      member.combine(value)
      commutative ^= member.finalize()
    }
    hasher.combine(commutative)
  }
}

extension JSONObject: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate var base: Members.Iterator
    package mutating func next() -> (key: String, value: JSONValue)? { base.next() }
  }

  package func makeIterator() -> Iterator { Iterator(base: members.makeIterator()) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    members = Members(elements, uniquingKeysWith: { _, last in last })
  }
}

/// Numbers are equal by value: `1` and `1.0` are the same JSON number.
extension JSONValue: Hashable {
  package static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.integer(let a), .double(let b)): Double(a) == b
    case (.double(let a), .integer(let b)): a == Double(b)
    case (.string(let a), .string(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    case (.null, _), (.bool, _), (.integer, _), (.double, _), (.string, _), (.array, _),
      (.object, _):
      false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let value): hasher.combine(value)
    case .integer(let value): hasher.combine(Double(value))
    case .double(let value): hasher.combine(value)
    case .string(let value): hasher.combine(value)
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(nilLiteral: ()) { self = .null }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(members: .init(elements, uniquingKeysWith: { _, last in last })))
  }
}

extension JSONValue {
  package var isNull: Bool { if case .null = self { true } else { false } }
  package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  package var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// An integer, also one that was written with a fraction of zero (`3.0`).
  package var integerValue: Int64? {
    switch self {
    case .integer(let value): value
    case .double(let value): Int64(exactly: value)
    case .null, .bool, .string, .array, .object: nil
    }
  }

  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }

  /// The member of an object. Setting a member of something that is no object makes it one;
  /// setting `nil` removes the member.
  package subscript(key: String) -> JSONValue? {
    get { if case .object(let object) = self { object[key] } else { nil } }
    set {
      var object = JSONObject()
      if case .object(let existing) = self { object = existing }
      self = .null  // keeps `object` uniquely referenced while it changes
      object[key] = newValue
      self = .object(object)
    }
  }

  /// The element of an array, or `nil` outside of its bounds.
  package subscript(index: Int) -> JSONValue? {
    if case .array(let array) = self, array.indices.contains(index) { array[index] } else { nil }
  }

  /// The value below a path of member names; setting creates the objects on the way.
  package subscript(path path: [String]) -> JSONValue? {
    get {
      var value: JSONValue? = self
      for key in path { value = value?[key] }
      return value
    }
    set { set(newValue, at: path[...]) }
  }

  private mutating func set(_ value: JSONValue?, at path: ArraySlice<String>) {
    guard let first = path.first else {
      self = value ?? .null
      return
    }
    if path.count == 1 {
      self[first] = value
      return
    }
    var child = self[first] ?? .object([:])
    if value == nil, self[first] == nil { return }
    child.set(value, at: path.dropFirst())
    self[first] = child
  }

  package static func strings(_ values: some Sequence<String>) -> JSONValue {
    .array(values.map { .string($0) })
  }

  package static func strings(_ values: [String: String]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in values.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
    return .object(object)
  }
}
