import ChartValues
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import Testing

/// What `helm get values --all` prints for somebody who has changed nothing (spec/operator 9).
@Suite struct ChartDefaultsTests {
  private static let probe = """
    {enabled: true, failureThreshold: 3, initialDelaySeconds: 10, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1, port: 17472}
    """

  private static let monitor = """
    jobLabel: app.kubernetes.io/name
        interval: null
        metricRelabelings: []
        relabelings: []
    """

  static let dump = """
    imagePullSecrets: []
    nameOverride: ""
    fullnameOverride: ""
    loadBalancerClass: ""
    rbac: {create: true}
    tls:
      cipherSuites: ""
      curvePreferences: ""
      minVersion: ""
      controllerMetricsTLSSecret: ""
      speakerMetricsTLSSecret: ""
    prometheus:
      scrapeAnnotations: false
      metricsPort: 9120
      rbacPrometheus: true
      serviceAccount: ""
      namespace: ""
      podMonitor:
        enabled: false
        additionalLabels: {}
        annotations: {}
        tlsConfig: {insecureSkipVerify: true}
        \(monitor)
      serviceMonitor:
        enabled: false
        speaker: {additionalLabels: {}, annotations: {}, tlsConfig: {insecureSkipVerify: true}}
        controller: {additionalLabels: {}, annotations: {}, tlsConfig: {insecureSkipVerify: true}}
        \(monitor)
      prometheusRule:
        enabled: false
        additionalLabels: {}
        annotations: {}
        staleConfig: {enabled: true, labels: {severity: warning}}
        configNotLoaded: {enabled: true, labels: {severity: warning}}
        addressPoolExhausted: {enabled: true, excludePools: "", labels: {severity: critical}}
        addressPoolUsage:
          enabled: true
          excludePools: ""
          thresholds:
          - {percent: 75, labels: {severity: warning}}
          - {percent: 85, labels: {severity: warning}}
          - {percent: 95, labels: {severity: critical}}
        bgpSessionDown: {enabled: true, labels: {severity: critical}}
        extraAlerts: []
    controller:
      enabled: true
      logLevel: info
      webhookMode: enabled
      image: {repository: quay.io/metallb/controller, tag: null, pullPolicy: null}
      strategy: {type: RollingUpdate}
      serviceAccount: {create: true, name: "", annotations: {}}
      securityContext: {runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534}
      resources: {}
      nodeSelector: {}
      tolerations: []
      priorityClassName: ""
      runtimeClassName: ""
      affinity: {}
      podAnnotations: {}
      labels: {}
      livenessProbe: \(probe)
      readinessProbe: \(probe)
      extraContainers: []
    speaker:
      enabled: true
      logLevel: info
      tolerateMaster: true
      memberlist: {enabled: true, mlBindPort: 7946, mlBindAddrOverride: "", mlSecretKeyPath: /etc/ml_secret_key}
      excludeInterfaces: {enabled: true}
      ignoreExcludeLB: false
      bgpDebounceTimeout: null
      image: {repository: quay.io/metallb/speaker, tag: null, pullPolicy: null}
      updateStrategy: {type: RollingUpdate}
      serviceAccount: {create: true, name: "", annotations: {}}
      securityContext: {}
      secretName: ""
      resources: {}
      nodeSelector: {}
      tolerations: []
      priorityClassName: ""
      runtimeClassName: ""
      affinity: {}
      podAnnotations: {}
      labels: {}
      livenessProbe: \(probe)
      readinessProbe: \(probe)
      startupProbe: {enabled: true, failureThreshold: 30, periodSeconds: 5}
      frr:
        enabled: false
        image: {repository: quay.io/frrouting/frr, tag: 10.5.3, pullPolicy: null}
        metricsPort: 9121
        resources: {}
      reloader: {resources: {}}
      frrMetrics: {resources: {}}
      initContainers: {cpFRRFiles: {resources: {}}, cpReloader: {resources: {}}, cpMetrics: {resources: {}}}
      extraContainers: []
    crds: {enabled: true, validationFailurePolicy: Fail}
    frrk8s: {enabled: true, external: false, namespace: "", secretPassthrough: false}
    frr-k8s:
      frrk8s: {alwaysBlock: "", acceptIncomingBGPConnections: false, bgpDebounceTimeout: null, resources: {}}
    networkpolicies: {enabled: false, defaultDeny: false, apiPort: 6443}
    """

  @Test(arguments: [dump, "metallb:\n" + dump.split(separator: "\n").map { "  \($0)\n" }.joined()])
  func `The chart's own values are taken without a word`(text: String) throws {
    let values = try ChartValues(yaml: text, namespace: "metallb-system")
    #expect(values.problems.map(\.description) == [])
    #expect(values.isUsable)
    #expect(values.objects == [])
    // What the chart does by default: frr-k8s speaks BGP, and there are no network policies.
    var spec = MetalLB.Spec()
    spec.bgpBackend = "frr-k8s"
    #expect(values.metalLB.spec == spec)
    var options = ChartValues.InstallOptions()
    options.environment = ["DISABLE_NETWORK_POLICIES": "true"]
    options.hasDenyPolicy = false
    #expect(values.options == options)
  }

  @Test func `The same with one value changed is about that value alone`() throws {
    let text = Self.dump.replacing("tolerateMaster: true", with: "tolerateMaster: false")
    let values = try ChartValues(yaml: text, namespace: "metallb-system")
    #expect(values.problems.map(\.path) == ["speaker.tolerateMaster"])
  }
}
