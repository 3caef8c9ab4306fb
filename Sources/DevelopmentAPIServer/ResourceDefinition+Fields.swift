import KubernetesAPI
import OrderedCollections

extension ResourceDefinition {
  /// Who keeps `managedFields` of this kind's objects for requests to one endpoint.
  ///
  /// - Parameter subresource: empty for the object itself.
  func fieldManager(subresource: String = "") -> FieldManager {
    var manager = FieldManager(
      apiVersion: kind.apiVersion, kind: kind.kind, schema: schema ?? .any,
      subresource: subresource)
    manager.otherVersions = otherVersions
    if !isCustom, let schema { manager.emptyObject = TypedDecoder.empty(schema) }
    switch subresource {
    case "" where self.subresource("status") != nil:
      manager.resetFields = FieldSet([.field("status")])
    case "status" where isCustom:
      manager.resetFields = customStatusResets
    case "status":
      manager.resetFields = FieldSet([.field("spec")])
      if kind.group == "apps" {
        manager.resetFields.insert([.field("metadata"), .field("labels")])
      }
    default: break
    }
    return manager
  }

  /// The status of a custom resource can set nothing but the status.
  private var customStatusResets: FieldSet {
    var fields = FieldSet([.field("metadata")])
    for name in schema?.properties.keys.elements ?? [] where name != "status" {
      fields.insert([.field(name)])
    }
    return fields
  }
}
