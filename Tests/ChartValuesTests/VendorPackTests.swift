import ChartValues
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import Testing

/// The examples of the vendor's page, word for word.
@Suite struct VendorPackTests {
  private static let manifests = """
    manifests:
      metallb:
        images:
          controller: ""
          speaker: ""
        namespace: "metallb-system"
        avoidBuggyIps: true
        addresses:
        - 192.168.250.48-192.168.250.55
    """

  private static let charts = """
    charts:
      metallb-full:
        configuration:
          ipaddresspools:
            first-pool:
              spec:
                addresses:
                  - 192.168.10.0/24
                avoidBuggyIPs: true
                autoAssign: true

          l2advertisements:
            default:
              spec:
                ipAddressPools:
                  - first-pool

          bgpadvertisements: {}
          bgppeers: {}
          communities: {}
          bfdprofiles: {}
    """

  private static let frr = """
    charts:
      metallb-full:
        metallb:
          speaker:
            frr:
              enabled: true
    """

  private static let airgap = """
    pack:
      content:
        images:
          - image: gcr.io/spectro-images-public/packs/metallb/0.13.11/controller:v0.13.11
          - image: gcr.io/spectro-images-public/packs/metallb/0.13.11/speaker:v0.13.11
          - image: gcr.io/spectro-images-public/packs/metallb/0.13.11/frr:8.5.2
        charts:
          - repo: https://metallb.github.io/metallb
            name: metallb
            version: 0.13.11
      namespace: metallb-system
      namespaceLabels:
        "metallb-system":
          "pod-security.kubernetes.io/warn=privileged,pod-security.kubernetes.io/audit=privileged,pod-security.kubernetes.io/enforce=privileged,pod-security.kubernetes.io/enforce-version=v{{ .spectro.system.kubernetes.version | substr 0 4 }}"
    """

  /// The pools of the ConfigMap among the objects.
  private static func pools(_ values: ChartValues) throws -> JSONValue {
    #expect(values.objects.count == 1)
    let configMap = try #require(values.objects.first).decode(ConfigMap.self)
    #expect(configMap.metadata.name == "config")
    #expect(configMap.metadata.namespace == values.metalLB.metadata.namespace)
    #expect(configMap.metadata.labels.isEmpty, "it is the user's, not the operator's")
    let document = try JSONValue(yaml: try #require(configMap.data?["config"]))
    return try #require(document["address-pools"])
  }

  /// `kubectl describe cm config --namespace metallb-system` is how the page tells people to look at their addresses.
  @Test func `The manifest flavour is a pool for layer 2 in ConfigMap config`() throws {
    let values = try ChartValues(yaml: Self.manifests, namespace: "elsewhere")
    #expect(values.problems == [])
    #expect(values.options.namespace == "metallb-system")
    #expect(values.options.controllerImage == nil)
    #expect(values.metalLB.metadata.namespace == "metallb-system")
    #expect(
      try Self.pools(values) == [
        [
          "name": "default", "protocol": "layer2", "addresses": ["192.168.250.48-192.168.250.55"],
          "avoid-buggy-ips": true,
        ]
      ])
  }

  @Test func `The manifest flavour takes several addresses and images`() throws {
    let text = """
      manifests:
        metallb:
          images: {controller: example.org/c:1, speaker: example.org/s:1}
          addresses: [192.168.250.48/29, 192.168.0.1-192.168.0.9]
      """
    let values = try ChartValues(yaml: text, namespace: "elsewhere")
    #expect(values.options.controllerImage == "example.org/c:1")
    #expect(values.options.speakerImage == "example.org/s:1")
    #expect(values.metalLB.metadata.namespace == "elsewhere")
    #expect(
      try Self.pools(values) == [
        [
          "name": "default", "protocol": "layer2",
          "addresses": ["192.168.250.48/29", "192.168.0.1-192.168.0.9"],
        ]
      ])
    let images = try ChartValues(
      yaml: "manifests: {metallb: {images: {speaker: a}}}", namespace: "n")
    #expect(images.objects == [])
  }

  @Test func `The chart flavour is objects by name`() throws {
    let values = try ChartValues(yaml: Self.charts, namespace: "metallb-system")
    #expect(values.problems == [])
    #expect(values.objects.count == 2)
    let pool = try #require(values.objects.first).decode(IPAddressPool.self)
    #expect(pool.namespacedName == NamespacedName(namespace: "metallb-system", name: "first-pool"))
    #expect(pool.spec.addresses == ["192.168.10.0/24"])
    #expect(pool.spec.autoAssign == true)
    let advertisement = try #require(values.objects.last).decode(L2Advertisement.self)
    #expect(advertisement.metadata.name == "default")
    #expect(advertisement.spec?.ipAddressPools == ["first-pool"])
  }

  @Test(arguments: [
    ("ipaddresspools", "IPAddressPool", "metallb.io/v1beta1"),
    ("l2advertisements", "L2Advertisement", "metallb.io/v1beta1"),
    ("bgpadvertisements", "BGPAdvertisement", "metallb.io/v1beta1"),
    ("bgppeers", "BGPPeer", "metallb.io/v1beta2"),
    ("communities", "Community", "metallb.io/v1beta1"),
    ("bfdprofiles", "BFDProfile", "metallb.io/v1beta1"),
  ])
  func `Every kind of the pack is known`(plural: String, kind: String, version: String) throws {
    let text =
      "charts: {metallb-full: {configuration: {\(plural): {one: {spec: {a: 1}}, two: null}}}}"
    let values = try ChartValues(yaml: text, namespace: "n")
    #expect(values.problems == [])
    #expect(
      values.objects == [
        [
          "apiVersion": .string(version), "kind": .string(kind),
          "metadata": ["name": "one", "namespace": "n"], "spec": ["a": 1],
        ]
      ])
  }

  @Test func `The chart flavour chooses FRR mode`() throws {
    let values = try ChartValues(yaml: Self.frr, namespace: "metallb-system")
    #expect(values.problems == [])
    #expect(values.metalLB.spec?.bgpBackend == "frr")
  }

  @Test func `The labels of an airgapped installation reach the namespace`() throws {
    let values = try ChartValues(yaml: Self.airgap, namespace: "elsewhere")
    #expect(values.options.namespace == "metallb-system")
    #expect(
      values.options.namespaceLabels == [
        "pod-security.kubernetes.io/warn": "privileged",
        "pod-security.kubernetes.io/audit": "privileged",
        "pod-security.kubernetes.io/enforce": "privileged",
      ])
    #expect(
      values.problems.map(\.path) == [
        "pack.namespaceLabels.pod-security.kubernetes.io/enforce-version"
      ])
    #expect(values.isUsable)
  }

  @Test func `A broken object is named`() throws {
    let text = """
      charts: {metallb-full: {configuration: {ipaddresspools: {one: x, two: {status: {}}}, bgppeers: x}}}
      """
    let values = try ChartValues(yaml: text, namespace: "n")
    let base = "charts.metallb-full.configuration"
    #expect(
      values.problems.map(\.path) == [
        "\(base).ipaddresspools.one", "\(base).ipaddresspools.two.status", "\(base).bgppeers",
      ])
    #expect(!values.isUsable)
  }
}
