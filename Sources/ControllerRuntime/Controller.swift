internal import KubernetesClient
package import Logging
internal import ServiceLifecycle

/// What a reconcile asks for when it succeeded.
package enum ReconcileResult: Sendable, Hashable {
  case done
  /// Look at the key again after this time, without anything having changed.
  case requeue(after: Duration)
}

/// The control loop: workers take keys from a queue and reconcile each of them.
///
/// Level-based: a reconcile gets a key, reads the present state from stores and the API, compares,
/// and writes what differs; it never learns which event queued the key. One key is never
/// reconciled twice at the same time. An error is logged once and the key comes back after its own
/// back-off; `CancellationError` ends the worker.
package final class Controller<Key: Hashable & Sendable>: ServiceLifecycle.Service {
  package let name: String
  package let queue: WorkQueue<Key>
  private let workers: Int
  private let logger: Logger
  private let ready: @Sendable () async throws -> Void
  private let reconcile: @Sendable (Key) async throws -> ReconcileResult

  /// - Parameters:
  ///   - name: appears in log lines.
  ///   - workers: how many keys are reconciled at the same time.
  ///   - ready: what to wait for before the first key is handed out: informers that have to be in
  ///     sync, leadership.
  ///   - reconcile: brings the world in line with what the key stands for.
  package init(
    name: String, queue: WorkQueue<Key> = WorkQueue(), workers: Int = 1, logger: Logger,
    ready: @escaping @Sendable () async throws -> Void = {},
    reconcile: @escaping @Sendable (Key) async throws -> ReconcileResult
  ) {
    self.name = name
    self.queue = queue
    self.workers = max(1, workers)
    self.logger = logger
    self.ready = ready
    self.reconcile = reconcile
  }

  /// Runs until graceful shutdown, which lets the present reconciles finish, or cancellation.
  package func run() async throws {
    try await withGracefulShutdownHandler {
      do {
        try await cancelWhenGracefulShutdown { try await self.ready() }
      } catch is CancellationError {
        return
      }
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.queue.run() }
        await withTaskGroup(of: Void.self) { workers in
          for _ in 0..<self.workers { workers.addTask { await self.work() } }
        }
        group.cancelAll()
      }
    } onGracefulShutdown: {
      self.queue.shutDown()
    }
  }

  private func work() async {
    while let key = await queue.next() {
      await process(key)
      queue.done(key)
      if Task.isCancelled { return }
    }
  }

  private func process(_ key: Key) async {
    do {
      switch try await reconcile(key) {
      case .done: queue.forget(key)
      case .requeue(let delay):
        queue.forget(key)
        queue.add(key, after: delay)
      }
    } catch is CancellationError {
      return
    } catch {
      let delay = queue.addRateLimited(key)
      logger.warning(
        "reconcile failed",
        metadata: [
          "controller": "\(name)", "key": "\(key)", "error": "\(error)", "retryIn": "\(delay)",
        ])
    }
  }
}
