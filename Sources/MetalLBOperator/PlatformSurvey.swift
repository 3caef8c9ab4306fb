import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import ServiceLifecycle
import Synchronization

/// Looks at the cluster from time to time, for the platform check.
///
/// It reads page by page and keeps the findings only. What it may not read is left out of the facts: the check
/// advises, so it fails towards silence.
final class PlatformSurvey: ServiceLifecycle.Service {
  private let client: APIClient
  private let namespace: String
  private let interval: Duration
  private let time: TimeSource
  private let logger: Logger
  private let onChange: @Sendable () -> Void
  private let surveyed = Gate()
  private let state: Mutex<State>

  private struct State {
    var facts: PlatformFacts
    /// What was forbidden the last time.
    var unreadable: Set<String> = []
  }

  /// - Parameters:
  ///   - client: reads only.
  ///   - onChange: called when the facts are others than before.
  init(
    client: APIClient, namespace: String, version: KubernetesVersion?, interval: Duration,
    time: TimeSource, logger: Logger, onChange: @escaping @Sendable () -> Void
  ) {
    self.client = client.timeout(.seconds(30))
    self.namespace = namespace
    self.interval = interval
    self.time = time
    self.logger = logger
    self.onChange = onChange
    state = Mutex(State(facts: PlatformFacts(version: version)))
  }

  var facts: PlatformFacts { state.withLock { $0.facts } }

  /// Returns once the cluster has been looked at; throws `CancellationError`.
  func waitForFirst() async throws { try await surveyed.wait() }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        let delay = try await self.lookAround() ? self.interval : min(self.interval, .seconds(30))
        self.surveyed.open()
        try await self.time.sleep(for: delay)
      }
    }
  }

  /// - Returns: whether the API server could be asked. If not, the facts stay as they were.
  private func lookAround() async throws -> Bool {
    let found: PlatformFacts
    do {
      found = try await survey()
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      logger.debug("cannot look at the platform", metadata: ["error": "\(error)"])
      return false
    }
    let isNews = state.withLock { state in
      defer { state.facts = found }
      return state.facts != found
    }
    if isNews { onChange() }
    return true
  }

  private func survey() async throws -> PlatformFacts {
    var facts = PlatformFacts(version: facts.version)
    // A cluster is upgraded while the operator runs.
    try await reading("version") {
      facts.version = KubernetesVersion(try await client.json("/version")) ?? facts.version
    }
    let options = ListOptions(limit: 100)
    try await reading("nodes") {
      try await client.forEachPage(Node.resource, options: options) { page in
        for node in page.items { facts.add(try node.decode(Node.self)) }
      }
    }
    for kind in [DaemonSet.resource, Deployment.resource] {
      try await reading(kind.plural) {
        try await client.forEachPage(kind, options: options) { page in
          for object in page.items { facts.add(workload: object, kind, ownNamespace: namespace) }
        }
      }
    }
    try await reading("kube-proxy") {
      let name = "kube-proxy"
      if let map = try await client.find(ConfigMap.self, name, namespace: "kube-system") {
        facts.add(kubeProxy: map)
      }
    }
    return facts
  }

  /// What is forbidden is left out and said once.
  private func reading(_ what: String, _ body: () async throws -> Void) async throws {
    do {
      try await body()
      _ = state.withLock { $0.unreadable.remove(what) }
    } catch let error as KubernetesError where error.isForbidden {
      guard state.withLock({ $0.unreadable.insert(what).inserted }) else { return }
      logger.warning(
        "the platform check leaves out what it may not read",
        metadata: ["what": "\(what)", "error": "\(error)"])
    }
  }
}
