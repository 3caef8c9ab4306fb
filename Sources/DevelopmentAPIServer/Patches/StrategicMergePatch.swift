import KubernetesAPI

/// Strategic merge patch: a merge patch that knows the kind, so that lists of objects merge by key.
///
/// Directives, all of them members of the patch: `$patch` (`replace`, `delete`, `merge`),
/// `$retainKeys`, `$setElementOrder/<list>` and `$deleteFromPrimitiveList/<list>`. Only built-in
/// kinds have the strategies it needs (`ObjectSchema.patch`).
struct StrategicMergePatch: Sendable {
  /// Why a patch cannot be merged, in the words of a real server, which answers it with code 500.
  struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }

  static func apply(
    _ patch: JSONValue, to document: JSONValue, schema: ObjectSchema
  ) throws(Failure) -> JSONValue {
    .object(try merge(document.objectValue ?? [:], patch.objectValue ?? [:], schema))
  }

  private static let retainKeys = "$retainKeys"
  private static let elementOrder = "$setElementOrder/"
  private static let primitiveDeletion = "$deleteFromPrimitiveList/"
  private static let directive = "$patch"

  private static func merge(
    _ original: JSONObject, _ patch: JSONObject, _ schema: ObjectSchema
  ) throws(Failure) -> JSONObject {
    var (original, patch) = (original, patch)
    if let directive = patch[directive] {
      switch directive {
      case "replace":
        patch[self.directive] = nil
        return patch
      case "delete": return [:]
      default: throw unknownDirective(directive, in: patch)
      }
    }
    try retainKeys(of: &original, &patch)
    try mergeOrderedLists(&original, &patch, schema)
    for (name, change) in patch {
      var key = name
      let isDeletion = name.hasPrefix(primitiveDeletion)
      if isDeletion { key = String(name.dropFirst(primitiveDeletion.count)) }
      if change.isNull {
        original[key] = nil
        continue
      }
      guard let existing = original[key] else {
        if !isDeletion { original[key] = withoutDirectives(change) }
        continue
      }
      let member = schema.member(key)
      switch (existing, change) {
      case (.object(let members), .object(let changes)):
        original[key] = .object(
          try merge(members, changes, member ?? .any))
      case (.array(let elements), .array(let changes)):
        original[key] = .array(
          try mergeList(elements, changes, member, isDeletion: isDeletion))
      default: if !isDeletion { original[key] = withoutDirectives(change) }
      }
    }
    return original
  }

  /// Members that the list does not name go; the patch may set only members that it names.
  private static func retainKeys(
    of original: inout JSONObject, _ patch: inout JSONObject
  ) throws(Failure) {
    guard let list = patch.removeValue(forKey: retainKeys) else { return }
    let malformed = Failure("invalid patch format of retainKeys")
    guard let names = list.arrayValue else { throw malformed }
    let retained = Set(names.compactMap(\.stringValue))
    for (key, value) in patch
    where !value.isNull && !key.hasPrefix(primitiveDeletion) && !key.hasPrefix(elementOrder) {
      guard retained.contains(key) else { throw malformed }
    }
    for key in original.keys where !retained.contains(key) { original[key] = nil }
  }

  /// Merges the lists whose order the patch gives, and takes them out of the patch.
  private static func mergeOrderedLists(
    _ original: inout JSONObject, _ patch: inout JSONObject, _ schema: ObjectSchema
  ) throws(Failure) {
    for name in patch.keys where name.hasPrefix(elementOrder) {
      guard let order = patch.removeValue(forKey: name)?.arrayValue else {
        throw Failure("expected a list in \(name)")
      }
      let key = String(name.dropFirst(elementOrder.count))
      let member = schema.member(key)
      let mergeKey = member?.patch.mergeKey
      let existing = original[key]?.arrayValue
      let changes = patch[key]?.arrayValue
      try checkOrder(of: changes ?? [], order, mergeKey: mergeKey)
      let merged: [JSONValue]
      switch (existing, changes) {
      case (let existing?, nil): merged = existing
      case (nil, let changes?): merged = changes.compactMap(elementWithoutDirectives)
      case (let existing?, let changes?):
        merged = try mergeList(existing, changes, member, isDeletion: false)
      case (nil, nil): continue
      }
      original[key] = .array(
        ElementOrder(mergeKey: mergeKey)
          .arrange(merged, patchOrder: order, liveOrder: existing ?? []))
      patch[key] = nil
    }
  }

  private static func checkOrder(
    of changes: [JSONValue], _ order: [JSONValue], mergeKey: String?
  ) throws(Failure) {
    let places = ElementOrder(mergeKey: mergeKey)
    var next = 0
    for change in changes where change[directive] == nil {
      guard let place = order[next...].firstIndex(where: { places.areSame($0, change) }) else {
        let text = changes.map(GoText.plain).joined(separator: " ")
        let list = order.map(GoText.plain).joined(separator: " ")
        throw Failure(
          "The order in patch list:\n[\(text)]\n doesn't match $setElementOrder list:\n[\(list)]\n")
      }
      next = place + 1
    }
  }

  private static func mergeList(
    _ original: [JSONValue], _ patch: [JSONValue], _ schema: ObjectSchema?, isDeletion: Bool
  ) throws(Failure) -> [JSONValue] {
    let strategy = schema?.patch ?? ObjectSchema.PatchStrategy()
    guard strategy.merges || isDeletion else { return patch.compactMap(elementWithoutDirectives) }
    if original.isEmpty && patch.isEmpty { return original }
    let holdsObjects = (original.first ?? patch.first)?.objectValue != nil
    if !holdsObjects {
      if isDeletion { return original.filter { !patch.contains($0) } }
      var seen: Set<JSONValue> = []
      let merged = (original + patch).filter { seen.insert($0).inserted }
      return ElementOrder(mergeKey: nil)
        .arrange(merged, patchOrder: patch, liveOrder: original)
    }
    guard let mergeKey = strategy.mergeKey else {
      throw Failure("cannot merge lists without merge key for \(schema?.structName ?? "")")
    }
    return try mergeObjects(
      original, patch, mergeKey: mergeKey, element: schema?.items?.value ?? .any)
  }

  private static func mergeObjects(
    _ original: [JSONValue], _ patch: [JSONValue], mergeKey: String, element: ObjectSchema
  ) throws(Failure) -> [JSONValue] {
    let live = original
    var original = original
    var changes: [JSONObject] = []
    var replaces = false
    for entry in patch {
      guard let members = entry.objectValue else {
        throw Failure("expected a map in a list that merges by \(mergeKey)")
      }
      switch members[directive] {
      case nil: changes.append(members)
      case "delete":
        guard let key = members[mergeKey] else { throw missingKey(mergeKey, in: members) }
        original.removeAll { $0[mergeKey] == key }
      case "replace": replaces = true
      case "merge": throw Failure("merging lists cannot yet be specified in the patch")
      case let other?: throw unknownDirective(other, in: members)
      }
    }
    if replaces { return changes.map { .object($0) } }
    var merged = original
    for change in changes {
      guard let key = change[mergeKey] else { throw missingKey(mergeKey, in: change) }
      if let index = merged.firstIndex(where: { $0[mergeKey] == key }) {
        merged[index] = .object(try merge(merged[index].objectValue ?? [:], change, element))
      } else {
        merged.append(withoutDirectives(.object(change)))
      }
    }
    return ElementOrder(mergeKey: mergeKey)
      .arrange(merged, patchOrder: changes.map { .object($0) }, liveOrder: live)
  }

  /// What a patch adds as a whole carries no directives and no nulls into the object.
  private static func withoutDirectives(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members):
      var kept: JSONObject = [:]
      for (key, member) in members
      where !member.isNull && key != retainKeys && key != directive
        && !key.hasPrefix(elementOrder) && !key.hasPrefix(primitiveDeletion)
      {
        kept[key] = withoutDirectives(member)
      }
      return .object(kept)
    case .array(let elements): return .array(elements.compactMap(elementWithoutDirectives))
    case .null, .bool, .integer, .double, .string: return value
    }
  }

  /// `nil` for an element that is nothing but a directive.
  private static func elementWithoutDirectives(_ value: JSONValue) -> JSONValue? {
    if case .object(let members) = value, let directive = members[directive] {
      if directive == "delete" || members.count == 1 { return nil }
    }
    return withoutDirectives(value)
  }

  private static func missingKey(_ key: String, in entry: JSONObject) -> Failure {
    Failure("map: \(GoText.plain(.object(entry))) does not contain declared merge key: \(key)")
  }

  private static func unknownDirective(_ directive: JSONValue, in entry: JSONObject) -> Failure {
    Failure(
      "unknown patch type: \(GoText.plain(directive)) in map: \(GoText.plain(.object(entry)))")
  }
}
