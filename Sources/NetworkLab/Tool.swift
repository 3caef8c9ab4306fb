internal import Subprocess

/// Runs a program to its end and takes what it prints.
package enum Tool {
  /// How a program ended and what it printed. Output past a megabyte makes `run` throw.
  package struct Result: Sendable, Hashable {
    /// `exited(0)`, `signaled(9)`…
    package var status: Status
    package var output: String
    package var error: String
  }

  package enum Status: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case signaled(Int32)

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
      switch self {
      case .exited(let code): "exit status \(code)"
      case .signaled(let signal): "signal \(signal)"
      }
    }
  }

  /// Runs `command` and throws `LabError.commandFailed` unless it succeeds.
  @discardableResult
  package static func run(_ command: [String], input: String = "") async throws -> String {
    let result = try await attempt(command, input: input)
    guard result.status.isSuccess else {
      throw LabError.commandFailed(
        command: command.joined(separator: " "), status: result.status.description,
        message: result.error.trimmingTrailingNewlines)
    }
    return result.output
  }

  /// Runs `command`, a program on the PATH with its arguments, whatever its end; throws only when it
  /// cannot be started. A cancelled task
  /// ends the program with SIGKILL.
  package static func attempt(_ command: [String], input: String = "") async throws -> Result {
    guard let name = command.first else { throw LabError.invalidName("") }
    let result = try await Subprocess.run(
      .name(name), arguments: .init(Array(command.dropFirst())),
      environment: .inherit.updating([
        "PATH": LabRequirements.searchPath.joined(separator: ":"), "LC_ALL": "C",
      ]),
      input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
    return Result(
      status: Status(result.terminationStatus), output: result.standardOutput,
      error: result.standardError)
  }
}

extension Tool.Status {
  init(_ status: TerminationStatus) {
    switch status {
    case .exited(let code): self = .exited(code)
    case .signaled(let signal): self = .signaled(signal)
    }
  }
}

extension String {
  var trimmingTrailingNewlines: String {
    var text = self[...]
    while text.last?.isNewline == true { text.removeLast() }
    return String(text)
  }
}
