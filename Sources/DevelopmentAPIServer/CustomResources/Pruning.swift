import KubernetesAPI

/// Removes what a structural schema does not declare.
struct Pruning {
  /// Paths of what was removed.
  private(set) var removed: [String] = []

  /// - Returns: the removed paths, sorted, as warnings name them.
  static func prune(_ object: inout JSONValue, _ schema: ObjectSchema) -> [String] {
    var root = schema
    StructuralSchemaReader.addResourceFields(to: &root)
    var pruning = Pruning()
    pruning.prune(&object, root, isRoot: true, at: "")
    return pruning.removed.sorted()
  }

  /// The same for the default of a field, which is no resource.
  static func pruneDefault(_ value: inout JSONValue, _ schema: ObjectSchema) -> [String] {
    var pruning = Pruning()
    pruning.prune(&value, schema, at: "")
    return pruning.removed
  }

  private mutating func prune(
    _ value: inout JSONValue, _ schema: ObjectSchema, isRoot: Bool = false, at path: String
  ) {
    switch value {
    case .object(var members):
      value = .null
      for key in members.keys {
        let place = path.isEmpty ? key : "\(path).\(key)"
        // Metadata has a type of its own.
        let isResource = isRoot || schema.isEmbeddedResource
        if isResource, ["apiVersion", "kind", "metadata"].contains(key) { continue }
        if let declared = schema.member(key), var member = members[key] {
          prune(&member, declared, at: place)
          members[key] = member
        } else if !schema.preservesUnknownFields {
          members.removeValue(forKey: key)
          removed.append(place)
        }
      }
      value = .object(members)
    case .array(var elements):
      if schema.items == nil, schema.preservesUnknownFields { return }
      value = .null
      let items = schema.items?.value ?? ObjectSchema()
      for index in elements.indices { prune(&elements[index], items, at: "\(path)[\(index)]") }
      value = .array(elements)
    case .null, .bool, .integer, .double, .string: break
    }
  }
}
