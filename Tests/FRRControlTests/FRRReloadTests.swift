import Foundation
import Testing

@testable import FRRControl

@Suite(.timeLimit(.minutes(1))) struct FRRReloadTests {
  /// A tool that notes what it is asked, and fails where its first argument is this.
  private func withReload(
    failingAt option: String = "", _ body: (FRRReload, _ asked: () -> String) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "frr-reload-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let script = folder.appending(path: "tool").path
    let text = """
      #!/bin/sh
      echo "$@" >> \(folder.path)/asked
      echo "neighbor 192.0.2.1 password secret"
      [ "$1" != "\(option)" ]
      """
    try Data(text.utf8).write(to: URL(filePath: script))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    var reload = FRRReload(directory: folder.path)
    reload.command = [script]
    try await body(reload) {
      (try? String(contentsOf: folder.appending(path: "asked"), encoding: .utf8)) ?? ""
    }
  }

  @Test func `A configuration is tried, then applied`() async throws {
    try await withReload { reload, asked in
      let outcome = try await reload.run(now: 1_700_000_000)
      #expect(outcome.isSuccess)
      #expect(
        asked() == """
          --test --stdout \(reload.configuration)
          --reload --overwrite --stdout \(reload.configuration)

          """)
      let status = try String(contentsOfFile: reload.statusFile, encoding: .utf8)
      #expect(status == "1700000000 success")
    }
  }

  @Test func `What fails the trial is not applied`() async throws {
    try await withReload(failingAt: "--test") { reload, asked in
      let outcome = try await reload.run(now: 5)
      #expect(!outcome.isSuccess)
      #expect(asked() == "--test --stdout \(reload.configuration)\n")
      #expect(try String(contentsOfFile: reload.statusFile, encoding: .utf8) == "5 failure")
    }
  }

  @Test func `What cannot be applied, or no tool at all, is a failure`() async throws {
    try await withReload(failingAt: "--reload") { reload, _ in
      let refused = try await reload.run(now: 5)
      #expect(!refused.isSuccess)
      var reload = reload
      reload.command = ["/nonexistent"]
      let absent = try await reload.run(now: 6)
      #expect(!absent.isSuccess)
      #expect(try String(contentsOfFile: reload.statusFile, encoding: .utf8) == "6 failure")
    }
  }

  @Test func `Passwords do not reach the log`() async throws {
    try await withReload { reload, _ in
      let outcome = try await reload.run(now: 1)
      #expect(outcome.output == "neighbor 192.0.2.1 password <redacted>\n")
    }
  }
}
