import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import OperatorRendering

/// What the reconcilers share: the cluster as the informers show it, and the ways to write.
struct OperatorContext: Sendable {
  let client: APIClient
  let environment: OperatorEnvironment
  let facts: ClusterFacts
  /// Whether webhook servers are started anew where they have older TLS settings.
  let restartsWebhookServers: Bool
  let platform: PlatformSurvey
  /// `nil` on Kubernetes.
  let openShift: OpenShiftSettings?
  let objects: OwnedObjects
  let status: StatusWriter
  let recorder: EventRecorder
  let queue: WorkQueue<OperatorKey>
  let time: TimeSource
  let logger: Logger

  let metalLBs: Informer<MetalLB>
  let addressPools: Informer<AddressPool>
  let currentObjects: CurrentObjects
  /// The ConfigMap `config`, whoever wrote it.
  let configMaps: Informer<LiveObject>

  var namespace: String { environment.namespace }

  /// The key of the one MetalLB object that counts.
  var singleton: NamespacedName {
    NamespacedName(namespace: namespace, name: MetalLB.singletonName)
  }

  /// The MetalLB object to act upon. One that is being deleted asks for nothing any more.
  var metalLB: MetalLB? {
    guard let object = metalLBs.store[singleton], object.metadata.deletionTimestamp == nil else {
      return nil
    }
    return object
  }

  /// Whether this is a cluster that the object can work in.
  func platformVerdict(for metalLB: MetalLB) -> PlatformVerdict {
    PlatformVerdict(platform.facts, loadBalancerClass: metalLB.spec?.loadBalancerClass)
  }

  /// Why nothing can be done at the moment.
  var obstacle: String? {
    guard let error = metalLBs.unavailable else { return nil }
    return error.isNotFound
      ? "the API server does not know MetalLB objects: apply the CRDs of the installation"
      : "cannot read MetalLB objects: \(error)"
  }
}
