private import Subprocess
private import Synchronization

/// The frames that an interface has seen since a capture began.
///
/// It keeps the newest `limit` frames. Times are the kernel's, not those of reading.
package final class PacketCapture: Sendable {
  private struct State {
    var stream = PacketStream()
    var frames: [CapturedFrame] = []
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
    var hasEnded = false
  }

  private struct Waiter {
    var matches: @Sendable (CapturedFrame) -> Bool
    var continuation: CheckedContinuation<CapturedFrame?, Never>
  }

  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Whether no more frames will come.
  package var hasEnded: Bool { state.withLock { $0.hasEnded } }

  /// Oldest first.
  package var frames: [CapturedFrame] { state.withLock { $0.frames } }

  /// Returns the first frame that matches: the oldest one that was captured, or one to come. `nil`
  /// when the capture ends or the task is cancelled before.
  package func first(
    where matches: @escaping @Sendable (CapturedFrame) -> Bool
  ) async -> CapturedFrame? {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let known: CapturedFrame?? = state.withLock { state in
          if let frame = state.frames.first(where: matches) { return frame }
          if state.hasEnded || Task.isCancelled { return .some(nil) }
          state.waiters[id] = Waiter(matches: matches, continuation: continuation)
          return nil
        }
        if let known { continuation.resume(returning: known) }
      }
    } onCancel: {
      // A cancellation that comes before the waiter is stored is seen under the lock above.
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.continuation.resume(returning: nil)
    }
  }

  func append(_ bytes: [UInt8]) throws {
    let resumed: [(Waiter, CapturedFrame)] = try state.withLock { state in
      let frames = try state.stream.append(bytes)
      state.frames += frames
      state.frames.removeFirst(max(0, state.frames.count - limit))
      var resumed: [(Waiter, CapturedFrame)] = []
      for (id, waiter) in state.waiters {
        guard let frame = frames.first(where: waiter.matches) else { continue }
        state.waiters[id] = nil
        resumed.append((waiter, frame))
      }
      return resumed
    }
    for (waiter, frame) in resumed { waiter.continuation.resume(returning: frame) }
  }

  func end() {
    let waiters = state.withLock { state in
      state.hasEnded = true
      defer { state.waiters = [:] }
      return state.waiters.values.map(\.continuation)
    }
    for continuation in waiters { continuation.resume(returning: nil) }
  }
}

extension LabNamespace {
  /// Whether captures can be made here: tcpdump insists on choosing its groups, which a user
  /// namespace of an unprivileged user does not let it.
  package static var canCapture: Bool { UserMap.maySetGroups() }

  /// Captures on one interface for the time of `body`, which starts when the capture runs. Throws
  /// `LabError.commandFailed` when the capture ends before the body does.
  ///
  /// - Parameters:
  ///   - filter: in the language of pcap-filter(7), such as `arp`.
  ///   - limit: how many frames are kept, the newest.
  package func withCapture<Value: Sendable>(
    on interface: String, filter: String = "", limit: Int = 100_000,
    _ body: (PacketCapture) async throws -> Value
  ) async throws -> Value {
    let capture = PacketCapture(limit: limit)
    let command =
      enter + ["tcpdump", "--immediate-mode", "-U", "-n", "-i", interface, "-Z", "root", "-w", "-"]
      + (filter.isEmpty ? [] : [filter])
    let outcome = try await Subprocess.run(
      .name(command[0]), arguments: .init(Array(command.dropFirst())),
      input: .none, output: .sequence, error: .discarded
    ) { execution in
      try await withThrowingTaskGroup(of: Void.self) { group in
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        group.addTask {
          defer {
            begin.finish()
            capture.end()
          }
          for try await chunk in execution.standardOutput {
            try capture.append(chunk.withUnsafeBytes { Array($0) })
            // The header of the stream is written once the interface is open.
            begin.yield()
          }
        }
        guard await begun.contains(where: { true }) else {
          throw LabError.commandFailed(
            command: command.joined(separator: " "), status: "no capture", message: "")
        }
        let result: Result<Value, any Error>
        do { result = .success(try await body(capture)) } catch { result = .failure(error) }
        if case .success = result, capture.hasEnded {
          throw LabError.commandFailed(
            command: command.joined(separator: " "), status: "ended early", message: "")
        }
        try? execution.send(signal: .terminate)
        try await group.waitForAll()
        return try result.get()
      }
    }
    return outcome.closureResult
  }
}
