import KubernetesAPI
import Testing

@testable import MetalLBOperator

@Suite struct PlatformVerdictTests {
  struct Row: CustomTestStringConvertible {
    var testDescription: String
    var status: PlatformVerdict.Status
    var reason: MetalLBReason
    /// Texts that the message has, in this order.
    var texts: [String] = []
    var loadBalancerClass: String?
    var facts: @Sendable (inout PlatformFacts) throws -> Void
  }

  private static func node(
    _ identifier: String? = nil, arguments: String? = nil, name: String = "n1"
  ) -> Node {
    var spec = Node.Spec()
    spec.providerID = identifier
    return Node(
      metadata: ObjectMeta(
        name: name, annotations: arguments.map { ["k3s.io/node-args": $0] } ?? [:]), spec: spec)
  }

  private static func workload(
    _ name: String, namespace: String = "other", image: String = "example.org/x",
    labels: [String: String] = [:], podLabels: [String: String] = [:], variable: String? = nil
  ) -> JSONValue {
    var container: JSONValue = ["name": "c", "image": .string(image)]
    if let variable { container["env"] = [["name": .string(variable), "value": "192.0.2.1"]] }
    return [
      "metadata": [
        "name": .string(name), "namespace": .string(namespace), "labels": .strings(labels),
      ],
      "spec": [
        "template": [
          "metadata": ["labels": .strings(podLabels)], "spec": ["containers": [container]],
        ]
      ],
    ]
  }

  private static func proxy(_ text: String) -> ConfigMap {
    ConfigMap(
      metadata: ObjectMeta(name: "kube-proxy", namespace: "kube-system"),
      data: ["config.conf": text])
  }

  private static let own = "metallb-system"

