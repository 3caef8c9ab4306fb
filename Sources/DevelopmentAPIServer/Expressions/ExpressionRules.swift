/// What `x-kubernetes-validations` of a schema must satisfy.
enum ExpressionRules {
  static func validate(_ schema: ObjectSchema, at path: String) -> [FieldError] { [] }
}

import KubernetesAPI

/// The compiled rules of a schema.
struct SchemaExpressions: Sendable {
  init(_ schema: ObjectSchema) {}

  func evaluate(_ object: JSONValue, old: JSONValue?, after errors: [FieldError]) -> [FieldError] {
    []
  }
}
