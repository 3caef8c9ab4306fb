import KubernetesAPI

/// Who runs the machines that a cluster's nodes are on. What works where is MetalLB's table of cloud compatibility.
enum NodeProvider: String, Sendable, Hashable, CaseIterable {
  case aws = "AWS"
  case azure = "Azure"
  case digitalOcean = "DigitalOcean"
  case equinixMetal = "Equinix Metal"
  case googleCloud = "Google Cloud"
  case hetzner = "Hetzner"
  case ovh = "OVH"
  case openStack = "OpenStack"
  case proxmox = "Proxmox"
  case vmware = "VMware"
  case vultr = "Vultr"
  /// Machines of one's own, or a cluster in containers on one.
  case onPremises = "machines of your own"
  /// A provider that is not in the table.
  case unlisted = "a provider that is not listed"

  /// Whether addresses can be announced there.
  enum Support: Sendable, Hashable {
    case works
    /// Works once something is seen to.
    case worksIf(String)
    /// Does not work. Says why and what does.
    case fails(String)
    case unknown(String)
  }

  var support: Support {
    switch self {
    case .aws: .fails(Self.emulated(insteadUse: "the load balancers of EKS"))
    case .azure: .fails(Self.emulated(insteadUse: "the load balancers of AKS"))
    case .digitalOcean:
      .fails(Self.emulated(insteadUse: "the load balancers of DigitalOcean Kubernetes"))
    case .googleCloud: .fails(Self.emulated(insteadUse: "the load balancers of GKE"))
    case .equinixMetal:
      .worksIf("use BGP mode with the provider's routers; layer 2 does not reach other servers")
    case .hetzner:
      .worksIf(
        "addresses must be routed to the node: use a vSwitch, or floating IPs that follow the node")
    case .ovh: .worksIf("the nodes must be connected by a vRack")
    case .openStack:
      .worksIf(
        "layer 2 mode needs ARP spoofing protection (port security) off on the ports of all nodes")
    case .proxmox, .vmware, .vultr, .onPremises: .works
    case .unlisted:
      .unknown(
        """
        its support is not known and very likely missing: test that another machine gets an answer \
        to ARP for an address of a Service, or use the load balancers of the provider
        """)
    }
  }

  private static func emulated(insteadUse alternative: String) -> String {
    """
    its network resolves only addresses that it assigned itself, so that layer 2 mode reaches \
    nobody, and it routes no prefixes by BGP: use \(alternative)
    """
  }

  /// Reads `spec.providerID`, whose scheme names the provider; where it is absent, labels that only one provider sets.
  /// A node with neither is on a machine of one's own.
  init(_ node: Node) {
    let labels = node.metadata.labels.keys
    // Managed clusters of OVH run on its OpenStack.
    if labels.contains(where: { $0.contains("k8s.ovh") }) {
      self = .ovh
      return
    }
    let identifier = node.spec?.providerID ?? ""
    guard identifier.isEmpty else {
      self = Self.provider(ofIdentifier: identifier)
      return
    }
    let hint = Self.labels.first { hint in labels.contains { $0.hasPrefix(hint.prefix) } }
    self = hint?.provider ?? .onPremises
  }

  private static func provider(ofIdentifier identifier: String) -> NodeProvider {
    // Some clouds write no scheme: `ocid1.instance…`, `cn-hangzhou.i-…`.
    guard let end = identifier.firstRange(of: "://") else { return .unlisted }
    return schemes[identifier[..<end.lowerBound].lowercased()] ?? .unlisted
  }

  /// What cloud controllers and Cluster API providers write before `://`.
  private static let schemes: [String: NodeProvider] = [
    "aws": .aws, "azure": .azure, "digitalocean": .digitalOcean, "equinixmetal": .equinixMetal,
    "packet": .equinixMetal, "gce": .googleCloud, "hcloud": .hetzner, "hrobot": .hetzner,
    "ovh": .ovh, "ovhcloud": .ovh, "openstack": .openStack, "proxmox": .proxmox,
    "vsphere": .vmware, "vultr": .vultr,
    "baremetal": .onPremises, "baremetalhost": .onPremises, "byoh": .onPremises,
    "elemental": .onPremises, "harvester": .onPremises, "k3s": .onPremises, "kind": .onPremises,
    "libvirt": .onPremises, "maas": .onPremises, "metal3": .onPremises, "nutanix": .onPremises,
    "ovirt": .onPremises, "rke2": .onPremises, "tinkerbell": .onPremises,
  ]

  private static let labels: [(prefix: String, provider: NodeProvider)] = [
    ("eks.amazonaws.com/", .aws), ("kubernetes.azure.com/", .azure),
    ("doks.digitalocean.com/", .digitalOcean), ("cloud.google.com/gke-", .googleCloud),
    ("hcloud/", .hetzner), ("vke.vultr.com/", .vultr),
  ]
}
