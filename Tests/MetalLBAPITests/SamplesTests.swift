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

  static func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".yaml")
    }
    .sorted()
  }

  /// The kinds of the samples; the second version of AddressPool reads like the first.
  static let kinds: [String: any KubernetesResource.Type] = [
    "MetalLB": MetalLB.self, "AddressPool": AddressPool.self, "IPAddressPool": IPAddressPool.self,
    "L2Advertisement": L2Advertisement.self, "Service": KubernetesAPI.Service.self,
  ]

  @Test(arguments: try files())
  func `A sample is valid, and its type reads all of it`(file: String) async throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    let documents = try JSONValue.documents(yaml: text)
    #expect(!documents.isEmpty)
    try await withTestCluster { cluster in
      try await cluster.installCRDs(
        yaml: CustomResourceDefinitions.yaml.map(\.text).joined(separator: "---\n"))
      for var document in documents {
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

  private static func decoded<Kind: KubernetesResource>(
    _ document: JSONValue, as kind: Kind.Type
  ) throws -> JSONValue {
    try document.decode(kind).jsonValue()
  }
}
