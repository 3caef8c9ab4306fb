package import KubernetesAPI

/// Where the endpoints are that may take traffic of a Service.
package struct UsableEndpoints: Sendable, Hashable {
  /// Whether there is one anywhere.
  package var exist: Bool
  /// The nodes that host at least one.
  package var nodes: Set<String>

  package init(exist: Bool, nodes: Set<String>) {
    self.exist = exist
    self.nodes = nodes
  }

  /// - Parameter slices: all slices of the Service, of either family.
  package init(_ slices: some Sequence<EndpointSlice>) {
    exist = false
    nodes = []
    for slice in slices {
      for endpoint in slice.endpoints ?? [] where endpoint.isUsable {
        exist = true
        if let node = endpoint.nodeName { nodes.insert(node) }
      }
    }
  }

  package static let none = UsableEndpoints(exist: false, nodes: [])
}

extension EndpointSlice.Endpoint {
  /// Ready, or not known to be otherwise, or still serving while it terminates. `terminating` alone says nothing.
  package var isUsable: Bool {
    (conditions?.ready ?? true) || conditions?.serving == true
  }
}
