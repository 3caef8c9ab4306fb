internal import Glibc
package import KubernetesAPI

/// Where shells take the time from: a monotonic clock for deadlines and sleeping, and the wall clock
/// for what is written into objects. Tests pass a hand-moved clock.
package struct TimeSource: Sendable {
  private let readNow: @Sendable () -> ContinuousClock.Instant
  private let readWall: @Sendable () -> Timestamp
  private let sleepUntil: @Sendable (ContinuousClock.Instant) async throws -> Void

  package init<C: Clock>(
    clock: C, wall: @escaping @Sendable () -> Timestamp = { .now }
  ) where C.Instant == ContinuousClock.Instant {
    readNow = { clock.now }
    readWall = wall
    sleepUntil = { try await clock.sleep(until: $0, tolerance: nil) }
  }

  /// The system's clocks.
  package static let system = TimeSource(clock: ContinuousClock())

  package var now: ContinuousClock.Instant { readNow() }
  package var wall: Timestamp { readWall() }

  /// Throws `CancellationError` when the task is cancelled.
  package func sleep(until deadline: ContinuousClock.Instant) async throws {
    try await sleepUntil(deadline)
  }

  package func sleep(for duration: Duration) async throws {
    try await sleepUntil(now.advanced(by: duration))
  }

  /// Runs `body` and cancels it once `duration` has passed; then the answer is `nil`.
  package func limit<Value: Sendable>(
    _ duration: Duration, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await sleep(for: duration)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}

extension Timestamp {
  /// The wall clock.
  package static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}
