import Announcement
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Layer2Transport
import Logging
import NetworkAddresses

/// Tells users, once, when this node's kernel answers ARP requests for addresses of Services beside whoever announces them:
/// then clients reach whichever node answers first. Nothing else follows from it.
final class StrictARPCheck: Sendable {
  /// As often as the announcer reads what the kernel has.
  private static let interval = Duration.seconds(60)

  let queue: WorkQueue<SingleKey>
  private let rules: Layer2Rules
  private let services: Store<KubernetesAPI.Service>
  private let nodes: Store<Node>
  private let announcer: any AddressAnnouncing
  private let recorder: EventRecorder
  private let logger: Logger

  init(
    rules: Layer2Rules, informers: SpeakerInformers, announcer: any AddressAnnouncing,
    recorder: EventRecorder, time: TimeSource, logger: Logger
  ) {
    self.rules = rules
    services = informers.services.store
    nodes = informers.nodes.store
    self.announcer = announcer
    self.recorder = recorder
    self.logger = logger
    queue = WorkQueue(time: time)
    queue.add(SingleKey("strictARP"))
  }

  func reconcile() -> ReconcileResult {
    guard let node = nodes[NamespacedName(namespace: "", name: rules.node)],
      let (service, address, exposure) = firstExposure()
    else { return .requeue(after: Self.interval) }
    let message =
      "node \"\(rules.node)\" answers ARP for \(address) of Service \(service) by itself on \(exposure.link), because \(exposure.holder) has the address and arp_ignore is \(exposure.arpIgnore), so that clients may not reach the node that announces it: set strictARP for kube-proxy in IPVS mode, or net.ipv4.conf.all.arp_ignore to 1"
    logger.warning(
      "the kernel answers for addresses of Services",
      metadata: [
        LogKey.service: "\(service)", LogKey.ips: "\(address)",
        LogKey.interface: "\(exposure.holder)",
      ])
    recorder.record(.warning, reason: "kernelAnswersARP", message, on: node)
    return .done
  }

  private func firstExposure() -> (NamespacedName, IPAddress, KernelAddresses.Exposure)? {
    let kernel = announcer.kernelAddresses
    for service in services.values {
      let facts = ServiceFacts(service)
      guard facts.isLoadBalancer, facts.loadBalancerClass == rules.loadBalancerClass else {
        continue
      }
      for address in facts.addresses {
        if let exposure = kernel.exposure(of: address) { return (facts.key, address, exposure) }
      }
    }
    return nil
  }
}
