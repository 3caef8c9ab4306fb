import KubernetesAPI
import NetworkAddresses

/// Which cluster IPs and node ports Services hold.
struct ServiceAddresses: Sendable {
  let blocks: [CIDRBlock]

  init(blocks: [CIDRBlock]) { self.blocks = blocks }
}
