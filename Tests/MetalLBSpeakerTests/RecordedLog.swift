import KubernetesClient
import Logging
import Synchronization
import Testing

/// What a speaker says in its log, from debug up.
final class RecordedLog: Sendable {
  struct Line: Sendable {
    var level: Logger.Level
    var message: String
    var metadata: [String: String]

    var event: String? { metadata["event"] }
  }

  private struct State {
    var lines: [Line] = []
    var waiters: [AsyncStream<Line>.Continuation] = []
  }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = metadata.merging(event.metadata ?? [:]) { $1 }
      log.note(
        Line(
          level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }))
    }
  }

  private let state = Mutex(State())

  var logger: Logger { Logger(label: "speaker") { _ in Handler(log: self) } }

  var lines: [Line] { state.withLock { $0.lines } }

  /// The first line that satisfies the condition, as soon as there is one; throws after half a minute.
  @discardableResult
  func line(where condition: @escaping @Sendable (Line) -> Bool) async throws -> Line {
    let (stream, continuation) = AsyncStream<Line>.makeStream()
    state.withLock { state in
      for line in state.lines { continuation.yield(line) }
      state.waiters.append(continuation)
    }
    let found = try await TimeSource.system.limit(.seconds(30)) {
      for await line in stream where condition(line) { return line }
      throw CancellationError()
    }
    return try #require(found, "no such line in \(lines)")
  }

  private func note(_ line: Line) {
    let waiters = state.withLock { state in
      state.lines.append(line)
      return state.waiters
    }
    for waiter in waiters { waiter.yield(line) }
  }
}
