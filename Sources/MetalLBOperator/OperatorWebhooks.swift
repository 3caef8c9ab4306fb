import ClusterConfiguration
import KubernetesAPI
package import KubernetesClient
import MetalLBAPI
package import OperatorRendering
package import WebhookServer

/// Judges `MetalLB` and `AddressPool` objects before they are stored.
///
/// What the reconciles can answer visibly is let pass with a warning: a MetalLB object of another name, objects in another
/// namespace, a backend that this version lacks. What leaves the specification as it is is let pass too, so that an object
/// that is older than the rules can still be labelled and deleted.
package struct OperatorWebhooks: Sendable {
  private let client: APIClient
  private let environment: OperatorEnvironment

  package init(client: APIClient, environment: OperatorEnvironment) {
    // API servers wait ten seconds.
    self.client = client.timeout(.seconds(5))
    self.environment = environment
  }

  /// By path.
  package var handlers: [String: WebhookHandler] {
    [
      ValidatingWebhookName.metalLB.path: .admission { request in
        await request.judged(MetalLB.self, labelsCount: false) { judge($0) }
      },
      ValidatingWebhookName.addressPool.path: .admission { request in
        await request.judged(AddressPool.self, labelsCount: false) { pool in
          await judge(pool, request)
        }
      },
    ]
  }

  // MARK: MetalLB

  private func judge(_ metalLB: MetalLB) -> AdmissionResponse {
    let problems = MetalLBValidation.problems(
      in: metalLB.spec ?? MetalLB.Spec(), environment: environment)
    guard problems.isEmpty else {
      return .denied(problems.map(\.description).joined(separator: "; "))
    }
    var warnings: [String] = []
    if metalLB.metadata.namespace != environment.namespace {
      warnings.append(
        "nothing is installed for a MetalLB object outside of namespace \(environment.namespace)")
    } else if metalLB.metadata.name != MetalLB.singletonName {
      warnings.append(
        "nothing is installed for a MetalLB object whose name is not \(MetalLB.singletonName)")
    }
    if let backend = metalLB.spec?.bgpBackend.flatMap(BGPBackend.init(rawValue:)),
      !backend.isAvailable(with: environment.images)
    {
      warnings.append(
        "this version has no backend \(backend.rawValue): Services are announced over layer 2 only")
    }
    return .allowed(warnings: warnings)
  }

  // MARK: AddressPool

  private func judge(_ pool: AddressPool, _ request: AdmissionRequest) async -> AdmissionResponse {
    let name = pool.namespacedName
    let counts = name.namespace == environment.namespace
    let (pools, ipAddressPools): ([AddressPool], [IPAddressPool])
    do {
      async let allPools = client.list(AddressPool.self).items
      // Those of other namespaces are nobody's here, and not to be read.
      async let otherPools =
        counts ? client.list(IPAddressPool.self, namespace: environment.namespace).items : []
      (pools, ipAddressPools) = try await (allPools, otherPools)
    } catch {
      return .failed("cannot read the other pools: \(error)")
    }
    if request.operation == .create,
      let other = pools.first(where: { $0.metadata.name == name.name && $0.namespacedName != name })
    {
      return .denied(
        "AddressPool \(name.name) already exists in namespace \(other.namespacedName.namespace)")
    }
    var candidate = pool
    // The last in rank: whatever is in its way was there before.
    candidate.metadata.creationTimestamp = nil
    let others = pools.filter {
      $0.metadata.namespace == name.namespace && $0.namespacedName != name
        && $0.metadata.deletionTimestamp == nil
    }
    let admission = AddressPoolAdmission(
      pools: others + [candidate], ipAddressPools: ipAddressPools, rendered: [])
    let verdict = admission.verdicts.first { $0.pool.namespacedName == name }
    if let fault = verdict?.fault { return .denied("\(fault)") }
    guard counts else {
      return .allowed(
        warnings: [
          "AddressPools count in namespace \(environment.namespace) only, where the operator runs"
        ])
    }
    return .allowed()
  }
}
