/// `networking.k8s.io/v1 NetworkPolicy`.
package struct NetworkPolicy: KubernetesResource {
  package static let resource = ResourceKind(
    group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    package var podSelector: LabelSelector
    /// `Ingress`, `Egress`.
    package var policyTypes: [String]?
    package var ingress: [Rule]?
    package var egress: [Rule]?

    package init(
      podSelector: LabelSelector, policyTypes: [String], ingress: [Rule]? = nil,
      egress: [Rule]? = nil
    ) {
      self.podSelector = podSelector
      self.policyTypes = policyTypes
      self.ingress = ingress
      self.egress = egress
    }
  }

  package struct Rule: Codable, Sendable, Hashable {
    package var ports: [Port]?
    package var from: [JSONValue]?
    package var to: [JSONValue]?

    package init(ports: [Port]) { self.ports = ports }
  }

  package struct Port: Codable, Sendable, Hashable {
    package var `protocol`: String?
    package var port: IntOrString?

    /// Without a port it stands for all ports of the protocol.
    package init(protocol: String = "TCP", port: IntOrString? = nil) {
      self.protocol = `protocol`
      self.port = port
    }
  }

  package init(metadata: ObjectMeta, spec: Spec) {
    self.metadata = metadata
    self.spec = spec
  }
}
