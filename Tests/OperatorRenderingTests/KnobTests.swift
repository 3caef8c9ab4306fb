import KubernetesAPI
import MetalLBAPI
import OperatorRendering
import Testing

/// Each knob changes what the specification says, and nothing else.
@Suite struct KnobTests {
  struct Knob: Sendable, CustomTestStringConvertible {
    var name: String
    var backend = BGPBackend.native
    var platform = Platform.kubernetes
    var turn: @Sendable (inout RenderingInput) throws -> Void
    var changes: Set<String>
    var testDescription: String { "\(name), \(backend.rawValue)" }

    init(
      _ name: String, _ backend: BGPBackend = .native, _ platform: Platform = .kubernetes,
      changes: Set<String>, turn: @escaping @Sendable (inout RenderingInput) throws -> Void
    ) {
      self.name = name
      self.backend = backend
      self.platform = platform
      self.turn = turn
      self.changes = changes
    }

    /// A field of `spec`.
    static func spec(
      _ name: String, _ backend: BGPBackend = .native, changes: Set<String>,
      turn: @escaping @Sendable (inout MetalLB.Spec) -> Void
    ) -> Knob {
      Knob(name, backend, changes: changes) { input in
        var spec = input.metalLB.spec ?? .init()
        turn(&spec)
        input.metalLB.spec = spec
      }
    }
  }

