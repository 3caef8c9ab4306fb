import KubernetesAPI
import MetalLBAPI

/// The values of upstream's chart `metallb`.
enum UpstreamChart {
  static let walk = ValueWalk(
    general + monitoring + rules + controller + speaker + backends + policies,
    switches: [
      "prometheus.podMonitor", "prometheus.serviceMonitor", "prometheus.prometheusRule",
    ],
    subcharts: ["frr-k8s": "of frr-k8s only alwaysBlock and the images can be set"])

  private static let general: [ChartValueRow] = [
    .init("imagePullSecrets", .none(default: [], "add them to the service accounts")),
    .init("nameOverride", .none(default: "", "names are fixed")),
    .init("fullnameOverride", .none(default: "", "names are fixed")),
    .init(
      "loadBalancerClass",
      .read { reading, value, _ throws(ValueFault) in
        let name = try value.text()
        if !name.isEmpty { reading.spec.loadBalancerClass = name }
      }),
    .init("rbac.create", .none(default: true, "the installation always brings its roles")),
    .variable("tls.cipherSuites", "TLS_CIPHER_SUITES"),
    .variable("tls.curvePreferences", "TLS_CURVE_PREFERENCES"),
    .variable("tls.minVersion", "TLS_MIN_VERSION"),
    .init("tls.controllerMetricsTLSSecret", .none(default: "", ownCertificates)),
    .init("tls.speakerMetricsTLSSecret", .none(default: "", ownCertificates)),
    .init("crds.enabled", .none(default: true, "the installation always brings its CRDs")),
    .init("crds.validationFailurePolicy", .none(default: "Fail", "it is always Fail")),
    .init("prometheusOperator", .none(default: [:], "see prometheus.serviceMonitor")),
    .init(
      "existingConfigMap", .none(default: "", "a ConfigMap is read under the name config only")),
    .init(
      "configInline",
      .read { reading, value, _ throws(ValueFault) in try reading.addConfigMap(value) }),
    // Written by Helm for charts around this one.
    .init("global", .none(default: [:], "nothing here reads it")),
    .init("enabled", .none(default: true, "leave the file away instead")),
  ]

  private static let ownCertificates =
    "processes make their own certificates, on OpenShift they get the cluster's"

  private static let monitoring: [ChartValueRow] =
    [
      .init("prometheus.scrapeAnnotations", .none(default: false, "use serviceMonitor.enabled")),
      .port("prometheus.metricsPort", "METRICS_PORT", standard: 9120),
      .init("prometheus.rbacPrometheus", .none(default: true, bindYourself)),
      .init("prometheus.serviceAccount", .none(default: "", bindYourself)),
      .init("prometheus.namespace", .none(default: "", bindYourself)),
      .init("prometheus.rbacProxy", .none(default: [:], "processes check access themselves")),
    ] + monitor("podMonitor") + monitor("serviceMonitor")

  private static let bindYourself = "bind the account of Prometheus yourself"

  private static func monitor(_ kind: String) -> [ChartValueRow] {
    let path = "prometheus.\(kind)"
    var rows = [
      ChartValueRow(
        "\(path).enabled",
        .read { reading, value, _ throws(ValueFault) in
          if try value.flag() { reading.monitors.insert(kind) }
        })
    ]
    let common: [(String, JSONValue)] = [
      ("jobLabel", "app.kubernetes.io/name"), ("interval", .null), ("metricRelabelings", []),
      ("relabelings", []),
    ]
    let each: [(String, JSONValue)] = [
      ("additionalLabels", [:]), ("annotations", [:]), ("tlsConfig", ["insecureSkipVerify": true]),
    ]
    for (name, standard) in common + each {
      rows.append(.init("\(path).\(name)", .none(default: standard, fixedMonitors)))
    }
    for component in ["speaker", "controller"] {
      for (name, standard) in each {
        rows.append(.init("\(path).\(component).\(name)", .none(default: standard, fixedMonitors)))
      }
    }
    return rows
  }

