import ArgumentParser
import FRRControl
import Glibc
import KubernetesClient
import Logging
import MetricsServer
import ServiceLifecycle

/// The `frr-metrics` container of FRR mode: tells Prometheus about FRR's sessions, and the kubelet whether its daemons
/// run (spec/speaker 5.4).
struct FRRMetricsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frr-metrics", abstract: "Serve the metrics and the health of FRR.")

  @Option(name: .customLong("metrics-port"), help: "HTTPS port of the metrics and of /livez.")
  var port = 9121

  @Option(name: .customLong("metrics-bind-address"), help: "Where to listen.")
  var address = "0.0.0.0"

  @Option(name: .customLong("metrics-path"), help: "The path of the metrics.")
  var path = "/metrics"

  @Option(name: .customLong("tls-cert-file"), help: "A certificate; without one, one is made.")
  var certificateFile = ""

  @Option(name: .customLong("tls-private-key-file"), help: "Its key.")
  var keyFile = ""

  @Option(name: .customLong("tls-min-version"), help: "VersionTLS12 or VersionTLS13.")
  var tlsMinVersion = ""

  @Option(name: .customLong("tls-cipher-suites"), help: "IANA names, with TLS 1.2 only.")
  var tlsCipherSuites = ""

  @Option(name: .customLong("tls-curve-preferences"), help: "Numbers of the TLS registry.")
  var tlsCurvePreferences = ""

  @Option(name: .customLong("log-level"), help: "all, debug, info, warn, error or none.")
  var logLevel: LogLevel = .info

  @Option(help: "A kubeconfig; without one, the Pod's service account.")
  var kubeconfig: String?

  @Option(help: .init("FRR's shell.", visibility: .hidden)) var vtysh = "vtysh"

  func validate() throws {
    guard 0...65535 ~= port else { throw ValidationError("--metrics-port takes a port number.") }
    guard certificateFile.isEmpty == keyFile.isEmpty else {
      throw ValidationError("--tls-cert-file and --tls-private-key-file belong together.")
    }
  }

  func run() async throws {
    let logger = logLevel.startLogging(label: "frr-metrics")
    let client = APIClient(
      configuration: try .automatic(kubeconfig: kubeconfig), userAgent: "metallb-frr-metrics")
    let exporter = FRRExporter(shell: VTYShell(program: vtysh))
    let source: CertificateSource =
      certificateFile.isEmpty
      ? .fixed(try .selfSigned(names: ["metallb"], at: Int64(time(nil))))
      : .files(certificate: certificateFile, key: keyFile)
    let limits = try TLSLimits(
      minimumVersion: tlsMinVersion, cipherSuites: tlsCipherSuites,
      curvePreferences: tlsCurvePreferences)
    var endpoint = MetricsEndpoint(
      address: .init(host: address, port: port), security: .tls(source, limits), path: path,
      authorizer: MetricsAuthorizer(client: client), logger: logger
    ) { try await exporter.page() }
    endpoint.liveness = ("/livez", { try await Self.health(exporter) })
    try await runUntilSignalled([endpoint], grace: .seconds(2), logger: logger)
  }

  /// What does not run, for people; `nil` when everything does.
  private static func health(_ exporter: FRRExporter) async throws -> String? {
    let missing = try await exporter.missingDaemons()
    return missing.isEmpty ? nil : "not running: \(missing.sorted().joined(separator: ", "))"
  }
}
