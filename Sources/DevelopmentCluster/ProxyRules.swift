package import KubernetesAPI
package import NetworkAddresses

/// The nftables rules by which one node sends traffic for Services to their Pods, as kube-proxy
/// does: a pure function of Services, EndpointSlices and the node.
///
/// Cluster IPs, load balancer addresses, external IPs and node ports, for TCP and UDP (SCTP alike);
/// both traffic policies; source ranges. An endpoint is chosen at random for each connection.
/// Leaves out: session affinity, health check node ports, topology.
package struct ProxyRules: Sendable {
  package struct Node: Sendable, Hashable {
    package var name: String
    /// Where its own Pods live, and where all Pods live.
    package var pods: CIDRBlock
    package var allPods: CIDRBlock

    package init(name: String, pods: CIDRBlock, allPods: CIDRBlock) {
      self.name = name
      self.pods = pods
      self.allPods = allPods
    }
  }

  private static let masqueradeMark = "0x00004000"

  private let node: Node
  private let family: AddressFamily
  private var chains: [String] = []
  /// `address . protocol . port : verdict`
  private var virtualAddresses: [String] = []
  private var nodePorts: [String] = []
  private var unserved: [String] = []
  private var sourceRanges: [String] = []
  private var hairpins: Set<String> = []

  /// The whole ruleset of one node for a family; loading it replaces the one before at once.
  package static func ruleset(
    services: [Service], slices: [EndpointSlice], node: Node, family: AddressFamily = .ipv4
  ) -> String {
    var rules = ProxyRules(node: node, family: family)
    let byService = Dictionary(grouping: slices) { slice in
      NamespacedName(
        namespace: slice.metadata.namespace ?? "",
        name: slice.metadata.labels[EndpointSlice.serviceNameLabel] ?? "")
    }
    for service in services.sorted(by: { $0.namespacedName < $1.namespacedName }) {
      rules.add(service, byService[service.namespacedName] ?? [])
    }
    return rules.text
  }

  private init(node: Node, family: AddressFamily) {
    self.node = node
    self.family = family
  }

  private var ip: String { family == .ipv4 ? "ip" : "ip6" }

  private mutating func add(_ service: Service, _ slices: [EndpointSlice]) {
    guard let spec = service.spec, spec.type != "ExternalName", spec.clusterIP != "None" else {
      return
    }
    let cluster = addresses(in: spec.clusterIPs ?? [spec.clusterIP].compactMap(\.self))
    let balancers = (service.status?.loadBalancer?.ingress ?? []).filter { $0.ipMode != "Proxy" }
    let external = addresses(
      in: balancers.compactMap(\.ip) + (spec.externalIPs ?? []))
    guard !cluster.isEmpty || !external.isEmpty else { return }
    for port in spec.ports ?? [] {
      let protocolName = (port.protocol ?? "TCP").lowercased()
      let all = Endpoint.usable(slices, port: port, family: family)
      let local = all.filter { $0.node == node.name }
      let name =
        "\(service.metadata.namespace ?? "")/\(service.metadata.name)/"
        + "\(protocolName)/\(port.port)"
      func key(_ address: String) -> String { "\(address) . \(protocolName) . \(port.port)" }

      let inside = spec.internalTrafficPolicy == "Local" ? local : all
      let insideChain = chain("cluster-\(name)", inside, protocolName, masquerading: .outsiders)
      for address in cluster { route(key(address), to: insideChain) }

      let isLocal = spec.externalTrafficPolicy == "Local"
      let outsideChain =
        isLocal
        ? localChain("external-\(name)", local, otherwise: insideChain, protocolName)
        : chain("external-\(name)", all, protocolName, masquerading: .all)
      for address in external {
        route(key(address), to: outsideChain)
        limit(key(address), spec.loadBalancerSourceRanges ?? [])
      }
      if let nodePort = port.nodePort, nodePort != 0, let outsideChain {
        nodePorts.append("\(protocolName) . \(nodePort) : goto \(outsideChain)")
      }
      hairpins.formUnion(all.map { "\($0.address) . \($0.address)" })
    }
  }

  private func addresses(in texts: [String]) -> [String] {
    texts.compactMap { IPAddress($0) }.filter { $0.family == family }.map(\.description)
  }

  private mutating func route(_ key: String, to chain: String?) {
    if let chain {
      virtualAddresses.append("\(key) : goto \(chain)")
    } else {
      unserved.append("\(key) : goto refuse")
    }
  }

  private mutating func limit(_ key: String, _ ranges: [String]) {
    let blocks = ranges.compactMap { CIDRBlock($0) }.filter { $0.family == family }
    guard !blocks.isEmpty else { return }
    let name = "sources-\(sourceRanges.count)"
    chains.append(
      """
        chain \(name) {
          \(ip) saddr { \(blocks.map(\.description).joined(separator: ", ")) } return
          drop
        }
      """)
    sourceRanges.append("\(key) : jump \(name)")
  }

  private enum Masquerading { case all, outsiders }

  /// A chain that sends a connection to one of the endpoints; `nil` when there is none.
  private mutating func chain(
    _ name: String, _ endpoints: [Endpoint], _ protocolName: String,
    masquerading: Masquerading
  ) -> String? {
    guard !endpoints.isEmpty else { return nil }
    let mark = "meta mark set meta mark | \(Self.masqueradeMark)"
    let marking =
      switch masquerading {
      case .all: mark
      case .outsiders: "\(ip) saddr != \(node.allPods) \(mark)"
      }
    chains.append(
      """
        chain \(name) {
          \(marking)
          \(translation(endpoints, protocolName))
        }
      """)
    return name
  }

  /// Traffic policy Local: outsiders reach the Pods of this node alone, with their own address;
  /// Pods of the cluster reach all of them.
  private mutating func localChain(
    _ name: String, _ endpoints: [Endpoint], otherwise: String?, _ protocolName: String
  ) -> String? {
    guard let otherwise else { return nil }
    let rest = endpoints.isEmpty ? "drop" : translation(endpoints, protocolName)
    chains.append(
      """
        chain \(name) {
          \(ip) saddr \(node.allPods) goto \(otherwise)
          fib saddr type local goto \(otherwise)
          \(rest)
        }
      """)
    return name
  }

  private func translation(_ endpoints: [Endpoint], _ protocolName: String) -> String {
    let targets = endpoints.enumerated().map { "\($0) : \($1.address) . \($1.port)" }
    return "meta l4proto \(protocolName) dnat \(ip) to numgen random mod \(endpoints.count) "
      + "map { \(targets.joined(separator: ", ")) }"
  }

  private var text: String {
    let address = family == .ipv4 ? "ipv4_addr" : "ipv6_addr"
    let table = "\(ip) lab-proxy"
    let dispatch = "\(ip) daddr . meta l4proto . th dport vmap"
    let loopback = family == .ipv4 ? "127.0.0.0/8" : "::1"
    return """
      table \(table)
      delete table \(table)
      table \(table) {
        map virtual-addresses {
          type \(address) . inet_proto . inet_service : verdict
      \(Self.elements(virtualAddresses))  }
        map node-ports {
          type inet_proto . inet_service : verdict
      \(Self.elements(nodePorts))  }
        map unserved {
          type \(address) . inet_proto . inet_service : verdict
      \(Self.elements(unserved))  }
        map source-ranges {
          type \(address) . inet_proto . inet_service : verdict
      \(Self.elements(sourceRanges))  }
        set hairpins {
          type \(address) . \(address)
      \(Self.elements(hairpins.sorted()))  }
        chain refuse {
          meta l4proto tcp reject with tcp reset
          reject
        }
      \(chains.joined(separator: "\n"))
        chain services {
          \(dispatch) @virtual-addresses
          fib daddr type local \(ip) daddr != \(loopback) meta l4proto . th dport vmap @node-ports
        }
        chain firewall {
          type filter hook prerouting priority -110
          ct state new \(dispatch) @source-ranges
        }
        chain prerouting {
          type nat hook prerouting priority -100
          goto services
        }
        chain output {
          type nat hook output priority -100
          goto services
        }
        chain forward {
          type filter hook forward priority 0
          ct state new \(dispatch) @unserved
        }
        chain input {
          type filter hook input priority 0
          ct state new \(dispatch) @unserved
        }
        chain local-output {
          type filter hook output priority 0
          ct state new \(dispatch) @unserved
        }
        chain postrouting {
          type nat hook postrouting priority 100
          meta mark & \(Self.masqueradeMark) == \(Self.masqueradeMark) masquerade
          ct status dnat \(ip) saddr . \(ip) daddr @hairpins masquerade
          \(ip) saddr \(node.pods) \(ip) daddr != \(node.allPods) masquerade
        }
      }

      """
  }

  private static func elements(_ values: [String]) -> String {
    values.isEmpty ? "" : "    elements = { \(values.joined(separator: ", ")) }\n"
  }
}

