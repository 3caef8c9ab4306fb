import Foundation
import Subprocess
import Testing

/// A mount namespace of our own, as root of it.
private enum MountNamespace {
  static let enter = ["unshare", "--user", "--map-root-user", "--mount"]

  static func isAllowed() async -> Bool {
    let result = try? await Subprocess.run(
      .name("env"), arguments: Arguments(enter + ["mount", "-t", "tmpfs", "none", "/var"]),
      output: .discarded, error: .discarded)
    return result?.terminationStatus.isSuccess == true
  }
}

/// Upstream's converter as its users run it: with their folder under /var/input.
@Suite(
  .timeLimit(.minutes(2)),
  .enabled("needs user namespaces, or root") { await MountNamespace.isAllowed() })
struct ConfigMapToCRsTests {
  /// What a run left: how it ended, what it printed, and the folder's files.
  struct Outcome {
    var isSuccess: Bool
    var output: String
    var errors: String
    var files: [String: String]
  }

  /// Runs the tool with these files in its folder.
  private func run(_ files: [String: String], _ arguments: [String]) async throws -> Outcome {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "configmaptocrs-\(UUID().uuidString)")
    let input = folder.appending(path: "input")
    try FileManager.default.createDirectory(at: input, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      try text.write(to: input.appending(path: name), atomically: true, encoding: .utf8)
    }
    let tool = folder.appending(path: "configmaptocrs").path
    try FileManager.default.createSymbolicLink(
      atPath: tool, withDestinationPath: try Program.path())
    let script = """
      mount -t tmpfs none /var && mkdir /var/input && mount --bind "$1" /var/input && shift && exec "$@"
      """
    let result = try await Subprocess.run(
      .name("env"),
      arguments: Arguments(
        MountNamespace.enter + ["sh", "-c", script, "sh", input.path, tool] + arguments),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    var left: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: input.path) {
      left[name] = try String(contentsOf: input.appending(path: name), encoding: .utf8)
    }
    return Outcome(
      isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput,
      errors: result.standardError, files: left)
  }

  private static let data = """
    address-pools:
    - {name: gold, protocol: layer2, addresses: [10.0.0.0/24], colour: red}
    """

  private static func manifest(_ data: String) -> String {
    """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: config, namespace: lb}
    data:
      config: |
    \(data.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))

    """
  }

  @Test func `Without flags config.yaml becomes resources.yaml, in the namespace of the ConfigMap`()
    async throws
  {
    let outcome = try await run(["config.yaml": Self.manifest(Self.data)], [])
    #expect(outcome.isSuccess, "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("unknown key \"colour\""))
    let resources = try #require(outcome.files["resources.yaml"])
    #expect(resources.hasPrefix("#"))
    #expect(resources.contains("kind: IPAddressPool"))
    #expect(resources.contains("kind: L2Advertisement"))
    #expect(resources.contains("namespace: lb"))
    #expect(outcome.files.keys.sorted() == ["config.yaml", "resources.yaml"])
  }

  @Test(arguments: [
    ["-source", "old.yaml", "-only-data", "-stdout"],
    ["--source=./old.yaml", "--only-data=true", "--stdout"],
  ])
  func `Its flags are taken with one dash and with two`(arguments: [String]) async throws {
    let outcome = try await run(["old.yaml": Self.data], arguments)
    #expect(outcome.isSuccess, "\(outcome.errors)")
    #expect(outcome.output.contains("kind: IPAddressPool"))
    #expect(outcome.output.contains("namespace: metallb-system"))
    #expect(outcome.files.keys.sorted() == ["old.yaml"])
  }

  struct Failure: CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var arguments: [String] = []
    var message: String
  }

  static let failures = [
    Failure(
      testDescription: "no YAML", text: "address-pools: [", arguments: ["-only-data"],
      message: "error: "),
    Failure(
      testDescription: "no addresses", text: manifest(data.replacing("10.0.0.0/24", with: "ten")),
      message: "ten"),
    Failure(
      testDescription: "no ConfigMap", text: "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n",
      message: "ConfigMap"),
    Failure(
      testDescription: "no such file", text: manifest(data), arguments: ["-source", "none.yaml"],
      message: "none.yaml"),
    Failure(
      testDescription: "a file elsewhere", text: manifest(data),
      arguments: ["-source", "../../etc/hostname"], message: "is not below /var/input"),
  ]

  @Test(arguments: failures)
  func `A failure is told by text and exit status, and the output stays as it was`(
    failure: Failure
  ) async throws {
    let files = ["config.yaml": failure.text, "resources.yaml": "kept: true\n"]
    let outcome = try await run(files, failure.arguments)
    #expect(!outcome.isSuccess)
    #expect(outcome.errors.contains(failure.message), "\(outcome.errors)")
    #expect(outcome.files == files)
  }
}
