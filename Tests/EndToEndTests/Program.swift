import Foundation
import Subprocess

/// The program that ships, as people and containers start it.
enum Program {
  /// What a run of it left.
  struct Outcome {
    /// Nil when a signal ended it.
    var exitCode: Int32?
    var isSuccess: Bool { exitCode == 0 }
    var output: String
    var error: String
  }

  /// It stands beside the executable that runs the tests.
  static func path() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: tests).deletingLastPathComponent().appending(path: "metallb").path
  }

  /// The top of the checkout.
  static let checkout = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardized

  /// - Parameters:
  ///   - name: of a link to start it by; `nil` starts it as itself.
  ///   - variables: added to the environment.
  static func run(
    as name: String? = nil, _ arguments: [String], variables: [String: String] = [:]
  ) async throws -> Outcome {
    var program = try path()
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "metallb-names-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    if let name {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let link = folder.appending(path: name).path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: program)
      program = link
    }
    let result = try await Subprocess.run(
      .name("env"),
      arguments: Arguments(variables.map { "\($0.key)=\($0.value)" } + [program] + arguments),
      output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
    return Outcome(
      exitCode: result.terminationStatus.exitCode, output: result.standardOutput,
      error: result.standardError)
  }
}

extension TerminationStatus {
  /// Nil when a signal ended the process.
  var exitCode: Int32? {
    if case .exited(let code) = self { code } else { nil }
  }
}
