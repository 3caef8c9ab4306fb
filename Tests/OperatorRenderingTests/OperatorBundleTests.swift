import Foundation
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import OperatorRendering
import Testing

/// The rules of the bundle format `registry+v1` and of the ClusterServiceVersion, as the lifecycle manager's own
/// validators have them.
@Suite struct OperatorBundleTests {
  private let bundle: BundleFixture
  private var version: JSONValue { bundle.version }

  init() throws { bundle = try BundleFixture() }

  // MARK: The package

  @Test func `The version is semantic and the same everywhere`() throws {
    let text = try #require(version[path: ["spec", "version"]]?.stringValue)
    let pattern = try Regex(#"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?"#)
    #expect(text.wholeMatch(of: pattern) != nil)
    #expect(text == ProductVersion.current)
    #expect(version[path: ["metadata", "name"]]?.stringValue == "metallb-operator.v\(text)")
    #expect(version[path: ["metadata", "annotations", "olm.skipRange"]]?.stringValue == "<\(text)")
    #expect(version[path: ["spec", "minKubeVersion"]] == "1.26.0")
  }

  @Test func `It says what people ask first`() throws {
    for field in ["displayName", "description", "maturity"] {
      #expect(version[path: ["spec", field]]?.stringValue?.isEmpty == false, "\(field)")
    }
    for field in ["maintainers", "keywords", "links", "icon"] {
      #expect(version[path: ["spec", field]]?.arrayValue?.isEmpty == false, "\(field)")
    }
    let icon = try #require(version[path: ["spec", "icon"]]?[0])
    let data = try #require(Data(base64Encoded: icon["base64data"]?.stringValue ?? ""))
    #expect(try XMLDocumentCheck.isWellFormed(String(decoding: data, as: UTF8.self)))
    #expect(icon["mediatype"] == "image/svg+xml")
    let capability = version[path: ["metadata", "annotations", "capabilities"]]?.stringValue ?? ""
    #expect(
      ["Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot"]
        .contains(capability))
  }

