import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses

@testable import ClusterConfiguration

let testNamespace = "metallb-system"

/// A pool created `age` seconds after the epoch.
func pool(
  _ name: String, _ addresses: [String], created age: Int64 = 0, labels: [String: String] = [:],
  allocation: IPAddressPool.ServiceAllocation? = nil
) -> IPAddressPool {
  IPAddressPool(
    metadata: ObjectMeta(
      name: name, namespace: testNamespace, uid: "uid-\(name)",
      creationTimestamp: Timestamp(seconds: age), labels: labels),
    spec: IPAddressPool.Spec(addresses: addresses, serviceAllocation: allocation))
}

func advertisement(
  _ name: String, _ change: (inout L2Advertisement.Spec) -> Void = { _ in }
) -> L2Advertisement {
  var spec = L2Advertisement.Spec()
  change(&spec)
  return L2Advertisement(
    metadata: ObjectMeta(name: name, namespace: testNamespace, uid: "uid-\(name)"), spec: spec)
}

func configMap(_ text: String?) -> ConfigMap {
  ConfigMap(
    metadata: ObjectMeta(name: "config", namespace: testNamespace),
    data: text.map { ["config": $0] } ?? [:])
}

func namespace(_ name: String, _ labels: [String: String]) -> Namespace {
  Namespace(metadata: ObjectMeta(name: name, labels: labels))
}

func assess(_ sources: ConfigurationSources) -> ConfigurationAssessment {
  var assembler = ConfigurationAssembler()
  return assembler.assemble(sources)
}

extension ConfigurationAssessment {
  var poolNames: [String] { configuration.pools.map(\.name) }
  var reasons: [ConfigurationFault.Reason] { problems.map(\.fault.reason) }
}

func peer(
  _ name: String, created age: Int64 = 0, _ change: (inout BGPPeer.Spec) -> Void = { _ in }
) -> BGPPeer {
  var spec = BGPPeer.Spec(myASN: 64_512, peerASN: 64_513, peerAddress: "192.0.2.1")
  change(&spec)
  return BGPPeer(
    metadata: ObjectMeta(
      name: name, namespace: testNamespace, uid: "uid-\(name)",
      creationTimestamp: Timestamp(seconds: age)),
    spec: spec)
}

func bgpAdvertisement(
  _ name: String, created age: Int64 = 0, _ change: (inout BGPAdvertisement.Spec) -> Void = { _ in }
) -> BGPAdvertisement {
  var spec = BGPAdvertisement.Spec()
  change(&spec)
  return BGPAdvertisement(
    metadata: ObjectMeta(
      name: name, namespace: testNamespace, uid: "uid-\(name)",
      creationTimestamp: Timestamp(seconds: age)),
    spec: spec)
}

func profile(
  _ name: String, _ change: (inout BFDProfile.Spec) -> Void = { _ in }
) -> BFDProfile {
  var spec = BFDProfile.Spec()
  change(&spec)
  return BFDProfile(
    metadata: ObjectMeta(name: name, namespace: testNamespace, uid: "uid-\(name)"), spec: spec)
}

func community(
  _ name: String, created age: Int64 = 0, _ aliases: KeyValuePairs<String, String>
) -> Community {
  Community(
    metadata: ObjectMeta(
      name: name, namespace: testNamespace, uid: "uid-\(name)",
      creationTimestamp: Timestamp(seconds: age)),
    spec: .init(communities: aliases.map { .init(name: $0.key, value: $0.value) }))
}

func secret(_ name: String, type: String? = "kubernetes.io/basic-auth", _ data: [String: String])
  -> Secret
{
  Secret(metadata: ObjectMeta(name: name, namespace: testNamespace), type: type, data: data)
}
