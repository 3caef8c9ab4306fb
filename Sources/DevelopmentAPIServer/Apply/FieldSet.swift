import KubernetesAPI
import OrderedCollections

/// A set of paths into an object: what one manager owns.
///
/// `members` are paths that end here, `children` lead further. A path can be both: the entry of a
/// list map is owned as such (`.` in `fieldsV1`) beside the fields in it.
struct FieldSet: Sendable, Hashable {
  private(set) var members: Set<FieldPathElement> = []
  private(set) var children: [FieldPathElement: FieldSet] = [:]

  init() {}

  init(_ paths: [FieldPathElement]...) {
    for path in paths { insert(path) }
  }

  var isEmpty: Bool { members.isEmpty && children.isEmpty }

  mutating func insert(_ path: some Collection<FieldPathElement>) {
    guard let first = path.first else { return }
    if path.count == 1 {
      members.insert(first)
    } else {
      children[first, default: FieldSet()].insert(path.dropFirst())
    }
  }

  mutating func insert(_ element: FieldPathElement) { members.insert(element) }

  /// Hangs a set below an element; an empty one leaves no trace.
  mutating func insert(_ set: FieldSet, below element: FieldPathElement) {
    guard !set.isEmpty else { return }
    children[element] = children[element]?.union(set) ?? set
  }

  func contains(_ path: some Collection<FieldPathElement>) -> Bool {
    guard let first = path.first else { return false }
    if path.count == 1 { return members.contains(first) }
    return children[first]?.contains(path.dropFirst()) ?? false
  }

  func union(_ other: FieldSet) -> FieldSet {
    var result = self
    result.members.formUnion(other.members)
    for (element, set) in other.children { result.insert(set, below: element) }
    return result
  }

  func intersection(_ other: FieldSet) -> FieldSet {
    var result = FieldSet()
    result.members = members.intersection(other.members)
    for (element, set) in children {
      if let counterpart = other.children[element] {
        result.insert(set.intersection(counterpart), below: element)
      }
    }
    return result
  }

  /// Takes paths away one by one; what lies below a path that goes stays.
  func difference(_ other: FieldSet) -> FieldSet {
    var result = FieldSet()
    result.members = members.subtracting(other.members)
    for (element, set) in children {
      result.insert(other.children[element].map(set.difference) ?? set, below: element)
    }
    return result
  }

  /// Takes paths away with all that lies below them.
  func recursiveDifference(_ other: FieldSet) -> FieldSet {
    var result = FieldSet()
    result.members = members.subtracting(other.members)
    for (element, set) in children where !other.members.contains(element) {
      result.insert(other.children[element].map(set.recursiveDifference) ?? set, below: element)
    }
    return result
  }

  /// All paths: members first, then what is below, both sorted.
  var paths: [[FieldPathElement]] {
    members.sorted().map { [$0] }
      + children.keys.sorted().flatMap { element in
        (children[element]?.paths ?? []).map { [element] + $0 }
      }
  }

  /// The set with every declared member added that leads to one of its paths: who owns `a.b.c` has a
  /// say about the struct fields `a` and `a.b`, though not about keys of maps.
  func ensuringNamedFieldsAreMembers(_ schema: ObjectSchema) -> FieldSet {
    var result = FieldSet()
    result.members = members
    for (element, set) in children {
      var below = ObjectSchema.any
      switch element {
      case .field(let name):
        if schema.properties[name] != nil { result.members.insert(element) }
        below = schema.member(name) ?? .any
      case .key: below = schema.items?.value ?? .any
      case .value, .index: break
      }
      result.insert(set.ensuringNamedFieldsAreMembers(below), below: element)
    }
    return result
  }
}

/// `fieldsV1`: an object per path element, empty where a path ends, with `.` where it also leads on.
extension FieldSet {
  var encoded: JSONValue {
    var object: JSONObject = [:]
    for element in Set(members).union(children.keys).sorted() {
      var value: JSONObject = [:]
      if let set = children[element] {
        if members.contains(element) { value["."] = [:] }
        for (name, member) in set.encoded.objectValue ?? [:] { value[name] = member }
      }
      object[element.encoded] = .object(value)
    }
    return .object(object)
  }

  init?(encoded value: JSONValue) {
    guard case .object(let object) = value else { return nil }
    for (name, member) in object where name != "." {
      guard let element = FieldPathElement(encoded: name), case .object(let below) = member else {
        return nil
      }
      guard let set = FieldSet(encoded: member) else { return nil }
      if below.isEmpty || below["."] != nil { members.insert(element) }
      insert(set, below: element)
    }
  }
}

extension FieldSet: CustomStringConvertible {
  var description: String {
    paths.map { $0.map(\.description).joined() }.joined(separator: "\n")
  }
}
