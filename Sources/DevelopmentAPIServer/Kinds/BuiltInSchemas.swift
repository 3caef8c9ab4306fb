/// The schemas of all built-in kinds.
struct BuiltInSchemas: Sendable {
  private let table: SchemaTable

  init() throws(SchemaTable.MalformedTable) {
    table = try SchemaTable(
      parsing: MetaTable.text, PodTable.text, CoreTable.text, ServiceTable.text,
      WorkloadTable.text, PolicyTable.text, ReviewTable.text)
  }

  /// The schema of a kind. Core and `events.k8s.io` Events are different structs of one kind.
  subscript(group group: String, kind kind: String) -> ObjectSchema? {
    table[group.isEmpty && kind == "Event" ? "CoreEvent" : kind]
  }

  /// A struct that is part of kinds: `PodSpec`.
  subscript(type name: String) -> ObjectSchema? { table[name] }
}
