import ClusterConfiguration
import KubernetesAPI
import KubernetesClient
import MetalLBAPI

extension ConfigurationWebhooks {
  /// How many Services are named.
  private static let limit = 5

  /// What an update would do to Services that have addresses, one line each. It is let pass all the same, as upstream
  /// would. Nothing where that cannot be found out: an installation of another make does not let us list Services.
  func disruptions(
    from before: ConfigurationSources, to after: ConfigurationSources
  ) async throws -> [String] {
    async let allNamespaces = client.listIfReadable(Namespace.self, nil)
    async let metalLBs = client.listIfReadable(MetalLB.self, options.namespace)
    let metalLB = try await metalLBs?.first { $0.metadata.name == MetalLB.singletonName }
    guard let namespaces = try await allNamespaces else { return [] }
    var (before, after) = (before, after)
    (before.namespaces, after.namespaces) = (namespaces, namespaces)
    // One after the other, as in the running controller.
    var assembler = ConfigurationAssembler()
    let old = assembler.assemble(before)
    let new = assembler.assemble(after)
    guard old.configuration != new.configuration,
      let services = try await client.listIfReadable(Service.self, nil)
    else { return [] }
    let plan = AssignmentPlan(
      services: services, before: old, after: new,
      loadBalancerClass: metalLB?.spec?.loadBalancerClass ?? options.loadBalancerClass)
    return plan.warnings(limit: Self.limit)
  }
}
