import ClusterConfiguration
import KubernetesAPI
import KubernetesClient
import MetalLBAPI
import WebhookServer

extension ConfigurationWebhooks {
  /// How many Services are named.
  private static let limit = 5

  /// Replaces an object by another version of it, or by nothing.
  typealias Replacement<R> = @Sendable (inout ConfigurationSources, NamespacedName, R?) -> Void

  /// Lets everything pass, and says what it would do to Services.
  func adviser<R: KubernetesResource>(
    _ type: R.Type, _ replace: @escaping Replacement<R>
  ) -> WebhookHandler {
    .admission { request in await advise(request, replace) }
  }

  private func advise<R: KubernetesResource>(
    _ request: AdmissionRequest, _ replace: Replacement<R>
  ) async -> AdmissionResponse {
    guard request.namespace == options.namespace else { return .allowed() }
    do {
      // Of a deletion of several objects each is asked about, without its name.
      let name =
        request.oldObject?[path: ["metadata", "name"]]?.stringValue ?? request.name
      let new = try request.object?.decode(R.self)
      let before = try await ConfigurationSources(reading: client, options: options)
      var after = before
      replace(&after, NamespacedName(namespace: request.namespace, name: name), new)
      return .allowed(warnings: try await disruptions(from: before, to: after))
    } catch {
      // It is advice: whoever judges the object says what is wrong with it.
      return .allowed()
    }
  }

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
