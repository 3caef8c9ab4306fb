import Foundation
import KubernetesAPI
import OperatorRendering
import Testing

/// No account has a right that nothing needs: every rule of the installation has a place in the sources that uses it,
/// or is one that upstream's image needs when it takes the place of ours.
@Suite struct RightsTests {
  /// Who needs a right.
  enum User {
    /// A file under `Sources/`, and a text in it.
    case source(String, String)
    /// Upstream's controller or speaker (the roles of its manifests).
    case upstream
    /// Nothing yet, and what it is kept for.
    case reserved(String)
  }

  /// By account and resource, of the core group without a dot.
  static let users: [String: User] = [
    "manager-account metallbs.metallb.io": .source(
      "MetalLBOperator/Operator.swift", "metalLBs: Informer("),
    "manager-account addresspools.metallb.io": .source(
      "MetalLBOperator/Operator.swift", "addressPools: Informer("),
    "manager-account metallbs/status.metallb.io": .source(
      "MetalLBOperator/StatusWriter.swift", "subresource: \"status\""),
    "manager-account addresspools/status.metallb.io": .source(
      "MetalLBOperator/StatusWriter.swift", "subresource: \"status\""),
    "manager-account metallbs/finalizers.metallb.io": .source(
      "OperatorRendering/Workloads.swift", "blockOwnerDeletion: true"),
    "manager-account events": .source("MetalLBOperator/Operator.swift", "EventRecorder("),
    "manager-account nodes": .source("MetalLBOperator/PlatformSurvey.swift", "Node.resource"),
    "manager-account daemonsets.apps": .source(
      "MetalLBOperator/OwnedKinds.swift", "DaemonSet.resource"),
    "manager-account deployments.apps": .source(
      "MetalLBOperator/OwnedKinds.swift", "Deployment.resource"),
    "manager-account services": .source(
      "MetalLBOperator/OwnedKinds.swift", "Service.resource"),
    "manager-account configmaps": .source(
      "MetalLBOperator/OwnedKinds.swift", "ConfigMap.resource"),
    "manager-account networkpolicies.networking.k8s.io": .source(
      "MetalLBOperator/OwnedKinds.swift", "NetworkPolicy.resource"),
    "manager-account namespaces": .source("MetalLBOperator/ClusterFacts.swift", "Namespace.self"),
    "manager-account endpointslices.discovery.k8s.io": .source(
      "MetalLBOperator/ClusterFacts.swift", "EndpointSlice.self"),
    "manager-account leases.coordination.k8s.io": .source(
      "MetalLBOperator/Operator.swift", "LeaderElector("),
    "manager-account secrets": .source("WebhookServer/CertificateKeeper.swift", "Informer<Secret>"),
    "manager-account serviceaccounts": .source(
      "MetalLBOperator/PredecessorObjects.swift", "ServiceAccount.resource"),
    "manager-account validatingwebhookconfigurations.admissionregistration.k8s.io": .source(
      "WebhookServer/InjectionTarget.swift", "validatingwebhookconfigurations"),
    "manager-account podmonitors.monitoring.coreos.com": .source(
      "MetalLBOperator/PredecessorObjects.swift", "PodMonitor"),
    "manager-account servicemonitors.monitoring.coreos.com": .source(
      "MetalLBOperator/PredecessorObjects.swift", "ServiceMonitor"),
    "manager-account frrconfigurations.frrk8s.metallb.io": .source(
      "MetalLBOperator/FRRConfigurationSweep.swift", "FRRConfiguration.self"),
    "manager-account pods": .source("MetalLBOperator/WebhookServerSettings.swift", "Pod.self"),
    "manager-account prometheusrules.monitoring.coreos.com": .source(
      "OperatorRendering/PrometheusRules.swift", "PrometheusRule"),
    "manager-account apiservers.config.openshift.io": .source(
      "OperatorRendering/TLSProfile.swift", "apiservers"),
    "manager-account clusteroperators.config.openshift.io": .source(
      "OperatorRendering/NetworkOperator.swift", "clusteroperators"),
    "manager-account networks.operator.openshift.io": .source(
      "OperatorRendering/NetworkOperator.swift", "networks"),
    "manager-account securitycontextconstraints.security.openshift.io": .source(
      "MetalLBOperator/OwnedKinds.swift", "SecurityContextConstraints.resource"),
    "webhook-server secrets": .source("WebhookServer/CertificateKeeper.swift", "Informer<Secret>"),
    "webhook-server validatingwebhookconfigurations.admissionregistration.k8s.io": .source(
      "WebhookServer/InjectionTarget.swift", "validatingwebhookconfigurations"),
    "webhook-server customresourcedefinitions.apiextensions.k8s.io": .source(
      "WebhookServer/InjectionTarget.swift", "customresourcedefinitions"),
    "webhook-server daemonsets.apps": .source(
      "MetalLBController/ConfigurationSources+Reading.swift", "DaemonSet.self"),
    "controller services": .source("MetalLBController/Informers.swift", "services = Informer("),
    "controller services/status": .source(
      "MetalLBController/ServiceReconciler.swift", "status"),
    "controller namespaces": .source(
      "ConfigurationWatch/ConfigurationInformers.swift", "namespaces"),
    "controller nodes": .upstream,
    "controller servicel2statuses.metallb.io": .source(
      "MetalLBController/Informers.swift", "Informer<ServiceL2Status>"),
    "controller pods": .upstream,
    "controller servicebgpstatuses.metallb.io": .upstream,
    "controller servicebgpstatuses/status.metallb.io": .upstream,
    "controller events": .source(
      "MetalLBController/MetalLBControllerService.swift", "EventRecorder("),
    "controller secrets": .source("MetalLBController/MemberlistSecret.swift", "Secret("),
    "controller configmaps": .source(
      "ConfigurationWatch/ConfigurationInformers.swift", "configMaps = Informer("),
    "controller deployments.apps": .source(
      "MetalLBController/MetalLBControllerService.swift", "Deployment.self"),
    "controller leases.coordination.k8s.io": .source(
      "MetalLBController/MetalLBControllerService.swift", "LeaderElector("),
    "controller configurationstates.metallb.io": .source(
      "MetalLBController/Informers.swift", "states = Informer("),
    "controller configurationstates/status.metallb.io": .source(
      "ConfigurationWatch/ConfigurationStateWriter.swift", "status"),
    "controller ipaddresspools/status.metallb.io": .source(
      "MetalLBController/PoolStatusReconciler.swift", "status"),
    "speaker services": .source("MetalLBSpeaker/SpeakerInformers.swift", "services = Informer("),
    "speaker nodes": .source("MetalLBSpeaker/SpeakerInformers.swift", "nodes = Informer("),
    "speaker endpointslices.discovery.k8s.io": .source(
      "MetalLBSpeaker/SpeakerInformers.swift", "endpointSlices = Informer("),
    "speaker endpoints": .upstream,
    "speaker frrconfigurations.frrk8s.metallb.io": .upstream,
    "speaker configurationstates.metallb.io": .upstream,
    "speaker configurationstates/status.metallb.io": .upstream,
    "speaker servicebgpstatuses.metallb.io": .upstream,
    "speaker servicebgpstatuses/status.metallb.io": .upstream,
    "speaker securitycontextconstraints.security.openshift.io": .source(
      "OperatorRendering/SpeakerDaemonSet.swift", "openshift.io/required-scc"),
    "speaker namespaces": .upstream,
    "speaker pods": .upstream,
    "speaker secrets": .upstream,
    "speaker configmaps": .source(
      "ConfigurationWatch/ConfigurationInformers.swift", "configMaps = Informer("),
    "speaker events": .source("MetalLBSpeaker/MetalLBSpeakerService.swift", "EventRecorder("),
    "speaker servicel2statuses.metallb.io": .source(
      "MetalLBSpeaker/SpeakerInformers.swift", "statuses = Informer("),
    "speaker servicel2statuses/status.metallb.io": .source(
      "MetalLBSpeaker/L2StatusWriter.swift", "status"),
  ].merging(reviews) { $1 }.merging(configuration) { $1 }

