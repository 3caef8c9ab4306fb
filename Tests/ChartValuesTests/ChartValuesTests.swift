import ChartValues
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import Testing

@Suite struct ChartValuesTests {
  static func read(_ text: String) throws -> ChartValues {
    try ChartValues(yaml: text, namespace: "metallb-system")
  }

  /// One documented value, and what it becomes.
  struct Row: CustomTestStringConvertible {
    var values: String
    /// Of the MetalLB object's spec, as YAML.
    var spec = "{}"
    var environment: [String: String] = [:]
    var problems: [String] = []

    var testDescription: String { values.replacing("\n", with: " ") }
  }

  static let reads: [Row] = [
    Row(values: ""),
    Row(values: "loadBalancerClass: a/b", spec: "loadBalancerClass: a/b"),
    Row(values: "loadBalancerClass: \"\""),
    Row(
      values: "tls: {cipherSuites: 'A,B', curvePreferences: '29', minVersion: VersionTLS12}",
      environment: [
        "TLS_CIPHER_SUITES": "A,B", "TLS_CURVE_PREFERENCES": "29",
        "TLS_MIN_VERSION": "VersionTLS12",
      ]),
    Row(values: "tls: {cipherSuites: [A, B]}", environment: ["TLS_CIPHER_SUITES": "A,B"]),
    Row(values: "prometheus: {metricsPort: 7472}", environment: ["METRICS_PORT": "7472"]),
    Row(values: "prometheus: {metricsPort: 9120}"),
    Row(
      values: "prometheus: {podMonitor: {enabled: true}}",
      environment: ["DEPLOY_PODMONITORS": "true"]),
    Row(
      values: "prometheus: {serviceMonitor: {enabled: true}, podMonitor: {enabled: false}}",
      environment: ["DEPLOY_SERVICEMONITORS": "true"]),
    Row(
      values: "controller: {logLevel: debug}\nspeaker: {logLevel: debug}", spec: "logLevel: debug"),
    Row(values: "controller: {logLevel: info}"),
    Row(
      values: "controller: {logLevel: warn}\nspeaker: {logLevel: debug}", spec: "logLevel: debug",
      problems: [
        "controller.logLevel: without effect: there is one level for controller and speaker, the more talkative one is taken"
      ]),
    Row(
      values: "controller: {resources: {limits: {cpu: 100m}}}",
      spec: "controllerConfig: {resources: {limits: {cpu: 100m}}}"),
    Row(
      values: "speaker: {resources: {requests: {memory: 1Gi}}}",
      spec: "speakerConfig: {resources: {requests: {memory: 1Gi}}}"),
    Row(values: "controller: {nodeSelector: {a: b}}", spec: "controllerNodeSelector: {a: b}"),
    Row(values: "speaker: {nodeSelector: {a: b}}", spec: "nodeSelector: {a: b}"),
    Row(
      values: "controller: {tolerations: [{key: a, operator: Exists}]}",
      spec: "controllerTolerations: [{key: a, operator: Exists}]"),
    Row(
      values: "speaker: {tolerations: [{key: a, operator: Exists}]}",
      spec: "speakerTolerations: [{key: a, operator: Exists}]"),
    Row(
      values: """
        controller: {priorityClassName: p, runtimeClassName: r, affinity: {nodeAffinity: {}}, podAnnotations: {a: b}}
        """,
      spec: """
        controllerConfig: {priorityClassName: p, runtimeClassName: r, affinity: {nodeAffinity: {}}, annotations: {a: b}}
        """),
    Row(
      values: """
        speaker: {priorityClassName: p, runtimeClassName: r, affinity: {nodeAffinity: {}}, podAnnotations: {a: b}}
        """,
      spec: """
        speakerConfig: {priorityClassName: p, runtimeClassName: r, affinity: {nodeAffinity: {}}, annotations: {a: b}}
        """),
    Row(values: "speaker: {priorityClassName: \"\", affinity: {}, podAnnotations: null}"),
    Row(
      values: "speaker: {memberlist: {mlBindPort: 9122}}",
      environment: ["MEMBER_LIST_BIND_PORT": "9122"]),
    Row(values: "speaker: {frr: {enabled: true}}", spec: "bgpBackend: frr"),
    Row(values: "speaker: {frr: {metricsPort: 7473}}", environment: ["FRR_METRICS_PORT": "7473"]),
    // Off by default: it says nothing.
    Row(values: "speaker: {frr: {enabled: false}}"),
    Row(
      values: "frrk8s: {enabled: false}\nspeaker: {frr: {enabled: false}}",
      spec: "bgpBackend: native"),
    Row(values: "frrk8s: {enabled: true}", spec: "bgpBackend: frr-k8s"),
    Row(values: "frrk8s: {enabled: false}", spec: "bgpBackend: native"),
    Row(
      values: "frrk8s: {enabled: false}\nspeaker: {frr: {enabled: true}}", spec: "bgpBackend: frr"),
    Row(
      values: "frrk8s: {enabled: false, external: true, namespace: frr, secretPassthrough: true}",
      spec: "bgpBackend: frr-k8s-external\nfrrk8sConfig: {namespace: frr, secretPassthrough: true}"),
    Row(
      values: "frr-k8s: {frrk8s: {alwaysBlock: '192.0.2.0/24, 2001:db8::/32'}}",
      spec: "frrk8sConfig: {alwaysBlock: [192.0.2.0/24, '2001:db8::/32']}"),
    Row(
      values: "networkpolicies: {enabled: false}", environment: ["DISABLE_NETWORK_POLICIES": "true"]
    ),
    Row(values: "networkpolicies: {enabled: true}"),
    Row(
      values: "networkpolicies: {apiPort: 16443}", environment: ["KUBERNETES_API_PORT": "16443"]),
    Row(values: "networkpolicies: {apiPort: 6443}"),
    Row(
      values: "prometheus: {prometheusRule: {enabled: true}}",
      environment: ["DEPLOY_PROMETHEUSRULES": "true"]),
    Row(
      values: """
        prometheus: {prometheusRule: {enabled: true, addressPoolUsage: {thresholds: [{percent: 75}, {percent: 85}, {percent: 95}]}}}
        """,
      environment: ["DEPLOY_PROMETHEUSRULES": "true"]),
    Row(values: "speaker: {ignoreExcludeLB: true}", environment: ["IGNORE_EXCLUDE_LB": "true"]),
    Row(
      values: "controller: {livenessProbe: {port: 7472}, readinessProbe: {port: 7472}}",
      environment: ["OPERAND_LIVENESS_PORT": "7472"]),
    // A chart around this one.
    Row(values: "metallb: {loadBalancerClass: a/b}", spec: "loadBalancerClass: a/b"),
    Row(values: "charts: {metallb: {loadBalancerClass: a/b}}", spec: "loadBalancerClass: a/b"),
  ]

