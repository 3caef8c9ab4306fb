import Foundation
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import OperatorRendering
import Testing

@Suite struct InstallationTests {
  private static func installation(_ platform: Platform) throws -> Installation {
    Installation(platform: platform, image: try ImageReference(Installation.defaultImage))
  }

  @Test(arguments: [
    (Platform.kubernetes, "metallb-operator.yaml"), (.openshift, "metallb-operator-openshift.yaml"),
  ])
  func `The shipped manifest is what the code renders`(platform: Platform, name: String) throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../bundle").appending(path: name).standardized
    try expectFile(
      try Self.installation(platform).manifest(), at: url, sourceLocation: #_sourceLocation)
  }

  @Test(arguments: Platform.allCases)
  func `Every document of the manifest reads as one object`(platform: Platform) throws {
    let documents = try JSONValue.documents(yaml: Self.installation(platform).manifest())
    let kinds = documents.compactMap { $0["kind"]?.stringValue }
    let objects = try Self.installation(platform).objects()
    #expect(kinds.count == objects.count + CustomResourceDefinitions.yaml.count)
    #expect(kinds.first == "Namespace")
    #expect(kinds.last == "Deployment")
    #expect(documents.allSatisfy { $0["metadata"]?["name"]?.stringValue?.isEmpty == false })
  }

  @Test(arguments: Platform.allCases)
  func `Everything is in the namespace that was asked for`(platform: Platform) throws {
    var installation = try Self.installation(platform)
    installation.namespace = "elsewhere"
    // In the namespaces of Kubernetes it may read one object each.
    let allowed = ["elsewhere", "default", "kube-system"]
    for object in try installation.objects() where object.resource.isNamespaced {
      #expect(allowed.contains(object.name.namespace), "\(object)")
    }
    #expect(!(try installation.objects().contains { $0.value.jsonText.contains("metallb-system") }))
  }

  @Test(arguments: Platform.allCases)
  func `Every binding has its role and every account its bindings`(platform: Platform) throws {
    let objects = try Self.installation(platform).objects()
    let roles = Set(
      objects.filter { $0.resource.kind.hasSuffix("Role") }.map(\.description))
    var bound: Set<String> = []
    for binding in objects where binding.resource.kind.hasSuffix("RoleBinding") {
      let reference = try #require(binding.value["roleRef"])
      let namespace = binding.name.namespace.isEmpty ? "" : "\(binding.name.namespace)/"
      let role =
        "\(reference["kind"]?.stringValue ?? "") \(namespace)\(reference["name"]?.stringValue ?? "")"
      #expect(roles.contains(role), "\(binding)")
      for subject in binding.value["subjects"]?.arrayValue ?? [] {
        bound.insert(subject["name"]?.stringValue ?? "")
      }
    }
    #expect(
      bound == ["manager-account", "controller", "speaker", "frr-k8s-daemon", "metrics-reader"])
  }

  @Test(arguments: Platform.allCases)
  func `No role of the whole cluster reads Secrets or hands out rights`(platform: Platform) throws {
    for object in try Self.installation(platform).objects()
    where object.resource.kind.hasSuffix("Role") {
      for rule in object.value["rules"]?.arrayValue ?? [] {
        let resources = rule["resources"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let groups = rule["apiGroups"]?.arrayValue?.compactMap(\.stringValue) ?? []
        if object.resource.kind == "ClusterRole" { #expect(!resources.contains("secrets")) }
        #expect(!groups.contains("rbac.authorization.k8s.io"))
        #expect(!groups.contains("*") && !resources.contains("*"))
      }
    }
  }

  @Test func `Pods of the namespace may have the privileges that speakers need`() throws {
    let namespace = try #require(try Self.installation(.kubernetes).objects().first)
    for mode in ["enforce", "audit", "warn"] {
      #expect(
        namespace.value[path: ["metadata", "labels", "pod-security.kubernetes.io/\(mode)"]]
          == "privileged")
    }
  }
}
