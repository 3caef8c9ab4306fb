import KubernetesAPI

/// FRR and its attendants, as the speaker's Pod has them with the backend `frr` and the Pod of frr-k8s with
/// `frr-k8s`. They share the Pod's processes and a handful of directories:
///
/// ```
/// speaker, frr-k8s ──frr.conf──▶ reloader ──vtysh──▶ frr ──vtysh──▶ frr-metrics
/// ```
struct FRRContainers {
  let input: RenderingInput
  /// HTTPS, of frr-metrics: its page and the health of FRR's daemons.
  let metricsPort: Int
  /// The Secret with the certificate that OpenShift issues for the metrics.
  private var hasCertificates: Bool { input.platform == .openshift }

  private var image: String { input.environment.images.effectiveFRR }

  // MARK: Containers

  /// Puts the files that FRR starts with where it may change them. Its image's user `frr` is 100, group 101.
  var copyFiles: Container {
    var container = Container(name: "cp-frr-files", image: image)
    container.command = ["/bin/sh", "-c", "cp -rLf /tmp/frr/* /etc/frr/"]
    var context = SecurityContext()
    context.allowPrivilegeEscalation = false
    context.runAsUser = 100
    context.runAsGroup = 101
    container.securityContext = context
    container.volumeMounts = [
      VolumeMount(name: Directory.startup, mountPath: "/tmp/frr"), Directory.mount(Directory.conf),
    ]
    return container
  }

  /// FRR itself. Its entry point is not process 1 where Pods share their processes, hence the subreaper.
  var frr: Container {
    var container = Container(name: "frr", image: image)
    container.command = ["/bin/sh", "-c", "/sbin/tini -- /usr/lib/frr/docker-start"]
    container.env = [EnvVar(name: "TINI_SUBREAPER", value: "true")]
    container.livenessProbe = probe()
    container.startupProbe = probe(failures: 30, period: 5)
    var context = Self.readOnly
    context.capabilities = .init(add: Self.capabilities)
    container.securityContext = context
    container.volumeMounts = [
      Directory.sockets, Directory.conf, Directory.temporary, Directory.library,
    ].map(Directory.mount)
    return container
  }

  /// What FRR needs of the kernel: routes, raw sockets, network namespaces and low ports.
  static let capabilities = ["NET_ADMIN", "NET_RAW", "SYS_ADMIN", "NET_BIND_SERVICE"]

  /// Hands each new configuration to FRR.
  func reloader(_ context: SecurityContext?) -> Container {
    var container = Container(name: "reloader", image: image)
    container.command = ["/etc/frr_reloader/frr-reloader.sh"]
    container.securityContext = context
    container.volumeMounts = [
      Directory.sockets, Directory.conf, Directory.reloader, Directory.log,
    ].map(Directory.mount)
    return container
  }

  /// Tells Prometheus about sessions.
  func metrics(_ context: SecurityContext?) -> Container {
    var container = Container(name: "frr-metrics", image: image)
    container.command = ["/etc/frr_metrics/frr-metrics"]
    container.args =
      ["--metrics-port=\(metricsPort)", "--metrics-bind-address=0.0.0.0"] + certificateArguments
      + input.tlsFlags
    container.env = [EnvVar(name: "VTYSH_HISTFILE", value: "/dev/null")]
    container.ports = [
      ContainerPort(name: "frrmetricshttps", containerPort: metricsPort, protocol: "TCP")
    ]
    container.securityContext = context
    container.volumeMounts = [Directory.sockets, Directory.conf, Directory.metrics]
      .map(Directory.mount)
    if hasCertificates { container.volumeMounts?.append(input.certificateMount) }
    return container
  }

  static let readOnly: SecurityContext = {
    var context = SecurityContext()
    context.allowPrivilegeEscalation = false
    context.readOnlyRootFilesystem = true
    return context
  }()

  private var certificateArguments: [String] {
    guard hasCertificates else { return [] }
    let directory = MountPath.metricsCertificates
    return [
      "--tls-cert-file=\(directory)/tls.crt", "--tls-private-key-file=\(directory)/tls.key",
    ]
  }

  /// Asks frr-metrics whether all daemons run.
  private func probe(failures: Int = 3, period: Int = 10) -> Probe {
    var probe = Probe()
    probe.httpGet = .init(path: "/livez", port: .int(metricsPort), scheme: "HTTPS")
    if failures == 3 { probe.initialDelaySeconds = 10 }
    probe.periodSeconds = period
    probe.timeoutSeconds = 1
    probe.successThreshold = 1
    probe.failureThreshold = failures
    return probe
  }

  // MARK: Volumes

  /// A directory that containers of the Pod share.
  struct Directory {
    let name: String
    let path: String

    static let sockets = Directory(name: "frr-sockets", path: "/var/run/frr")
    static let conf = Directory(name: "frr-conf", path: "/etc/frr")
    static let reloader = Directory(name: "reloader", path: "/etc/frr_reloader")
    static let metrics = Directory(name: "metrics", path: "/etc/frr_metrics")
    static let status = Directory(name: "frr-status", path: "/etc/frr_status")
    static let temporary = Directory(name: "frr-tmp", path: "/var/tmp/frr")
    static let library = Directory(name: "frr-lib", path: "/var/lib/frr")
    static let log = Directory(name: "frr-log", path: "/var/log/frr")
    static let startup = "frr-startup"

    static func mount(_ directory: Directory) -> VolumeMount {
      VolumeMount(name: directory.name, mountPath: directory.path)
    }
  }

  /// All but those that one Pod alone has.
  var volumes: [Volume] {
    [Volume(name: Directory.startup, configMap: .init(name: ObjectName.frrStartup))]
      + [
        Directory.sockets, Directory.conf, Directory.reloader, Directory.metrics,
        Directory.temporary, Directory.library, Directory.log,
      ].map { Volume.emptyDir(name: $0.name) }
  }
}
