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
      bound
        == Set([
          "manager-account", "controller", "speaker", "webhook-server", "frr-k8s-daemon",
          "metrics-reader",
        ]).union(platform == .openshift ? ["prometheus-k8s"] : []))
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

  @Test func `API servers are told of every webhook, and find its server`() throws {
    let objects = try Self.installation(.kubernetes).objects()
    for names in [WebhookServerNames.operator, .controller] {
      let registration = try #require(
        objects.first {
          $0.resource.kind == "ValidatingWebhookConfiguration"
            && $0.name.name == names.configuration
        }?.value["webhooks"]?.arrayValue)
      #expect(registration.compactMap { $0["name"]?.stringValue } == names.webhooks.map(\.name))
      let service = try #require(
        try objects.first { $0.resource == Service.resource && $0.name.name == names.service }?
          .value.decode(Service.self))
      for (webhook, expected) in zip(registration, names.webhooks) {
        #expect(webhook["failurePolicy"] == (expected.isAdvice ? "Ignore" : "Fail"))
        #expect(webhook["sideEffects"] == "None")
        let client = webhook[path: ["clientConfig", "service"]]
        #expect(client?["name"]?.stringValue == service.metadata.name)
        #expect(client?["namespace"]?.stringValue == service.metadata.namespace)
        #expect(client?["path"]?.stringValue == expected.path)
      }
      #expect(service.spec?.ports?.first?.port == 443)
      #expect(service.spec?.ports?.first?.targetPort == .int(9443))
      // Its Pods, and no others.
      let servers = try objects.filter { $0.resource == Deployment.resource }
        .map { try $0.value.decode(Deployment.self) }
        .filter { deployment in
          let labels = deployment.spec?.template.metadata.labels ?? [:]
          return service.spec?.selector?.allSatisfy { labels[$0] == $1 } ?? false
        }
      #expect(servers.count == 1)
      #expect(
        servers.first?.spec?.template.spec.containers?.first?.ports?.contains {
          $0.containerPort == 9443
        } == true)
      #expect(objects.contains { $0.resource == Secret.resource && $0.name.name == names.secret })
    }
  }

  @Test func `Applying the manifest again takes no certificate away`() throws {
    for secret in try Self.installation(.kubernetes).objects()
    where secret.resource == Secret.resource {
      #expect(secret.value["data"] == nil)
      #expect(secret.value["type"] == nil)
    }
  }

  @Test func `Operators and webhook servers may be several`() throws {
    var installation = try Self.installation(.kubernetes)
    installation.replicas = 2
    let deployments = try installation.objects().filter { $0.resource == Deployment.resource }
    #expect(deployments.count == 2)
    for deployment in deployments {
      #expect(deployment.value[path: ["spec", "replicas"]] == 2, "\(deployment)")
    }
  }

  @Test func `Options reach the objects`() throws {
    var installation = try Self.installation(.kubernetes)
    installation.overrides.controller = try ImageReference("example.org/c:1")
    installation.overrides.frr = try ImageReference("example.org/frr:1")
    installation.variables = ["METRICS_PORT": "7472"]
    installation.namespaceLabels = ["team": "network"]
    installation.hasDenyPolicy = false
    let objects = try installation.objects()
    #expect(objects.first?.value[path: ["metadata", "labels", "team"]] == "network")
    #expect(!objects.contains { $0.name.name == "default-deny" })
    let deployments = try objects.filter { $0.resource == Deployment.resource }
      .map { try $0.value.decode(Deployment.self) }
    let containers = deployments.compactMap { $0.spec?.template.spec.containers?.first }
    // The webhook server stays ours: another controller would need other rights and flags.
    #expect(containers.map(\.name) == ["webhook-server", "manager"])
    #expect(containers.map(\.image) == [Installation.defaultImage, Installation.defaultImage])
    let variables = Dictionary(
      (containers.last?.env ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    #expect(variables["CONTROLLER_IMAGE"] == "example.org/c:1")
    #expect(variables["SPEAKER_IMAGE"] == Installation.defaultImage)
    #expect(variables["FRR_IMAGE"] == "example.org/frr:1")
    #expect(variables["METRICS_PORT"] == "7472")
  }

  private static func policies(_ installation: Installation) throws -> [NetworkPolicy] {
    try installation.objects().filter { $0.resource == NetworkPolicy.resource }
      .map { try $0.value.decode(NetworkPolicy.self) }
  }

  /// Nobody knows yet where the API server listens, and plugins may look before or after the Service's translation.
  @Test(arguments: Platform.allCases)
  func `Operator and webhook server reach the API server on any port`(platform: Platform) throws {
    var installation = try Self.installation(platform)
    let policies = try Self.policies(installation).filter { $0.metadata.name != "default-deny" }
    #expect(policies.map(\.metadata.name) == ["operator", "webhook-service"])
    for policy in policies {
      #expect(policy.spec?.policyTypes == ["Egress", "Ingress"])
      #expect(policy.spec?.egress == [.init(ports: [.init(protocol: "TCP")])])
      #expect(policy.spec?.egress?.first?.to == nil)
    }
    installation.apiServerPorts = [443, 16443]
    for policy in try Self.policies(installation) where policy.metadata.name != "default-deny" {
      let ports = policy.spec?.egress?.flatMap { $0.ports ?? [] }.map(\.port)
      #expect(ports == [.int(443), .int(16443)])
    }
  }

  @Test func `Nothing is denied where the controller would have no policy of its own`() throws {
    var installation = try Self.installation(.kubernetes)
    #expect(try Self.policies(installation).contains { $0.metadata.name == "default-deny" })
    installation.variables["DISABLE_NETWORK_POLICIES"] = "true"
    #expect(!(try Self.policies(installation).contains { $0.metadata.name == "default-deny" }))
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
