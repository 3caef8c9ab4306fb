import KubernetesAPI

/// What every object's `metadata` must satisfy.
enum MetadataRules {
  static func validate(_ metadata: JSONValue, definition: ResourceDefinition) -> [FieldError] { [] }

  static func validateUpdate(
    _ metadata: JSONValue, old: JSONValue, _ definition: ResourceDefinition
  ) -> [FieldError] { [] }
}
