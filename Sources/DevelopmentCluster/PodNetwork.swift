internal import KubernetesAPI
internal import Logging
internal import NetworkAddresses
internal import NetworkLab

/// The network of one Pod: the node's own, or a namespace behind a routed veth pair.
struct PodNetwork: Sendable {
  var namespace: LabNamespace
  var address: IPAddress
  /// Whether the namespace is the Pod's and goes with it.
  var isOwn: Bool

  /// Why a Pod gets no network.
  enum Failure: Error, CustomStringConvertible {
    case noFreeAddress(CIDRBlock)

    var description: String {
      switch self {
      case .noFreeAddress(let block): "no free address in \(block)"
      }
    }
  }

  static func make(for pod: Pod, on node: NodeContext) async throws -> PodNetwork {
    if pod.spec?.hostNetwork == true {
      return PodNetwork(
        namespace: node.namespace, address: node.plan.address.address, isOwn: false)
    }
    guard let address = node.takeAddress(for: pod.idOnNode) else {
      throw Failure.noFreeAddress(node.plan.pods)
    }
    let gateway = node.plan.podGateway
    let namespace = try await node.network.lab.addNamespace("pod-\(pod.idOnNode.prefix(8))")
    let network = PodNetwork(namespace: namespace, address: address, isOwn: true)
    do {
      let bits = address.family.bitWidth
      let veth = hostInterface(of: pod)
      try await node.network.lab.connect(
        LinkEnd(node.namespace, veth, addresses: [LabAddress(gateway, prefixLength: bits)]),
        LinkEnd(namespace, "eth0", addresses: [LabAddress(address, prefixLength: bits)]))
      try await namespace.ip([
        "route add \(gateway) dev eth0 scope link", "route add default via \(gateway) dev eth0",
      ])
      try await node.namespace.ip(["route replace \(address) dev \(veth) scope link"])
      return network
    } catch {
      // The next attempt finds nothing of this one.
      await network.remove(of: pod, from: node)
      throw error
    }
  }

  private static func hostInterface(of pod: Pod) -> String {
    "veth\(pod.idOnNode.prefix(8))"
  }

  /// Removes what is the Pod's own, with all processes in it; also in a cancelled task.
  func remove(of pod: Pod, from node: NodeContext) async {
    guard isOwn else { return }
    // In a task of its own, as a cancelled one could not call any tool.
    let removal = Task {
      // The kernel takes its time with the interfaces of a namespace; a Pod that comes back at once needs this one's name.
      try? await node.namespace.ip(["link delete dev \(Self.hostInterface(of: pod))"])
      try await node.network.lab.removeNamespace(namespace)
    }
    do {
      try await removal.value
    } catch {
      node.logger.warning(
        "cannot remove a Pod's network",
        metadata: ["pod": "\(pod.namespacedName)", "error": "\(error)"])
    }
    node.giveBackAddress(of: pod.idOnNode)
  }
}
