package import KubernetesAPI
import KubernetesClient

/// An object that tells API servers by which authority they recognise a webhook server.
package struct InjectionTarget: Sendable, Hashable, CustomStringConvertible {
  package var resource: ResourceKind
  package var name: String

  package static func validatingWebhooks(_ name: String) -> InjectionTarget {
    InjectionTarget(
      resource: ResourceKind(
        group: "admissionregistration.k8s.io", version: "v1",
        kind: "ValidatingWebhookConfiguration", plural: "validatingwebhookconfigurations",
        isNamespaced: false),
      name: name)
  }

  /// The conversion webhook of a CRD; a CRD without one needs nothing.
  package static func conversion(ofDefinition name: String) -> InjectionTarget {
    InjectionTarget(
      resource: ResourceKind(
        group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions", isNamespaced: false),
      name: name)
  }

  package var description: String { "\(resource.kind) \(name)" }
}

/// An injection target as the API has it.
struct InjectedObject: KubernetesResource {
  /// The informer of each target says which resource it reads.
  static let resource = ResourceKind(version: "v1", kind: "Object", plural: "objects")

  var metadata: ObjectMeta
  private(set) var value: JSONValue

  init(from decoder: any Decoder) throws {
    value = try JSONValue(from: decoder)
    metadata = try (value["metadata"] ?? .object([:])).decode(ObjectMeta.self)
  }

  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

  /// Whether every place of the object names exactly this bundle.
  func trusts(_ bundle: String) -> Bool { injecting(bundle) == nil }

  /// Whether every place of the object names this authority, perhaps among others.
  func trusts(authority: String) -> Bool {
    bundles(of: value).allSatisfy { bundle in bundle?.contains(authority) ?? false }
  }

  /// The object with the bundle in every place; `nil` when it is there already.
  func injecting(_ bundle: String) -> JSONValue? {
    let encoded = JSONValue.string(encodeBase64(Array(bundle.utf8)))
    guard bundles(of: value).contains(where: { $0 != bundle }) else { return nil }
    var changed = value
    if let webhooks = value["webhooks"]?.arrayValue {
      changed["webhooks"] = .array(
        webhooks.map { webhook in
          var webhook = webhook
          webhook[path: ["clientConfig", "caBundle"]] = encoded
          return webhook
        })
    }
    if value[path: Self.conversion] != nil {
      changed[path: Self.conversion + ["caBundle"]] = encoded
    }
    return changed
  }

  private static let conversion = ["spec", "conversion", "webhook", "clientConfig"]

  /// The text in each place; `nil` where there is none or no text.
  private func bundles(of value: JSONValue) -> [String?] {
    var places = (value["webhooks"]?.arrayValue ?? []).map { $0["clientConfig"] ?? .null }
    if let conversion = value[path: Self.conversion] { places.append(conversion) }
    return places.map { place in
      place["caBundle"]?.stringValue.flatMap { decodeBase64($0) }
        .map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
