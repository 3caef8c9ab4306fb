package import KubernetesAPI

/// `metallb.io/v1beta1 Community`: names for BGP communities. The names of all objects share one table.
package struct Community: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "Community", plural: "communities")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    package var communities: [Alias]?

    package init(communities: [Alias]? = nil) { self.communities = communities }
  }

  package struct Alias: Codable, Sendable, Hashable {
    package var name: String?
    /// `64512:7` or `large:64512:1:2`.
    package var value: String?

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}
