import CLinuxNetwork

/// Work on a thread of its own, which may block, wait in a ``Poller`` and live in another network namespace.
///
/// Timing promises need this: nothing that the rest of the program does on Swift's pool delays such a thread. Its
/// body never awaits.
package enum NetworkThread {
  /// Runs `body` on a new thread and returns what it returns, or throws what it throws.
  ///
  /// Cancelling the calling task does not end the thread: give the body a ``ThreadSignal`` and stop that in a
  /// cancellation handler, as ``run(name:in:signal:_:)`` does.
  /// - Parameters:
  ///   - name: shown by `ps -L` and the like; the kernel keeps 15 bytes.
  ///   - namespace: entered before the body runs. Nil stays where the process is.
  package static func run<Value: Sendable>(
    name: String, in namespace: NetworkNamespace? = nil,
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let work = ThreadWork {
        continuation.resume(
          with: Result {
            try namespace?.enter()
            return try body()
          })
      }
      let context = Unmanaged.passRetained(work)
      let result = cln_start_thread(
        name, { context in ThreadWork.run(context) }, context.toOpaque())
      if result < 0 {
        context.release()
        continuation.resume(throwing: LinuxError("start thread \(name)", code: 0 &- result))
      }
    }
  }

  /// Like ``run(name:in:_:)``, and stops `signal` when the calling task is cancelled.
  package static func run<Value: Sendable>(
    name: String, in namespace: NetworkNamespace? = nil, signal: ThreadSignal,
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withTaskCancellationHandler {
      try await run(name: name, in: namespace, body)
    } onCancel: {
      signal.stop()
    }
  }
}

/// Carries a closure through the C interface for threads.
private final class ThreadWork: Sendable {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }

  static func run(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
  }
}
