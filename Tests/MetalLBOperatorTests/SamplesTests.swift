import ClusterConfiguration
import Foundation
import KubernetesAPI
import KubernetesYAML
import LegacyConfiguration
import MetalLBAPI
import OperatorRendering
import Testing

/// The samples mean something sensible: together, where people may apply them together, and each era alone.
@Suite struct SamplesTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../samples").standardized

  private static func documents(_ path: String) throws -> [JSONValue] {
    try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)
      .filter { $0.hasSuffix(".yaml") }.sorted()
      .flatMap { try documents(file: path + $0) }
  }

  private static func documents(file: String) throws -> [JSONValue] {
    try JSONValue.documents(
      yaml: String(contentsOf: folder.appending(path: file), encoding: .utf8))
  }

  private static func objects<R: KubernetesResource>(_ documents: [JSONValue]) throws -> [R] {
    try documents.filter { $0["kind"]?.stringValue == R.resource.kind }.map {
      try $0.decode(R.self)
    }
  }

  private static func sources(_ documents: [JSONValue]) throws -> ConfigurationSources {
    let configMaps: [ConfigMap] = try objects(documents)
    return ConfigurationSources(
      ipAddressPools: try objects(documents), l2Advertisements: try objects(documents),
      bgpAdvertisements: try objects(documents), bgpPeers: try objects(documents),
      bfdProfiles: try objects(documents), communities: try objects(documents),
      legacy: configMaps.first, addressPools: try objects(documents))
  }

  @Test func `All of them configure one cluster without a fault or a warning`() throws {
    let documents = try Self.documents("")
    var assembler = ConfigurationAssembler()
    let assessment = assembler.assemble(try Self.sources(documents))
    #expect(assessment.problems.map(\.description) == [])
    #expect(assessment.warnings.map(\.description) == [])
    #expect(assessment.configuration.pools.count == 6)
    let admission = AddressPoolAdmission(
      pools: try Self.objects(documents), ipAddressPools: try Self.objects(documents),
      rendered: [])
    #expect(admission.verdicts.allSatisfy { $0.fault == nil && $0.entry != nil })
  }

  @Test func `The plain ones give any Service an address that every node announces`() throws {
    let documents = try Self.documents(file: "ipaddresspool.yaml")
    let pools: [IPAddressPool] = try Self.objects(documents)
    let advertisements: [L2Advertisement] = try Self.objects(documents)
    #expect(pools.count == 1 && documents.count == 2)
    #expect(pools.first?.spec == IPAddressPool.Spec(addresses: ["192.0.2.240-192.0.2.250"]))
    #expect(advertisements.map(\.spec) == [nil])
    let manifests = try Self.documents(file: "service.yaml")
    let service = try #require(try (Self.objects(manifests) as [Service]).first)
    let deployment = try #require(try (Self.objects(manifests) as [Deployment]).first)
    #expect(service.metadata.annotations.isEmpty && service.spec?.loadBalancerClass == nil)
    #expect(service.spec?.externalTrafficPolicy == nil)
    #expect(service.spec?.selector == deployment.spec?.template.metadata.labels)
  }

  @Test func `Every MetalLB object among them can be rendered`() throws {
    let image = try ImageReference("example.org/metallb:v1")
    let environment = OperatorEnvironment(
      namespace: "metallb-system", images: .init(controller: image, speaker: image))
    let objects: [MetalLB] = try Self.objects(Self.documents(""))
    #expect(objects.count == 3)
    for object in objects {
      #expect(object.metadata.name == MetalLB.singletonName)
      #expect(
        MetalLBValidation.problems(in: object.spec ?? .init(), environment: environment).isEmpty)
    }
  }

  @Test(arguments: [
    ("addresspool-bgp.yaml", 1), ("addresspools-v1alpha1.yaml", 3), ("config-bgp.yaml", 1),
    ("config-production.yaml", 2),
  ])
  func `Each configuration of an earlier era is taken as it stands`(
    file: String, pools: Int
  ) throws {
    var assembler = ConfigurationAssembler()
    let assessment = assembler.assemble(
      try Self.sources(Self.documents(file: "legacy/\(file)")))
    #expect(assessment.problems.map(\.description) == [])
    #expect(assessment.configuration.pools.count == pools)
  }
}
