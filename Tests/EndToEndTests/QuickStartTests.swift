import Foundation
import Subprocess
import Testing

/// The quick start of the README with the real `kubectl` on a cluster of namespaces: the files that are shipped, of which
/// only the addresses and the web server's image are others, as they would be on any cluster.
@Suite(
  .serialized, .enabled(if: geteuid() == 0, "namespaces need root"),
  .enabled(if: Shell.hasKubectl, "needs kubectl on the PATH"))
struct QuickStartTests {
  @Test(.timeLimit(.minutes(8)))
  func `The shipped files alone give a Service an address that answers`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "metallb-quickstart-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let kubeconfig = folder.appending(path: "kubeconfig").path
    _ = try await RunningProgram.run([
      "lab", "up", "--nodes", "2", "--kubeconfig", kubeconfig,
    ]) { lab in
      let (client, addresses) = try await Self.invitation(lab)
      let shell = Shell(variables: [
        "KUBECONFIG": kubeconfig, "KUBECACHEDIR": "\(folder.path)/cache", "HOME": folder.path,
        "CLIENT": client, "ADDRESSES": addresses,
      ])
      try await shell("kubectl apply --server-side -f bundle/metallb-operator.yaml")
      // The API server asks webhooks about every object from here on.
      try await shell(
        "kubectl -n metallb-system wait --for=condition=Available deployment --all --timeout=3m")
      try await shell("kubectl apply -f samples/metallb.yaml")
      try await shell(
        "kubectl -n metallb-system wait --for=condition=Available metallb/metallb --timeout=3m")
      try await shell(
        "sed \"s/192.0.2.240-192.0.2.250/$ADDRESSES/\" samples/ipaddresspool.yaml | kubectl apply -f -"
      )
      try await shell(
        "sed 's/image: .*/image: lab\\/echo/' samples/service.yaml | kubectl apply -f -")
      try await shell("kubectl wait --for=condition=Available deployment/web --timeout=3m")
      try await shell("until kubectl get service web | grep -F \"${ADDRESSES%%-*}\"; do :; done")
      try await shell(
        """
        until nsenter --net="$CLIENT" curl --silent --fail --noproxy '*' --max-time 1 \
          "http://${ADDRESSES%%-*}/"; do :; done
        """)
    }
  }

  /// What `lab up` says when it is ready: the client's network namespace, and addresses for Services.
  private static func invitation(
    _ lab: RunningProgram
  ) async throws -> (client: String, addresses: String) {
    var client = ""
    for await line in lab.lines {
      if let start = line.range(of: "nsenter --net=") {
        client = String(line[start.upperBound...])
      }
      if let start = line.range(of: "free addresses: ") {
        return (client, String(line[start.upperBound...]))
      }
    }
    throw RunningProgram.Ended(awaited: "free addresses")
  }
}

/// Runs command lines as a person types them, at the top of the checkout.
struct Shell: Sendable {
  var variables: [String: String]

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static let hasKubectl = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/kubectl") }

  /// - Throws: ``Failure`` for a command that fails or takes longer than four minutes.
  func callAsFunction(_ line: String) async throws {
    let words =
      ["--chdir", Program.checkout.path] + variables.map { "\($0.key)=\($0.value)" }
      + ["timeout", "240", "bash", "-o", "pipefail", "-c", line]
    let result = try await Subprocess.run(
      .name("env"), arguments: Arguments(words), output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw Failure(
        description:
          "\(line): \(result.terminationStatus)\n\(result.standardOutput)\(result.standardError)")
    }
  }
}
