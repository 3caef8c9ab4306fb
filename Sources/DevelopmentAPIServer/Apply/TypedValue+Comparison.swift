import KubernetesAPI
import OrderedCollections

extension TypedValue {
  /// How one value became another.
  struct Comparison: Sendable, Hashable {
    var added = FieldSet()
    var modified = FieldSet()
    var removed = FieldSet()

    var isSame: Bool { added.isEmpty && modified.isEmpty && removed.isEmpty }
  }

  /// Compares two values of the same schema; `nil` is absence.
  static func compare(_ old: JSONValue?, _ new: JSONValue?, _ schema: ObjectSchema) -> Comparison {
    var walker = Walker()
    walker.compare(old, new, schema, at: [])
    return walker.comparison
  }

  private struct Walker {
    var comparison = Comparison()

    /// A null counts as there: where an object or list appears in its place, the parts are new but
    /// not the path itself.
    mutating func compare(
      _ old: JSONValue?, _ new: JSONValue?, _ schema: ObjectSchema, at path: [FieldPathElement]
    ) {
      guard let present = new.flatMap({ $0.isNull ? nil : $0 }) ?? old ?? new else { return }
      switch TypedValue.shape(of: present, schema) {
      case .leaf:
        leaf(old, new, at: path)
        return
      case .map:
        let before = old?.objectValue
        let after = new?.objectValue
        if (before?.isEmpty ?? true) && (after?.isEmpty ?? true) {
          leaf(old, new, at: path)
          return
        }
        for name in OrderedSet((before?.keys ?? []) + (after?.keys ?? [])) {
          compare(
            before?[name], after?[name], schema.memberOrAny(name), at: path + [.field(name)])
        }
        replaced(old, new, isContainer: { $0.objectValue != nil }, at: path)
      case .set, .listMap:
        let before = old?.arrayValue
        let after = new?.arrayValue
        if (before?.isEmpty ?? true) && (after?.isEmpty ?? true) {
          leaf(old, new, at: path)
          return
        }
        let shape = TypedValue.shape(of: present, schema)
        let left = TypedValue.elements(of: before ?? [], shape, schema)
        let right = TypedValue.elements(of: after ?? [], shape, schema)
        for element in OrderedSet(left.keys).union(right.keys) {
          let schema = if case .set = shape { ObjectSchema() } else { schema.elementOrAny }
          compare(left[element], right[element], schema, at: path + [element])
        }
        replaced(old, new, isContainer: { $0.arrayValue != nil }, at: path)
      }
      guard !path.isEmpty else { return }
      if old == nil { comparison.added.insert(path) }
      if new == nil { comparison.removed.insert(path) }
    }

    private mutating func leaf(
      _ old: JSONValue?, _ new: JSONValue?, at path: [FieldPathElement]
    ) {
      guard !path.isEmpty else { return }
      switch (old, new) {
      case (nil, nil): break
      case (nil, _): comparison.added.insert(path)
      case (_, nil): comparison.removed.insert(path)
      case (let old?, let new?): if old != new { comparison.modified.insert(path) }
      }
    }

    /// Something else stood where a container stands now, or the other way round.
    private mutating func replaced(
      _ old: JSONValue?, _ new: JSONValue?, isContainer: (JSONValue) -> Bool,
      at path: [FieldPathElement]
    ) {
      guard let old, let new, !path.isEmpty, !old.isNull, !new.isNull else { return }
      if isContainer(old) != isContainer(new) { comparison.modified.insert(path) }
    }
  }
}
