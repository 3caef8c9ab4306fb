import ClusterConfiguration
import KubernetesAPI
import MetalLBAPI
import Testing

@testable import MetalLBOperator

@Suite struct ConfigMapOwnershipTests {
  private static func configMap(
    labels: JSONValue = [:], annotations: JSONValue = [:], owners: JSONValue = [],
    managers: JSONValue = [["manager": "kubectl", "operation": "Update"]], text: String = ""
  ) throws -> LiveObject {
    try LiveObject([
      "metadata": [
        "name": "config", "labels": labels, "annotations": annotations,
        "ownerReferences": owners, "managedFields": managers,
      ],
      "data": ["config": .string(text)],
    ])
  }

  /// AddressPools as the text has them.
  private static func sources(_ names: String...) -> ConfigurationSources {
    let addresses = ["gold": "10.0.0.0/24", "silver": "10.0.1.0/24"]
    return ConfigurationSources(
      bgpPeers: [],
      addressPools: names.map { name in
        AddressPool(
          metadata: ObjectMeta(name: name, namespace: "metallb-system"),
          spec: .init(protocol: "layer2", addresses: [addresses[name] ?? ""]))
      })
  }

  private static let adopt: JSONValue = ["metallb.io/adopt": "true"]

  @Test func `What nobody wrote, or we, is ours`() throws {
    #expect(ConfigMapOwnership(nil, sources: Self.sources()) == .operators)
    let rendered = try Self.configMap(
      labels: ["metallb.io/rendered-by": "metallb-operator"], text: Self.text)
    #expect(ConfigMapOwnership(rendered, sources: Self.sources()) == .operators)
  }

  @Test func `What upstream's operator wrote is taken over when nothing is lost`() throws {
    let owner: JSONValue = [
      "apiVersion": "metallb.io/v1beta1", "kind": "MetalLB", "name": "metallb", "uid": "1",
    ]
    let manager: JSONValue = ["manager": "manager", "operation": "Update"]
    for (owners, managers) in [([owner], []), ([], [manager])] as [(JSONValue, JSONValue)] {
      let object = try Self.configMap(
        owners: owners, managers: managers,
        text: "address-pools: [{name: gold, protocol: layer2, addresses: [10.0.0.0/24]}]")
      #expect(ConfigMapOwnership(object, sources: Self.sources("gold")) == .adopted)
      #expect(
        ConfigMapOwnership(object, sources: Self.sources())
          == .adoptionPending(missing: ["pool \"gold\""]))
    }
  }

  @Test func `What a user wrote is the user's`() throws {
    #expect(ConfigMapOwnership(try Self.configMap(), sources: Self.sources()) == .users)
    #expect(
      ConfigMapOwnership(
        try Self.configMap(annotations: ["metallb.io/adopt": "false"]),
        sources: Self.sources()) == .users)
  }

  private static let text = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 10.9.0.1}
    address-pools:
    - {name: gold, protocol: layer2, addresses: [10.0.0.0/24]}
    - {name: silver, protocol: layer2, addresses: [10.0.1.0/24]}
    """

  @Test func `Nothing of it is lost by taking it over`() throws {
    let object = try Self.configMap(annotations: Self.adopt, text: Self.text)
    #expect(
      ConfigMapOwnership(object, sources: Self.sources("gold"))
        == .adoptionPending(missing: ["pool \"silver\"", "peer 10.9.0.1 (AS 64513)"]))
    let pools = Self.text.split(separator: "\n").dropFirst(2).joined(separator: "\n")
    #expect(
      ConfigMapOwnership(
        try Self.configMap(annotations: Self.adopt, text: pools),
        sources: Self.sources("gold", "silver"))
        == .adopted)
  }

  @Test func `What cannot be read is not lost either`() throws {
    let object = try Self.configMap(annotations: Self.adopt, text: "address-pools: 5")
    guard case .adoptionPending = ConfigMapOwnership(object, sources: Self.sources()) else {
      Issue.record("took over what it cannot read")
      return
    }
  }

  @Test func `What an object says otherwise is not taken over`() throws {
    let object = try Self.configMap(annotations: Self.adopt, text: Self.text)
    var sources = Self.sources("gold", "silver")
    sources.addressPools[0].spec.addresses = ["10.0.0.0/25"]
    var spec = BGPPeer.Spec(myASN: 64_512, peerASN: 64_513, peerAddress: "10.9.0.1")
    spec.holdTime = "30s"
    sources.bgpPeers = [
      BGPPeer(metadata: ObjectMeta(name: "tor", namespace: "metallb-system"), spec: spec)
    ]
    guard case .adoptionPending(let missing) = ConfigMapOwnership(object, sources: sources) else {
      Issue.record("took over what differs")
      return
    }
    #expect(missing.count == 2)
    #expect(missing.first?.contains("AddressPool metallb-system/gold: spec.addresses") == true)
    #expect(missing.last?.contains("BGPPeer metallb-system/tor: spec.holdTime") == true)
    spec.holdTime = nil
    sources.bgpPeers?[0].spec = spec
    sources.addressPools[0].spec.addresses = ["10.0.0.0-10.0.0.255"]
    #expect(ConfigMapOwnership(object, sources: sources) == .adopted)
  }

  @Test func `IPAddressPools stand for entries once they are announced as these`() throws {
    let object = try Self.configMap(
      annotations: Self.adopt,
      text: "address-pools: [{name: gold, protocol: layer2, addresses: [10.0.0.0/24]}]")
    var sources = ConfigurationSources(ipAddressPools: [
      IPAddressPool(
        metadata: ObjectMeta(name: "gold", namespace: "metallb-system"),
        spec: .init(addresses: ["10.0.0.0/24"]))
    ])
    #expect(
      ConfigMapOwnership(object, sources: sources)
        == .adoptionPending(missing: ["who announces pool \"gold\""]))
    sources.l2Advertisements = [
      L2Advertisement(metadata: ObjectMeta(name: "all", namespace: "metallb-system"))
    ]
    #expect(ConfigMapOwnership(object, sources: sources) == .adopted)
  }
}
