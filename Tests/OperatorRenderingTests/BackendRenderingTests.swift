import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import OperatorRendering
import Testing

/// What is rendered for each backend on each platform, whole.
@Suite struct BackendRenderingTests {
  struct Combination: Sendable, CustomTestStringConvertible {
    var backend: BGPBackend
    var platform: Platform
    var testDescription: String { "\(backend.rawValue) on \(platform.rawValue)" }

    static let all = BGPBackend.allCases.flatMap { backend in
      Platform.allCases.map { Combination(backend: backend, platform: $0) }
    }
  }

  /// With upstream's images, which have every backend.
  static func input(
    _ backend: BGPBackend, _ platform: Platform = .kubernetes,
    _ change: (inout MetalLB.Spec) -> Void = { _ in }
  ) throws -> RenderingInput {
    var input = try WorkloadsTests.input(platform, change)
    input.backend = backend
    input.environment.images = .init(
      controller: try ImageReference("quay.io/metallb/controller:v0.16.1"),
      speaker: try ImageReference("quay.io/metallb/speaker:v0.16.1"),
      frr: try ImageReference("quay.io/frrouting/frr:10.5.3"),
      frrK8s: try ImageReference("quay.io/metallb/frr-k8s:v0.0.25"))
    input.environment.externalFRRK8sNamespace = "frr-k8s-system"
    return input
  }

  /// Native is shown by what our own image gets.
  @Test(arguments: Combination.all.filter { $0.backend != .native })
  func `Renders everything of`(combination: Combination) throws {
    let input = try Self.input(combination.backend, combination.platform)
    try expectGolden(
      try Workloads.render(input).map(\.value).yamlDocuments(),
      "\(combination.backend.rawValue)-\(combination.platform.rawValue).yaml")
  }

  @Test(arguments: Combination.all.filter { [.frr, .frrK8s].contains($0.backend) })
  func `Renders the monitors of`(combination: Combination) throws {
    var input = try Self.input(combination.backend, combination.platform)
    input.environment.hasPrometheusRules = combination.platform == .kubernetes
    var monitors: [JSONValue] = []
    for kind in [OperatorEnvironment.Monitors.services, .pods] {
      input.environment.monitors = kind
      monitors += try Workloads.render(input).filter {
        $0.resource.group == Monitors.group || $0.name.name == "metrics-token"
      }.map(\.value)
      input.environment.hasPrometheusRules = false
    }
    try expectGolden(
      try monitors.yamlDocuments(),
      "monitors-\(combination.backend.rawValue)-\(combination.platform.rawValue).yaml")
  }

  private static func pods(_ input: RenderingInput) throws -> [(String, PodSpec)] {
    try Workloads.render(input).compactMap { object in
      guard let template = object.value[path: ["spec", "template"]] else { return nil }
      return (object.name.name, try template.decode(PodTemplateSpec.self).spec)
    }
  }

  @Test(arguments: Combination.all)
  func `Every mount has its volume and every volume a mount`(combination: Combination) throws {
    let input = try Self.input(combination.backend, combination.platform)
    for (name, pod) in try Self.pods(input) {
      let containers = (pod.initContainers ?? []) + (pod.containers ?? [])
      let mounted = Set(containers.flatMap { ($0.volumeMounts ?? []).map(\.name) })
      #expect(mounted == Set((pod.volumes ?? []).map(\.name)), "\(name)")
    }
  }