  @Test(arguments: specKnobs + configKnobs + environmentKnobs)
  func `Changes exactly what it says`(knob: Knob) throws {
    let before = try BackendRenderingTests.input(knob.backend, knob.platform)
    var after = before
    try knob.turn(&after)
    let changes = try renderedChanges(from: before, to: after)
    #expect(
      changes == knob.changes,
      "too much: \(changes.subtracting(knob.changes)); missing: \(knob.changes.subtracting(changes))"
    )
  }

  private static let controller = "Deployment controller.spec.template"
  private static let speaker = "DaemonSet speaker.spec.template"
  private static let frrK8s = "DaemonSet frr-k8s.spec.template"
  private static let cleaner = "Deployment statuscleaner.spec.template"
  private static let cleanerContainer = "\(cleaner).spec.containers.frr-k8s-statuscleaner"
  private static let controllerContainer = "\(controller).spec.containers.controller"
  private static let speakerContainer = "\(speaker).spec.containers.speaker"

  private static let specKnobs: [Knob] = [
    .spec("image", changes: []) { $0.image = "without/effect" },
    .spec(
      "nodeSelector", .frrK8s,
      changes: ["+\(speaker).spec.nodeSelector.a=b", "+\(frrK8s).spec.nodeSelector.a=b"]
    ) { $0.nodeSelector = ["a": "b"] },
    .spec(
      "nodeSelector of the same key",
      changes: ["\(speaker).spec.nodeSelector.kubernetes.io/os: \"linux\" > \"plan9\""]
    ) { $0.nodeSelector = ["kubernetes.io/os": "plan9"] },
    .spec(
      "speakerTolerations", .frrK8s,
      changes: [
        "+\(speaker).spec.tolerations.edge", "+\(frrK8s).spec.tolerations.edge",
        "+\(cleaner).spec.tolerations.edge",
      ]
    ) { $0.speakerTolerations = [Toleration(key: "edge", operator: "Exists")] },
    .spec(
      "logLevel", .frrK8s,
      changes: Set(
        [
          controllerContainer, speakerContainer, "\(frrK8s).spec.containers.controller",
          "\(frrK8s).spec.containers.frr-status", cleanerContainer,
        ].flatMap { argument($0, "--log-level=info", "--log-level=debug") })
    ) { $0.logLevel = "debug" },
    .spec("empty logLevel", changes: []) { $0.logLevel = "" },
    .spec("controllerNodeSelector", changes: ["+\(controller).spec.nodeSelector.a=b"]) {
      $0.controllerNodeSelector = ["a": "b"]
    },
    .spec("controllerTolerations", changes: ["+\(controller).spec.tolerations"]) {
      $0.controllerTolerations = [Toleration(key: "edge", operator: "Exists")]
    },
    .spec(
      "loadBalancerClass", .frrK8s,
      changes: [
        "\(controllerContainer).args: +--lb-class=a.io/b",
        "\(speakerContainer).args: +--lb-class=a.io/b",
      ]
    ) { $0.loadBalancerClass = "a.io/b" },
    .spec(
      "alwaysBlock", .frrK8s,
      changes: [
        "\(frrK8s).spec.containers.controller.args: +--always-block=10.0.0.0/8,fd00::/8"
      ]
    ) {
      $0.frrk8sConfig = .init()
      $0.frrk8sConfig?.alwaysBlock = ["fd00::/8", " 10.0.0.0/8"]
    },
    .spec("alwaysBlock", .frr, changes: []) {
      $0.frrk8sConfig = .init()
      $0.frrk8sConfig?.alwaysBlock = ["fd00::/8"]
    },
    .spec(
      "frrk8sConfig.namespace", .frrK8sExternal,
      changes: Set(
        argument(
          speakerContainer, "--frrk8s-namespace=frr-k8s-system", "--frrk8s-namespace=there"))
    ) {
      $0.frrk8sConfig = .init()
      $0.frrk8sConfig?.namespace = "there"
    },
    .spec("frrk8sConfig.namespace", .frrK8s, changes: []) {
      $0.frrk8sConfig = .init()
      $0.frrk8sConfig?.namespace = "there"
    },
    .spec(
      "secretPassthrough", .frrK8sExternal,
      changes: ["\(speakerContainer).args: +--frrk8s-secret-passthrough"]
    ) {
      $0.frrk8sConfig = .init()
      $0.frrk8sConfig?.secretPassthrough = true
    },
    .spec("secretPassthrough", .frrK8s, changes: []) {
      $0.frrk8sConfig = .init()
      $0.frrk8sConfig?.secretPassthrough = true
    },
  ]

  private static func config(
    _ change: (inout MetalLB.ComponentConfig) -> Void
  ) -> MetalLB.ComponentConfig {
    var config = MetalLB.ComponentConfig()
    change(&config)
    return config
  }

  private static let configKnobs: [Knob] = [
    .spec(
      "speakerConfig.priorityClassName", .frrK8s,
      changes: [
        "+\(speaker).spec.priorityClassName=high", "+\(frrK8s).spec.priorityClassName=high",
        "+\(cleaner).spec.priorityClassName=high",
      ]
    ) { $0.speakerConfig = config { $0.priorityClassName = "high" } },
    .spec(
      "speakerConfig.runtimeClassName", .frrK8s,
      changes: [
        "+\(speaker).spec.runtimeClassName=kata", "+\(frrK8s).spec.runtimeClassName=kata",
        "+\(cleaner).spec.runtimeClassName=kata",
      ]
    ) { $0.speakerConfig = config { $0.runtimeClassName = "kata" } },
    .spec(
      "speakerConfig.affinity", .frrK8s,
      changes: ["+\(speaker).spec.affinity", "+\(frrK8s).spec.affinity"]
    ) { $0.speakerConfig = config { $0.affinity = ["nodeAffinity": [:]] } },
    .spec(
      "speakerConfig.annotations", .frrK8s, changes: ["+\(speaker).metadata.annotations"]
    ) { $0.speakerConfig = config { $0.annotations = ["a": "b"] } },
    .spec(
      "speakerConfig.resources", .frrK8s,
      changes: [
        "+\(speakerContainer).resources", "+\(frrK8s).spec.containers.controller.resources",
      ]
    ) { $0.speakerConfig = config { $0.resources = ["limits": ["cpu": "1"]] } },
    .spec("speakerConfig.resources", .frr, changes: ["+\(speakerContainer).resources"]) {
      $0.speakerConfig = config { $0.resources = ["limits": ["cpu": "1"]] }
    },
    .spec(
      "controllerConfig", .frrK8s,
      changes: [
        "+\(controller).spec.priorityClassName=high", "+\(controller).spec.runtimeClassName=kata",
        "+\(controller).spec.affinity", "+\(controller).metadata.annotations",
        "+\(controllerContainer).resources",
      ]
    ) {
      $0.controllerConfig = config {
        $0.priorityClassName = "high"
        $0.runtimeClassName = "kata"
        $0.affinity = ["podAffinity": [:]]
        $0.annotations = ["a": "b"]
        $0.resources = ["limits": ["cpu": "1"]]
      }
    },
  ]

  private static func environment(
    _ name: String, _ backend: BGPBackend = .native, _ platform: Platform = .kubernetes,
    changes: Set<String>, turn: @escaping @Sendable (inout OperatorEnvironment) throws -> Void
  ) -> Knob {
    Knob(name, backend, platform, changes: changes) { try turn(&$0.environment) }
  }

  private static func argument(_ container: String, _ old: String?, _ new: String?) -> [String] {
    [old.map { "\(container).args: -\($0)" }, new.map { "\(container).args: +\($0)" }]
      .compactMap(\.self)
  }

  private static let environmentKnobs: [Knob] = [
    environment(
      "SPEAKER_IMAGE with tag and digest", .frr,
      changes: Set(
        ["containers.speaker", "initContainers.cp-reloader", "initContainers.cp-metrics"].map {
          """
          \(speaker).spec.\($0).image: "quay.io/metallb/speaker:v0.16.1" > "a.io:5000/speaker:v1@sha256:\
          \(String(repeating: "0", count: 64))"
          """
        })
    ) {
      $0.images.speaker = try ImageReference(
        "a.io:5000/speaker:v1@sha256:\(String(repeating: "0", count: 64))")
    },
    environment(
      "FRR_IMAGE", .frr,
      changes: Set(
        [
          "initContainers.cp-frr-files", "containers.frr", "containers.reloader",
          "containers.frr-metrics",
        ].map { "\(speaker).spec.\($0).image: \"quay.io/frrouting/frr:10.5.3\" > \"frr:1\"" })
    ) { $0.images.frr = try ImageReference("frr:1") },
    environment("FRR_IMAGE", changes: []) { $0.images.frr = try ImageReference("frr:1") },
    environment("FRR_IMAGE of its default", .frr, changes: []) { $0.images.frr = nil },
    environment("FRRK8S_IMAGE of its default", .frrK8s, changes: []) { $0.images.frrK8s = nil },
    environment(
      "METRICS_PORT", .frrK8s,
      changes: Set(
        [controllerContainer, speakerContainer].flatMap {
          argument($0, "--port=9120", "--port=29150")
            + ["\($0).ports.metricshttps.containerPort: 9120 > 29150"]
        })
    ) { $0.ports.metrics = 29150 },
    environment(
      "FRR_METRICS_PORT", .frr,
      changes: Set(
        argument(
          "\(speaker).spec.containers.frr-metrics", "--metrics-port=9121", "--metrics-port=29151")
          + [
            "\(speaker).spec.containers.frr-metrics.ports.frrmetricshttps.containerPort: 9121 > 29151",
            "\(speaker).spec.containers.frr.livenessProbe.httpGet.port: 9121 > 29151",
            "\(speaker).spec.containers.frr.startupProbe.httpGet.port: 9121 > 29151",
          ])
    ) { $0.ports.frrMetrics = 29151 },
    environment("FRR_METRICS_PORT", changes: []) { $0.ports.frrMetrics = 29151 },
    environment(
      "MEMBER_LIST_BIND_PORT",
      changes: [
        "\(speakerContainer).env.METALLB_ML_BIND_PORT.value: \"7946\" > \"9122\"",
        "\(speakerContainer).ports.memberlist-tcp.containerPort: 7946 > 9122",
        "\(speakerContainer).ports.memberlist-udp.containerPort: 7946 > 9122",
      ]
    ) { $0.ports.memberlist = 9122 },
    environment(
      "OPERAND_LIVENESS_PORT",
      changes: Set(
        [controllerContainer, speakerContainer].flatMap {
          argument($0, "--health-probe-port=17472", "--health-probe-port=7472") + [
            "\($0).livenessProbe.httpGet.port: 17472 > 7472",
            "\($0).readinessProbe.httpGet.port: 17472 > 7472",
          ]
        })
    ) { $0.ports.liveness = 7472 },
    environment(
      "FRRK8S_HTTPS_METRICS_PORT", .frrK8s,
      changes: Set(
        argument(
          "\(frrK8s).spec.containers.controller", "--metrics-bind-address=0.0.0.0:9140",
          "--metrics-bind-address=0.0.0.0:9240")
          + [
            "\(frrK8s).spec.containers.controller.ports.metricshttps.containerPort: 9140 > 9240"
          ])
    ) { $0.ports.frrK8sMetrics = 9240 },
    environment(
      "TLS_MIN_VERSION", .frrK8s,
      changes: Set(
        [
          controllerContainer, speakerContainer, "\(frrK8s).spec.containers.controller",
          "\(frrK8s).spec.containers.frr-metrics", cleanerContainer,
        ].flatMap { argument($0, nil, "--tls-min-version=VersionTLS12") })
    ) { $0.tls.minVersion = "VersionTLS12" },
    environment(
      "TLS_CIPHER_SUITES and TLS_CURVE_PREFERENCES", .frr,
      changes: Set(
        [
          controllerContainer, speakerContainer, "\(speaker).spec.containers.frr-metrics",
        ].flatMap {
          argument($0, nil, "--tls-cipher-suites=A,B")
            + argument($0, nil, "--tls-curve-preferences=29")
            + argument($0, nil, "--tls-min-version=VersionTLS12")
        })
    ) {
      // No server takes less.
      $0.tls.minVersion = "VersionTLS10"
      $0.tls.cipherSuites = "A,B"
      $0.tls.curvePreferences = "29"
    },
    environment("TLS_CIPHER_SUITES with TLS 1.3 alone", changes: []) {
      $0.tls.cipherSuites = "A,B"
    },
    environment(
      "IGNORE_EXCLUDE_LB", changes: Set(argument(speakerContainer, nil, "--ignore-exclude-lb"))
    ) { $0.ignoresExclusionLabel = true },
    environment("DISABLE_NETWORK_POLICIES", changes: ["-NetworkPolicy controller"]) {
      $0.hasNetworkPolicies = false
    },
    environment(
      "DEPLOY_SERVICEMONITORS", .frrK8s,
      changes: [
        "+Service controller-monitor-service", "+Service speaker-monitor-service",
        "+Service frr-k8s-monitor-service", "+ServiceMonitor controller-monitor",
        "+ServiceMonitor speaker-monitor", "+ServiceMonitor frr-k8s-monitor",
      ]
    ) { $0.monitors = .services },
    environment(
      "DEPLOY_SERVICEMONITORS", .frrK8s, .openshift,
      changes: [
        "+ServiceMonitor controller-monitor", "+ServiceMonitor speaker-monitor",
        "+ServiceMonitor frr-k8s-monitor",
      ]
    ) { $0.monitors = .services },
    environment(
      "DEPLOY_PODMONITORS",
      changes: ["+Secret metrics-token", "+PodMonitor controller", "+PodMonitor speaker"]
    ) { $0.monitors = .pods },
    environment("DEPLOY_PROMETHEUSRULES", changes: ["+PrometheusRule metallb"]) {
      $0.hasPrometheusRules = true
    },
    Knob(
      "the port of the API server",
      changes: [
        "NetworkPolicy controller.spec.egress: [{\"ports\":[{\"protocol\":\"TCP\",\"port\":6443}]}] > [{\"ports\":[{\"protocol\":\"TCP\",\"port\":443},{\"protocol\":\"TCP\",\"port\":16443}]}]"
      ]
    ) { $0.apiServerPorts = [443, 16443] },
  ]
}
