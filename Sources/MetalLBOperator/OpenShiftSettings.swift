import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import OperatorRendering

/// What the administrators of an OpenShift cluster decided about all of it, as far as it concerns MetalLB: which TLS
/// servers may speak, and whether the network operator runs frr-k8s. Watched, so that a change takes effect at once.
struct OpenShiftSettings: Sendable {
  private let apiServers: Informer<LiveObject>
  private let clusterOperators: Informer<LiveObject>
  private let networks: Informer<LiveObject>

  init(client: APIClient, time: TimeSource, logger: Logger) {
    func informer(_ kind: ResourceKind, _ name: String) -> Informer<LiveObject> {
      Informer(
        client: client, kind: kind, fieldSelector: "metadata.name=\(name)", isOptional: true,
        time: time, logger: logger)
    }
    apiServers = informer(TLSProfile.resource, TLSProfile.objectName)
    clusterOperators = informer(NetworkOperator.resource, NetworkOperator.objectName)
    networks = informer(NetworkOperator.networkResource, NetworkOperator.networkName)
  }

  var informers: [Informer<LiveObject>] { [apiServers, clusterOperators, networks] }

  /// What the cluster asks of all its servers; `nil` when it says nothing.
  var tls: OperatorEnvironment.TLSOptions? {
    apiServers.store.values.first.map { TLSProfile.options($0.value) }
  }

  /// Tells what the cluster asks of its servers whenever that may have changed.
  func onTLSChange(_ handler: @escaping @Sendable (OperatorEnvironment.TLSOptions?) -> Void) {
    apiServers.onChange { handler($0.new.map { TLSProfile.options($0.value) }) }
  }

  /// Whether the network operator is new enough to run frr-k8s.
  func capability(minimum: SemanticVersion?) -> NetworkOperator.Capability {
    NetworkOperator.capability(clusterOperators.store.values.first?.value, minimum: minimum)
  }

  /// How far the network operator has been asked to run frr-k8s.
  enum NetworkState: Sendable, Hashable {
    case missing
    /// The merge patch asks.
    case unasked(JSONValue)
    case asked
  }

  var network: NetworkState {
    guard let network = networks.store.values.first else { return .missing }
    return NetworkOperator.request(network.value).map { .unasked($0) } ?? .asked
  }
}
