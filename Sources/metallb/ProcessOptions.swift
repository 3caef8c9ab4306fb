import ArgumentParser
import ControllerRuntime
import Glibc
import KubernetesClient
import Logging
import MetricsServer
import PrometheusMetrics
import ServiceLifecycle
import UnixSignals

/// The value of an environment variable, empty when it is not set.
func environment(_ name: String) -> String { processEnvironment()[name] ?? "" }

/// Where a process takes its namespace from when no flag names one: its Pod's, else of the kubeconfig.
func ownNamespace(_ flag: String, client: APIClient) -> String {
  flag.isEmpty ? client.namespace : flag
}

/// What controller and speaker have in common: log, metrics, probes, connection (spec/controller 4.6,
/// spec/speaker 1.1).
struct ProcessOptions: ParsableArguments {
  @Option(name: .customLong("log-level"), help: "all, debug, info, warn, error or none.")
  var logLevel: LogLevel = .info

  @Option(help: "HTTPS port of /metrics; 0 turns metrics off.")
  var port = 9120

  @Option(name: .customLong("health-probe-port"), help: "HTTP port of /healthz and /readyz.")
  var healthProbePort = 17472

  @Option(help: "A kubeconfig; without one, the Pod's service account.")
  var kubeconfig: String?

  @Option(
    name: .customLong("tls-min-version"),
    help: "VersionTLS12 or VersionTLS13; by default what TLS_MIN_VERSION says.")
  var tlsMinVersion: String?

  @Option(
    name: .customLong("tls-cipher-suites"),
    help: "IANA names, with TLS 1.2 only; by default what TLS_CIPHER_SUITES says.")
  var tlsCipherSuites: String?

  @Option(
    name: .customLong("tls-curve-preferences"),
    help: "Numbers of the TLS registry; by default what TLS_CURVE_PREFERENCES says.")
  var tlsCurvePreferences: String?

  @Option(
    name: .customLong("metrics-cert-dir"),
    help: "A directory with tls.crt and tls.key; without one, a certificate is made.")
  var metricsCertDir = ""

  func validate() throws {
    guard 0...65535 ~= port, 1...65535 ~= healthProbePort else {
      throw ValidationError("--port and --health-probe-port take port numbers.")
    }
    do {
      _ = try tls
    } catch {
      throw ValidationError("\(error)")
    }
  }

  var tlsLimits: TLSLimits {
    get throws(TLSLimitsError) { try tls.limits }
  }

  /// The limits, and what of the environment is left out. A flag that cannot be meant ends the process; an environment
  /// may come from a ConfigMap that is none of this process's making, and it serves nonetheless.
  private var tls: (limits: TLSLimits, leftOut: [TLSLimitsError]) {
    get throws(TLSLimitsError) {
      var problems: [TLSLimitsError] = []
      let limits = TLSLimits(
        minimumVersion: tlsMinVersion ?? environment("TLS_MIN_VERSION"),
        cipherSuites: tlsCipherSuites ?? environment("TLS_CIPHER_SUITES"),
        curvePreferences: tlsCurvePreferences ?? environment("TLS_CURVE_PREFERENCES"),
        problems: &problems)
      let flags = [
        "--tls-min-version": tlsMinVersion, "--tls-cipher-suites": tlsCipherSuites,
        "--tls-curve-preferences": tlsCurvePreferences,
      ].compactMapValues(\.self)
      if let fault = problems.first(where: { flags[$0.flag] != nil }) { throw fault }
      return (limits, problems)
    }
  }

  func client(component: String) throws -> APIClient {
    APIClient(
      configuration: try .automatic(kubeconfig: kubeconfig), userAgent: "metallb-\(component)")
  }

  /// The health endpoint and, unless it is off, the metrics endpoint.
  func endpoints(
    healthAddress: ListenAddress, readiness: Readiness, registry: PrometheusRegistry,
    client: APIClient, logger: Logger
  ) throws -> [any Service] {
    let tls = try tls
    for problem in tls.leftOut {
      logger.warning("A TLS setting of the environment is left out", error: problem)
    }
    let health = HealthEndpoint(address: healthAddress, readiness: readiness, logger: logger)
    guard port != 0 else { return [health] }
    let source: CertificateSource =
      metricsCertDir.isEmpty
      ? .fixed(try .selfSigned(names: ["metallb"], at: Int64(time(nil))))
      : .directory(metricsCertDir)
    return [
      health,
      MetricsEndpoint(
        address: .everywhere(port: port), security: .tls(source, tls.limits), registry: registry,
        authorizer: MetricsAuthorizer(client: client), logger: logger),
    ]
  }
}

/// A flag of upstream's processes without a counterpart here: accepted, so that its manifests start this program.
struct ProfilingOptions: ParsableArguments {
  @Option(name: .customLong("pprof-bind-address")) var bindAddress = ""

  func explain(_ logger: Logger) {
    guard !bindAddress.isEmpty else { return }
    logger.warning(
      "--pprof-bind-address has no effect: there is no profiling endpoint",
      metadata: ["address": "\(bindAddress)"])
  }
}

/// Runs services until SIGTERM or SIGINT, then stops them in reverse order. A second signal ends the process at once.
///
/// - Parameter grace: a little less than the Pod's grace period, after which the kubelet kills.
func runUntilSignalled(_ services: [any Service], grace: Duration, logger: Logger) async throws {
  var configuration = ServiceGroupConfiguration(
    services: [SlimProcess()] + services, logger: logger)
  configuration.maximumGracefulShutdownDuration = grace
  let group = ServiceGroup(configuration: configuration)
  let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
  do {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask {
        var isEnding = false
        for await signal in signals {
          if isEnding {
            logger.warning("A second signal ends the process", metadata: ["signal": "\(signal)"])
            _exit(EXIT_FAILURE)
          }
          isEnding = true
          logger.info("The process is asked to end", metadata: ["signal": "\(signal)"])
          await group.triggerGracefulShutdown()
        }
      }
      // The signals go on until the services have ended.
      try await tasks.next()
      tasks.cancelAll()
    }
  } catch {
    logger.error("The process ends", metadata: ["error": "\(error)"])
    throw ExitCode.failure
  }
}
