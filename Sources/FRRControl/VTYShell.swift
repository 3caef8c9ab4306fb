internal import Subprocess

/// `vtysh`, by which people and programs talk to FRR's daemons.
package struct VTYShell: Sendable {
  private let program: String

  /// - Parameter program: a path, or a name that is looked for in `PATH`.
  package init(program: String = "vtysh") { self.program = program }

  /// What a command prints.
  ///
  /// - Throws: ``VTYShellError``.
  package func run(_ command: String) async throws -> String {
    do {
      let result = try await Subprocess.run(
        // env(1) takes paths as well as names.
        .name("env"), arguments: [program, "-c", command], output: .string(limit: 64 << 20),
        error: .string(limit: 1 << 16))
      guard result.terminationStatus.isSuccess else {
        throw VTYShellError(command: command, message: "\(result.standardError.prefix(500))")
      }
      return result.standardOutput
    } catch let error as SubprocessError {
      throw VTYShellError(command: command, message: "\(error)")
    }
  }
}

/// FRR did not answer.
package struct VTYShellError: Error, Hashable, CustomStringConvertible {
  package var command: String
  package var message: String

  package var description: String { "vtysh -c \"\(command)\": \(message)" }
}
