package struct Service: KubernetesResource {
  package static let resource = ResourceKind(version: "v1", kind: "Service", plural: "services")

  package var metadata: ObjectMeta
  package var spec: Spec?
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    package var type: String?
    package var selector: [String: String]?
    package var ports: [Port]?
    package var clusterIP: String?
    package var clusterIPs: [String]?
    /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
    package var ipFamilyPolicy: String?
    /// `IPv4`, `IPv6`, primary first.
    package var ipFamilies: [String]?
    package var loadBalancerIP: String?
    package var loadBalancerClass: String?
    package var loadBalancerSourceRanges: [String]?
    package var externalIPs: [String]?
    /// `Cluster` or `Local`.
    package var externalTrafficPolicy: String?
    package var internalTrafficPolicy: String?
    package var allocateLoadBalancerNodePorts: Bool?
    package var healthCheckNodePort: Int?
    package var publishNotReadyAddresses: Bool?
    package var sessionAffinity: String?

    package init(type: String? = nil) { self.type = type }
  }

  package struct Port: Codable, Sendable, Hashable {
    package var name: String?
    /// `TCP`, `UDP` or `SCTP`; absent means TCP.
    package var `protocol`: String?
    package var port: Int
    package var targetPort: IntOrString?
    package var nodePort: Int?
    package var appProtocol: String?

    package init(
      name: String? = nil, protocol: String? = nil, port: Int, targetPort: IntOrString? = nil,
      nodePort: Int? = nil
    ) {
      self.name = name
      self.protocol = `protocol`
      self.port = port
      self.targetPort = targetPort
      self.nodePort = nodePort
    }
  }

  package struct Status: Codable, Sendable, Hashable {
    package var loadBalancer: LoadBalancerStatus?
    package var conditions: [Condition]?

    package init(loadBalancer: LoadBalancerStatus? = nil) { self.loadBalancer = loadBalancer }
  }

  package struct LoadBalancerStatus: Codable, Sendable, Hashable {
    package var ingress: [LoadBalancerIngress]?

    package init(ingress: [LoadBalancerIngress]? = nil) { self.ingress = ingress }
  }

  package struct LoadBalancerIngress: Codable, Sendable, Hashable {
    package var ip: String?
    package var hostname: String?
    package var ipMode: String?
    package var ports: [JSONValue]?

    package init(ip: String? = nil, hostname: String? = nil) {
      self.ip = ip
      self.hostname = hostname
    }
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }
}

/// `discovery.k8s.io/v1 EndpointSlice`.
package struct EndpointSlice: KubernetesResource {
  package static let resource = ResourceKind(
    group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices")
  /// Names the Service that a slice belongs to.
  package static let serviceNameLabel = "kubernetes.io/service-name"

  package var metadata: ObjectMeta
  /// `IPv4`, `IPv6` or `FQDN`.
  package var addressType: String
  package var endpoints: [Endpoint]?
  package var ports: [Port]?

  package struct Endpoint: Codable, Sendable, Hashable {
    package var addresses: [String]
    package var conditions: Conditions?
    package var nodeName: String?
    package var zone: String?
    package var targetRef: ObjectReference?

    package init(addresses: [String], conditions: Conditions? = nil, nodeName: String? = nil) {
      self.addresses = addresses
      self.conditions = conditions
      self.nodeName = nodeName
    }
  }

  /// An absent value of `ready` or `serving` counts as true.
  package struct Conditions: Codable, Sendable, Hashable {
    package var ready: Bool?
    package var serving: Bool?
    package var terminating: Bool?

    package init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
      self.ready = ready
      self.serving = serving
      self.terminating = terminating
    }
  }

  package struct Port: Codable, Sendable, Hashable {
    package var name: String?
    package var port: Int?
    package var `protocol`: String?
    package var appProtocol: String?

    package init(name: String? = nil, port: Int? = nil, protocol: String? = nil) {
      self.name = name
      self.port = port
      self.protocol = `protocol`
    }
  }

  package init(
    metadata: ObjectMeta, addressType: String, endpoints: [Endpoint]? = nil, ports: [Port]? = nil
  ) {
    self.metadata = metadata
    self.addressType = addressType
    self.endpoints = endpoints
    self.ports = ports
  }
}
