package import KubernetesAPI
package import MetalLBAPI

/// Everything that the workloads depend on.
package struct RenderingInput: Sendable, Hashable {
  package var metalLB: MetalLB
  package var environment: OperatorEnvironment
  package var platform: Platform
  package var backend: BGPBackend
  /// Ports of the API server's endpoints, for network policies.
  package var apiServerPorts: [Int]
  /// The namespace that cluster-scoped objects belong to, so that its deletion takes them along;
  /// `nil` when it cannot be read.
  package var namespaceOwner: OwnerReference?

  package init(
    metalLB: MetalLB, environment: OperatorEnvironment, platform: Platform,
    backend: BGPBackend = .native, apiServerPorts: [Int] = defaultAPIServerPorts,
    namespaceOwner: OwnerReference? = nil
  ) {
    self.metalLB = metalLB
    self.environment = environment
    self.platform = platform
    self.backend = backend
    self.apiServerPorts = apiServerPorts
    self.namespaceOwner = namespaceOwner
  }

  /// Where API servers usually listen: behind the Service `kubernetes`, and themselves. Network
  /// plugins differ in which of the two they compare a policy with.
  package static let defaultAPIServerPorts = [443, 6443]

  var namespace: String { environment.namespace }
  var spec: MetalLB.Spec { metalLB.spec ?? MetalLB.Spec() }

  /// Whether the speakers' Pods hold FRR. Those of an image without the tools for it stay as they are, so that
  /// layer 2 works.
  var runsFRRInSpeaker: Bool {
    backend == .frr && backend.isAvailable(with: environment.images)
  }

  var logLevel: String { spec.logLevel.flatMap { $0.isEmpty ? nil : $0 } ?? "info" }

  /// Metadata of an object in the operator's namespace.
  func metadata(_ name: String, component: String) -> ObjectMeta {
    ObjectMeta(name: name, namespace: namespace, labels: ObjectLabel.object(component))
  }
}
