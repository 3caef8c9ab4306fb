import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import KubernetesYAML
import MetalLBAPI
import Testing

/// `samples/` is what people start from: every object is taken by an API server without a warning, and
/// our types read all of it.
@Suite struct SamplesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../samples").standardizedFileURL

  /// All but Helm values, which are no objects.
  static func files() throws -> [String] {
    try ["", "legacy/"].flatMap { place in
      try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: place).path)
        .filter { $0.hasSuffix(".yaml") }.map { place + $0 }
    }.sorted()
  }

  /// The kinds of the samples; the second version of AddressPool reads like the first.
  static let kinds: [String: any KubernetesResource.Type] = [
    "MetalLB": MetalLB.self, "AddressPool": AddressPool.self, "IPAddressPool": IPAddressPool.self,
    "L2Advertisement": L2Advertisement.self, "Service": KubernetesAPI.Service.self,
    "BGPPeer": BGPPeer.self, "BGPAdvertisement": BGPAdvertisement.self,
    "BFDProfile": BFDProfile.self, "Community": Community.self, "ConfigMap": ConfigMap.self,
    "Deployment": Deployment.self,
  ]

  @Test(arguments: try files())
  func `A sample is valid, and its type reads all of it`(file: String) async throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    let documents = try JSONValue.documents(yaml: text)
    #expect(!documents.isEmpty)
    try await withTestCluster { cluster in
      try await cluster.installCRDs(yaml: Self.definitions(for: cluster))
      for var document in documents {
        // Elsewhere its conversion would need the webhook server.
        if file == "legacy/bgppeer-v1beta1.yaml", cluster.kind != .development { continue }
        let kind = try #require(document["kind"]?.stringValue.flatMap { Self.kinds[$0] })
        var resource = kind.resource
        resource.version =
          document["apiVersion"]?.stringValue?.split(separator: "/").last.map(String.init) ?? ""
        document[path: ["metadata", "namespace"]] = .string(cluster.namespace)
        let stored = try await cluster.client.create(
          document, resource, options: WriteOptions(fieldValidation: "Strict"))
        let written = try Self.decoded(document, as: kind)
        var expected = document["spec"] ?? .null
        // Ignored on purpose: the pool's name is its object's.
        if resource.version == "v1alpha1" { expected["name"] = nil }
        #expect(written["spec"] ?? .null == expected)
        let read = try Self.decoded(stored, as: kind)
        #expect(read["metadata"]?["name"] == document["metadata"]?["name"])
      }
    }
  }

  /// Without conversions where nobody else is disturbed: the versions of BGPPeer differ in fields that no sample has.
  private static func definitions(for cluster: TestCluster) throws -> String {
    try CustomResourceDefinitions.yaml.map { definition in
      guard cluster.kind == .development else { return definition.text }
      var document = try JSONValue(yaml: definition.text)
      document[path: ["spec", "conversion"]] = nil
      return try document.yamlText()
    }.joined(separator: "---\n")
  }

  private static func decoded<Kind: KubernetesResource>(
    _ document: JSONValue, as kind: Kind.Type
  ) throws -> JSONValue {
    try document.decode(kind).jsonValue()
  }
}
