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

  /// Containers as upstream's charts and manifests start them, for which the entry point is the whole command.
  struct BareStart: Sendable, CustomTestStringConvertible {
    var command: String
    var arguments: [String]
    var variables: [String: String]
    var testDescription: String { "\(command): \(arguments.joined(separator: " "))" }
  }

  private static let common = [
    "--port=9120", "--health-probe-port=17472", "--log-level=info",
  ]

  static let bareStarts = [
    BareStart(
      command: "speaker", arguments: common,
      variables: [
        "METALLB_NODE_NAME": "node", "METALLB_HOST": "192.0.2.1", "METALLB_POD_NAME": "speaker-x",
        "METALLB_ML_BIND_ADDR": "192.0.2.1", "METALLB_ML_LABELS": "app=metallb,component=speaker",
      ]),
    // Of the ConfigMap era.
    BareStart(
      command: "speaker", arguments: ["--port=7472", "--config=config", "--log-level=info"],
      variables: ["METALLB_NODE_NAME": "node", "METALLB_HOST": "192.0.2.1"]),
    BareStart(
      command: "speaker", arguments: ["--node-name=node"] + common, variables: [:]),
    BareStart(
      command: "controller", arguments: common + ["--webhook-mode=disabled"],
      variables: [
        "METALLB_POD_NAME": "controller-x", "METALLB_ML_SECRET_NAME": "metallb-memberlist",
        "METALLB_DEPLOYMENT": "controller", "METALLB_BGP_TYPE": "frr",
      ]),
    BareStart(
      command: "controller", arguments: ["--port=7472", "--config=config"],
      variables: ["METALLB_ML_SECRET_NAME": "memberlist", "METALLB_DEPLOYMENT": "controller"]),
    // The operator's webhook server.
    BareStart(
      command: "controller",
      arguments: ["--webhook-mode=onlywebhook", "--port=9120", "--log-level=info"],
      variables: ["METALLB_POD_NAME": "webhook-server-x", "METALLB_BGP_TYPE": "native"]),
    BareStart(
      command: "controller", arguments: common + ["--webhook-mode=enabled"], variables: [:]),
    BareStart(
      command: "operator", arguments: ["--enable-leader-election", "--disable-cert-rotation=true"],
      variables: ["OPERATOR_NAMESPACE": "metallb-system"]),
    BareStart(
      command: "operator", arguments: ["--metrics-addr=:8081"],
      variables: ["WATCH_NAMESPACE": "metallb-system"]),
    BareStart(
      command: "operator", arguments: ["--port=8080", "--enable-leader-election=true"],
      variables: [:]),
  ]

  @Test(arguments: bareStarts)
  func `Started with flags alone, it is what its Pod is for`(start: BareStart) async throws {
    let help = try await Program.run(start.arguments + ["--help"], variables: start.variables)
    #expect(help.output.contains("USAGE: metallb \(start.command)"), "\(help)")
    // The arguments are understood: without a cluster or an image it ends for want of that.
    let ended = try await Program.run(
      start.arguments + ["--kubeconfig", "/nonexistent"], variables: start.variables)
    #expect(!ended.isSuccess)
    #expect(!ended.error.contains("Usage:"), "\(ended)")
    #expect(
      ended.error.contains("/nonexistent") || ended.error.contains("CONTROLLER_IMAGE is not set"),
      "\(ended)")
  }

  @Test(arguments: ["--help", "-h", "--version", "help", "render"])
  func `Who asks the program itself is answered by it, in a Pod too`(word: String) async throws {
    let variables = ["METALLB_NODE_NAME": "node", "METALLB_POD_NAME": "speaker-x"]
    let outcome = try await Program.run([word], variables: variables)
    #expect(outcome.isSuccess)
    #expect(!outcome.output.contains("USAGE: metallb speaker"), "\(outcome)")
  }

  @Test func `Flags that say nothing about the command are refused`() async throws {
    let outcome = try await Program.run(["--port=9120", "--log-level=info"])
    #expect(!outcome.isSuccess)
    #expect(outcome.error.contains("Unknown option"), "\(outcome)")
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
