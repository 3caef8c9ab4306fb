import Foundation
import Subprocess
import Testing

/// `metallb apiserver`, as a person starts it.
@Suite(.timeLimit(.minutes(2)))
struct ApiserverCommandTests {
  /// The program stands beside the executable that runs the tests.
  private static func program() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: tests).deletingLastPathComponent().appending(path: "metallb").path
  }

  private static func start(
    listen: String, kubeconfig: String,
    _ body: @escaping @Sendable (_ line: String) async throws -> Void
  ) async throws -> (lines: [String], isSuccess: Bool) {
    let outcome = try await Subprocess.run(
      .name("env"),
      arguments: [
        try program(), "apiserver", "--listen", listen, "--kubeconfig", kubeconfig,
      ], input: .none, output: .sequence, error: .discarded
    ) { execution in
      var text = ""
      var hasBegun = false
      for try await chunk in execution.standardOutput {
        text += chunk.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        guard !hasBegun, text.contains("\n") else { continue }
        hasBegun = true
        do {
          try await body(text)
        } catch {
          try? execution.send(signal: .kill)
          throw error
        }
        try execution.send(signal: .terminate)
      }
      return text.split(separator: "\n").map(String.init)
    }
    return (outcome.closureResult, outcome.terminationStatus.isSuccess)
  }

  @Test
  func `It prints one line, writes a kubeconfig for its owner alone, and stops when asked to`()
    async throws
  {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "metallb-apiserver-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "kubeconfig").path
    let outcome = try await Self.start(listen: "127.0.0.1:0", kubeconfig: path) { line in
      let url = try #require(line.split(separator: ",").first?.split(separator: " ").last)
      #expect(line == "serving \(url), kubeconfig in \(path)\n")
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try String(contentsOfFile: path, encoding: .utf8).contains(url))
      let second = try await Self.refusal(listen: String(url.dropFirst("https://".count)), path)
      #expect(second.contains("cannot serve on 127.0.0.1:"), "\(second)")
    }
    #expect(outcome.isSuccess)
    #expect(outcome.lines.count == 1)
  }

  /// What a server says that cannot listen.
  private static func refusal(listen: String, _ kubeconfig: String) async throws -> String {
    let result = try await Subprocess.run(
      .name("env"),
      arguments: [
        try program(), "apiserver", "--log-level", "none", "--listen", listen, "--kubeconfig",
        "\(kubeconfig)-second",
      ], output: .discarded, error: .string(limit: 1 << 16))
    #expect(!result.terminationStatus.isSuccess)
    return result.standardError
  }
}
