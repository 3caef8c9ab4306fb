import ControllerRuntime
package import KubernetesAPI
package import KubernetesClient
package import Logging
import ServiceLifecycle
import Synchronization

/// Keeps a webhook server's certificates in its Secret, the server's certificate in use, and the authorities in the
/// objects that make API servers call it.
///
/// Level-triggered: any change of the Secret or of a target, and the time, lead to the same three steps.
///
/// 1. `CertificatePlanner` looks at the Secret; what it wants different is stored. Replicas share the Secret: a write that
///    loses against another is thought over anew.
/// 2. Every target that does not name exactly the Secret's authorities is changed, and nothing else in it.
/// 3. The Secret's certificate is served once every target trusts it, and has done so for a moment. Until then the earlier
///    one is served, which is trusted still: nobody who calls is refused.
package final class CertificateKeeper: ServiceLifecycle.Service {
  /// The owner of the fields, as with upstream.
  static let fieldManager = "MetalLB"
  /// How long API servers may take to notice a change of their registrations.
  static let settling = Duration.seconds(2)

  package let served = ServedCertificate()
  private let secretName: NamespacedName
  private let planner: CertificatePlanner
  private let client: APIClient
  private let time: TimeSource
  private let logger: Logger
  private let readiness: @Sendable (_ failure: String?) -> Void
  private let onSwitchedOff: @Sendable () -> Void
  private let secrets: Informer<Secret>
  private let targets: [(target: InjectionTarget, informer: Informer<InjectedObject>)]
  private let queue: WorkQueue<Key>
  private let state = Mutex(State())

  struct Key: Hashable, Sendable, CustomStringConvertible {
    var description: String { "certificates" }
  }

  private struct State {
    /// Since when all targets trust the authority that signed the Secret's certificate.
    var trusted: (authority: String, since: ContinuousClock.Instant)?
    var paces: [InjectionTarget: InjectionPace] = [:]
    var isReady = false
    /// The Secret may not be read.
    var isOff = false
  }

  /// - Parameters:
  ///   - secret: where the certificates are kept.
  ///   - names: DNS names under which API servers call: `SERVICE.NAMESPACE.svc`.
  ///   - targets: what has to name the authorities; those that do not exist are waited for without harm.
  ///   - readiness: told why the server cannot be called yet, or nil once it can.
  ///   - onSwitchedOff: told when the Secret may not be read, so that there will be no webhooks.
  package convenience init(
    secret: NamespacedName, names: [String], targets: [InjectionTarget], client: APIClient,
    time: TimeSource = .system, logger: Logger,
    readiness: @escaping @Sendable (_ failure: String?) -> Void = { _ in },
    onSwitchedOff: @escaping @Sendable () -> Void = {}
  ) {
    self.init(
      secret: secret, planner: CertificatePlanner(names: names), targets: targets, client: client,
      time: time, logger: logger, readiness: readiness, onSwitchedOff: onSwitchedOff)
  }

  init(
    secret: NamespacedName, planner: CertificatePlanner, targets: [InjectionTarget],
    client: APIClient, time: TimeSource, logger: Logger,
    readiness: @escaping @Sendable (_ failure: String?) -> Void,
    onSwitchedOff: @escaping @Sendable () -> Void = {}
  ) {
    secretName = secret
    self.planner = planner
    self.client = client.timeout(.seconds(10))
    self.time = time
    self.logger = logger
    self.readiness = readiness
    self.onSwitchedOff = onSwitchedOff
    secrets = Informer(
      client: client, namespace: secret.namespace, fieldSelector: "metadata.name=\(secret.name)",
      isOptional: true, time: time, logger: logger)
    self.targets = targets.map { target in
      (
        target,
        Informer(
          client: client, kind: target.resource, fieldSelector: "metadata.name=\(target.name)",
          isOptional: true, time: time, logger: logger)
      )
    }
    queue = WorkQueue(maximumDelay: .seconds(15), time: time)
  }

  /// Runs until graceful shutdown or cancellation.
  package func run() async throws {
    let queue = queue
    secrets.enqueue(into: queue) { _ in Key() }
    for (_, informer) in targets { informer.enqueue(into: queue) { _ in Key() } }
    readiness("has no certificate yet")
    let controller = Controller(
      name: "certificates", queue: queue, logger: logger,
      ready: {
        try await self.secrets.waitForSync()
        for (_, informer) in self.targets { try await informer.waitForSync() }
        queue.add(Key())
      },
      reconcile: { _ in try await self.reconcile() })
    let informers: [any ServiceLifecycle.Service] = [secrets] + targets.map(\.informer)
    try await ServiceGroup(services: informers + [controller], logger: logger).run()
  }

  /// How often to look whether an installation provides for webhooks by now.
  private static let patience = Duration.seconds(30)

  private func reconcile() async throws -> ReconcileResult {
    if let error = secrets.unavailable {
      switchOff(because: error)
      return .requeue(after: Self.patience)
    }
    let secret = secrets.store[secretName]
    let plan = try planner.plan(
      for: secret.map { $0.data ?? [:] }, served: served.certificates, now: time.wall)
    switch plan {
    case .write(let certificates, let reason):
      guard try await store(certificates, in: secret, because: reason) else {
        // Somebody else was faster; the store shows it in a moment.
        return .requeue(after: .milliseconds(200))
      }
      // The store shows what was written in a moment.
      return .done
    case .keep(let certificates, let nextLook):
      let microseconds = nextLook.microseconds - time.wall.microseconds
      var next = max(.seconds(1), Duration.microseconds(microseconds))
      let wait = try await inject(certificates, secret)
      if let wait { next = min(next, wait) }
      if let wait = try serve(certificates) { next = min(next, wait) }
      return .requeue(after: next)
    }
  }

  /// An installation that does not let this account read the Secret, such as one of the time before webhooks, goes on
  /// without them.
  private func switchOff(because error: KubernetesError) {
    let isNews = state.withLock { state in
      defer { state.isOff = true }
      return !state.isOff
    }
    guard isNews else { return }
    logger.warning("serving no webhooks", metadata: ["reason": "\(error)"])
    if served.certificates == nil { onSwitchedOff() }
  }

  // MARK: The Secret

  /// Whether the certificates were stored: false when another replica changed the Secret meanwhile.
  private func store(
    _ certificates: WebhookCertificates, in existing: Secret?, because reason: String
  ) async throws -> Bool {
    let data = try certificates.secretData
    do {
      if var secret = existing {
        secret.data = (secret.data ?? [:]).merging(data) { _, new in new }
        if certificates.authorityKey == nil { secret.data?["ca.key"] = nil }
        _ = try await client.update(
          secret, options: WriteOptions(fieldManager: Self.fieldManager))
      } else {
        let metadata = ObjectMeta(name: secretName.name, namespace: secretName.namespace)
        _ = try await client.create(
          Secret(metadata: metadata, data: data),
          options: WriteOptions(fieldManager: Self.fieldManager))
      }
    } catch let error as KubernetesError
      where error.isConflict || error.isAlreadyExists || existing != nil && error.isNotFound
    {
      return false
    }
    logger.info(
      "issued certificates", metadata: ["secret": "\(secretName)", "reason": "\(reason)"])
    return true
  }

  // MARK: The targets

  /// Brings all targets in line. Returns when to look again if something was put off.
  private func inject(
    _ certificates: WebhookCertificates, _ secret: Secret?
  ) async throws -> Duration? {
    let bundle = try certificates.trustBundle
    var wait: Duration?
    for (target, informer) in targets {
      guard let object = informer.store.values.first, let changed = object.injecting(bundle) else {
        continue
      }
      let now = time.now
      let delay = state.withLock { $0.paces[target, default: InjectionPace()].delay(at: now) }
      guard delay == .zero else {
        wait = min(wait ?? delay, delay)
        continue
      }
      // Whoever has an old view of the Secret must not undo what a replica with the new one did.
      let live = try await client.find(
        Secret.self, secretName.name, namespace: secretName.namespace)
      guard live?.metadata.resourceVersion == secret?.metadata.resourceVersion else {
        return .milliseconds(200)
      }
      do {
        _ = try await client.update(
          changed, target.resource, options: WriteOptions(fieldManager: Self.fieldManager))
      } catch let error as KubernetesError where error.isConflict || error.isNotFound {
        wait = .milliseconds(200)
        continue
      }
      state.withLock { $0.paces[target, default: InjectionPace()].repaired(at: now) }
      logger.info("told API servers the authority", metadata: ["object": "\(target)"])
    }
    return wait
  }

  // MARK: The served certificate

  /// Serves the certificates if that may be done now; otherwise returns when to look again.
  private func serve(_ certificates: WebhookCertificates) throws -> Duration? {
    let authority = try certificates.authority
    let waiting = targets.filter { _, informer in
      informer.store.values.contains { !$0.trusts(authority: authority) }
    }
    let now = time.now
    let trustedFor: Duration? = state.withLock { state in
      guard waiting.isEmpty else {
        state.trusted = nil
        return nil
      }
      if state.trusted?.authority != authority { state.trusted = (authority, now) }
      return state.trusted.map { $0.since.duration(to: now) }
    }
    let present = served.certificates
    let isUsable = present.map { $0.isUsable(at: time.wall) } ?? false
    var wait: Duration?
    if present?.chain != certificates.chain {
      if !isUsable || (trustedFor ?? .zero) >= Self.settling {
        try served.replace(certificates)
        logger.info("serving another certificate")
      } else if let trustedFor {
        wait = Self.settling - trustedFor
      }
    } else if present != certificates {
      try served.replace(certificates)
    }
    report(waiting.map(\.target), isServed: served.certificates?.chain == certificates.chain)
    return wait
  }

  /// Ready from the first moment at which every target trusts what is served. Later disturbances are repaired, and
  /// leaving the Service meanwhile would help nobody.
  private func report(_ waiting: [InjectionTarget], isServed: Bool) {
    let isNews = state.withLock { state in
      guard !state.isReady, isServed, waiting.isEmpty else { return false }
      state.isReady = true
      return true
    }
    if isNews {
      readiness(nil)
    } else if !state.withLock({ $0.isReady }) {
      let names = waiting.map(\.description).joined(separator: ", ")
      readiness(
        names.isEmpty ? "has no certificate yet" : "\(names) does not know the authority yet")
    }
  }
}
