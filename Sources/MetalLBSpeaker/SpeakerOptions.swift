import LegacyConfiguration

/// What `metallb speaker` is told by flags and environment (the names stand in the command's help). Values have the
/// defaults of the flags.
package struct SpeakerOptions: Sendable, Hashable {
  /// How routes are announced: `METALLB_BGP_TYPE`.
  package enum BGPType: String, Sendable, Hashable, CaseIterable {
    case native
    case frr
    case frrK8s = "frr-k8s"
  }

  /// `--namespace`, `METALLB_NAMESPACE`: MetalLB's own namespace.
  package var namespace: String
  /// `--node-name`, `METALLB_NODE_NAME`: the Node that this process runs on.
  package var nodeName: String
  /// `--pod-name`, `METALLB_POD_NAME`: the Pod that this process runs in. Empty: unknown.
  package var podName = ""
  /// `--config`: the ConfigMap of the legacy era.
  package var configMapName = LegacyDocument.configMapName
  /// `--lb-class`: only Services of this class are handled. Empty: those without a class.
  package var loadBalancerClass = ""
  /// `--ignore-exclude-lb`: announce from Nodes that are excluded from external load balancers, too.
  package var ignoresExclusionLabel = false
  /// `--ml-labels`, `METALLB_ML_LABELS`: selects the Pods of all speakers. Empty: every Node counts as having one.
  package var speakerLabels = ""
  /// How this speaker gossips with the others; nil, or no ``speakerLabels``: readiness counts instead.
  package var gossip: GossipOptions?
  /// Of this program, for the other speakers.
  package var version = ""
  package var bgpType = BGPType.native
  /// A file with regular expressions of interfaces to leave alone. A missing file excludes none.
  package var excludedInterfacesPath = "/etc/metallb/excludel2.yaml"

  package init(namespace: String, nodeName: String) {
    self.namespace = namespace
    self.nodeName = nodeName
  }
}
