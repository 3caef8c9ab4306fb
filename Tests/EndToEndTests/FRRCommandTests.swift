import Foundation
import Testing

/// The programs that FRR mode copies into the containers with FRR.
@Suite(.timeLimit(.minutes(2))) struct FRRCommandTests {
  @Test func `The reloader leaves its pid, and takes it away when it ends`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "metallb-reload-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let pidFile = folder.appending(path: "reloader.pid").path
    let end = try await RunningProgram.run([
      "frr-reload", "--directory", folder.path, "--tool", "/bin/true",
    ]) { program in
      try await program.waitForLine("waiting for SIGHUP")
      let pid = try #require(Int32(try String(contentsOfFile: pidFile, encoding: .utf8)))
      #expect(kill(pid, SIGHUP) == 0)
      try await program.waitForLine("FRR has taken up its configuration")
      let status = try String(
        contentsOf: folder.appending(path: ".status"), encoding: .utf8)
      #expect(status.hasSuffix(" success"))
    }
    #expect(end.isSuccess)
    #expect(!FileManager.default.fileExists(atPath: pidFile))
  }

  @Test func `The exporter takes the arguments that are rendered for upstream's`() async throws {
    let outcome = try await Program.run(
      as: "frr-metrics",
      [
        "--metrics-port=9121", "--metrics-bind-address=0.0.0.0",
        "--tls-cert-file=/etc/metrics/tls.crt", "--tls-private-key-file=/etc/metrics/tls.key",
        "--tls-min-version=VersionTLS12", "--kubeconfig", "/nonexistent",
      ])
    #expect(!outcome.isSuccess)
    #expect(outcome.error.contains("/nonexistent"), "\(outcome.error)")
    #expect(!outcome.error.contains("Usage:"), "\(outcome.error)")
  }
}
