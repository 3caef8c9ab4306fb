import Foundation
import KubernetesAPI
import KubernetesYAML
import OperatorRendering
import Testing

/// A bundle as it stands in `bundle/`, which `ShippedFilesTests` keeps equal to what is rendered.
struct BundleFixture {
  let files: [OperatorBundle.File]
  let version: JSONValue

  init(_ platform: Platform = .openshift) throws {
    let installation = Installation(
      platform: platform, image: try ImageReference(Installation.defaultImage))
    files = try OperatorBundle.files(installation)
    let name = "manifests/metallb-operator.clusterserviceversion.yaml"
    version = try JSONValue(yaml: try #require(files.first { $0.path == name }).text)
  }

  func yaml(_ path: String) throws -> JSONValue {
    try JSONValue(yaml: try #require(files.first { $0.path == path }, "\(path)").text)
  }

  /// All documents of `manifests/`.
  var manifests: [JSONValue] {
    get throws {
      try files.filter { $0.path.hasPrefix("manifests/") }.map { try JSONValue(yaml: $0.text) }
    }
  }

  var definitions: [JSONValue] {
    get throws { try manifests.filter { $0["kind"] == "CustomResourceDefinition" } }
  }

  var owned: [JSONValue] {
    version[path: ["spec", "customresourcedefinitions", "owned"]]?.arrayValue ?? []
  }

  var strategy: JSONValue { version[path: ["spec", "install", "spec"]] ?? [:] }

  var deployments: [(name: String, deployment: Deployment)] {
    get throws {
      try (strategy["deployments"]?.arrayValue ?? []).map { entry in
        var object: JSONValue = [
          "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": entry["name"] ?? ""],
        ]
        object["spec"] = entry["spec"]
        return (entry["name"]?.stringValue ?? "", try object.decode(Deployment.self))
      }
    }
  }
}