  @Test(arguments: reads) func `Reads what has a counterpart`(row: Row) throws {
    let values = try Self.read(row.values)
    #expect(try JSONValue(encoding: values.metalLB.spec) == JSONValue(yaml: row.spec))
    #expect(values.options.environment == row.environment)
    #expect(values.problems.map(\.description) == row.problems)
    #expect(values.isUsable)
    #expect(
      values.metalLB.namespacedName == NamespacedName(namespace: "metallb-system", name: "metallb"))
  }

  /// Values as they stand in the charts' own files: they ask for nothing.
  @Test(arguments: [
    "imagePullSecrets: []", "nameOverride: ''", "fullnameOverride: ''", "rbac: {create: true}",
    "tls: {controllerMetricsTLSSecret: '', speakerMetricsTLSSecret: ''}",
    """
    prometheus:
      scrapeAnnotations: false
      rbacPrometheus: true
      serviceAccount: ""
      namespace: ""
      podMonitor: {enabled: false, additionalLabels: {}, annotations: {}, jobLabel: app.kubernetes.io/name, interval: null, metricRelabelings: [], relabelings: []}
      serviceMonitor: {enabled: false, speaker: {additionalLabels: {}, annotations: {}, tlsConfig: {insecureSkipVerify: true}}, controller: {tlsConfig: {insecureSkipVerify: true}}, jobLabel: app.kubernetes.io/name}
      prometheusRule: {enabled: false}
    """,
    """
    controller:
      enabled: true
      webhookMode: enabled
      image: {repository: null, tag: null, pullPolicy: null}
      strategy: {type: RollingUpdate}
      serviceAccount: {create: true, name: "", annotations: {}}
      securityContext: {runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534}
      labels: {}
      livenessProbe: {enabled: true, failureThreshold: 3, initialDelaySeconds: 10, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1}
      extraContainers: []
    """,
    """
    speaker:
      enabled: true
      tolerateMaster: true
      memberlist: {enabled: true, mlBindPort: 7946, mlBindAddrOverride: "", mlSecretKeyPath: /etc/ml_secret_key}
      excludeInterfaces: {enabled: true}
      ignoreExcludeLB: false
      bgpDebounceTimeout: null
      updateStrategy: {type: RollingUpdate}
      securityContext: {}
      secretName: ""
      startupProbe: {enabled: true, failureThreshold: 30, periodSeconds: 5}
      frr: {metricsPort: 9121, resources: {}}
      reloader: {resources: {}}
      frrMetrics: {resources: {}}
      initContainers: {}
    """,
    "crds: {enabled: true, validationFailurePolicy: Fail}",
  ])
  func `Says nothing about defaults`(values: String) throws {
    let values = try Self.read(values)
    #expect(values.problems == [])
    #expect(values.metalLB.spec == MetalLB.Spec())
    #expect(values.options == ChartValues.InstallOptions())
  }

  @Test(arguments: [
    ("imagePullSecrets: [{name: x}]", "imagePullSecrets"),
    ("nameOverride: x", "nameOverride"), ("fullnameOverride: x", "fullnameOverride"),
    ("rbac: {create: false}", "rbac.create"),
    ("tls: {speakerMetricsTLSSecret: x}", "tls.speakerMetricsTLSSecret"),
    ("prometheus: {scrapeAnnotations: true}", "prometheus.scrapeAnnotations"),
    ("prometheus: {rbacPrometheus: false}", "prometheus.rbacPrometheus"),
    ("prometheus: {podMonitor: {enabled: true, interval: 30s}}", "prometheus.podMonitor.interval"),
    (
      "prometheus: {serviceMonitor: {enabled: true, speaker: {annotations: {a: b}}}}",
      "prometheus.serviceMonitor.speaker.annotations"
    ),
    (
      "prometheus: {prometheusRule: {enabled: true, staleConfig: {enabled: false}}}",
      "prometheus.prometheusRule.staleConfig.enabled"
    ),
    (
      "prometheus: {prometheusRule: {enabled: true, extraAlerts: [{alert: x}]}}",
      "prometheus.prometheusRule.extraAlerts"
    ),
    (
      "prometheus: {prometheusRule: {enabled: true, addressPoolUsage: {thresholds: [{percent: 50}]}}}",
      "prometheus.prometheusRule.addressPoolUsage.thresholds"
    ),
    (
      "frr-k8s: {frrk8s: {acceptIncomingBGPConnections: true}}",
      "frr-k8s.frrk8s.acceptIncomingBGPConnections"
    ),
    ("frr-k8s: {frrk8s: {bgpDebounceTimeout: 5}}", "frr-k8s.frrk8s.bgpDebounceTimeout"),
    ("frr-k8s: {frrk8s: {resources: {limits: {cpu: 1}}}}", "frr-k8s.frrk8s.resources"),
    ("frr-k8s: {frrk8s: {frrStatus: {pollInterval: 1m}}}", "frr-k8s.frrk8s.frrStatus"),
    ("frr-k8s: {prometheus: {serviceMonitor: {enabled: true}}}", "frr-k8s.prometheus"),
    ("controller: {enabled: false}", "controller.enabled"),
    ("controller: {command: /x}", "controller.command"),
    ("controller: {webhookMode: disabled}", "controller.webhookMode"),
    ("controller: {image: {pullPolicy: Always}}", "controller.image.pullPolicy"),
    ("controller: {strategy: {type: Recreate}}", "controller.strategy"),
    ("controller: {serviceAccount: {name: x}}", "controller.serviceAccount"),
    ("controller: {securityContext: {runAsUser: 0}}", "controller.securityContext"),
    ("controller: {labels: {a: b}}", "controller.labels"),
    ("controller: {livenessProbe: {periodSeconds: 1}}", "controller.livenessProbe.periodSeconds"),
    ("speaker: {extraContainers: [{name: x}]}", "speaker.extraContainers"),
    ("speaker: {tolerateMaster: false}", "speaker.tolerateMaster"),
    ("speaker: {memberlist: {enabled: false}}", "speaker.memberlist.enabled"),
    ("speaker: {memberlist: {mlBindAddrOverride: x}}", "speaker.memberlist.mlBindAddrOverride"),
    ("speaker: {excludeInterfaces: {enabled: false}}", "speaker.excludeInterfaces.enabled"),
    ("speaker: {bgpDebounceTimeout: 5}", "speaker.bgpDebounceTimeout"),
    ("speaker: {secretName: x}", "speaker.secretName"),
    ("speaker: {wanConfig: true}", "speaker.wanConfig"),
    ("speaker: {frr: {resources: {limits: {cpu: 1}}}}", "speaker.frr.resources"),
    ("speaker: {reloader: {resources: {limits: {cpu: 1}}}}", "speaker.reloader.resources"),
    (
      "speaker: {initContainers: {cpFRRFiles: {resources: {limits: {cpu: 1}}}}}",
      "speaker.initContainers"
    ),
    ("crds: {enabled: false}", "crds.enabled"),
    ("crds: {validationFailurePolicy: Ignore}", "crds.validationFailurePolicy"),
  ])
  func `Names what has no effect`(values: String, path: String) throws {
    let values = try Self.read(values)
    #expect(values.problems.map(\.path) == [path])
    #expect(values.problems.map(\.reason) == [.withoutEffect])
    #expect(values.isUsable)
  }

  @Test(arguments: [
    ("speeker: {}", "speeker"), ("speaker: {logLvl: debug}", "speaker.logLvl"),
    ("speaker: {frr: {image: {name: x}}}", "speaker.frr.image.name"),
    ("metallb: {x: 1}", "metallb.x"), ("manifests: {metallb: {x: 1}}", "manifests.metallb.x"),
    ("manifests: {other: {}}", "manifests.other"), ("charts: {other: {}}", "charts.other"),
    ("charts: {metallb-full: {metallb: {a: {b: 1}}}}", "charts.metallb-full.metallb.a"),
    (
      "charts: {metallb-full: {configuration: {pools: {}}}}",
      "charts.metallb-full.configuration.pools"
    ),
    ("pack: {colour: red}", "pack.colour"),
  ])
  func `Reports unknown values by their path`(values: String, path: String) throws {
    let values = try Self.read(values)
    #expect(values.problems.map(\.path) == [path])
    #expect(values.problems.map(\.reason) == [.unknown])
    #expect(values.isUsable)
  }

  @Test(arguments: [
    ("speaker: x", "speaker", ChartProblem.Reason.invalid),
    ("controller: {logLevel: verbose}", "controller.logLevel", .invalid),
    ("prometheus: {metricsPort: 0}", "prometheus.metricsPort", .invalid),
    ("prometheus: {metricsPort: many}", "prometheus.metricsPort", .invalid),
    ("speaker: {nodeSelector: {a: [b]}}", "speaker.nodeSelector", .invalid),
    ("speaker: {tolerations: {key: a}}", "speaker.tolerations", .invalid),
    ("speaker: {frr: {enabled: maybe}}", "speaker.frr.enabled", .invalid),
    (
      "speaker: {frr: {enabled: true}}\nfrrk8s: {enabled: true}", "speaker.frr.enabled",
      .contradiction
    ),
    ("frrk8s: {enabled: true, external: true, namespace: x}", "frrk8s.external", .contradiction),
    ("frrk8s: {external: true}", "frrk8s.external", .contradiction),
    ("frrk8s: {enabled: true}\nspeaker: {enabled: false}", "frrk8s.enabled", .contradiction),
    (
      "prometheus: {podMonitor: {enabled: true}, serviceMonitor: {enabled: true}}",
      "prometheus.podMonitor.enabled", .contradiction
    ),
    (
      "controller: {livenessProbe: {port: 1}}\nspeaker: {livenessProbe: {port: 2}}",
      "controller.livenessProbe.port", .contradiction
    ),
    ("manifests: {metallb: {addresses: []}}", "manifests.metallb.addresses", .invalid),
    ("configInline: x", "configInline", .invalid),
  ])
  func `Refuses what cannot be meant`(
    values: String, path: String, reason: ChartProblem.Reason
  ) throws {
    let values = try Self.read(values)
    let problem = values.problems.first { $0.reason == reason }
    #expect(problem?.path == path)
    #expect(!values.isUsable)
  }

  @Test func `What is off asks for nothing, but typos are found in it all the same`() throws {
    let off = try Self.read(
      """
      prometheus:
        podMonitor: {interval: 30s, additionalLabels: {a: b}}
        serviceMonitor: {enabled: false, speaker: {annotations: {a: b}}}
        prometheusRule: {enabled: false, addressPoolUsage: {thresholds: [{percent: 50}]}, extrAlerts: []}
      """)
    #expect(off.problems.map(\.path) == ["prometheus.prometheusRule.extrAlerts"])
    #expect(off.problems.map(\.reason) == [.unknown])
    #expect(off.options == ChartValues.InstallOptions())
  }

  @Test func `Network policies are off as a whole`() throws {
    // Denying everything and allowing nothing would cut off the controller.
    let values = try Self.read("networkpolicies: {enabled: false, defaultDeny: true}")
    #expect(values.options.hasDenyPolicy == false)
    #expect(values.options.environment == ["DISABLE_NETWORK_POLICIES": "true"])
  }

  @Test func `A repository without a tag gets one that is known, and this is said`() throws {
    let values = try Self.read(
      """
      controller: {image: {repository: registry.local/metallb/controller}}
      speaker: {image: {repository: registry.local/metallb/speaker, tag: null}}
      frr-k8s: {frrk8s: {image: {repository: registry.local/frr-k8s}}}
      """)
    #expect(values.options.controllerImage == "registry.local/metallb/controller:v0.16.1")
    #expect(values.options.speakerImage == "registry.local/metallb/speaker:v0.16.1")
    #expect(values.options.frrK8sImage == "registry.local/frr-k8s:v0.0.25")
    #expect(
      values.problems.map(\.path) == [
        "controller.image.repository", "speaker.image.repository",
        "frr-k8s.frrk8s.image.repository",
      ])
    #expect(values.problems.map(\.reason) == [.assumed, .assumed, .assumed])
    #expect(values.problems.first?.description.contains("v0.16.1 is taken") == true)
    #expect(values.isUsable)
  }

  @Test func `Puts images together`() throws {
    let values = try Self.read(
      """
      controller: {image: {repository: registry.local:5000/metallb/controller, tag: v0.15.2}}
      speaker: {image: {tag: v0.15.2}}
      speaker.frr: {}
      """)
    #expect(values.options.controllerImage == "registry.local:5000/metallb/controller:v0.15.2")
    #expect(values.options.speakerImage == "quay.io/metallb/speaker:v0.15.2")
    #expect(values.options.frrImage == nil)
    let frr = try Self.read("speaker: {frr: {image: {repository: a/frr, tag: 'sha256:00'}}}")
    #expect(frr.options.frrImage == "a/frr@sha256:00")
    #expect(try Self.read("networkpolicies: {defaultDeny: true}").options.hasDenyPolicy == true)
  }

  @Test func `Keeps the configuration of the ConfigMap era`() throws {
    let values = try Self.read(
      "configInline: {address-pools: [{name: a, protocol: layer2, addresses: [192.0.2.0/28]}]}")
    let configMap = try #require(values.objects.first)
    #expect(configMap["kind"] == "ConfigMap")
    #expect(configMap[path: ["metadata", "name"]] == "config")
    let text = try #require(configMap[path: ["data", "config"]]?.stringValue)
    #expect(
      try JSONValue(yaml: text)
        == ["address-pools": [["name": "a", "protocol": "layer2", "addresses": ["192.0.2.0/28"]]]])
  }

  @Test func `Is no list`() {
    #expect(throws: ChartProblem.self) { try Self.read("[1]") }
    #expect(throws: YAMLReadingError.self) { try Self.read("a: {") }
  }
}
