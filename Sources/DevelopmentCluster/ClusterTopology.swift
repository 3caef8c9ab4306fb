package import NetworkAddresses
package import NetworkLab

/// The addresses of one cluster: a local network with the machine itself, a client and the nodes on
/// it, and behind each node a routed network for its Pods.
///
///     machine (API server) .1 ──┐
///     client               .2 ──┼── bridge ── node-1 .11 ── Pods 10.180.1.0/24
///                               │             node-2 .12 ── Pods 10.180.2.0/24 …
///     free for load balancers .200–.239
///
/// Only the local network and the Pods' network are routed on the machine, so they must be free
/// there; cluster IPs exist inside of the nodes alone.
package struct ClusterTopology: Sendable, Hashable {
  package struct Node: Sendable, Hashable {
    package let name: String
    package let address: LabAddress
    package let pods: CIDRBlock
  }

  package let network: CIDRBlock
  package let machine: LabAddress
  package let client: LabAddress
  package let nodes: [Node]
  package let pods: CIDRBlock
  package let services: CIDRBlock
  /// Addresses on the local network that belong to nobody.
  package let loadBalancers: AddressRange

  /// How many nodes fit.
  package static let nodeLimit = 50
  static let choices = 64

  /// The topology with a number from 0 to 63, which sets its networks apart; `nil` for an
  /// impossible number or count of nodes.
  package init?(number: Int, nodes count: Int) {
    guard 0..<Self.choices ~= number, 1...Self.nodeLimit ~= count else { return nil }
    let base = UInt32(172) << 24 | 29 << 16 | UInt32(number) << 8
    let podBase = UInt32(10) << 24 | UInt32(180 + number) << 16
    func address(_ host: Int) -> IPAddress { .v4(IPv4Address(rawValue: base | UInt32(host))) }
    guard let network = CIDRBlock(address(0), prefixLength: 24),
      let pods = CIDRBlock(.v4(IPv4Address(rawValue: podBase)), prefixLength: 16),
      let services = CIDRBlock("10.96.0.0/16"),
      let loadBalancers = AddressRange(address(200), address(239))
    else { return nil }
    self.network = network
    self.pods = pods
    self.services = services
    self.loadBalancers = loadBalancers
    machine = LabAddress(address(1), prefixLength: 24)
    client = LabAddress(address(2), prefixLength: 24)
    nodes = (1...count).compactMap { index in
      let block = IPv4Address(rawValue: podBase | UInt32(index) << 8)
      return CIDRBlock(.v4(block), prefixLength: 24).map {
        Node(
          name: "node-\(index)", address: LabAddress(address(10 + index), prefixLength: 24),
          pods: $0)
      }
    }
  }

  /// The topologies whose networks are not in use, best first.
  static func candidates(nodes: Int, avoiding used: [CIDRBlock]) -> [ClusterTopology] {
    (0..<choices).compactMap { ClusterTopology(number: $0, nodes: nodes) }.filter { topology in
      !used.contains { $0.overlaps(topology.network) || $0.overlaps(topology.pods) }
    }
  }

  /// The destinations in what `ip -4 route show table all` prints. The default route is no network
  /// of its own.
  static func destinations(inRoutes text: String) -> [CIDRBlock] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split { $0 == " " }
      let types: Set<Substring> = [
        "unicast", "local", "broadcast", "multicast", "blackhole", "unreachable", "prohibit",
      ]
      let destination = words.first { !types.contains($0) } ?? ""
      return CIDRBlock(destination) ?? IPAddress(destination).map { CIDRBlock($0) }
    }
  }
}

extension ClusterTopology.Node {
  /// The node's own address on the links to its Pods, and their way out.
  package var podGateway: IPAddress { pods.first.advanced(by: 1) ?? pods.first }

  /// The lowest address for a Pod that is not in use; `nil` when the block is full.
  func freePodAddress(used: Set<IPAddress>) -> IPAddress? {
    // The first address is the network's, the second the gateway's, the last one for broadcasts.
    for distance in UInt128(2)..<(pods.count - 1) {
      if let address = pods.first.advanced(by: distance), !used.contains(address) {
        return address
      }
    }
    return nil
  }
}
