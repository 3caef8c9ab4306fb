import Backoff
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import ServiceLifecycle
import Synchronization

/// The Pods of all speakers: watched, and where that is forbidden, as by upstream's rights, listed again and again.
final class SpeakerPods: ServiceLifecycle.Service {
  private struct State {
    /// What was listed last; nil while the watch works.
    var listed: [Pod]?
    /// They may be neither watched nor listed.
    var isForbidden = false
    var handlers: [@Sendable () -> Void] = []
  }

  private let informer: Informer<Pod>
  private let client: APIClient
  private let namespace: String
  private let labels: String
  /// How often they are listed where they cannot be watched.
  private let interval: Duration
  private let time: TimeSource
  private let backoff: Backoff
  private let known = Gate()
  private let state = Mutex(State())

  init(
    client: APIClient, namespace: String, labels: String, interval: Duration, time: TimeSource,
    logger: Logger
  ) {
    self.client = client
    self.namespace = namespace
    self.labels = labels
    self.interval = interval
    self.time = time
    backoff = Backoff(initial: .milliseconds(200), cap: interval, jitter: 0.5)
    informer = Informer(
      client: client, namespace: namespace, labelSelector: labels, isOptional: true, time: time,
      logger: logger
    ) { $0.dropUnread() }
    informer.onChange { [weak self] _ in self?.tell() }
  }

  /// Nil when they may not be read: nobody knows then where speakers are.
  var all: [Pod]? {
    guard informer.unavailable != nil else { return informer.store.values }
    return state.withLock { $0.isForbidden ? nil : $0.listed ?? informer.store.values }
  }

  /// Whether ``all`` is complete.
  var isKnown: Bool { known.isOpen }

  /// Calls the handler after each change, and after each list.
  func onChange(_ handler: @escaping @Sendable () -> Void) {
    state.withLock { $0.handlers.append(handler) }
  }

  /// Returns once ``all`` is complete; throws `CancellationError`.
  func waitUntilKnown() async throws { try await known.wait() }

  /// Watches and lists until graceful shutdown or cancellation.
  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.informer.run() }
      group.addTask {
        do {
          try await cancelWhenGracefulShutdown { try await self.listWhereForbidden() }
        } catch is CancellationError {
          return
        }
      }
      try await group.waitForAll()
    }
  }

  private func listWhereForbidden() async throws {
    try await informer.waitForSync()
    var failures = 0
    while true {
      if informer.unavailable == nil {
        state.withLock { ($0.listed, $0.isForbidden) = (nil, false) }
        known.open()
      } else {
        do {
          let pods = try await client.list(
            Pod.self, namespace: namespace, options: ListOptions(labelSelector: labels)
          ).items
          failures = 0
          note(pods)
        } catch let error as KubernetesError {
          if error.isForbidden { note(nil) } else { failures += 1 }
        }
      }
      var generator = SystemRandomNumberGenerator()
      let delay = backoff.delay(afterFailures: failures, using: &generator)
      try await time.sleep(for: failures > 0 ? delay : interval)
    }
  }

  private func note(_ pods: [Pod]?) {
    state.withLock { ($0.listed, $0.isForbidden) = (pods, pods == nil) }
    known.open()
    tell()
  }

  private func tell() {
    for handler in state.withLock({ $0.handlers }) { handler() }
  }
}

extension Pod {
  fileprivate mutating func dropUnread() {
    metadata.annotations = [:]
    var kept = PodSpec()
    kept.nodeName = spec?.nodeName
    spec = kept
  }
}