  @Test func `With a conversion webhook it watches all namespaces`() throws {
    let modes = try #require(version[path: ["spec", "installModes"]]?.arrayValue)
    let supported = modes.filter { $0["supported"] == true }.compactMap { $0["type"]?.stringValue }
    #expect(
      Set(modes.compactMap { $0["type"]?.stringValue })
        == ["OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"])
    #expect(modes.count == 4)
    #expect(supported == ["AllNamespaces"])
  }

  @Test func `Annotations and image labels agree`() throws {
    let annotations = try #require(
      try bundle.yaml("metadata/annotations.yaml")["annotations"]?.objectValue)
    let prefix = "operators.operatorframework.io.bundle"
    #expect(annotations["\(prefix).mediatype.v1"] == "registry+v1")
    #expect(annotations["\(prefix).manifests.v1"] == "manifests/")
    #expect(annotations["\(prefix).metadata.v1"] == "metadata/")
    #expect(annotations["\(prefix).package.v1"] == "metallb-operator")
    let channels = annotations["\(prefix).channels.v1"]?.stringValue?.split(separator: ",") ?? []
    let standard = annotations["\(prefix).channel.default.v1"]?.stringValue ?? ""
    #expect(channels.contains { $0 == standard })
    #expect(channels.contains("alpha"), "subscriptions of upstream's operator are to it")
    let dockerfile = try #require(bundle.files.first { $0.path == "bundle.Dockerfile" }).text
    let labels = dockerfile.split(separator: "\n").filter { $0.hasPrefix("LABEL ") }
    #expect(
      Set(labels.map { String($0.dropFirst(6)) })
        == Set(annotations.map { "\($0.key)=\($0.value.stringValue ?? "")" }))
  }

  @Test func `The scorecard runs all its tests`() throws {
    let configuration = try bundle.yaml("tests/scorecard/config.yaml")
    let tests = configuration["stages"]?[0]?["tests"]?.arrayValue ?? []
    #expect(
      Set(tests.compactMap { $0["entrypoint"]?[1]?.stringValue }) == [
        "basic-check-spec", "olm-bundle-validation", "olm-crds-have-validation",
        "olm-crds-have-resources", "olm-spec-descriptors", "olm-status-descriptors",
      ])
  }

  @Test func `It holds only what the lifecycle manager installs, and fits into its store`() throws {
    let kinds: Set = [
      "ClusterServiceVersion", "CustomResourceDefinition", "NetworkPolicy", "Service", "Secret",
      "ConfigMap", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
      "PriorityClass", "PodDisruptionBudget", "ServiceMonitor", "PrometheusRule",
    ]
    for manifest in try bundle.manifests {
      let kind = manifest["kind"]?.stringValue ?? ""
      #expect(kinds.contains(kind), "\(kind)")
      if kind != "ClusterServiceVersion" {
        #expect(manifest[path: ["metadata", "namespace"]] == nil)
      }
    }
    #expect(Set(bundle.files.map(\.path)).count == bundle.files.count)
    let size = bundle.files.map(\.text.utf8.count).reduce(0, +)
    #expect(size < 1 << 20, "\(size) bytes; objects of a cluster may have 1 MiB")
  }

  // MARK: Kinds

  @Test func `Every served version of every CRD is owned, once`() throws {
    let served = try bundle.definitions.flatMap { definition in
      let names = definition[path: ["spec", "names"]]
      let group = definition[path: ["spec", "group"]]?.stringValue ?? ""
      let name = definition[path: ["metadata", "name"]]?.stringValue ?? ""
      #expect(name == "\(names?["plural"]?.stringValue ?? "").\(group)")
      return (definition[path: ["spec", "versions"]]?.arrayValue ?? [])
        .filter { $0["served"] == true }
        .map { "\(name) \($0["version"] ?? $0["name"] ?? "") \(names?["kind"] ?? "")" }
    }
    let owned = bundle.owned.map {
      "\($0["name"]?.stringValue ?? "") \($0["version"] ?? "") \($0["kind"] ?? "")"
    }
    #expect(owned.sorted() == served.sorted())
    #expect(Set(owned).count == owned.count)
    #expect(
      Set(try bundle.definitions.compactMap { $0[path: ["metadata", "name"]]?.stringValue })
        .count == CustomResourceDefinitions.yaml.count)
  }

  @Test func `Every field of every owned CRD is described`() throws {
    for entry in bundle.owned {
      let name = entry["name"]?.stringValue ?? ""
      for field in ["displayName", "description"] {
        #expect(entry[field]?.stringValue?.isEmpty == false, "\(name) \(field)")
      }
      let definition = try #require(
        try bundle.definitions.first { $0[path: ["metadata", "name"]]?.stringValue == name })
      let schema = try #require(
        definition[path: ["spec", "versions"]]?.arrayValue?.first {
          $0["name"] == entry["version"]
        }?[
          path: ["schema", "openAPIV3Schema"]])
      for (part, key) in [("spec", "specDescriptors"), ("status", "statusDescriptors")] {
        let descriptors = entry[key]?.arrayValue ?? []
        let paths = descriptors.compactMap { $0["path"]?.stringValue }
        #expect(
          Set(paths) == Self.paths(schema[path: ["properties", part]], prefix: ""), "\(name)")
        #expect(Set(paths).count == paths.count)
        #expect(descriptors.allSatisfy { $0["displayName"]?.stringValue?.isEmpty == false })
      }
    }
  }

  /// All places inside a schema where a value may stand.
  private static func paths(_ schema: JSONValue?, prefix: String) -> Set<String> {
    var found: Set<String> = []
    for (name, field) in schema?["properties"]?.objectValue ?? [:] {
      let path = prefix.isEmpty ? name : "\(prefix).\(name)"
      found.insert(path)
      found.formUnion(paths(field, prefix: path))
      found.formUnion(paths(field["items"], prefix: "\(path)[0]"))
    }
    return found
  }

  @Test(arguments: [
    ("bgpBackend", "BGP Backend"), ("ipAddressPools", "IP Address Pools"), ("myASN", "My ASN"),
    ("frrk8sConfig", "FRR-K8s Config"), ("avoidBuggyIPs", "Avoid Buggy IPs"),
    ("aggregationLengthV6", "Aggregation Length V6"), ("peers", "Peers"),
    ("ebgpMultiHop", "EBGP Multi Hop"), ("nodeSelectors", "Node Selectors"),
  ])
  func `Field names read as people write them`(field: String, name: String) throws {
    let descriptors = bundle.owned.flatMap { $0["specDescriptors"]?.arrayValue ?? [] }
    let descriptor = descriptors.first { $0["path"]?.stringValue == field }
    #expect(descriptor?["displayName"]?.stringValue == name)
  }

  @Test func `Each kind that people write has an example`() throws {
    let annotations = version[path: ["metadata", "annotations"]]
    let examples = try #require(
      try JSONValue(parsing: annotations?["alm-examples"]?.stringValue ?? "").arrayValue)
    let hidden = try JSONValue(
      parsing: annotations?["operators.operatorframework.io/internal-objects"]?.stringValue ?? ""
    ).arrayValue?.compactMap(\.stringValue)
    let owned = bundle.owned.map { entry -> String in
      let group = (entry["name"]?.stringValue ?? "").split(separator: ".", maxSplits: 1).last ?? ""
      return "\(group)/\(entry["version"]?.stringValue ?? "") \(entry["kind"]?.stringValue ?? "")"
    }
    let shown = examples.map {
      "\($0["apiVersion"]?.stringValue ?? "") \($0["kind"]?.stringValue ?? "")"
    }
    #expect(Set(shown).subtracting(owned).isEmpty)
    #expect(Set(shown).count == shown.count)
    let kinds = Set(shown.compactMap { $0.split(separator: " ").last })
    for entry in bundle.owned {
      let isHidden = hidden?.contains(entry["name"]?.stringValue ?? "") ?? false
      #expect(kinds.contains(Substring(entry["kind"]?.stringValue ?? "")) != isHidden, "\(entry)")
    }
  }

  @Test func `The suggested namespace admits speakers`() throws {
    let annotations = version[path: ["metadata", "annotations"]]
    let template = try JSONValue(
      parsing: annotations?["operatorframework.io/suggested-namespace-template"]?.stringValue ?? ""
    ).decode(Namespace.self)
    #expect(
      template.metadata.name
        == annotations?["operatorframework.io/suggested-namespace"]?.stringValue)
    for mode in ["enforce", "audit", "warn"] {
      #expect(template.metadata.labels["pod-security.kubernetes.io/\(mode)"] == "privileged")
    }
  }

  // MARK: What runs

  @Test func `Every image is related, so that it can be mirrored`() throws {
    let related = version[path: ["spec", "relatedImages"]]?.arrayValue ?? []
    let images = Set(related.compactMap { $0["image"]?.stringValue })
    #expect(Set(related.compactMap { $0["name"]?.stringValue }).count == related.count)
    for image in images { #expect(throws: Never.self) { try ImageReference(image) } }
    for (name, deployment) in try bundle.deployments {
      let pod = try #require(deployment.spec?.template.spec)
      for container in (pod.containers ?? []) + (pod.initContainers ?? []) {
        #expect(images.contains(container.image ?? ""), "\(name)")
        for variable in container.env ?? [] where variable.name.hasSuffix("_IMAGE") {
          #expect(images.contains(variable.value ?? ""), "\(variable.name)")
        }
      }
    }
    // What the operator falls back to when it is told no image for FRR.
    #expect(
      images.contains { $0.contains("/frr:") } && images.contains { $0.contains("/frr-k8s:") })
  }

  @Test func `Every webhook leads to a port of a Deployment of the bundle`() throws {
    let definitions = version[path: ["spec", "webhookdefinitions"]]?.arrayValue ?? []
    let names = definitions.compactMap { $0["generateName"]?.stringValue }
    #expect(Set(names).count == names.count)
    let webhooks = [WebhookServerNames.operator, .controller].flatMap(\.webhooks)
    #expect(Set(names).isSuperset(of: webhooks.map(\.name)))
    for definition in definitions {
      let target = try #require(
        try bundle.deployments.first { $0.name == definition["deploymentName"]?.stringValue })
      let ports = target.deployment.spec?.template.spec.containers?.first?.ports ?? []
      #expect(ports.contains { Int64($0.containerPort) == definition["targetPort"]?.integerValue })
      #expect(definition["webhookPath"]?.stringValue?.hasPrefix("/") == true)
      #expect(definition["sideEffects"] == "None")
      for converted in definition["conversionCRDs"]?.arrayValue ?? [] {
        let crd = try bundle.definitions.first { $0[path: ["metadata", "name"]] == converted }
        #expect(crd?[path: ["spec", "conversion", "strategy"]] == "Webhook")
        #expect(crd?[path: ["spec", "preserveUnknownFields"]] != true)
      }
    }
    let converted = definitions.flatMap { $0["conversionCRDs"]?.arrayValue ?? [] }
    let converting = try bundle.definitions.filter {
      $0[path: ["spec", "conversion", "strategy"]] == "Webhook"
    }.compactMap { $0[path: ["metadata", "name"]] }
    #expect(converted == converting)
  }

  @Test func `Certificates are left to the lifecycle manager`() throws {
    for (name, deployment) in try bundle.deployments {
      let container = try #require(deployment.spec?.template.spec.containers?.first)
      #expect(container.args?.contains("--disable-cert-rotation") == true, "\(name)")
    }
    #expect(!(try bundle.manifests.contains { $0["kind"] == "Secret" }))
  }

  @Test(arguments: Platform.allCases)
  func `Its Pods may start, by the rules of the platform that it is for`(
    platform: Platform
  ) throws {
    let deployments = try BundleFixture(platform).deployments
    #expect(deployments.count == 2)
    for (name, deployment) in deployments {
      let pod = try #require(deployment.spec?.template.spec)
      let user = pod.securityContext?.runAsUser
      #expect(pod.securityContext?.runAsNonRoot == true, "\(name)")
      switch platform {
      // The image's own user is root, which kubelets refuse to start as somebody else than root.
      case .kubernetes: #expect(user == 65534, "\(name)")
      // The restricted security constraints refuse every user that is not of the namespace's range.
      case .openshift:
        #expect(user == nil, "\(name)")
        #expect(pod.securityContext?.fsGroup == nil, "\(name)")
      }
      for container in pod.containers ?? [] {
        #expect(container.securityContext?.runAsUser == nil, "\(name)")
        #expect(container.securityContext?.allowPrivilegeEscalation == false, "\(name)")
        #expect(container.securityContext?.capabilities?.drop == ["ALL"], "\(name)")
      }
    }
  }

  @Test func `Outside of OpenShift nothing of it is asked for`() throws {
    let bundle = try BundleFixture(.kubernetes)
    for name in ["METRICS_PORT", "DEPLOY_SERVICEMONITORS", "com.redhat.openshift"] {
      #expect(!bundle.files.contains { $0.text.contains(name) }, "\(name)")
    }
    #expect(!bundle.files.contains { $0.path.contains("prometheus-k8s") })
    #expect(try BundleFixture(.openshift).files.contains { $0.text.contains("METRICS_PORT") })
  }

  @Test func `OpenShift's Prometheus is let into the namespace`() throws {
    let role = try bundle.yaml("manifests/prometheus-k8s_role.yaml")
    #expect(role[path: ["rules"]]?[0]?["resources"] == ["endpoints", "pods", "services"])
    let binding = try bundle.yaml("manifests/prometheus-k8s_rolebinding.yaml")
    #expect(binding["roleRef"]?["name"] == "prometheus-k8s")
    #expect(binding["subjects"]?[0]?["namespace"] == "openshift-monitoring")
  }

  @Test func `Accounts have the rights that the manifest gives them`() throws {
    let installation = Installation(
      platform: .openshift, image: try ImageReference(Installation.defaultImage))
    var expected: [String: Set<JSONValue>] = [:]
    let objects = try installation.objects()
    for binding in objects where binding.resource.kind.hasSuffix("RoleBinding") {
      let name = binding.value[path: ["roleRef", "name"]]?.stringValue
      let role = objects.first {
        "\($0.resource.kind)Binding" == binding.resource.kind && $0.name.name == name
          && $0.name.namespace == binding.name.namespace
      }
      for subject in binding.value["subjects"]?.arrayValue ?? []
      where subject["namespace"]?.stringValue == installation.namespace {
        expected[subject["name"]?.stringValue ?? "", default: []]
          .formUnion(role?.value["rules"]?.arrayValue ?? [])
      }
    }
    var granted: [String: Set<JSONValue>] = [:]
    for scope in ["clusterPermissions", "permissions"] {
      for entry in bundle.strategy[scope]?.arrayValue ?? [] {
        granted[entry["serviceAccountName"]?.stringValue ?? "", default: []]
          .formUnion(entry["rules"]?.arrayValue ?? [])
      }
    }
    #expect(Set(granted.keys) == Set(expected.keys))
    for (account, rules) in expected {
      let difference = rules.symmetricDifference(granted[account] ?? [])
      // The namespace is the lifecycle manager's choice.
      #expect(difference.allSatisfy { $0["resources"] == ["namespaces"] }, "\(account)")
    }
    for (name, deployment) in try bundle.deployments {
      let account = deployment.spec?.template.spec.serviceAccountName ?? ""
      #expect(granted[account] != nil, "\(name)")
    }
  }
}

private enum XMLDocumentCheck {
  /// Whether every element that is opened is closed.
  static func isWellFormed(_ text: String) throws -> Bool {
    var open: [Substring] = []
    for match in text.matches(
      of: try Regex<(Substring, Substring, Substring, Substring)>(
        "<(/?)([a-z]+)[^>]*?(/?)>"))
    {
      let (closing, name, alone) = (match.output.1, match.output.2, match.output.3)
      if !closing.isEmpty {
        guard open.popLast() == name else { return false }
      } else if alone.isEmpty {
        open.append(name)
      }
    }
    return open.isEmpty && text.hasPrefix("<svg")
  }
}
