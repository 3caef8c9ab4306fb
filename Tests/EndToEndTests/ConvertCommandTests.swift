import Foundation
import Subprocess
import Testing

/// `metallb convert`, as people run it.
@Suite(.timeLimit(.minutes(2)))
struct ConvertCommandTests {
  /// The program stands beside the executable that runs the tests.
  private func program() throws -> URL {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: tests).deletingLastPathComponent().appending(path: "metallb")
  }

  private func run(
    _ program: URL, _ arguments: [String]
  ) async throws -> (isSuccess: Bool, output: String, errors: String) {
    let result = try await Subprocess.run(
      .name("env"), arguments: Arguments([program.path] + arguments),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    return (
      result.terminationStatus.isSuccess, result.standardOutput, result.standardError
    )
  }

  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "metallb-convert-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }

  @Test func `A file is converted, and a bad one leaves the output as it was`() async throws {
    try await withFolder { folder in
      let (input, output) = (folder.appending(path: "in.yaml"), folder.appending(path: "out.yaml"))
      try """
      address-pools:
      - {name: My_Pool, protocol: layer2, addresses: [10.0.0.0/24], colour: red}
      """.write(to: input, atomically: true, encoding: .utf8)
      let arguments = ["convert", "-f", input.path, "--only-data", "--namespace", "lb"]
      let printed = try await run(program(), arguments)
      #expect(printed.isSuccess, "\(printed.errors)")
      #expect(printed.output.contains("kind: IPAddressPool"))
      #expect(printed.output.contains("namespace: lb"))
      #expect(printed.errors.contains("unknown key \"colour\""))
      #expect(printed.errors.contains("pool \"My_Pool\" is now named \"my-pool\""))
      let written = try await run(program(), arguments + ["-o", output.path])
      #expect(written.isSuccess)
      #expect(try String(contentsOf: output, encoding: .utf8) == printed.output)

      try "address-pools: [{name: a, protocol: layer2, addresses: [10.0.0.0/33]}]".write(
        to: input, atomically: true, encoding: .utf8)
      let failed = try await run(program(), arguments + ["-o", output.path])
      #expect(!failed.isSuccess)
      #expect(failed.errors.contains("10.0.0.0/33"))
      #expect(try String(contentsOf: output, encoding: .utf8) == printed.output)
    }
  }

  @Test func `plan wants a change`() async throws {
    let result = try await run(program(), ["plan"])
    #expect(!result.isSuccess)
    #expect(result.errors.contains("-f FILE or --delete KIND/NAME"))
  }
}
