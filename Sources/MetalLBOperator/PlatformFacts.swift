import KubernetesAPI
import KubernetesYAML
import OperatorRendering

/// What the platform check goes by. Filled object by object, so that nothing of a large cluster stays in memory but
/// the findings.
struct PlatformFacts: Sendable, Hashable {
  /// `nil` when the server does not say.
  var version: KubernetesVersion?
  /// How many nodes are whose.
  var providers: [NodeProvider: Int] = [:]
  /// A node of K3s whose server runs ServiceLB.
  var serviceLBNode: String?
  /// `DaemonSet kube-system/svclb-web`, the first one of each by name.
  var serviceLBWorkload: String?
  /// Something that moves addresses by VRRP.
  var ipFailover: String?
  /// Speakers that this operator did not make.
  var otherMetalLB: String?
  /// kube-proxy in IPVS mode answers ARP for every Service on every node.
  var isStrictARPMissing = false

  init(version: KubernetesVersion? = nil) { self.version = version }

  mutating func add(_ node: Node) {
    providers[NodeProvider(node), default: 0] += 1
    if Self.runsServiceLB(node) {
      serviceLBNode = Self.first(serviceLBNode, node.metadata.name)
    }
  }

  /// - Parameters:
  ///   - workload: a Deployment or DaemonSet of any namespace.
  ///   - namespace: the operator's own.
  mutating func add(workload: JSONValue, _ kind: ResourceKind, ownNamespace namespace: String) {
    guard let metadata = try? workload["metadata"]?.decode(ObjectMeta.self) else { return }
    let name = "\(kind.kind) \(metadata.namespacedName)"
    if metadata.labels["svccontroller.k3s.cattle.io/svcname"] != nil {
      serviceLBWorkload = Self.first(serviceLBWorkload, name)
    }
    let template = workload[path: ["spec", "template"]]
    let containers = template?[path: ["spec", "containers"]]?.arrayValue ?? []
    if containers.contains(where: Self.movesAddresses) {
      ipFailover = Self.first(ipFailover, name)
    }
    let isOwn =
      metadata.namespacedName == NamespacedName(namespace: namespace, name: ComponentName.speaker)
    if kind.kind == "DaemonSet", !isOwn, Self.isSpeaker(template, containers) {
      otherMetalLB = Self.first(otherMetalLB, name)
    }
  }

  /// - Parameter kubeProxy: the ConfigMap `kube-system/kube-proxy`.
  mutating func add(kubeProxy configMap: ConfigMap) {
    guard let text = configMap.data?["config.conf"], let document = try? JSONValue(yaml: text)
    else { return }
    isStrictARPMissing =
      document["mode"]?.stringValue == "ipvs"
      && document[path: ["ipvs", "strictARP"]]?.boolValue != true
  }

  /// K3s writes the arguments of its server, those of its configuration file too, into an annotation. ServiceLB is on
  /// unless it is disabled.
  private static func runsServiceLB(_ node: Node) -> Bool {
    guard let text = node.metadata.annotations["k3s.io/node-args"],
      let arguments = try? JSONValue(parsing: text).arrayValue?.compactMap(\.stringValue),
      arguments.first == "server"
    else { return false }
    let isDisabled = arguments.indices.contains { index in
      for flag in ["--disable", "--no-deploy"] {
        var value: Substring?
        if arguments[index] == flag, arguments.indices.contains(index + 1) {
          value = arguments[index + 1][...]
        } else if arguments[index].hasPrefix("\(flag)=") {
          value = arguments[index].dropFirst(flag.count + 1)
        }
        if value?.split(separator: ",").contains("servicelb") == true { return true }
      }
      return false
    }
    return !isDisabled
  }

  /// OpenShift's IP failover and keepalived-vip are keepalived.
  private static func movesAddresses(_ container: JSONValue) -> Bool {
    let image = imageName(container)
    let variables = container["env"]?.arrayValue ?? []
    return image.contains("keepalived")
      || variables.contains { $0["name"]?.stringValue == "OPENSHIFT_HA_VIRTUAL_IPS" }
  }

  /// By the labels of the manifests and the operator, by those of the chart, or by the image.
  private static func isSpeaker(_ template: JSONValue?, _ containers: [JSONValue]) -> Bool {
    let labels = template?[path: ["metadata", "labels"]]
    let isLabelled =
      labels?["app"] == "metallb" && labels?["component"] == "speaker"
      || labels?["app.kubernetes.io/name"] == "metallb"
        && labels?["app.kubernetes.io/component"] == "speaker"
    return isLabelled
      || containers.contains {
        $0["image"]?.stringValue?.contains("metallb") == true && imageName($0) == "speaker"
      }
  }

  /// The last part of an image's name, without tag and digest.
  private static func imageName(_ container: JSONValue) -> String {
    let reference = container["image"]?.stringValue ?? ""
    let path = reference.split(separator: "@", maxSplits: 1).first ?? ""
    let last = path.split(separator: "/").last ?? ""
    return String(last.split(separator: ":").first ?? "")
  }

  /// Which of several is named does not depend on the order in which they are read.
  private static func first(_ one: String?, _ other: String) -> String {
    one.map { min($0, other) } ?? other
  }
}