extension ProxyRules {
  /// One Pod behind one port of a Service.
  struct Endpoint: Hashable {
    var address: String
    var port: Int
    var node: String?

    /// The ready ones; when there are none, those that end and still serve.
    static func usable(
      _ slices: [EndpointSlice], port: Service.Port, family: AddressFamily
    ) -> [Endpoint] {
      var ready: [Endpoint] = []
      var ending: [Endpoint] = []
      for slice in slices where slice.addressType == (family == .ipv4 ? "IPv4" : "IPv6") {
        let number = (slice.ports ?? []).first {
          ($0.name ?? "") == (port.name ?? "")
            && ($0.protocol ?? "TCP") == (port.protocol ?? "TCP")
        }?.port
        guard let number else { continue }
        for endpoint in slice.endpoints ?? [] {
          guard let address = endpoint.addresses.first else { continue }
          let value = Endpoint(address: address, port: number, node: endpoint.nodeName)
          if endpoint.conditions?.ready ?? true {
            ready.append(value)
          } else if endpoint.conditions?.serving ?? true,
            endpoint.conditions?.terminating ?? false
          {
            ending.append(value)
          }
        }
      }
      return Array(Set(ready.isEmpty ? ending : ready)).sorted { $0.address < $1.address }
    }
  }
}
