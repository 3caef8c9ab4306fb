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
