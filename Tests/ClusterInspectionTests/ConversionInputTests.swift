import ClusterConfiguration
import ClusterInspection
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import LegacyConfiguration
import MetalLBAPI
import MetalLBController
import Testing

struct ConversionInputTests {
  static let data = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 192.0.2.1, password: hunter2}
    bgp-communities: {vpn: "1:1"}
    address-pools:
    - name: Gold_Pool
      protocol: bgp
      addresses: [10.0.0.0/24]
      bgp-advertisements: [{communities: [vpn]}]
    - {name: silver, protocol: layer2, addresses: [10.0.1.0/24], auto-assign: false}
    """

  static func manifest(_ data: String, name: String = "config") -> String {
    let indented = data.split(separator: "\n").map { "    \($0)\n" }.joined()
    return """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: \(name), namespace: lb}
      data:
        config: |
      \(indented)
      """
  }

  static let service = """
    apiVersion: v1
    kind: Service
    metadata:
      name: web
      namespace: shop
      annotations: {metallb.universe.tf/address-pool: Gold_Pool}
    """

  @Test func `A manifest is converted, and Services that ask for a renamed pool are listed`() throws
  {
    let input = try ConversionInput(
      manifests: Self.manifest(Self.data) + "\n---\n" + Self.service)
    #expect(input.namespace == "lb")
    let result = try input.convert(LegacyConversion.Options())
    #expect(result.yaml.contains("name: gold-pool"))
    #expect(
      result.messages.last
        == "service shop/web asks for pool \"Gold_Pool\": change its annotation metallb.universe.tf/address-pool to \"gold-pool\""
    )
  }

  @Test func `An AddressPool beside its entry is converted once, one that differs is an error`()
    throws
  {
    func input(_ addresses: String) throws -> ConversionInput {
      let pool = """
        apiVersion: metallb.io/v1beta1
        kind: AddressPool
        metadata: {name: silver, namespace: lb}
        spec: {protocol: layer2, addresses: [\(addresses)], autoAssign: false}
        """
      return try ConversionInput(manifests: Self.manifest(Self.data) + "\n---\n" + pool)
    }
    let result = try input("10.0.1.0-10.0.1.255").convert(LegacyConversion.Options())
    #expect(result.conversion.pools.map(\.metadata.name) == ["gold-pool", "silver"])
    #expect(throws: ConversionError.self) {
      try input("10.0.2.0/24").convert(LegacyConversion.Options())
    }
  }

  @Test func `Unknown keys are reported and do not stop the conversion`() throws {
    let result = try ConversionInput(data: "frobnicate: 1\n" + Self.data)
      .convert(LegacyConversion.Options())
    #expect(result.messages.first?.contains("unknown key \"frobnicate\"") == true)
  }

  @Test(arguments: [
    ("", ConversionError.nothingToConvert), ("{kind: Pod}", .nothingToConvert),
    ("{kind: ConfigMap, metadata: {name: x}, data: {}}", .missingKey(configMap: "x")),
    (
      "{kind: ConfigMap, data: {config: ''}}\n---\n{kind: ConfigMap, data: {config: ''}}",
      .severalConfigMaps
    ),
  ])
  func `Without one ConfigMap nothing is converted`(text: String, error: ConversionError) {
    #expect(throws: error) { try ConversionInput(manifests: text) }
  }

  @Test(arguments: [
    "address-pools: [", "address-pools: [{name: a, protocol: l3, addresses: [10.0.0.0/24]}]",
    "address-pools: [{name: a, protocol: bgp, addresses: [10.0.0.0/33]}]",
    """
    address-pools:
    - {name: a, protocol: layer2, addresses: [10.0.0.0/24]}
    - {name: b, protocol: layer2, addresses: [10.0.0.0/25]}
    """,
    "peers: [{my-asn: 0, peer-asn: 2, peer-address: 192.0.2.1}]",
    """
    address-pools:
    - {name: a, protocol: bgp, addresses: [10.0.0.0/28],
       bgp-advertisements: [{aggregation-length: 24}]}
    """,
  ])
  func `A configuration that is not valid is not converted`(data: String) throws {
    let input = ConversionInput(data: data)
    #expect(throws: ConversionError.self) { try input.convert(LegacyConversion.Options()) }
  }

  /// Converts a live cluster, applies the result, removes the ConfigMap.
  @Test func `After a conversion no Service changes its address`() async throws {
    try await withTestCluster { cluster in
      try await cluster.installCRDs(
        yaml: CustomResourceDefinitions.yaml.map(\.text).joined(separator: "---\n"))
      let client = cluster.client
      _ = try await client.create(
        ConfigMap(
          metadata: ObjectMeta(name: "config", namespace: cluster.namespace),
          data: ["config": Self.data]))
      for (name, address) in [("a", "10.0.0.200"), ("b", "10.0.1.3"), ("c", "")] {
        var spec = Service.Spec(type: "LoadBalancer")
        spec.ports = [Service.Port(port: 80)]
        var service = try await client.create(
          Service(metadata: ObjectMeta(name: name, namespace: cluster.namespace), spec: spec))
        guard !address.isEmpty else { continue }
        service.status = Service.Status(
          loadBalancer: .init(ingress: [Service.LoadBalancerIngress(ip: address)]))
        _ = try await client.updateStatus(service)
      }
      let before = try await ClusterState(reading: client, namespace: cluster.namespace)

      let input = try await ConversionInput(reading: client, namespace: cluster.namespace)
      var options = LegacyConversion.Options()
      options.namespace = cluster.namespace
      options.makesSecrets = true
      let conversion = try input.convert(options).conversion
      for object in conversion.secrets { _ = try await client.create(object) }
      for object in conversion.peers { _ = try await client.create(object) }
      for object in conversion.pools { _ = try await client.create(object) }
      for object in conversion.bgpAdvertisements { _ = try await client.create(object) }
      for object in conversion.l2Advertisements { _ = try await client.create(object) }
      for object in conversion.communities { _ = try await client.create(object) }
      let both = try await ClusterState(reading: client, namespace: cluster.namespace)
      // Objects have no entry's name to go by: a second one would be a second session.
      let again = try await ConversionInput(reading: client, namespace: cluster.namespace)
        .convert(options)
      #expect(again.conversion.peers == [])
      #expect(
        again.messages.contains(
          "peer 192.0.2.1 (AS 64513) is a BGPPeer already; it is left out"))
      try await client.delete(ConfigMap.resource, "config", namespace: cluster.namespace)
      let after = try await ClusterState(reading: client, namespace: cluster.namespace)

      var assembler = ConfigurationAssembler()
      let steps = [before, both, after].map { assembler.assemble($0.sources) }
      #expect(steps.last?.problems == [])
      #expect(steps.last?.warnings == [])
      let services = after.services.filter { $0.metadata.namespace == cluster.namespace }
      for (old, new) in zip(steps, steps.dropFirst()) {
        let plan = AssignmentPlan(services: services, before: old, after: new)
        #expect(plan.changes == [])
      }
      let pools = try #require(steps.last?.configuration.pools)
      #expect(pools.map(\.bgpAdvertisements.count) == [1, 0])
      #expect(pools.map(\.l2Advertisements.count) == [0, 1])
      #expect(pools.first?.bgpAdvertisements.first?.communities == [.standard(1, 1)])
    }
  }
}
