import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import OperatorRendering
import Testing

@Suite struct WorkloadsTests {
  static func environment() throws -> OperatorEnvironment {
    OperatorEnvironment(
      namespace: "metallb-system",
      images: .init(
        controller: try ImageReference("example.org/metallb:1"),
        speaker: try ImageReference("example.org/metallb:1")))
  }

  static func metalLB(_ change: (inout MetalLB.Spec) -> Void = { _ in }) -> MetalLB {
    var spec = MetalLB.Spec()
    change(&spec)
    return MetalLB(
      metadata: ObjectMeta(
        name: "metallb", namespace: "metallb-system", uid: "7bd84ab2-8ca8-4cf1-8d9d-8e3c5c0b1f5a"),
      spec: spec)
  }

  static func input(
    _ platform: Platform = .kubernetes, _ change: (inout MetalLB.Spec) -> Void = { _ in }
  ) throws -> RenderingInput {
    RenderingInput(
      metalLB: metalLB(change), environment: try environment(), platform: platform,
      apiServerPorts: [6443],
      namespaceOwner: OwnerReference(
        apiVersion: "v1", kind: "Namespace", name: "metallb-system", uid: "namespace-uid"))
  }

  static func object(_ input: RenderingInput, _ kind: String, _ name: String) throws -> JSONValue {
    try #require(
      try Workloads.render(input).first { $0.resource.kind == kind && $0.name.name == name }
    ).value
  }

  private func text(_ input: RenderingInput) throws -> String {
    try Workloads.render(input).map(\.value).yamlDocuments()
  }

  @Test func `Renders the default on Kubernetes`() throws {
    try expectGolden(try text(Self.input()), "kubernetes.yaml")
  }

  @Test func `Renders the default on OpenShift`() throws {
    try expectGolden(try text(Self.input(.openshift)), "openshift.yaml")
  }

  @Test func `Renders every field of the object`() throws {
    let input = try Self.input { spec in
      spec.image = "without/effect"
      spec.nodeSelector = ["kubernetes.io/os": "windows", "metallb": "speaker"]
      spec.speakerTolerations = [Toleration(key: "edge", operator: "Exists")]
      spec.logLevel = "debug"
      spec.controllerNodeSelector = ["metallb": "controller"]
      spec.controllerTolerations = [
        Toleration(key: "a", value: "b", effect: "NoExecute", tolerationSeconds: 5)
      ]
      spec.loadBalancerClass = "metallb.io/metallb"
      var configuration = MetalLB.ComponentConfig()
      configuration.priorityClassName = "system-cluster-critical"
      configuration.runtimeClassName = "myclass"
      configuration.annotations = ["controller": "demo"]
      configuration.resources = ["limits": ["cpu": "200m"]]
      configuration.affinity = ["nodeAffinity": [:]]
      spec.controllerConfig = configuration
      configuration.annotations = ["speaker": "demo"]
      configuration.resources = ["limits": ["cpu": "300m"]]
      spec.speakerConfig = configuration
      spec.extensions = MetalLB.Extensions(gossipProfile: "fast")
    }
    try expectGolden(try text(input), "every-field.yaml")
  }

  @Test func `Renders the settings of the operator`() throws {
    var input = try Self.input()
    input.environment.ports.memberlist = 9122
    input.environment.ports.metrics = 29150
    input.environment.ports.liveness = 7472
    input.environment.tls.minVersion = "VersionTLS12"
    input.environment.tls.cipherSuites = "TLS_AES_128_GCM_SHA256"
    input.environment.tls.curvePreferences = "29"
    input.environment.hasNetworkPolicies = false
    try expectGolden(try text(input), "environment.yaml")
  }

  @Test(arguments: Platform.allCases) func `Never changes a selector`(platform: Platform) throws {
    for backend in BGPBackend.allCases {
      var input = try Self.input(platform) { spec in
        spec.nodeSelector = ["a": "b"]
        spec.speakerConfig = .init()
        spec.speakerConfig?.annotations = ["c": "d"]
      }
      input.backend = backend
      input.environment.namespace = "elsewhere"
      let controller = try Self.object(input, "Deployment", "controller")
      let speaker = try Self.object(input, "DaemonSet", "speaker")
      #expect(
        controller["spec"]?["selector"]
          == ["matchLabels": ["app": "metallb", "component": "controller"]])
      #expect(
        speaker["spec"]?["selector"] == ["matchLabels": ["app": "metallb", "component": "speaker"]])
      for object in [controller, speaker] {
        #expect(
          object[path: ["spec", "template", "metadata", "labels"]]
            == object[path: ["spec", "selector", "matchLabels"]])
      }
    }
  }

  @Test func `Puts what admits Pods first and the workloads last`() throws {
    let kinds = try Workloads.render(Self.input(.openshift)).map(\.resource.kind)
    #expect(
      kinds == [
        "SecurityContextConstraints", "NetworkPolicy", "ConfigMap", "Service", "Service",
        "DaemonSet", "Deployment",
      ])
  }

  @Test(arguments: BGPBackend.allCases)
  func `Every certificate that a Pod on OpenShift mounts is asked for by a Service`(
    backend: BGPBackend
  ) throws {
    var input = try Self.input(.openshift)
    input.backend = backend
    let objects = try Workloads.render(input).map(\.value)
    let issued = objects.compactMap {
      $0[path: ["metadata", "annotations"]]?[
        "service.beta.openshift.io/serving-cert-secret-name"]?.stringValue
    }
    let mounted = objects.flatMap {
      $0[path: ["spec", "template", "spec", "volumes"]]?.arrayValue ?? []
    }
    .compactMap { $0[path: ["secret", "secretName"]]?.stringValue }
    .filter { $0.hasSuffix("-certs-secret") }
    #expect(issued.filter { $0.hasSuffix("-certs-secret") }.sorted() == mounted.sorted())
    #expect(mounted.count == (backend == .frrK8s ? 3 : 2))
  }

  @Test func `Everything has an owner and the inventory label`() throws {
    for object in try Workloads.render(Self.input(.openshift)) {
      #expect(object.value[path: ["metadata", "labels", Inventory.label]] == "metallb-system")
      let owner = object.value[path: ["metadata", "ownerReferences"]]?[0]
      #expect(owner?["kind"] == (object.resource.isNamespaced ? "MetalLB" : "Namespace"))
    }
  }

  @Test(
    arguments: [
      (BGPBackend.native, nil), (.frr, "frr"), (.frrK8s, "frr-k8s"), (.frrK8sExternal, "frr-k8s"),
    ] as [(BGPBackend, String?)])
  func `Tells both processes the backend`(backend: BGPBackend, value: String?) throws {
    var input = try Self.input()
    input.backend = backend
    for (kind, name) in [("Deployment", "controller"), ("DaemonSet", "speaker")] {
      let containers = try Self.object(input, kind, name)[path: ["spec", "template", "spec"]]?[
        "containers"]
      let variable = containers?[0]?["env"]?.arrayValue?.first { $0["name"] == "METALLB_BGP_TYPE" }
      #expect(variable?["value"]?.stringValue == value)
    }
  }

  @Test func `Tells the speaker where an external frr-k8s is`() throws {
    var input = try Self.input { spec in
      spec.frrk8sConfig = .init()
      spec.frrk8sConfig?.secretPassthrough = true
    }
    input.environment.externalFRRK8sNamespace = "frr-k8s-system"
    for (backend, expected) in [
      (
        BGPBackend.frrK8sExternal,
        ["--frrk8s-namespace=frr-k8s-system", "--frrk8s-secret-passthrough"]
      ),
      (.frrK8s, []),
    ] {
      input.backend = backend
      let speaker = try Self.object(input, "DaemonSet", "speaker")
      let arguments = speaker[path: ["spec", "template", "spec"]]?["containers"]?[0]?["args"]?
        .arrayValue?.compactMap(\.stringValue).filter { $0.hasPrefix("--frrk8s") }
      #expect(arguments == expected)
    }
  }
}