  static let rows: [Row] = [
    Row(testDescription: "nothing known", status: .supported, reason: .supported) { _ in },
    Row(testDescription: "the oldest version", status: .supported, reason: .supported) {
      $0.version = KubernetesVersion(major: 1, minor: 26)
    },
    Row(testDescription: "a version to come", status: .supported, reason: .supported) {
      $0.version = KubernetesVersion(major: 2, minor: 0)
    },
    Row(
      testDescription: "too old", status: .unsupported, reason: .kubernetesTooOld,
      texts: ["Kubernetes 1.25 is older than 1.26", "upgrade the cluster"]
    ) { $0.version = KubernetesVersion(major: 1, minor: 25) },
    Row(testDescription: "own machines", status: .supported, reason: .supported) {
      $0.add(node())
      $0.add(node("kind://docker/kind/kind-worker"))
      $0.add(node("vsphere://4211"))
    },
    Row(
      testDescription: "a cloud without layer 2", status: .unsupported, reason: .cloudUnsupported,
      texts: ["2 nodes are on AWS", "EKS"]
    ) {
      $0.add(node("aws:///a/i-1"))
      $0.add(node("aws:///a/i-2"))
      $0.add(node())
    },
    Row(
      testDescription: "OpenStack", status: .supported, reason: .supportedWithAdvice,
      texts: ["1 node is on OpenStack", "spoofing"]
    ) { $0.add(node("openstack:///x")) },
    Row(
      testDescription: "an unlisted cloud", status: .unknown, reason: .cloudUnknown,
      texts: ["test that another machine gets an answer"]
    ) { $0.add(node("linode://1")) },
    Row(
      testDescription: "several findings, the worst first", status: .unsupported,
      reason: .cloudUnsupported,
      texts: ["Azure", "strict ARP", "a provider that is not listed", "OVH"]
    ) {
      $0.add(node("ovh://1"))
      $0.add(node("linode://1"))
      $0.add(node("azure:///x"))
      $0.add(kubeProxy: proxy("mode: ipvs"))
    },
    Row(
      testDescription: "IP failover of OpenShift", status: .unsupported, reason: .ipFailoverPresent,
      texts: ["Deployment other/ipfailover", "remove IP failover"]
    ) {
      let variable = "OPENSHIFT_HA_VIRTUAL_IPS"
      $0.add(
        workload: workload("ipfailover", variable: variable), Deployment.resource,
        ownNamespace: own)
    },
    Row(
      testDescription: "keepalived-vip", status: .unsupported, reason: .ipFailoverPresent,
      texts: ["DaemonSet other/a-vip"]
    ) {
      for name in ["b-vip", "a-vip"] {
        let image = "registry:5000/google_containers/kube-keepalived-vip:0.11@sha256:00"
        $0.add(workload: workload(name, image: image), DaemonSet.resource, ownNamespace: own)
      }
    },
    Row(
      testDescription: "ServiceLB at work", status: .unsupported, reason: .serviceLBPresent,
      texts: ["DaemonSet kube-system/svclb-web-1", "--disable=servicelb"]
    ) {
      let labels = ["svccontroller.k3s.cattle.io/svcname": "web"]
      $0.add(
        workload: workload("svclb-web-1", namespace: "kube-system", labels: labels),
        DaemonSet.resource, ownNamespace: own)
    },
    Row(
      testDescription: "ServiceLB enabled", status: .unsupported, reason: .serviceLBPresent,
      texts: ["Node n1"]
    ) { $0.add(node("k3s://n1", arguments: #"["server","--disable","traefik"]"#)) },
    Row(
      testDescription: "ServiceLB beside a class", status: .supported, reason: .supported,
      loadBalancerClass: "example.com/metallb"
    ) { $0.add(node("k3s://n1", arguments: #"["server"]"#)) },
    Row(testDescription: "ServiceLB disabled", status: .supported, reason: .supported) {
      $0.add(node(arguments: #"["server","--disable","servicelb"]"#))
      $0.add(node(arguments: #"["server","--disable=traefik,servicelb"]"#))
      $0.add(node(arguments: #"["server","--no-deploy","servicelb"]"#))
      $0.add(node(arguments: #"["agent","--disable"]"#))
      $0.add(node(arguments: "no JSON"))
    },
    Row(
      testDescription: "another MetalLB by its labels", status: .unsupported,
      reason: .otherMetalLBPresent, texts: ["DaemonSet other/speaker", "remove one"]
    ) {
      let labels = ["app": "metallb", "component": "speaker"]
      $0.add(
        workload: workload("speaker", podLabels: labels), DaemonSet.resource, ownNamespace: own)
    },
    Row(
      testDescription: "a MetalLB of the chart in the same namespace", status: .unsupported,
      reason: .otherMetalLBPresent, texts: ["DaemonSet metallb-system/metallb-speaker"],
      loadBalancerClass: "x"
    ) {
      let labels = [
        "app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "speaker",
      ]
      $0.add(
        workload: workload("metallb-speaker", namespace: own, podLabels: labels),
        DaemonSet.resource, ownNamespace: own)
    },
    Row(
      testDescription: "another MetalLB by its image", status: .unsupported,
      reason: .otherMetalLBPresent
    ) {
      $0.add(
        workload: workload("lb", image: "quay.io/metallb/speaker:v0.15.2"), DaemonSet.resource,
        ownNamespace: own)
    },
    Row(testDescription: "our own speakers", status: .supported, reason: .supported) {
      let labels = ["app": "metallb", "component": "speaker"]
      $0.add(
        workload: workload("speaker", namespace: own, podLabels: labels), DaemonSet.resource,
        ownNamespace: own)
      $0.add(workload: workload("speaker"), DaemonSet.resource, ownNamespace: own)
      $0.add(workload: ["metadata": "broken"], DaemonSet.resource, ownNamespace: own)
    },
    Row(
      testDescription: "IPVS without strict ARP", status: .unsupported, reason: .strictARPRequired,
      texts: ["strictARP to true"]
    ) { $0.add(kubeProxy: proxy("mode: ipvs\nipvs:\n  strictARP: false\n")) },
    Row(testDescription: "kube-proxy as it should be", status: .supported, reason: .supported) {
      for text in [
        "mode: ipvs\nipvs:\n  strictARP: true\n", "mode: iptables\nipvs:\n  strictARP: false\n",
        "mode: \"\"", "", "{", "kind: x",
      ] {
        $0.add(kubeProxy: proxy(text))
        #expect(!$0.isStrictARPMissing)
      }
    },
  ]

  @Test(arguments: rows) func `Says whether it works and what to do`(row: Row) throws {
    var facts = PlatformFacts()
    try row.facts(&facts)
    let verdict = PlatformVerdict(facts, loadBalancerClass: row.loadBalancerClass)
    #expect(verdict.status == row.status)
    #expect(verdict.reason == row.reason)
    #expect(verdict.message.isEmpty == (row.reason == .supported))
    var rest = verdict.message[...]
    for text in row.texts {
      let range = try #require(rest.firstRange(of: text), "\(text) in \(verdict.message)")
      rest = rest[range.upperBound...]
    }
  }
}
