package import KubernetesAPI

/// The API group of all kinds here.
package let metalLBGroup = "metallb.io"

/// `metallb.io/v1beta1 MetalLB`: what the operator installs. Only the object named `metallb` in the
/// operator's own namespace counts.
package struct MetalLB: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "MetalLB", plural: "metallbs")
  /// The one name that the operator reconciles.
  package static let singletonName = "metallb"

  package var metadata: ObjectMeta
  package var spec: Spec?
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    /// Without effect, ever.
    package var image: String?
    /// Nodes that run speakers.
    package var nodeSelector: [String: String]?
    package var speakerTolerations: [Toleration]?
    /// `all`, `debug`, `info`, `warn`, `error` or `none`; absent or empty means `info`.
    package var logLevel: String?
    package var controllerNodeSelector: [String: String]?
    package var controllerTolerations: [Toleration]?
    package var controllerConfig: ComponentConfig?
    package var speakerConfig: ComponentConfig?
    package var loadBalancerClass: String?
    /// `native`, `frr`, `frr-k8s`, `frr-k8s-external`, or empty for the default.
    package var bgpBackend: String?
    package var frrk8sConfig: FRRK8sConfig?
    package var extensions: Extensions?

    package init() {}
  }

  /// What upstream does not have; without it everything behaves as upstream.
  package struct Extensions: Codable, Sendable, Hashable {
    /// `upstream`, also when absent, or `fast`: how fast the speakers notice the death of a node.
    package var gossipProfile: String?

    package init(gossipProfile: String? = nil) { self.gossipProfile = gossipProfile }
  }

  /// Settings of the Pods of one component.
  package struct ComponentConfig: Codable, Sendable, Hashable {
    package var priorityClassName: String?
    package var runtimeClassName: String?
    /// A `core/v1 Affinity`; replaces that of the Pods.
    package var affinity: JSONValue?
    /// Added to the Pod template.
    package var annotations: [String: String]?
    /// A `core/v1 ResourceRequirements`, of the main container only.
    package var resources: JSONValue?

    package init() {}
  }

  package struct FRRK8sConfig: Codable, Sendable, Hashable {
    package var alwaysBlock: [String]?
    package var namespace: String?
    package var secretPassthrough: Bool?

    package init() {}
  }

  package struct Status: Codable, Sendable, Hashable {
    package var conditions: [Condition]?

    package init(conditions: [Condition]? = nil) { self.conditions = conditions }
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}
