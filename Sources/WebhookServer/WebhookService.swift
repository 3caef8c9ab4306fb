package import KubernetesAPI
package import KubernetesClient
package import Logging
package import MetricsServer
import ServiceLifecycle

/// How one process serves webhooks.
package struct WebhookOptions: Sendable {
  package enum Certificates: Sendable, Hashable {
    /// Made here, kept in this Secret, and told to the targets.
    case issued(secret: NamespacedName, targets: [InjectionTarget])
    /// Made by somebody else: a directory with `tls.crt` and `tls.key`.
    case directory(String)
  }

  package var certificates: Certificates
  /// What API servers call the server: `SERVICE.NAMESPACE.svc`.
  package var dnsName: String
  package var address: ListenAddress
  package var limits: TLSLimits
  /// Whether API servers may choose HTTP/2.
  package var usesHTTP2: Bool
  /// How long a graceful shutdown goes on serving.
  package var linger: Duration

  package init(
    certificates: Certificates, dnsName: String, address: ListenAddress,
    limits: TLSLimits = TLSLimits(), usesHTTP2: Bool = false, linger: Duration = .zero
  ) {
    self.certificates = certificates
    self.dnsName = dnsName
    self.address = address
    self.limits = limits
    self.usesHTTP2 = usesHTTP2
    self.linger = linger
  }
}

/// A webhook server with the certificates that it needs.
package struct WebhookService: ServiceLifecycle.Service {
  private let options: WebhookOptions
  private let handlers: [String: WebhookHandler]
  private let client: APIClient
  private let time: TimeSource
  private let logger: Logger
  private let readiness: Readiness
  private let onListening: @Sendable (Int) async -> Void

  /// The checks that the service reports about: ready when the server listens, and when every registration knows by
  /// which authority it is recognised.
  package enum Check {
    package static let listening = "webhooks"
    package static let certificates = "webhook certificates"
    package static let all = [listening, certificates]
  }

  /// - Parameter readiness: made with the checks ``Check/all`` among its own.
  package init(
    options: WebhookOptions, handlers: [String: WebhookHandler], client: APIClient,
    readiness: Readiness, time: TimeSource = .system, logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.options = options
    self.handlers = handlers
    self.client = client
    self.time = time
    self.logger = logger
    self.readiness = readiness
    self.onListening = onListening
  }

  package func run() async throws {
    switch options.certificates {
    case .issued(let secret, let targets):
      let keeper = CertificateKeeper(
        secret: secret, names: [options.dnsName], targets: targets, client: client, time: time,
        logger: logger, readiness: { report($0) }, onSwitchedOff: { markOff() })
      let endpoint = endpoint(keeper.served.source) { try await keeper.served.waitForFirst() }
      try await ServiceGroup(services: [keeper, endpoint], logger: logger).run()
    case .directory(let path):
      let source = CertificateSource.directory(path)
      try await endpoint(source) { try await waitForFiles(source) }.run()
    }
  }

  private func endpoint(
    _ source: CertificateSource, ready: @escaping @Sendable () async throws -> Void
  ) -> WebhookEndpoint {
    WebhookEndpoint(
      address: options.address, certificate: source, limits: options.limits,
      usesHTTP2: options.usesHTTP2, handlers: handlers, linger: options.linger, time: time,
      logger: logger, ready: ready
    ) { port in
      readiness.markReady(Check.listening)
      await onListening(port)
    }
  }

  private func report(_ failure: String?) {
    if let failure {
      readiness.markFailing(Check.certificates, failure)
    } else {
      readiness.markReady(Check.certificates)
    }
  }

  /// Nobody is to be called, so nothing is waited for.
  private func markOff() {
    for check in Check.all { readiness.markReady(check) }
  }

  /// Files of a volume may come later than the process.
  private func waitForFiles(_ source: CertificateSource) async throws {
    while true {
      do throws(CertificateError) {
        _ = try source.load()
        return readiness.markReady(Check.certificates)
      } catch {
        readiness.markFailing(Check.certificates, error.description)
      }
      try await time.sleep(for: .seconds(1))
    }
  }
}
