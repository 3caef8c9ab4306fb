internal import Synchronization

/// A clock that stands still until a test moves it. Its instants are `ContinuousClock`'s, so that it
/// can take that clock's place.
///
/// A test first awaits that the code under test sleeps (``waitForSleepers(_:)``), then advances. Tasks
/// whose deadline is reached wake in the order of their deadlines.
package final class ManualClock: Clock, Sendable {
  package typealias Instant = ContinuousClock.Instant
  package typealias Duration = Swift.Duration

  private struct Sleeper {
    var id: UInt64
    var deadline: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct Watcher {
    var count: Int
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var now: Instant
    var nextID: UInt64 = 0
    var sleepers: [Sleeper] = []
    var watchers: [Watcher] = []
  }

  package let start: Instant
  private let state: Mutex<State>

  package init() {
    start = ContinuousClock.now
    state = Mutex(State(now: start))
  }

  package var now: Instant { state.withLock { $0.now } }
  package var minimumResolution: Duration { .zero }

  /// How far the clock has been moved.
  package var elapsed: Duration { start.duration(to: now) }

  /// The deadlines of the tasks that sleep now, earliest first.
  package var deadlines: [Instant] {
    state.withLock { $0.sleepers.map(\.deadline).sorted() }
  }

  package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        var woken: [CheckedContinuation<Void, Never>] = []
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          if deadline <= state.now { return .success(()) }
          state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
          let count = state.sleepers.count
          woken = state.watchers.filter { $0.count <= count }.map(\.continuation)
          state.watchers.removeAll { $0.count <= count }
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
        for continuation in woken { continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Returns once at least `count` tasks sleep on this clock.
  package func waitForSleepers(_ count: Int = 1) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.sleepers.count >= count { return true }
        state.watchers.append(Watcher(count: count, continuation: continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  package func advance(by duration: Duration) { advance(to: now.advanced(by: duration)) }

  /// Never moves backwards.
  package func advance(to instant: Instant) {
    let woken = state.withLock { state in
      state.now = max(state.now, instant)
      let due = state.sleepers.filter { $0.deadline <= state.now }
      state.sleepers.removeAll { $0.deadline <= state.now }
      return due.sorted { $0.deadline < $1.deadline }
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }
}
