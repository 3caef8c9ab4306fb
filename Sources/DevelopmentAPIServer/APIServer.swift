import KubernetesAPI
package import Logging
import ServiceLifecycle
import Hummingbird
import HummingbirdTLS
import NIOCore
import NIOSSL
import NetworkAddresses
import Synchronization

/// A Kubernetes API server for development and tests: one process, everything in memory, faithful
/// in what it answers (`recordings/apiserver` is its conformance suite).
///
/// A request passes, from the outside in: `HTTPFrontEnd` (TLS, bodies), `RequestHandler`
/// (authentication, authorization, routing), `ResourceCall` (one verb on one kind), `ObjectStore`
/// (the objects). Kinds differ only in their `ResourceDefinition`. Controllers that a real cluster
/// runs beside its API server, and that clients take for granted, run here too: garbage collection,
/// namespaces, service accounts, CRDs.
package final class APIServer: ServiceLifecycle.Service {
  package struct Configuration: Sendable {
    /// An address of this machine; clients use it too.
    package var host: String
    /// 0 takes any free port.
    package var port: Int
    /// Where cluster IPs come from, the primary family first.
    package var serviceCIDRs: [String]
    /// Addresses and names beside `host` that the server's certificate is valid for.
    package var alternativeNames: [String]
    /// How many changes of each kind are remembered for watches; older ones are answered with 410.
    package var historyLimit: Int
    /// A watch is cut whose reader leaves what was written untouched for so long.
    package var stalledReaderLimit: Duration

    package init(
      host: String = "127.0.0.1", port: Int = 0, serviceCIDRs: [String] = ["10.96.0.0/16"],
      alternativeNames: [String] = [], historyLimit: Int = 4096,
      stalledReaderLimit: Duration = .seconds(30)
    ) {
      self.host = host
      self.port = port
      self.serviceCIDRs = serviceCIDRs
      self.alternativeNames = alternativeNames
      self.historyLimit = historyLimit
      self.stalledReaderLimit = stalledReaderLimit
    }
  }

  /// Why a server cannot be made or started.
  package enum StartError: Error, CustomStringConvertible {
    case badServiceCIDR(String)
    case stopped

    package var description: String {
      switch self {
      case .badServiceCIDR(let text): "\"\(text)\" is no CIDR block for cluster IPs"
      case .stopped: "the server stopped before it served"
      }
    }
  }

  /// Bearer token of user `admin` in `system:masters`.
  package let adminToken: String
  private let configuration: Configuration
  private let certificates: ServerCertificates
  private let store: ObjectStore
  private let tokens = ServiceAccountTokens()
  private let webhooks: WebhookClient
  /// Puts faults in force and ends them.
  package let faults = FaultInjector()
  /// The watches that are open.
  package let watches = OpenWatches()
  private let logger: Logger
  private let address: ServingAddress
  private let state = Mutex(State())

  private struct State {
    var isServing = false
    var failed = false
    var waiting: [CheckedContinuation<Void, any Error>] = []
    var group: ServiceGroup?
    var task: Task<Void, any Error>?
  }

  package init(
    configuration: Configuration = Configuration(),
    logger: Logger = Logger(label: "apiserver", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws {
    self.configuration = configuration
    address = ServingAddress(host: configuration.host)
    self.logger = logger
    adminToken = Base64URL.encode((0..<24).map { _ in UInt8.random(in: .min ... .max) })
    let blocks = try configuration.serviceCIDRs.map { text in
      guard let block = CIDRBlock(text) else { throw StartError.badServiceCIDR(text) }
      return block
    }
    let names = [
      "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ]
    let given = [configuration.host, "127.0.0.1", "::1"] + configuration.alternativeNames
    let addresses =
      given.compactMap { IPAddress($0)?.bytes }
      + blocks.compactMap { $0.first.advanced(by: 1)?.bytes }
    certificates = try ServerCertificates(
      dnsNames: names + given.filter { IPAddress($0) == nil }, addresses: addresses,
      now: WallClock.now)
    store = ObjectStore(
      historyLimit: configuration.historyLimit, addresses: ServiceAddresses(blocks: blocks),
      builtIns: try BuiltInResources.all(), auxiliary: try BuiltInResources.auxiliary())
    webhooks = WebhookClient(store: store)
  }

  // MARK: What clients need

  /// The port that is listened on; 0 before the server serves.
  package var port: Int { address.port }

  /// `https://HOST:PORT`
  package var url: String {
    let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
    return "https://\(host):\(port)"
  }

  package var caCertificatePEM: String { certificates.caPEM }

  /// Who a kubeconfig is for.
  package enum KubeconfigUser: Sendable {
    /// `admin` in `system:masters`, by token.
    case admin
    /// `name` in `groups`, by a client certificate that is made for it.
    case certificate(name: String, groups: [String])
    case token(String)
  }

  /// A kubeconfig with one cluster, user and context.
  package func kubeconfig(
    user: KubeconfigUser = .admin, namespace: String = "default"
  ) throws -> String {
    let credentials: JSONValue
    switch user {
    case .admin: credentials = ["token": .string(adminToken)]
    case .token(let token): credentials = ["token": .string(token)]
    case .certificate(let name, let groups):
      let issued = try certificates.issue(UserInfo(name: name, groups: groups))
      credentials = [
        "client-certificate-data": .string(Base64.encode(Array(issued.certificatePEM.utf8))),
        "client-key-data": .string(Base64.encode(Array(issued.keyPEM.utf8))),
      ]
    }
    return YAMLText.write([
      "apiVersion": "v1", "kind": "Config",
      "clusters": [
        [
          "name": "development",
          "cluster": [
            "server": .string(url),
            "certificate-authority-data": .string(Base64.encode(Array(caCertificatePEM.utf8))),
          ],
        ]
      ],
      "users": [["name": "user", "user": credentials]],
      "contexts": [
        [
          "name": "development",
          "context": ["cluster": "development", "user": "user", "namespace": .string(namespace)],
        ]
      ],
      "current-context": "development",
    ])
  }

  /// What the server leaves out, a sentence each.
  package static var omissions: [String] { Omissions.all }

  /// Forgets the history of all objects, as a real cluster does after a while: watches from before
  /// are answered with 410.
  package func compact() async { await store.transact { $0.compact() } }

  // MARK: Running

  /// Serves until graceful shutdown or cancellation.
  package func run() async throws {
    defer { stopped() }
    try await prepare()
    let application = Application(
      responder: HTTPFrontEnd(handler: handler),
      server: try .tls(tlsConfiguration: tlsConfiguration()),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port)),
      onServerRunning: { [self] channel in
        address.port = channel.localAddress?.port ?? configuration.port
        await Bootstrap.publish(store, settings: settings)
        serving()
      },
      logger: logger)
    let outcome: Result<Void, any Error>
    do {
      try await serve(application)
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    await webhooks.shutdown()
    try outcome.get()
  }

  /// Fills the store with what every cluster has.
  func prepare() async throws { try await Bootstrap.fill(store, settings: settings) }

  private func serve(_ application: some ServiceLifecycle.Service) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let controllers = Controllers(store: store, logger: logger)
      group.addTask { await controllers.run() }
      group.addTask { [store, watches, stalledReaderLimit = configuration.stalledReaderLimit] in
        while !Task.isCancelled {
          try? await Task.sleep(for: .milliseconds(100))
          await store.expireWaiters()
          watches.cutStalled(for: stalledReaderLimit)
        }
      }
      try await withGracefulShutdownHandler {
        try await application.run()
      } onGracefulShutdown: { [store] in
        // Watches must end for the connections to close; the group below waits for them.
        Task { await store.close() }
      }
      group.cancelAll()
    }
  }

  /// Starts in a task of its own and returns when requests are answered. For tests; a program runs
  /// the server in its service group.
  package func start() async throws {
    let group = ServiceGroup(services: [self], logger: logger)
    let task = Task { try await group.run() }
    state.withLock {
      $0.group = group
      $0.task = task
    }
    try await waitUntilServing()
  }

  /// Stops what `start` started and waits for its end.
  package func stop() async {
    let (group, task) = state.withLock { ($0.group, $0.task) }
    await group?.triggerGracefulShutdown()
    _ = await task?.result
  }

  /// Returns as soon as requests are answered.
  package func waitUntilServing() async throws {
    try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Void, any Error>) in
      let answer: Result<Void, any Error>? = state.withLock { state in
        if state.isServing { return .success(()) }
        if state.failed { return .failure(StartError.stopped) }
        state.waiting.append(continuation)
        return nil
      }
      if let answer { continuation.resume(with: answer) }
    }
  }

  private func serving() {
    let waiting = state.withLock { state in
      state.isServing = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
    logger.info("Serving", metadata: ["url": "\(url)"])
    for omission in Omissions.all { logger.info("Left out", metadata: ["what": "\(omission)"]) }
  }

  private func stopped() {
    let waiting = state.withLock { state in
      state.failed = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(throwing: StartError.stopped) }
  }

  private var settings: ServerSettings {
    ServerSettings(address: address, caCertificatePEM: certificates.caPEM)
  }

  var handler: RequestHandler {
    RequestHandler(
      store: store,
      authenticator: Authenticator(
        staticTokens: [
          adminToken: UserInfo(name: "admin", uid: "admin", groups: ["system:masters"])
        ],
        tokens: tokens, store: store),
      webhooks: webhooks, faults: faults, watches: watches, settings: settings, logger: logger)
  }

  private func tlsConfiguration() throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(
        Array(certificates.serverCertificatePEM.utf8)
      ).map { .certificate($0) },
      privateKey: .privateKey(
        try NIOSSLPrivateKey(bytes: Array(certificates.serverKeyPEM.utf8), format: .pem)))
    // Clients may show a certificate; one that our CA did not sign ends the handshake.
    tls.certificateVerification = .optionalVerification
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(certificates.caPEM.utf8)))
    tls.applicationProtocols = ["http/1.1"]
    // An idle connection whose client does not say goodbye in return would hold up a stop for 5 s.
    tls.shutdownTimeout = .milliseconds(100)
    return tls
  }
}
