package import KubernetesAPI
import Layer2
package import MetalLBAPI
package import NetworkAddresses

/// What the `ServiceL2Status` objects of a speaker say.
extension ServiceL2Status {
  package static let namePrefix = "l2-"

  /// What the status of a Service that `node` announces says.
  ///
  /// - Parameter usableInterfaces: where the node can announce at all. Named interfaces that are not among them are left
  ///   out: the status says what is announced, not what is wished.
  package static func contents(
    of announcement: Layer2Announcement, for service: NamespacedName, node: String,
    usableInterfaces: Set<String>, conflicts: [Conflict] = []
  ) -> Status {
    var interfaces: [Interface]?
    if case .named(let names) = announcement.terms.interfaces {
      interfaces = names.intersection(usableInterfaces).sorted().map { Interface(name: $0) }
    }
    return Status(
      node: node, serviceName: service.name, serviceNamespace: service.namespace,
      interfaces: interfaces,
      extensions: conflicts.isEmpty ? nil : Extensions(conflicts: conflicts))
  }

  /// The labels by which the objects about a Service on a node are found.
  package static func labels(service: NamespacedName, node: String) -> [String: String] {
    [
      StatusLabel.node: node, StatusLabel.serviceName: service.name,
      StatusLabel.serviceNamespace: service.namespace,
    ]
  }

  /// The Service that an object is about, from its labels.
  package var service: NamespacedName? {
    guard let name = metadata.labels[StatusLabel.serviceName],
      let namespace = metadata.labels[StatusLabel.serviceNamespace]
    else { return nil }
    return NamespacedName(namespace: namespace, name: name)
  }

  /// The node that an object speaks for, from its labels.
  package var node: String? { metadata.labels[StatusLabel.node] }
}

extension ServiceL2Status.Conflict {
  package init(_ address: IPAddress, _ conflict: LinkKnowledge.Conflict) {
    self.init(
      address: address.description, hardwareAddress: conflict.hardwareAddress.description,
      interface: conflict.interface, announced: conflict.isAnnounced)
  }
}
