import KubernetesAPI
import OrderedCollections

extension TypedValue {
  /// The paths of everything that the value sets: what an applied configuration comes to own.
  ///
  /// Leaves and entries of sets and list maps are members; so are keys that the schema does not
  /// declare, and members that are null or empty.
  var fieldSet: FieldSet {
    var set = FieldSet()
    Self.collect(value, schema, into: &set)
    return set
  }

  /// Adds the paths below a value. The value's own path is for the caller to add, who knows whether
  /// this is a leaf.
  private static func collect(
    _ value: JSONValue, _ schema: ObjectSchema, into set: inout FieldSet
  ) {
    let shape = shape(of: value, schema)
    switch (value, shape) {
    case (.object(let members), .map):
      for (name, member) in members {
        let element = FieldPathElement.field(name)
        let memberSchema = schema.memberOrAny(name)
        let isEmptyObject = member.objectValue?.isEmpty ?? false
        if schema.properties[name] == nil || isEmptyObject || isLeaf(member, memberSchema) {
          set.insert(element)
        }
        var below = FieldSet()
        collect(member, memberSchema, into: &below)
        set.insert(below, below: element)
      }
    case (.array(let elements), .set), (.array(let elements), .listMap):
      for element in elements {
        guard let path = try? pathElement(of: element, shape, schema) else { continue }
        set.insert(path)
        var below = FieldSet()
        if case .listMap = shape { collect(element, schema.elementOrAny, into: &below) }
        set.insert(below, below: path)
      }
    default: break
    }
  }

  private static func isLeaf(_ value: JSONValue, _ schema: ObjectSchema) -> Bool {
    if case .leaf = shape(of: value, schema) { true } else { false }
  }
}
