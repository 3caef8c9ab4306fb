package import KubernetesClient
internal import Synchronization

/// A queue of keys that need work. Adding never waits and never fails; a key that is queued or being
/// processed is not queued twice (see `WorkQueueCore` for the rules). Delayed keys move while
/// ``run()`` runs, which its controller does.
package final class WorkQueue<Key: Hashable & Sendable>: Sendable {
  private struct State {
    var core: WorkQueueCore<Key>
    var isShutDown = false
    var nextWaiter: UInt64 = 0
    /// Workers that wait for a key, oldest first.
    var waiters: [(id: UInt64, continuation: CheckedContinuation<Key?, Never>)] = []
    /// Wakes ``run()`` when an earlier deadline appears.
    var alarm: AsyncStream<Void>.Continuation?
    var nextDue: ContinuousClock.Instant?
  }

  private let state: Mutex<State>
  private let time: TimeSource

  /// - Parameters:
  ///   - baseDelay: what the first failure of a key waits; each further one waits twice as long.
  ///   - maximumDelay: what it never waits longer than.
  package init(
    baseDelay: Duration = .milliseconds(5), maximumDelay: Duration = .seconds(120),
    time: TimeSource = .system
  ) {
    self.time = time
    state = Mutex(State(core: WorkQueueCore(baseDelay: baseDelay, maximumDelay: maximumDelay)))
  }

  /// Keys of higher priority leave first; equal ones in the order in which they came.
  package func add(_ key: Key, priority: Int = 0) {
    change { $0.add(key, priority: priority) }
  }

  /// Adds the key once `delay` has passed. An earlier time that is already set stays.
  package func add(_ key: Key, after delay: Duration, priority: Int = 0) {
    if delay <= .zero { return add(key, priority: priority) }
    let due = time.now.advanced(by: delay)
    change { $0.add(key, due: due, priority: priority) }
  }

  /// Adds the key after its own back-off, which doubles with each call until ``forget(_:)``.
  /// Returns the delay.
  @discardableResult
  package func addRateLimited(_ key: Key) -> Duration {
    let now = time.now
    var delay = Duration.zero
    change { core in
      delay = core.nextDelay(key)
      core.add(key, due: now.advanced(by: delay), priority: 0)
    }
    return delay
  }

  /// The key's work succeeded: its back-off starts anew.
  package func forget(_ key: Key) { state.withLock { $0.core.forget(key) } }

  /// How often the key has failed since it was last forgotten.
  package func failureCount(_ key: Key) -> Int {
    state.withLock { $0.core.failureCount(key) }
  }

  /// Keys that wait to be processed, without delayed ones.
  package var count: Int { state.withLock { $0.core.queuedCount } }

  /// Whether nothing is queued, delayed or being processed.
  package var isIdle: Bool {
    state.withLock {
      $0.core.queuedCount == 0 && $0.core.delayedCount == 0 && $0.core.processingCount == 0
    }
  }

  package var isShutDown: Bool { state.withLock { $0.isShutDown } }

  /// Waits for the next key; `nil` once the queue is shut down or the task is cancelled. Every key
  /// must be given back with ``done(_:)``.
  package func next() async -> Key? {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Key?? = state.withLock { state in
          if state.isShutDown || Task.isCancelled { return .some(nil) }
          if let key = state.core.next() { return .some(key) }
          state.waiters.append((id, continuation))
          return .none
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
      }
      waiter?.resume(returning: nil)
    }
  }

  /// The work on the key has ended, well or not. If it was added meanwhile, it is queued again.
  package func done(_ key: Key) { change { $0.done(key) } }

  /// Ends all waiting; queued keys stay where they are.
  package func shutDown() {
    let waiters = state.withLock { state in
      state.isShutDown = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume(returning: nil) }
  }

  /// Queues delayed keys when their time comes, until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      // A stream of its own for each round: cancelling one that waits finishes it.
      let (wakes, alarm) = AsyncStream.makeStream(
        of: Void.self, bufferingPolicy: .bufferingNewest(1))
      let due = state.withLock { state in
        state.alarm = alarm
        return state.nextDue
      }
      await withTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in wakes { return } }
        if let due { group.addTask { [time] in try? await time.sleep(until: due) } }
        await group.next()
        group.cancelAll()
      }
      change { _ in }
    }
  }

  /// Changes the core, lets due keys move, and hands ready keys to waiting workers.
  private func change(_ body: (inout WorkQueueCore<Key>) -> Void) {
    let now = time.now
    var handovers: [(CheckedContinuation<Key?, Never>, Key)] = []
    state.withLock { state in
      body(&state.core)
      let due = state.core.advance(to: now)
      if due != state.nextDue {
        state.nextDue = due
        state.alarm?.yield()
      }
      while !state.waiters.isEmpty, let key = state.core.next() {
        handovers.append((state.waiters.removeFirst().continuation, key))
      }
    }
    for (continuation, key) in handovers { continuation.resume(returning: key) }
  }
}
