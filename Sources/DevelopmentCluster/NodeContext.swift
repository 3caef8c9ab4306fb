internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import NetworkAddresses
internal import NetworkLab
private import Synchronization

/// What the parts of one node share: where it is, what it sees, which addresses its Pods have.
final class NodeContext: Sendable {
  let plan: ClusterTopology.Node
  let network: ClusterNetwork
  let namespace: LabNamespace
  let view: ClusterView
  let images: ImageCatalog
  let settings: LabCluster.Settings
  let events: EventRecorder
  let logger: Logger
  private let addresses = Mutex<[String: IPAddress]>([:])
  private let cut = Mutex(false)

  init(
    plan: ClusterTopology.Node, network: ClusterNetwork, namespace: LabNamespace,
    view: ClusterView, images: ImageCatalog, settings: LabCluster.Settings, events: EventRecorder,
    logger: Logger
  ) {
    self.plan = plan
    self.network = network
    self.namespace = namespace
    self.view = view
    self.images = images
    self.settings = settings
    self.events = events
    self.logger = logger
  }

  var name: String { plan.name }

  /// Whether the node's link is cut, so that it neither says nor learns anything.
  var isCut: Bool {
    get { cut.withLock { $0 } }
    set { cut.withLock { $0 = newValue } }
  }

  var client: APIClient { view.client }
  var hostIP: String { plan.address.address.description }

  /// Where everything of a Pod is kept on the machine.
  func folder(of pod: Pod) -> String {
    "\(network.lab.directory)/\(name)/pods/\(pod.idOnNode)"
  }

  /// Logs outlive their Pod.
  func logPath(of pod: Pod, container: String) -> String {
    let namespace = pod.metadata.namespace ?? ""
    return "\(LabCluster.logFolder(of: network.lab))/"
      + "\(namespace)_\(pod.metadata.name)_\(container).log"
  }

  /// The address of a Pod, which it keeps until it gives it back; `nil` when all are taken.
  func takeAddress(for uid: String) -> IPAddress? {
    addresses.withLock { addresses in
      if let address = addresses[uid] { return address }
      let address = plan.freePodAddress(used: Set(addresses.values))
      addresses[uid] = address
      return address
    }
  }

  func giveBackAddress(of uid: String) { addresses.withLock { $0[uid] = nil } }

  /// Where Pods reach the API server: the Service `kubernetes`, or the server itself while there is
  /// no such Service.
  var apiServer: (host: String, port: Int) {
    let service = view.services.store[NamespacedName(namespace: "default", name: "kubernetes")]
    if let host = service?.spec?.clusterIP, let port = service?.spec?.ports?.first?.port {
      return (host, port)
    }
    return (network.topology.machine.address.description, settings.apiServerPort)
  }

  func environment(of pod: Pod, podIP: String) -> PodEnvironment {
    let namespace = pod.metadata.namespace ?? ""
    let server = apiServer
    return PodEnvironment(
      pod: pod,
      facts: .init(podIP: podIP, hostIP: hostIP, apiHost: server.host, apiPort: server.port),
      configMap: { [view] name in
        let key = NamespacedName(namespace: namespace, name: name)
        return view.configMaps.store[key].map { $0.data ?? [:] }
      },
      secret: { [view] name in
        let key = NamespacedName(namespace: namespace, name: name)
        return view.secrets.store[key].map { secret in
          (secret.data ?? [:]).compactMapValues { decodeBase64($0) }
        }
      })
  }
}

extension Pod {
  /// What folders, namespaces and addresses of the Pod are named after.
  var idOnNode: String { metadata.uid ?? metadata.name }
}