  /// Metrics ask the API server who reads them.
  private static var reviews: [String: User] {
    var users: [String: User] = [:]
    for account in ["manager-account", "controller", "speaker", "webhook-server"] {
      for (resource, text) in [
        ("tokenreviews.authentication.k8s.io", "TokenReview("),
        ("subjectaccessreviews.authorization.k8s.io", "SubjectAccessReview("),
      ] {
        users["\(account) \(resource)"] = .source("MetricsServer/MetricsAuthorizer.swift", text)
      }
    }
    return users
  }

  /// What configures MetalLB.
  private static var configuration: [String: User] {
    var users: [String: User] = [:]
    let reading = "MetalLBController/ConfigurationSources+Reading.swift"
    for (plural, kind) in [
      ("bfdprofiles", "BFDProfile"), ("bgpadvertisements", "BGPAdvertisement"),
      ("bgppeers", "BGPPeer"), ("communities", "Community"), ("ipaddresspools", "IPAddressPool"),
      ("l2advertisements", "L2Advertisement"),
    ] {
      users["webhook-server \(plural).metallb.io"] = .source(reading, "\(kind).self")
      users["manager-account \(plural).metallb.io"] = .source(
        "MetalLBOperator/CurrentObjects.swift", "informer(\(kind).self)")
      users["controller \(plural).metallb.io"] = .upstream
      users["speaker \(plural).metallb.io"] = .upstream
      if plural != "ipaddresspools" {
        users["controller \(plural)/status.metallb.io"] = .reserved("status.extensions")
      }
    }
    for (resource, text) in [
      ("addresspools.metallb.io", "AddressPool.self"), ("metallbs.metallb.io", "MetalLB.self"),
      ("configmaps", "ConfigMap.self"), ("nodes", "Node.self"),
    ] {
      users["webhook-server \(resource)"] = .source(reading, text)
    }
    for (resource, text) in [("namespaces", "Namespace.self"), ("services", "Service.self")] {
      users["webhook-server \(resource)"] = .source(
        "MetalLBController/ConfigurationWebhooks+Plan.swift", text)
    }
    return users
  }

