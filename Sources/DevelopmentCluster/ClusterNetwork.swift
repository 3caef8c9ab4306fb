package import NetworkAddresses
package import NetworkLab

/// The namespaces, links and routes of a cluster, without anything that runs in them.
///
/// The switch is a bridge in a namespace of its own, so that the machine's firewall never sees what
/// nodes and client say to each other.
package struct ClusterNetwork: Sendable {
  package let lab: Lab
  package let topology: ClusterTopology
  /// A host on the local network that is no part of the cluster.
  package let client: LabNamespace
  /// By name.
  package let nodes: [String: LabNamespace]
  /// The machine's interface on the local network.
  package let machineInterface: String

  /// Why there can be no network.
  package enum Failure: Error, CustomStringConvertible {
    case noFreeNetwork
    case tooManyNodes(Int)

    package var description: String {
      switch self {
      case .noFreeNetwork:
        "every network that a cluster could use (172.29.0.0/16 with a part of 10.128.0.0/9) "
          + "overlaps with a route of this machine"
      case .tooManyNodes(let count):
        "a cluster has 1 to \(ClusterTopology.nodeLimit) nodes, not \(count)"
      }
    }
  }

  package static func build(in lab: Lab, nodes count: Int) async throws -> ClusterNetwork {
    guard 1...ClusterTopology.nodeLimit ~= count else { throw Failure.tooManyNodes(count) }
    let topology = try await chooseTopology(in: lab, nodes: count)
    let bridge = try await lab.addNamespace("switch")
    try await lab.addBridge("lan", in: bridge)
    let interface = try await lab.connectHost(
      LinkEnd(bridge, "machine", bridge: "lan"), address: topology.machine)
    let client = try await lab.addNamespace("client")
    try await lab.connect(
      LinkEnd(bridge, "client", bridge: "lan"),
      LinkEnd(
        client, "eth0", addresses: [topology.client],
        hardwareAddress: MACAddress("02:4c:42:00:00:02")))
    var nodes: [String: LabNamespace] = [:]
    for (index, node) in topology.nodes.enumerated() {
      let namespace = try await lab.addNamespace(node.name)
      let bytes: [UInt8] = [0x02, 0x4c, 0x42, 0, 1, UInt8(truncatingIfNeeded: index + 1)]
      try await lab.connect(
        LinkEnd(bridge, node.name, bridge: "lan"),
        LinkEnd(
          namespace, "eth0", addresses: [node.address], hardwareAddress: MACAddress(bytes: bytes)))
      nodes[node.name] = namespace
      for key in ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"] {
        try await namespace.setSysctl(key, "1")
      }
      // Replies may come back on another way than packets went.
      for key in ["all", "default", "eth0"] {
        try await namespace.setSysctl("net.ipv4.conf.\(key).rp_filter", "0")
      }
    }
    let network = ClusterNetwork(
      lab: lab, topology: topology, client: client, nodes: nodes, machineInterface: interface)
    for node in topology.nodes { try await network.addRoutes(to: node) }
    try await Tool.run(
      ["ip", "-batch", "-"],
      input: topology.nodes.map {
        "route replace \($0.pods) via \($0.address.address) dev \(interface)\n"
      }.joined())
    return network
  }

  private static func chooseTopology(
    in lab: Lab, nodes count: Int
  ) async throws -> ClusterTopology {
    let routes = try await Tool.run(["ip", "-4", "route", "show", "table", "all"])
    let used = ClusterTopology.destinations(inRoutes: routes)
    for topology in ClusterTopology.candidates(nodes: count, avoiding: used) {
      // Another lab may be choosing at the same moment.
      let name = "network-\(topology.network.address)"
      if try await lab.reserve(name) { return topology }
    }
    throw Failure.noFreeNetwork
  }

  /// Gives a node the routes that it loses with its link: to the Pods of the others, and out.
  package func addRoutes(to node: ClusterTopology.Node) async throws {
    let others = topology.nodes.filter { $0 != node }
    try await nodes[node.name]?.ip(
      ["route replace default via \(topology.machine.address)"]
        + others.map { "route replace \($0.pods) via \($0.address.address)" })
  }

  /// The name of the node with a hardware address.
  package func node(owning address: MACAddress) async throws -> String? {
    for (name, namespace) in nodes
    where try await namespace.hardwareAddress(of: "eth0") == address {
      return name
    }
    return nil
  }
}
