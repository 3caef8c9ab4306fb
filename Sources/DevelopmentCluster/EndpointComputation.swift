package import KubernetesAPI
internal import NetworkAddresses

/// The EndpointSlices of a Service, from the Pods that it selects: a pure function.
///
/// One slice per address family and per set of ports; ports differ between Pods when a target port
/// is a name. Leaves out: splitting at 100 endpoints, topology hints.
package enum EndpointComputation {
  package static let managedByLabel = "endpointslice.kubernetes.io/managed-by"
  package static let manager = "endpointslice-controller.k8s.io"
  package static let headlessLabel = "service.kubernetes.io/headless"

  /// Empty for Services without a selector, whose slices are somebody else's.
  package static func slices(for service: Service, pods: [Pod]) -> [EndpointSlice] {
    guard let spec = service.spec, let selector = spec.selector, !selector.isEmpty,
      spec.type != "ExternalName"
    else { return [] }
    let selected =
      pods.filter { pod in
        pod.metadata.namespace == service.metadata.namespace
          && selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value }
          && pod.isActive
      }.sorted { $0.metadata.name < $1.metadata.name }
    return families(of: spec).flatMap { family in
      var groups: [(ports: [EndpointSlice.Port], endpoints: [EndpointSlice.Endpoint])] = []
      for pod in selected {
        guard let address = address(of: pod, family) else { continue }
        let ports = ports(of: spec, in: pod)
        let endpoint = endpoint(pod, address, spec)
        if let index = groups.firstIndex(where: { $0.ports == ports }) {
          groups[index].endpoints.append(endpoint)
        } else {
          groups.append((ports, [endpoint]))
        }
      }
      // A Service without endpoints still has a slice, so that readers see that it is known.
      if groups.isEmpty { groups = [([], [])] }
      return groups.enumerated().map { index, group in
        slice(service, family, index, group.ports, group.endpoints)
      }
    }
  }

  private static func slice(
    _ service: Service, _ family: AddressFamily, _ index: Int, _ ports: [EndpointSlice.Port],
    _ endpoints: [EndpointSlice.Endpoint]
  ) -> EndpointSlice {
    let name = service.metadata.name
    var labels = service.metadata.labels
    labels[EndpointSlice.serviceNameLabel] = name
    labels[managedByLabel] = manager
    if service.spec?.clusterIP == "None" { labels[headlessLabel] = "" }
    let suffix = family == .ipv4 ? "v4" : "v6"
    return EndpointSlice(
      metadata: ObjectMeta(
        name: "\(name)-\(suffix)\(index == 0 ? "" : "-\(index)")",
        namespace: service.metadata.namespace, labels: labels,
        ownerReferences: [service.ownerReference(controller: true, blockOwnerDeletion: true)]),
      addressType: family == .ipv4 ? "IPv4" : "IPv6", endpoints: endpoints, ports: ports)
  }

  private static func endpoint(
    _ pod: Pod, _ address: String, _ spec: Service.Spec
  ) -> EndpointSlice.Endpoint {
    let serving = pod.isReady
    let ready = (serving || spec.publishNotReadyAddresses == true) && !pod.isTerminating
    var endpoint = EndpointSlice.Endpoint(
      addresses: [address],
      conditions: .init(ready: ready, serving: serving, terminating: pod.isTerminating),
      nodeName: pod.spec?.nodeName)
    endpoint.targetRef = ObjectReference(
      kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name,
      uid: pod.metadata.uid)
    return endpoint
  }

  /// The families that the API server gave the Service; IPv4 where it says nothing.
  private static func families(of spec: Service.Spec) -> [AddressFamily] {
    let families = (spec.ipFamilies ?? []).compactMap { name -> AddressFamily? in
      switch name {
      case "IPv4": .ipv4
      case "IPv6": .ipv6
      default: nil
      }
    }
    return families.isEmpty ? [.ipv4] : families
  }

  private static func address(of pod: Pod, _ family: AddressFamily) -> String? {
    let all = (pod.status?.podIPs ?? []).compactMap(\.ip) + [pod.status?.podIP].compactMap(\.self)
    return all.first { IPAddress($0)?.family == family }
  }

  /// The Service's ports as this Pod offers them. A named target port that no container has is
  /// left out.
  static func ports(of spec: Service.Spec, in pod: Pod) -> [EndpointSlice.Port] {
    (spec.ports ?? []).compactMap { port in
      let number: Int?
      switch port.targetPort {
      case .int(let value): number = value == 0 ? port.port : value
      case .string(let name): number = pod.containerPort(named: name, port.protocol ?? "TCP")
      case nil: number = port.port
      }
      guard let number else { return nil }
      return EndpointSlice.Port(
        name: port.name ?? "", port: number, protocol: port.protocol ?? "TCP")
    }
  }
}

extension Pod {
  func containerPort(named name: String, _ protocolName: String) -> Int? {
    (spec?.containers ?? []).flatMap { $0.ports ?? [] }
      .first { $0.name == name && ($0.protocol ?? "TCP") == protocolName }?.containerPort
  }
}