  /// Rules by account, of the whole cluster and of namespaces.
  private static func rights(_ platform: Platform) throws -> [(account: String, rule: PolicyRule)] {
    let image = try ImageReference(Installation.defaultImage)
    let objects = try Installation(platform: platform, image: image).objects()
    var rights: [(String, PolicyRule)] = []
    for binding in objects where binding.resource.kind.hasSuffix("RoleBinding") {
      let role = objects.first {
        "\($0.resource.kind)Binding" == binding.resource.kind
          && $0.name.name == binding.value[path: ["roleRef", "name"]]?.stringValue
          && $0.name.namespace == binding.name.namespace
      }
      for rule in role?.value["rules"]?.arrayValue ?? [] {
        for subject in binding.value["subjects"]?.arrayValue ?? [] {
          rights.append((subject["name"]?.stringValue ?? "", try rule.decode(PolicyRule.self)))
        }
      }
    }
    return rights
  }

  private static func names(_ platform: Platform) throws -> Set<String> {
    var names: Set<String> = []
    for (account, rule) in try rights(platform) {
      for group in rule.apiGroups ?? [] {
        for resource in rule.resources ?? [] {
          // The image of the one is upstream's, and so are its roles; the other is OpenShift's Prometheus.
          guard account != "frr-k8s-daemon", account != "prometheus-k8s" else { continue }
          names.insert("\(account) \(resource)\(group.isEmpty ? "" : ".\(group)")")
        }
      }
    }
    return names
  }

  @Test(arguments: Platform.allCases) func `Every right has a use`(platform: Platform) throws {
    for name in try Self.names(platform).sorted() {
      #expect(Self.users[name] != nil, "\(name)")
    }
  }

  @Test func `Every use has its right, and is where it is said to be`() throws {
    let given = try Self.names(.kubernetes).union(Self.names(.openshift))
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources").standardized
    for (name, user) in Self.users {
      #expect(given.contains(name), "\(name)")
      guard case .source(let file, let text) = user else { continue }
      let source = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
      #expect(source.contains(text), "\(name): \(file) has no \(text)")
    }
  }
}
