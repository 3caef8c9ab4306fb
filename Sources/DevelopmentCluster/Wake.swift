private import Synchronization

/// A signal that is not lost when nobody waits: one or more calls of `signal` let one `wait` pass.
/// One task waits at a time.
final class Wake: Sendable {
  private struct State {
    var isSignalled = false
    var nextID: UInt64 = 0
    var waiter: (id: UInt64, continuation: CheckedContinuation<Void, Never>)?
  }

  private let state = Mutex(State())

  func signal() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      if state.waiter == nil { state.isSignalled = true }
      return state.waiter
    }
    waiter?.continuation.resume()
  }

  /// Returns after a signal, or when the task is cancelled.
  func wait() async {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if state.isSignalled || Task.isCancelled {
            state.isSignalled = false
            return true
          }
          assert(state.waiter == nil, "two tasks wait for one signal")
          state.waiter = (id, continuation)
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        guard state.waiter?.id == id else { return nil as CheckedContinuation<Void, Never>? }
        defer { state.waiter = nil }
        return state.waiter?.continuation
      }
      waiter?.resume()
    }
  }

  /// Returns after a signal or after `limit`.
  func wait(atMost limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait() }
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }
}
