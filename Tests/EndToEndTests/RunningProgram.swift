import Subprocess

/// The shipped program while it runs beside a test.
struct RunningProgram: Sendable {
  /// What it says on standard output.
  let lines: AsyncStream<String>
  private let signal: @Sendable (Signal) throws -> Void

  /// Sends SIGTERM, as the kubelet does.
  func terminate() throws { try signal(.terminate) }

  /// Returns once a line contains the text; for one caller at a time.
  ///
  /// - Throws: ``Ended`` when the program ends without it.
  func waitForLine(_ text: String) async throws {
    for await line in lines where line.contains(text) { return }
    throw Ended(awaited: text)
  }

  struct Ended: Error {
    var awaited: String
  }

  /// How the program ended.
  struct End: Sendable {
    /// Nil when a signal ended it.
    var exitCode: Int32?
    var isSuccess: Bool { exitCode == 0 }
    /// From `terminate` on.
    var took: Duration
  }

  /// Runs the program, hands it to `body`, then terminates it and waits for its end.
  ///
  /// - Parameter variables: added to the environment.
  static func run(
    _ arguments: [String], variables: [String: String] = [:],
    _ body: @escaping @Sendable (RunningProgram) async throws -> Void
  ) async throws -> End {
    let words = variables.map { "\($0.key)=\($0.value)" } + [try Program.path()] + arguments
    let outcome = try await Subprocess.run(
      .name("env"), arguments: Arguments(words), input: .none, output: .sequence,
      error: .discarded
    ) { execution in
      let (lines, continuation) = AsyncStream.makeStream(of: String.self)
      let program = RunningProgram(lines: lines) { try execution.send(signal: $0) }
      return try await withThrowingTaskGroup(of: ContinuousClock.Instant?.self) { group in
        group.addTask {
          defer { continuation.finish() }
          var rest = ""
          for try await chunk in execution.standardOutput {
            rest += chunk.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            while let end = rest.firstIndex(of: "\n") {
              continuation.yield(String(rest[..<end]))
              rest = String(rest[rest.index(after: end)...])
            }
          }
          return nil
        }
        group.addTask {
          do {
            try await body(program)
          } catch {
            try? execution.send(signal: .kill)
            throw error
          }
          let begin = ContinuousClock.now
          // Where the test did not do it already.
          try? program.terminate()
          return begin
        }
        var begin: ContinuousClock.Instant?
        // The output ends with the program.
        for try await result in group { begin = begin ?? result }
        return begin.map { ContinuousClock.now - $0 } ?? .zero
      }
    }
    return End(exitCode: outcome.terminationStatus.exitCode, took: outcome.closureResult)
  }
}