  private static let rules: [ChartValueRow] =
    [
      .flag("prometheus.prometheusRule.enabled", \.hasPrometheusRules),
      .init("prometheus.prometheusRule.additionalLabels", .none(default: [:], fixedRules)),
      .init("prometheus.prometheusRule.annotations", .none(default: [:], fixedRules)),
      .init("prometheus.prometheusRule.extraAlerts", .none(default: [], fixedRules)),
      .init(
        "prometheus.prometheusRule.addressPoolUsage.thresholds",
        .read { reading, value, path throws(ValueFault) in
          let percents = (value.arrayValue ?? []).map { $0["percent"]?.integerValue }
          if percents != [75, 85, 95] { reading.note(.withoutEffect, path, fixedRules) }
        }),
    ]
    + [
      ("staleConfig", "warning"), ("configNotLoaded", "warning"),
      ("addressPoolExhausted", "critical"), ("addressPoolUsage", "warning"),
      ("bgpSessionDown", "critical"),
    ].flatMap { (alert: String, severity: String) -> [ChartValueRow] in
      let path = "prometheus.prometheusRule.\(alert)"
      return [
        .init("\(path).enabled", .none(default: true, fixedRules)),
        .init("\(path).excludePools", .none(default: "", fixedRules)),
        .init(
          "\(path).labels", .none(default: ["severity": .string(severity)], fixedRules)),
      ]
    }

  private static let fixedRules = "the rules of the chart's defaults are installed"
  private static let fixedMonitors = "monitors are made as the platform needs them"

  private static let policies: [ChartValueRow] = [
    .init(
      "networkpolicies.enabled",
      .read { reading, value, _ throws(ValueFault) in
        reading.areNetworkPoliciesOff = try !value.flag()
      }),
    .init(
      "networkpolicies.defaultDeny",
      .read { reading, value, _ throws(ValueFault) in
        reading.options.hasDenyPolicy = try value.flag()
      }),
    .init(
      "networkpolicies.apiPort",
      .read { reading, value, _ throws(ValueFault) in
        // The chart's default says nothing about this cluster; the operator finds out.
        let port = try value.port()
        if port != 6443 { reading.options.environment["KUBERNETES_API_PORT"] = String(port) }
      }),
  ]

  private static let controller: [ChartValueRow] =
    component("controller", .controller, pods: \.controllerConfig)
    + [
      .init(
        "controller.webhookMode", .none(default: "enabled", "webhooks have a server of their own")),
      .init(
        "controller.strategy",
        .none(default: ["type": "RollingUpdate"], "it is always RollingUpdate")),
      .init(
        "controller.securityContext",
        .none(
          default: ["runAsUser": 65534, "runAsNonRoot": true, "fsGroup": 65534],
          "the platform decides")),
      .nodeSelector("controller.nodeSelector", \.controllerNodeSelector),
      .tolerations("controller.tolerations", \.controllerTolerations),
    ]

  private static let speaker: [ChartValueRow] =
    component("speaker", .speaker, pods: \.speakerConfig)
    + [
      .nodeSelector("speaker.nodeSelector", \.nodeSelector),
      .tolerations("speaker.tolerations", \.speakerTolerations),
      .init(
        "speaker.updateStrategy",
        .none(default: ["type": "RollingUpdate"], "it is always RollingUpdate")),
      .init("speaker.securityContext", .none(default: [:], "capabilities are fixed")),
      .init(
        "speaker.tolerateMaster", .none(default: true, "speakers always run on control-plane nodes")
      ),
      .init("speaker.memberlist.enabled", .none(default: true, "it is always on")),
      .port("speaker.memberlist.mlBindPort", "MEMBER_LIST_BIND_PORT", standard: 7946),
      .init("speaker.memberlist.mlBindAddrOverride", .none(default: "", "it is the Pod's address")),
      .init(
        "speaker.memberlist.mlSecretKeyPath", .none(default: "/etc/ml_secret_key", "it is fixed")),
      .init(
        "speaker.wanConfig",
        .none(default: false, "write it into ConfigMap metallb-memberlist-config")),
      .init(
        "speaker.memberlist.wanConfig",
        .none(default: false, "write it into ConfigMap metallb-memberlist-config")),
      .init("speaker.excludeInterfaces.enabled", .none(default: true, "it is always on")),
      .flag("speaker.ignoreExcludeLB", \.ignoresExclusionLabel),
      .init("speaker.bgpDebounceTimeout", .none(default: 3000, "sessions change at once")),
      .init("speaker.secretName", .none(default: "", "it is metallb-memberlist")),
      .init(
        "speaker.startupProbe",
        .none(
          default: ["enabled": true, "failureThreshold": 30, "periodSeconds": 5], "it is fixed")),
      .init("speaker.reloader.resources", .none(default: [:], onlyMain)),
      .init("speaker.frrMetrics.resources", .none(default: [:], onlyMain)),
      .init("speaker.initContainers", .none(default: [:], onlyMain)),
    ]

  private static let onlyMain = "resources can be set for the main containers only"

