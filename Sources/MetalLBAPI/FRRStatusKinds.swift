package import KubernetesAPI

/// `frrk8s.metallb.io/v1beta1 FRRNodeState`: what FRR runs on the node that the object is named for.
package struct FRRNodeState: KubernetesResource {
  package static let resource = ResourceKind(
    group: frrK8sGroup, version: "v1beta1", kind: "FRRNodeState", plural: "frrnodestates",
    isNamespaced: false)

  package var metadata: ObjectMeta
  package var status: Status?

  package struct Status: Codable, Sendable, Hashable {
    package var runningConfig: String?
    /// `success`, or what is wrong.
    package var lastConversionResult: String?
    /// `success`, or what is wrong.
    package var lastReloadResult: String?

    package init() {}
  }

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }
}

/// `frrk8s.metallb.io/v1beta1 BGPSessionState`: how one BGP session of one node fares.
package struct BGPSessionState: KubernetesResource {
  package static let resource = ResourceKind(
    group: frrK8sGroup, version: "v1beta1", kind: "BGPSessionState", plural: "bgpsessionstates")

  package var metadata: ObjectMeta
  package var status: Status?

  package struct Status: Codable, Sendable, Hashable {
    /// A state of RFC 4271 §8.2.2: `Established`, …
    package var bgpStatus: String?
    /// `Up`, `Down`, …, or `N/A` without BFD.
    package var bfdStatus: String?
    package var node: String?
    package var peer: String?
    package var vrf: String?

    package init() {}
  }

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }
}

/// `frrk8s.metallb.io/v1beta1 FRRK8sConfiguration`: settings of the frr-k8s daemons.
package struct FRRK8sConfiguration: KubernetesResource {
  package static let resource = ResourceKind(
    group: frrK8sGroup, version: "v1beta1", kind: "FRRK8sConfiguration",
    plural: "frrk8sconfigurations")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    package var logLevel: String?

    package init(logLevel: String? = nil) { self.logLevel = logLevel }
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}
