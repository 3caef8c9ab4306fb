package import KubernetesAPI

/// `metallb.io/v1beta2 BGPPeer`: a router to hold BGP sessions with. ``BGPPeerConversion`` reads and writes v1beta1.
package struct BGPPeer: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta2", kind: "BGPPeer", plural: "bgppeers")

  package var metadata: ObjectMeta
  package var spec: Spec

  /// Durations are text as Go writes it: `90s`, `1m30s`.
  package struct Spec: Codable, Sendable, Hashable {
    package var myASN: UInt32
    /// Absent and 0 mean that `dynamicASN` says what the peer's number may be.
    package var peerASN: UInt32?
    /// `internal` or `external`.
    package var dynamicASN: String?
    /// Shown to this peer instead of `myASN`.
    package var localASN: UInt32?
    /// An address; empty when `interface` names the link of an unnumbered session.
    package var peerAddress: String?
    package var interface: String?
    package var sourceAddress: String?
    /// Absent means 179.
    package var peerPort: UInt16?
    package var holdTime: String?
    package var keepaliveTime: String?
    package var connectTime: String?
    package var routerID: String?
    /// The nodes that peer; all when empty.
    package var nodeSelectors: [LabelSelector]?
    /// A secret: never in logs, events or error text.
    package var password: String?
    package var passwordSecret: SecretReference?
    package var bfdProfile: String?
    package var enableGracefulRestart: Bool?
    package var ebgpMultiHop: Bool?
    package var vrf: String?
    /// Without effect.
    package var disableMP: Bool?
    package var dualStackAddressFamily: Bool?

    package init(myASN: UInt32, peerASN: UInt32? = nil, peerAddress: String? = nil) {
      self.myASN = myASN
      self.peerASN = peerASN
      self.peerAddress = peerAddress
    }
  }

  package init(metadata: ObjectMeta, spec: Spec) {
    self.metadata = metadata
    self.spec = spec
  }
}

/// `core/v1 SecretReference`. Of a BGPPeer only the name counts: the Secret is in MetalLB's namespace.
package struct SecretReference: Codable, Sendable, Hashable {
  package var name: String?
  package var namespace: String?

  package init(name: String? = nil, namespace: String? = nil) {
    self.name = name
    self.namespace = namespace
  }
}

/// Without the password, so that no log line ever holds it.
extension BGPPeer.Spec: CustomStringConvertible, CustomReflectable {
  package var description: String {
    "peer \(peerAddress ?? interface ?? "") (AS \(peerASN.map(String.init) ?? dynamicASN ?? "?"))"
  }
  package var customMirror: Mirror { Mirror(self, children: ["peer": description]) }
}
