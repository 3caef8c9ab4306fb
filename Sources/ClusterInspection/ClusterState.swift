package import ClusterConfiguration
package import KubernetesAPI
package import KubernetesClient
import MetalLBAPI
import MetalLBController

/// What decides about addresses in a live cluster, read at one moment.
package struct ClusterState: Sendable {
  package var sources: ConfigurationSources
  package var services: [Service]
  /// The class of Services that the controller serves.
  package var loadBalancerClass: String

  /// Kinds that the cluster lacks count as empty.
  ///
  /// - Parameter namespace: MetalLB's own.
  package init(reading client: APIClient, namespace: String) async throws {
    async let namespaces = client.list(Namespace.self).items
    async let services = client.list(Service.self).items
    sources = try await ConfigurationSources(
      reading: client, options: ControllerOptions(namespace: namespace))
    sources.namespaces = try await namespaces
    self.services = try await services
    do {
      let metalLB = try await client.find(
        MetalLB.self, MetalLB.singletonName, namespace: namespace)
      loadBalancerClass = metalLB?.spec?.loadBalancerClass ?? ""
    } catch let error as KubernetesError where error.isNotFound {
      loadBalancerClass = ""
    }
  }
}

extension ClusterState {
  /// Makes the change. Of the MetalLB object only the class matters, which decides who is served.
  ///
  /// - Parameter namespace: MetalLB's own.
  package mutating func apply(
    _ change: ConfigurationChange, namespace: String
  ) throws(ConfigurationChangeError) {
    guard case .put(let object) = change, object["kind"] == "MetalLB" else {
      try sources.apply(change, namespace: namespace)
      return
    }
    let metalLB: MetalLB
    let name = object[path: ["metadata", "name"]]?.stringValue ?? ""
    do {
      metalLB = try object.decode(MetalLB.self)
    } catch {
      throw .unreadable(kind: "MetalLB", name: name, reason: "\(error)")
    }
    guard metalLB.metadata.namespace ?? namespace == namespace else {
      throw .otherNamespace(
        kind: "MetalLB", name: name, namespace: metalLB.metadata.namespace ?? "")
    }
    guard name == MetalLB.singletonName else { throw .otherName(name) }
    loadBalancerClass = metalLB.spec?.loadBalancerClass ?? ""
  }
}
