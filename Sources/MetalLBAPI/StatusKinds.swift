package import KubernetesAPI

/// Labels of the objects that report what a component does.
package enum StatusLabel {
  package static let node = "metallb.io/node"
  package static let serviceName = "metallb.io/service-name"
  package static let serviceNamespace = "metallb.io/service-namespace"
  package static let componentType = "metallb.io/component-type"
  package static let nodeName = "metallb.io/node-name"
}

/// `metallb.io/v1beta1 ServiceL2Status`: written by the speaker that announces a Service.
package struct ServiceL2Status: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "ServiceL2Status", plural: "servicel2statuses")

  package var metadata: ObjectMeta
  package var status: Status?

  package struct Status: Codable, Sendable, Hashable {
    package var node: String?
    package var serviceName: String?
    package var serviceNamespace: String?
    /// Absent when all interfaces are used.
    package var interfaces: [Interface]?
    package var extensions: Extensions?

    package init(
      node: String, serviceName: String, serviceNamespace: String, interfaces: [Interface]? = nil,
      extensions: Extensions? = nil
    ) {
      self.node = node
      self.serviceName = serviceName
      self.serviceNamespace = serviceNamespace
      self.interfaces = interfaces
      self.extensions = extensions
    }
  }

  /// What upstream does not have.
  package struct Extensions: Codable, Sendable, Hashable {
    /// Addresses that another host on the link has, too.
    package var conflicts: [Conflict]?

    package init(conflicts: [Conflict]? = nil) { self.conflicts = conflicts }
  }

  package struct Conflict: Codable, Sendable, Hashable {
    package var address: String
    /// The other host's.
    package var hardwareAddress: String
    /// Where the other host was heard.
    package var interface: String?
    /// Whether this node announces the address all the same. Otherwise the other host was found before the address
    /// was announced for the first time.
    package var announced: Bool

    package init(address: String, hardwareAddress: String, interface: String?, announced: Bool) {
      self.address = address
      self.hardwareAddress = hardwareAddress
      self.interface = interface
      self.announced = announced
    }
  }

  package struct Interface: Codable, Sendable, Hashable {
    package var name: String?

    package init(name: String) { self.name = name }
  }

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }
}

/// `metallb.io/v1beta1 ServiceBGPStatus`: written by every speaker that announces a Service over BGP.
package struct ServiceBGPStatus: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "ServiceBGPStatus", plural: "servicebgpstatuses")

  package var metadata: ObjectMeta
  package var status: Status?

  package struct Status: Codable, Sendable, Hashable {
    package var node: String?
    package var serviceName: String?
    package var serviceNamespace: String?
    /// Names of the BGPPeers, sorted.
    package var peers: [String]?

    package init(node: String, serviceName: String, serviceNamespace: String, peers: [String]) {
      self.node = node
      self.serviceName = serviceName
      self.serviceNamespace = serviceNamespace
      self.peers = peers
    }
  }

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }
}

/// `metallb.io/v1beta1 ConfigurationState`: whether one component accepts the configuration.
package struct ConfigurationState: KubernetesResource {
  package static let resource = ResourceKind(
    group: metalLBGroup, version: "v1beta1", kind: "ConfigurationState",
    plural: "configurationstates")

  package var metadata: ObjectMeta
  package var status: Status?

  package struct Status: Codable, Sendable, Hashable {
    /// `Valid`, `Invalid` or `Unknown`.
    package var result: String?
    /// The messages of the failing conditions, one a line.
    package var errorSummary: String?
    package var conditions: [Condition]?

    package init(
      result: String? = nil, errorSummary: String? = nil, conditions: [Condition]? = nil
    ) {
      self.result = result
      self.errorSummary = errorSummary
      self.conditions = conditions
    }
  }

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }
}
