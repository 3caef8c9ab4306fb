import KubernetesAPI
import Testing

@testable import MetalLBOperator

@Suite struct NodeProviderTests {
  struct Row: CustomTestStringConvertible {
    var identifier: String?
    var labels: [String: String] = [:]
    var provider: NodeProvider

    init(_ identifier: String?, _ provider: NodeProvider) {
      (self.identifier, self.provider) = (identifier, provider)
    }

    init(label: String, _ provider: NodeProvider) {
      (labels, self.provider) = ([label: "x"], provider)
    }

    var testDescription: String { "\(identifier ?? labels.keys.first ?? "nothing")" }
  }

  @Test(arguments: [
    Row("aws:///eu-central-1a/i-0123456789abcdef0", .aws),
    Row("azure:///subscriptions/x/resourceGroups/y/providers/z", .azure),
    Row("digitalocean://12345", .digitalOcean),
    Row("equinixmetal://0a1b2c", .equinixMetal),
    Row("packet://0a1b2c", .equinixMetal),
    Row("gce://project/europe-west1-b/node", .googleCloud),
    Row("hcloud://42", .hetzner),
    Row("hrobot://42", .hetzner),
    Row("ovhcloud://x", .ovh),
    Row("openstack:///0a1b", .openStack),
    Row("proxmox://cluster/100", .proxmox),
    Row("vsphere://4211-aa", .vmware),
    Row("vultr://0a1b", .vultr),
    Row("baremetalhost:///openshift-machine-api/worker-0/x", .onPremises),
    Row("metal3://x", .onPremises),
    Row("ovirt://x", .onPremises),
    Row("kind://docker/kind/kind-worker", .onPremises),
    Row("k3s://node-1", .onPremises),
    Row(nil, .onPremises),
    Row("", .onPremises),
    Row("KIND://docker/kind/kind-worker", .onPremises),
    Row("linode://1", .unlisted),
    Row("ibm://account///cluster/x", .unlisted),
    Row("ocid1.instance.oc1.eu-frankfurt-1.x", .unlisted),
    Row("cn-hangzhou.i-bp1", .unlisted),
    Row(label: "eks.amazonaws.com/nodegroup", .aws),
    Row(label: "kubernetes.azure.com/cluster", .azure),
    Row(label: "doks.digitalocean.com/node-pool", .digitalOcean),
    Row(label: "cloud.google.com/gke-nodepool", .googleCloud),
    Row(label: "hcloud/node-group", .hetzner),
    Row(label: "node.k8s.ovh/type", .ovh),
    Row(label: "kubernetes.io/hostname", .onPremises),
  ])
  func `Is told by the provider id, else by labels`(row: Row) {
    var spec = Node.Spec()
    spec.providerID = row.identifier
    let node = Node(metadata: ObjectMeta(name: "n", labels: row.labels), spec: spec)
    #expect(NodeProvider(node) == row.provider)
  }

  @Test func `Nodes of OVH's OpenStack are OVH's`() {
    var spec = Node.Spec()
    spec.providerID = "openstack:///0a1b"
    let node = Node(
      metadata: ObjectMeta(name: "n", labels: ["k8s.ovh.net/nodepool": "x"]), spec: spec)
    #expect(NodeProvider(node) == .ovh)
  }

  /// The table of cloud compatibility in MetalLB's documentation.
  @Test(arguments: [
    (NodeProvider.aws, "no EKS"), (.azure, "no AKS"), (.digitalOcean, "no DigitalOcean Kubernetes"),
    (.equinixMetal, "notes BGP"), (.googleCloud, "no GKE"), (.hetzner, "notes floating"),
    (.ovh, "notes vRack"), (.openStack, "notes spoofing"), (.proxmox, "yes"), (.vmware, "yes"),
    (.vultr, "yes"), (.onPremises, "yes"), (.unlisted, "unknown very likely"),
  ])
  func `Support is that of the documented table`(provider: NodeProvider, expected: String) {
    let (answer, text) =
      switch provider.support {
      case .works: ("yes", "")
      case .worksIf(let advice): ("notes", advice)
      case .fails(let advice): ("no", advice)
      case .unknown(let advice): ("unknown", advice)
      }
    let words = expected.split(separator: " ", maxSplits: 1)
    #expect(answer == words[0])
    if words.count > 1 { #expect(text.contains(words[1])) }
  }
}
