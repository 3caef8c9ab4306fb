import KubernetesAPI
import OperatorRendering

/// An object of a kind that the operator writes, as the API has it: all fields, the managed ones too.
/// The informer of each kind says which one it is.
struct LiveObject: KubernetesResource {
  static let resource = ResourceKind(version: "v1", kind: "Object", plural: "objects")

  var metadata: ObjectMeta
  let value: JSONValue

  init(_ value: JSONValue) throws {
    self.value = value
    metadata = try (value["metadata"] ?? .object([:])).decode(ObjectMeta.self)
  }

  init(from decoder: any Decoder) throws { try self.init(JSONValue(from: decoder)) }

  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

  /// Whether an operator made it, ours or upstream's, for a MetalLB object.
  var isOwnedByMetalLB: Bool { metadata.ownerReferences.contains { $0.kind == "MetalLB" } }
}

/// One object among all kinds.
struct ObjectKey: Sendable, Hashable, CustomStringConvertible {
  var resource: ResourceKind
  var name: NamespacedName

  init(_ resource: ResourceKind, _ name: NamespacedName) {
    self.resource = resource
    self.name = name
  }

  init(_ object: RenderedObject) { self.init(object.resource, object.name) }

  var description: String { "\(resource.kind) \(name)" }
}
