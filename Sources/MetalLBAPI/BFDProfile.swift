package import KubernetesAPI

/// `metallb.io/v1beta1 BFDProfile`: settings of BFD sessions. What is absent is the implementation's choice.
package struct BFDProfile: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "BFDProfile", plural: "bfdprofiles")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    /// Milliseconds, 10 to 60000; 300 when absent.
    package var receiveInterval: UInt32?
    /// Milliseconds, 10 to 60000; 300 when absent.
    package var transmitInterval: UInt32?
    /// 2 to 255; 3 when absent.
    package var detectMultiplier: UInt32?
    /// Milliseconds, 10 to 60000; 50 when absent.
    package var echoInterval: UInt32?
    package var echoMode: Bool?
    package var passiveMode: Bool?
    /// 1 to 254, for sessions over several hops; 254 when absent.
    package var minimumTtl: UInt32?

    package init() {}
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}
