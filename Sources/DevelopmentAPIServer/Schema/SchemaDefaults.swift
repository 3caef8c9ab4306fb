import KubernetesAPI
import OrderedCollections

/// Fills absent members with the defaults of a schema, also inside of what a default brings.
///
/// For custom resources a null counts as absent where the schema does not allow it; one without a
/// default is dropped without a word.
enum SchemaDefaults {
  static func apply(_ schema: ObjectSchema, to value: inout JSONValue) {
    switch value {
    case .object(var members):
      value = .null  // keeps `members` uniquely referenced while it changes
      fill(&members, schema)
      value = .object(members)
    case .array(var elements):
      guard let items = schema.items?.value else { return }
      value = .null
      for index in elements.indices {
        if elements[index].isNull, !items.isNullable, let standard = items.defaultValue {
          elements[index] = standard
        }
        apply(items, to: &elements[index])
      }
      value = .array(elements)
    case .null, .bool, .integer, .double, .string: break
    }
  }

  private static func fill(_ members: inout JSONObject, _ schema: ObjectSchema) {
    for (name, property) in schema.properties {
      let present = members[name]
      let isMissing = present == nil || present == .null && !property.isNullable
      if isMissing, let standard = property.defaultValue {
        members[name] = standard
      } else if isMissing, property.presence != .always {
        members.removeValue(forKey: name)
      }
      if property.hasNestedDefaults { edit(&members, name, property) }
    }
    guard let values = schema.additionalProperties?.value else { return }
    for name in members.keys where schema.properties[name] == nil {
      if members[name] == .null, !values.isNullable {
        if let standard = values.defaultValue {
          members[name] = standard
        } else {
          members.removeValue(forKey: name)
          continue
        }
      }
      edit(&members, name, values)
    }
  }

  private static func edit(_ members: inout JSONObject, _ name: String, _ schema: ObjectSchema) {
    guard var member = members[name] else { return }
    members[name] = .null
    apply(schema, to: &member)
    members[name] = member
  }
}

extension ObjectSchema {
  /// Whether values here may have members or elements to fill.
  fileprivate var hasNestedDefaults: Bool {
    !properties.isEmpty || items != nil || additionalProperties != nil
  }
}
