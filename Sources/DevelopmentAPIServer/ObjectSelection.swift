import KubernetesAPI

/// Which objects of a kind a list, watch or deletion of a collection is about.
struct ObjectSelection: Sendable {
  private let labels: LabelQuery
  private let fields: FieldQuery
  private let selectable: SelectableFields

  init(labels: String, fields: String, definition: ResourceDefinition) throws(APIError) {
    selectable = definition.selectableFields
    do {
      self.labels = try LabelQuery(parsing: labels)
      self.fields = try FieldQuery(parsing: fields)
      try selectable.check(self.fields)
    } catch {
      throw .badRequest(error.description)
    }
  }

  var isEverything: Bool { labels.isEmpty && fields.isEmpty }

  func matches(_ object: StoredObject) -> Bool {
    for requirement in labels.requirements
    where !requirement.matches(object.labels[requirement.key]) {
      return false
    }
    guard !fields.isEmpty else { return true }
    if let name = fields.name, name != object.name { return false }
    guard let value = try? JSONValue(parsing: object.body) else { return false }
    return selectable.matches(fields, object: value)
  }
}