  private static let backends: [ChartValueRow] = [
    .init(
      "speaker.frr.enabled",
      .read { reading, value, _ throws(ValueFault) in reading.isFRREnabled = try value.flag() }),
    .port("speaker.frr.metricsPort", "FRR_METRICS_PORT", standard: 9121),
    .init(
      "speaker.frr.secureMetricsPort",
      .none(default: 9121, "metrics are always HTTPS on the one port")),
    .init("speaker.frr.resources", .none(default: [:], onlyMain)),
    .init("speaker.frr.image.pullPolicy", .none(default: "", noPullPolicy)),
    .image("speaker.frr.image.repository", .frr, \.repository),
    .image("speaker.frr.image.tag", .frr, \.tag),
    .init(
      "frrk8s.enabled",
      .read { reading, value, _ throws(ValueFault) in reading.isFRRK8sEnabled = try value.flag() }),
    .init(
      "frrk8s.external",
      .read { reading, value, _ throws(ValueFault) in reading.isFRRK8sExternal = try value.flag() }),
    .init(
      "frrk8s.namespace",
      .read { reading, value, _ throws(ValueFault) in
        let name = try value.text()
        if !name.isEmpty { reading.changeFRRK8s { $0.namespace = name } }
      }),
    .init(
      "frrk8s.secretPassthrough",
      .read { reading, value, _ throws(ValueFault) in
        if try value.flag() { reading.changeFRRK8s { $0.secretPassthrough = true } }
      }),
    .alwaysBlock("frr-k8s.alwaysBlock"),
    .alwaysBlock("frr-k8s.frrk8s.alwaysBlock"),
    .image("frr-k8s.frrk8s.image.repository", .frrK8s, \.repository),
    .image("frr-k8s.frrk8s.image.tag", .frrK8s, \.tag),
    .image("frr-k8s.frrk8s.frr.image.repository", .frr, \.repository),
    .image("frr-k8s.frrk8s.frr.image.tag", .frr, \.tag),
  ]

  private static let noPullPolicy = "Kubernetes decides by the tag"

  /// What controller and speaker have alike.
  private static func component(
    _ name: String, _ owner: ChartReading.ImageOwner,
    pods: any WritableKeyPath<MetalLB.Spec, MetalLB.ComponentConfig?> & Sendable
  ) -> [ChartValueRow] {
    var rows: [ChartValueRow] = [
      .init(
        "\(name).enabled",
        .read { reading, value, path throws(ValueFault) in
          guard try !value.flag() else { return }
          if owner == .speaker { reading.isSpeakerEnabled = false }
          reading.note(.withoutEffect, path, "both components always run")
        }),
      .init(
        "\(name).logLevel",
        .read { reading, value, _ throws(ValueFault) in
          let level = try value.text()
          guard ["all", "debug", "info", "warn", "error", "none"].contains(level) else {
            throw ValueFault("expected all, debug, info, warn, error or none")
          }
          reading.logLevels[name] = level
        }),
      .init("\(name).command", .none(default: "/\(name)", "it is fixed")),
      .init("\(name).image.pullPolicy", .none(default: "", noPullPolicy)),
      .image("\(name).image.repository", owner, \.repository),
      .image("\(name).image.tag", owner, \.tag),
      .init(
        "\(name).serviceAccount",
        .none(
          default: ["create": true, "name": "", "annotations": [:]], "accounts have fixed names")),
      .init("\(name).labels", .none(default: [:], "labels are fixed")),
      .init("\(name).extraContainers", .none(default: [], "there is no counterpart")),
      .pods("\(name).resources", pods, \.resources, "resources") { $0 },
      .pods("\(name).affinity", pods, \.affinity, "an affinity") { $0 },
      .pods("\(name).podAnnotations", pods, \.annotations, "texts by name") {
        try $0.decode([String: String].self)
      },
      .pods("\(name).priorityClassName", pods, \.priorityClassName, "a text") {
        try $0.decode(String.self)
      },
      .pods("\(name).runtimeClassName", pods, \.runtimeClassName, "a text") {
        try $0.decode(String.self)
      },
    ]
    for probe in ["livenessProbe", "readinessProbe"] {
      rows.append(
        .init(
          "\(name).\(probe).port",
          .read { reading, value, path throws(ValueFault) in
            reading.healthPorts[path] = try value.port()
          }))
      let defaults: [(String, JSONValue)] = [
        ("enabled", true), ("failureThreshold", 3), ("initialDelaySeconds", 10),
        ("periodSeconds", 10), ("successThreshold", 1), ("timeoutSeconds", 1),
      ]
      rows += defaults.map {
        .init("\(name).\(probe).\($0)", .none(default: $1, "probes are fixed"))
      }
    }
    return rows
  }
}
