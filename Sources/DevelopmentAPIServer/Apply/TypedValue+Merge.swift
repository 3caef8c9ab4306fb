import KubernetesAPI
import OrderedCollections

extension TypedValue {
  /// A live value with an applied one laid over it: members and entries join, leaves are the applied
  /// one's.
  func merging(_ applied: JSONValue) -> JSONValue {
    Self.merge(value, applied, schema) ?? .object([:])
  }

  private static func merge(
    _ live: JSONValue?, _ applied: JSONValue?, _ schema: ObjectSchema
  ) -> JSONValue? {
    guard let present = applied ?? live else { return nil }
    let shape = shape(of: present, schema)
    switch (shape, present) {
    case (.map, .object):
      let before = live?.objectValue ?? [:]
      let after = applied?.objectValue ?? [:]
      if before.isEmpty && after.isEmpty { return present }
      var merged: JSONObject = [:]
      for name in OrderedSet(before.keys + after.keys) {
        merged[name] = merge(before[name], after[name], schema.memberOrAny(name))
      }
      return .object(merged)
    case (.set, .array), (.listMap, .array):
      let before = live?.arrayValue ?? []
      let after = applied?.arrayValue ?? []
      if before.isEmpty && after.isEmpty { return present }
      return .array(mergeLists(before, after, shape, schema))
    default: return present
    }
  }

  /// Shared entries keep the order of the applied list. Entries of one list alone stay where they
  /// are between shared ones, those of the live list first.
  private static func mergeLists(
    _ live: [JSONValue], _ applied: [JSONValue], _ shape: Shape, _ schema: ObjectSchema
  ) -> [JSONValue] {
    let left = elements(of: live, shape, schema)
    let right = elements(of: applied, shape, schema)
    let element = if case .set = shape { ObjectSchema() } else { schema.elementOrAny }
    var shared = right.keys.filter { left[$0] != nil }[...]
    var result: [JSONValue] = []
    var done: Set<FieldPathElement> = []

    func take(_ path: FieldPathElement) {
      if let merged = merge(left[path], right[path], element) { result.append(merged) }
      done.insert(path)
      if shared.first == path { shared.removeFirst() }
    }

    var (leftIndex, rightIndex) = (0, 0)
    while leftIndex < left.count || rightIndex < right.count {
      if leftIndex < left.count, rightIndex < right.count {
        let path = left.keys[leftIndex]
        if path == right.keys[rightIndex] {
          take(path)
          leftIndex += 1
          rightIndex += 1
          continue
        }
        // Shared, but another shared entry comes first in the applied order.
        if right[path] != nil, let next = shared.first, next != path {
          leftIndex += 1
          continue
        }
      }
      if leftIndex < left.count {
        let path = left.keys[leftIndex]
        if right[path] == nil {
          take(path)
          leftIndex += 1
          continue
        }
        if done.contains(path) { leftIndex += 1 }
      }
      if rightIndex < right.count {
        take(right.keys[rightIndex])
        rightIndex += 1
      }
    }
    return result
  }

  /// The value without the paths of a set.
  func removing(_ set: FieldSet) -> JSONValue { Self.remove(set, from: value, schema) }

  private static func remove(
    _ set: FieldSet, from value: JSONValue, _ schema: ObjectSchema
  ) -> JSONValue {
    let shape = shape(of: value, schema)
    switch (shape, value) {
    case (.map, .object(let members)):
      var kept: JSONObject = [:]
      for (name, member) in members {
        let element = FieldPathElement.field(name)
        if set.members.contains(element) { continue }
        if let below = set.children[element] {
          kept[name] = remove(below, from: member, schema.memberOrAny(name))
        } else {
          kept[name] = member
        }
      }
      return members.isEmpty || !kept.isEmpty ? .object(kept) : .null
    case (.set, .array(let elements)), (.listMap, .array(let elements)):
      var kept: [JSONValue] = []
      for element in elements {
        guard let path = try? pathElement(of: element, shape, schema) else {
          kept.append(element)
          continue
        }
        if set.members.contains(path) { continue }
        if let below = set.children[path] {
          kept.append(remove(below, from: element, schema.elementOrAny))
        } else {
          kept.append(element)
        }
      }
      return elements.isEmpty || !kept.isEmpty ? .array(kept) : .null
    default: return value
    }
  }
}
