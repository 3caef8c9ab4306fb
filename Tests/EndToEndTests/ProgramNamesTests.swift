import Foundation
import Testing

/// One program under many names (design D1).
@Suite(.timeLimit(.minutes(2))) struct ProgramNamesTests {
  @Test(arguments: [
    ("metallb", "<subcommand>"), ("kubectl-metallb", "<subcommand>"),
    ("controller", "controller"), ("speaker", "speaker"), ("manager", "operator"),
    ("metallb-operator", "operator"), ("configmaptocrs", "configmaptocrs"),
    ("cp-tool", "cp-tool"), ("frr-metrics", "frr-metrics"), ("frr-reloader.sh", "frr-reload"),
  ])
  func `Its name picks the command`(name: String, command: String) async throws {
    let outcome = try await Program.run(as: name, ["--help"])
    #expect(outcome.isSuccess)
    #expect(outcome.output.contains("USAGE: metallb \(command)"), "\(outcome)")
  }

  @Test func `The image has a link for each of the names`() throws {
    let script = try String(
      contentsOf: Program.checkout.appending(path: "hack/image"), encoding: .utf8)
    let line = try #require(script.split(separator: "\n").first { $0.hasPrefix("commands=(") })
    let names = line.dropFirst("commands=(".count).dropLast().split(separator: " ")
    #expect(
      Set(names) == [
        "controller", "speaker", "manager", "metallb-operator", "configmaptocrs", "cp-tool",
        "frr-metrics", "frr-reloader.sh", "kubectl-metallb",
      ])
  }

  @Test func `Booleans are taken as Go writes them`() async throws {
    let outcome = try await Program.run(
      as: "manager", ["--enable-leader-election=true", "--webhook-http2=false"])
    #expect(!outcome.isSuccess)
    #expect(outcome.error.contains("OPERATOR_NAMESPACE is not set"), "\(outcome)")
  }

  @Test func `Files are copied out of the image, over earlier copies`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "metallb-copy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (source, link, copy) = (
      folder.appending(path: "source"), folder.appending(path: "link"),
      folder.appending(path: "copy")
    )
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "source")
    for text in ["first", "second"] {
      try Data(text.utf8).write(to: source)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: source.path)
      let outcome = try await Program.run(as: "cp-tool", [link.path, copy.path])
      #expect(outcome.isSuccess, "\(outcome)")
      #expect(try String(contentsOf: copy, encoding: .utf8) == text)
      #expect(FileManager.default.isExecutableFile(atPath: copy.path))
    }
    let outcome = try await Program.run(as: "cp-tool", ["/nonexistent", copy.path])
    #expect(!outcome.isSuccess)
    #expect(outcome.error.contains("/nonexistent"))
  }
}
