internal import FoundationEssentials
internal import Subprocess

/// Makes FRR take up a configuration file: first tried, then applied, the outcome left where the speaker looks for it.
package struct FRRReload: Sendable {
  /// What FRR is asked with; its own tool by default.
  package var command = ["python3", "/usr/lib/frr/frr-reload.py"]
  /// The directory that the speaker's container shares.
  package let directory: String

  package init(directory: String) { self.directory = directory }

  package var configuration: String { directory + "/frr.conf" }
  /// The process to send SIGHUP to.
  package var pidFile: String { directory + "/reloader.pid" }
  /// `SECONDS success` or `SECONDS failure`, without a line end; the seconds are those since 1970.
  package var statusFile: String { directory + "/.status" }

  /// What the tool printed, without passwords.
  package struct Outcome: Sendable, Hashable {
    package var isSuccess: Bool
    package var output: String
  }

  /// - Parameter now: seconds since 1970.
  package func run(now: Int64) async throws -> Outcome {
    var outcome = await ask("--test")
    if outcome.isSuccess { outcome = await ask("--reload", "--overwrite") }
    try write("\(now) \(outcome.isSuccess ? "success" : "failure")", to: statusFile)
    return outcome
  }

  private func ask(_ options: String...) async -> Outcome {
    do {
      let result = try await Subprocess.run(
        .name("env"), arguments: Arguments(command + options + ["--stdout", configuration]),
        output: .string(limit: 1 << 24), error: .string(limit: 1 << 20))
      return Outcome(
        isSuccess: result.terminationStatus.isSuccess,
        output: Self.masked(result.standardOutput + result.standardError))
    } catch {
      return Outcome(isSuccess: false, output: "\(error)")
    }
  }

  /// Lines such as `neighbor 192.0.2.1 password secret` keep all but the secret.
  static func masked(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let word = line.firstRange(of: "password ") else { return String(line) }
      return line[..<word.upperBound] + "<redacted>"
    }.joined(separator: "\n")
  }

  /// Replaces a file in one step.
  package func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
  }
}