  @Test(arguments: Combination.all)
  func `What Pods mount is rendered, made by somebody, or optional`(combination: Combination) throws
  {
    var input = try Self.input(combination.backend, combination.platform)
    // Where certificates hung Pods: OpenShift without monitors.
    input.environment.monitors = .none
    let objects = try Workloads.render(input)
    let rendered = Set(objects.map { "\($0.resource.kind) \($0.name.name)" })
    // OpenShift issues what the annotation of a Service names.
    let issued = Set(
      objects.compactMap {
        $0.value[path: ["metadata", "annotations"]]?[
          "service.beta.openshift.io/serving-cert-secret-name"]?.stringValue
      })
    for (name, pod) in try Self.pods(input) {
      for volume in pod.volumes ?? [] {
        if let secret = volume.secret, let secretName = secret.secretName {
          // The controller makes the gossip's Secret when it starts.
          let isThere =
            rendered.contains("Secret \(secretName)") || issued.contains(secretName)
            || secretName == "metallb-memberlist"
          #expect(isThere || secret.optional == true, "\(name) \(secretName)")
        }
        if let map = volume.configMap, map.optional != true {
          #expect(rendered.contains("ConfigMap \(map.name ?? "")"), "\(name)")
        }
        if volume.name == "metrics-certs" { #expect(volume.secret?.optional == true) }
      }
    }
  }

  @Test(arguments: Combination.all)
  func `The security constraints admit the speaker's containers`(combination: Combination) throws {
    let input = try Self.input(combination.backend, combination.platform)
    let objects = try Workloads.render(input)
    let constraints = objects.first { $0.resource == SecurityContextConstraints.resource }
    #expect((constraints != nil) == (combination.platform == .openshift))
    guard let constraints else { return }
    #expect(objects.first == constraints, "it comes first")
    let allowed = Set(
      constraints.value["allowedCapabilities"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    let volumes = Set(constraints.value["volumes"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    let speaker = try #require(try Self.pods(input).first { $0.0 == "speaker" }).1
    for container in (speaker.initContainers ?? []) + (speaker.containers ?? []) {
      let context = try #require(container.securityContext, "\(container.name)")
      #expect(context.allowPrivilegeEscalation == false, "\(container.name)")
      #expect(allowed.isSuperset(of: context.capabilities?.add ?? []), "\(container.name)")
    }
    for volume in speaker.volumes ?? [] {
      let kind =
        volume.secret != nil ? "secret" : volume.configMap != nil ? "configMap" : "emptyDir"
      #expect(volumes.contains(kind))
    }
    // FRR starts as root and becomes its own user, for which it needs what a container starts with.
    let drops = constraints.value["requiredDropCapabilities"]
    #expect(drops == (combination.backend == .frr ? [] : ["ALL"]))
  }

  @Test(arguments: Combination.all)
  func `Nobody on OpenShift is told which user to be, but for FRR's files`(
    combination: Combination
  ) throws {
    guard combination.platform == .openshift else { return }
    for (name, pod) in try Self.pods(Self.input(combination.backend, .openshift)) {
      #expect(pod.securityContext?.runAsUser == nil, "\(name)")
      #expect(pod.securityContext?.fsGroup == nil, "\(name)")
      let users = ((pod.initContainers ?? []) + (pod.containers ?? [])).filter {
        $0.securityContext?.runAsUser != nil
      }.map(\.name)
      #expect(users.allSatisfy { $0 == "cp-frr-files" }, "\(name)")
    }
  }

  @Test func `An image without FRR's tools keeps its speakers as they are`() throws {
    var input = try Self.input(.frr)
    input.environment.images.controller = input.environment.images.speaker
    let speaker = try #require(try Self.pods(input).first { $0.0 == "speaker" }).1
    #expect(speaker.containers?.map(\.name) == ["speaker"])
    #expect(speaker.initContainers == nil)
    // What it would speak is kept, so that the choice outlives the operator.
    #expect(
      speaker.containers?[0].env?.contains(EnvVar(name: "METALLB_BGP_TYPE", value: "frr")) == true)
  }

  @Test func `The selectors of frr-k8s never change`() throws {
    let objects = try Workloads.render(
      Self.input(.frrK8s) { $0.speakerConfig = .init() })
    let selectors = Dictionary(
      objects.compactMap { object in
        object.value[path: ["spec", "selector", "matchLabels"]].map { (object.name.name, $0) }
      }, uniquingKeysWith: { $1 })
    #expect(
      selectors["frr-k8s"] == ["app": "frr-k8s", "app.kubernetes.io/component": "frr-k8s"])
    #expect(selectors["statuscleaner"] == ["component": "statuscleaner"])
  }

  @Test func `FRR listens nowhere but on its own host`() throws {
    for backend in [BGPBackend.frr, .frrK8s] {
      let map = try #require(
        try Workloads.render(Self.input(backend)).first { $0.name.name == "frr-startup" })
      let daemons = try #require(map.value[path: ["data", "daemons"]]?.stringValue)
      #expect(daemons.contains("bgpd=yes\nbfdd=yes\n"))
      #expect(daemons.contains("ospfd=no\n"))
      for line in daemons.split(separator: "\n") where line.contains("_options") {
        #expect(line.contains("-A 127.0.0.1") || line.contains("-A ::1"), "\(line)")
      }
      #expect(daemons.contains("bgpd_options=\"   -A 127.0.0.1 -p 0 --limit-fds 100000\""))
      #expect(daemons.contains("-K 120") == (backend == .frrK8s))
    }
  }
}
