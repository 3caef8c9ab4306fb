package import KubernetesAPI
private import Glibc
private import Synchronization

/// What a journey shows while it goes on: one line for each step with the time at which it ended, how
/// long it took and what came of it.
///
///        at     took
///     2.31 s   2.31 s  cluster of 3 nodes        node-1, node-2 and node-3 are ready
///     3.02 s   0.71 s  operator                  runs on node-2
///
/// On a terminal, the step that is going on is shown with its running time. Without one, or with
/// `NO_COLOR`, there are neither colours nor moving lines.
package final class Timeline: Sendable {
  package struct Step: Sendable, Hashable {
    package var title: String
    package var result: String
    /// Since the beginning of the journey.
    package var end: Duration
    package var duration: Duration
    package var isSuccess: Bool
    package var figures: JSONObject
  }

  /// What a step hands back: a text for people and figures for machines.
  package struct Outcome: Sendable {
    package var text: String
    package var figures: JSONObject

    package init(_ text: String, _ figures: JSONObject = [:]) {
      self.text = text
      self.figures = figures
    }
  }

  private struct State {
    var steps: [Step] = []
    var hasHeader = false
  }

  private let state = Mutex(State())
  private let start = ContinuousClock.now
  private let style: TerminalStyle
  private let write: @Sendable (String) -> Void

  /// - Parameter write: takes text for standard output.
  package init(style: TerminalStyle, write: @escaping @Sendable (String) -> Void) {
    self.style = style
    self.write = write
  }

  package var steps: [Step] { state.withLock { $0.steps } }

  /// Performs one step and shows it. What it throws is shown too and thrown on.
  @discardableResult
  package func step<Value: Sendable>(
    _ title: String, _ body: @escaping @Sendable () async throws -> (Value, Outcome)
  ) async throws -> Value {
    showHeader()
    let begin = ContinuousClock.now
    do {
      let (value, outcome) = try await showingProgress(title, since: begin, body)
      record(title, outcome, since: begin, isSuccess: true)
      return value
    } catch {
      let text = error is CancellationError ? "interrupted" : "\(error)"
      record(title, Outcome(text), since: begin, isSuccess: false)
      throw error
    }
  }

  /// Runs `body` beside a line that shows how long it has been going on.
  private func showingProgress<Value: Sendable>(
    _ title: String, since begin: ContinuousClock.Instant,
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    guard style.isTerminal else { return try await body() }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        while !Task.isCancelled {
          let now = ContinuousClock.now
          self.write(
            self.style.movingLine(
              TimelineText.line(at: now - self.start, took: now - begin, title, "…")))
          try? await Task.sleep(for: .milliseconds(100))
        }
        return nil
      }
      defer {
        group.cancelAll()
        write(style.clearLine)
      }
      while let result = try await group.next() {
        if let value = result { return value }
      }
      throw CancellationError()
    }
  }

  private func showHeader() {
    let isFirst = state.withLock { state in
      defer { state.hasHeader = true }
      return !state.hasHeader
    }
    if isFirst { write(style.faint(TimelineText.header) + "\n") }
  }

  private func record(
    _ title: String, _ outcome: Outcome, since begin: ContinuousClock.Instant, isSuccess: Bool
  ) {
    let now = ContinuousClock.now
    let step = Step(
      title: title, result: outcome.text, end: now - start, duration: now - begin,
      isSuccess: isSuccess, figures: outcome.figures)
    state.withLock { $0.steps.append(step) }
    let lines = TimelineText.lines(step)
    write((isSuccess ? lines : style.alarming(lines)) + "\n")
  }

  /// All steps with their figures, for machines.
  package var json: JSONValue {
    .array(
      steps.map { step in
        [
          "step": .string(step.title), "result": .string(step.result),
          "ok": .bool(step.isSuccess), "endSeconds": .double(step.end.inMilliseconds),
          "durationSeconds": .double(step.duration.inMilliseconds),
          "figures": .object(step.figures),
        ]
      })
  }
}

extension Duration {
  /// Seconds, to the millisecond.
  package var inMilliseconds: Double { (inSeconds * 1000).rounded() / 1000 }
}

/// The text of a timeline's lines.
enum TimelineText {
  static let titleWidth = 26

  static var header: String { pad("at", 9, right: true) + pad("took", 10, right: true) }

  static func line(
    at end: Duration, took duration: Duration, _ title: String, _ result: String
  ) -> String {
    pad(end.secondsText, 9, right: true) + pad(duration.secondsText, 10, right: true) + "  "
      + pad(title, titleWidth) + result
  }

  /// A result of several lines is aligned below its first one.
  static func lines(_ step: Timeline.Step) -> String {
    let indent = String(repeating: " ", count: 9 + 10 + 2 + titleWidth)
    let results = step.result.split(separator: "\n", omittingEmptySubsequences: false)
    let first = line(
      at: step.end, took: step.duration, step.title,
      (step.isSuccess ? "" : "FAILED: ") + (results.first ?? ""))
    return ([first] + results.dropFirst().map { indent + $0 }).joined(separator: "\n")
  }

  /// Name and value pairs, one below the other.
  static func table(_ rows: [(String, String)]) -> String {
    let width = (rows.map(\.0.count).max() ?? 0) + 2
    return rows.map { pad($0.0, width) + $0.1 }.joined(separator: "\n")
  }

  static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return right ? space + text : text + space
  }
}

/// What the output can show.
package struct TerminalStyle: Sendable, Hashable {
  package var isTerminal: Bool
  package var hasColor: Bool
  /// Columns of the terminal.
  package var width: Int

  package init(isTerminal: Bool, hasColor: Bool, width: Int = 120) {
    self.isTerminal = isTerminal
    self.hasColor = hasColor
    self.width = width
  }

  /// Of standard output, with `NO_COLOR` obeyed (no-color.org).
  package static func standardOutput() -> TerminalStyle {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let noColor = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    var size = winsize()
    let hasSize = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
    return TerminalStyle(
      isTerminal: isTerminal, hasColor: isTerminal && !noColor,
      width: hasSize ? Int(size.ws_col) : 120)
  }

  func movingLine(_ text: String) -> String { "\r\u{1B}[K" + faint(String(text.prefix(width - 1))) }
  var clearLine: String { isTerminal ? "\r\u{1B}[K" : "" }
  package func faint(_ text: String) -> String { hasColor ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
  package func strong(_ text: String) -> String { hasColor ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  func alarming(_ text: String) -> String { hasColor ? "\u{1B}[31m\(text)\u{1B}[0m" : text }
}
