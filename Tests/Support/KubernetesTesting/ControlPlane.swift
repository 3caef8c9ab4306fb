internal import Crypto
internal import FoundationEssentials
internal import KubernetesClient
internal import NIOCore
internal import NIOPosix
internal import Subprocess

/// Why etcd and kube-apiserver could not be started.
package struct ControlPlaneError: Error, CustomStringConvertible {
  package var description: String
}

/// etcd and kube-apiserver from a folder, on loopback, with everything they write in a temporary
/// folder. The shared ones are started by the first test that needs them, for all tests of the process.
/// An administrator signs in by a static token; the server makes its own certificate, which is not
/// checked.
actor ControlPlane {
  static let shared = ControlPlane()

  private var start: Task<String, any Error>?

  /// The administrator's kubeconfig of the shared server, once it is ready.
  func kubeconfig(binaries: String) async throws -> String {
    // Every test awaits the same start; it must not end with the one that came first.
    let start = start ?? Task { try await Self.launch(binaries: binaries) }
    self.start = start
    return try await start.value
  }

  private static func launch(binaries: String) async throws -> String {
    let (kubeconfigs, started) = AsyncThrowingStream<String, any Error>.makeStream()
    // Lives as long as this process.
    Task {
      do {
        try await with(binaries: binaries) { kubeconfig in
          started.yield(kubeconfig)
          try await Task.sleep(for: .seconds(1_000_000))
        }
      } catch {
        started.finish(throwing: error)
      }
    }
    for try await kubeconfig in kubeconfigs { return kubeconfig }
    throw ControlPlaneError(description: "kube-apiserver did not start")
  }

  /// Runs `body` with the administrator's kubeconfig of a server of its own.
  static func with<Result: Sendable>(
    binaries: String, _ body: (String) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: TestCluster.uniqueName("control-plane")
    ).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let token = String(UInt64.random(in: .min ... .max), radix: 16)
    try write("\(token),admin,admin,\"system:masters\"\n", to: "\(folder)/tokens.csv")
    // It reads no public key from the PKCS #8 form of a private one, unless that is RSA's.
    let key = P256.Signing.PrivateKey()
    try write(key.pemRepresentation, to: "\(folder)/service-accounts.key")
    try write(key.publicKey.pemRepresentation, to: "\(folder)/service-accounts.pub")
    let ports = try await freePorts(3)
    try write(script(binaries: binaries, folder: folder, ports: ports), to: "\(folder)/run")
    let kubeconfig = """
      apiVersion: v1
      kind: Config
      clusters: [{name: binaries, cluster: {server: "https://127.0.0.1:\(ports[2])", insecure-skip-tls-verify: true}}]
      users: [{name: admin, user: {token: "\(token)"}}]
      contexts: [{name: binaries, context: {cluster: binaries, user: admin}}]
      current-context: binaries

      """
    // The script ends when its standard input does: after the body, or with this process.
    return try await Subprocess.run(
      .name("sh"), arguments: ["\(folder)/run"], input: .inputWriter, output: .discarded,
      error: .discarded
    ) { _ in
      try await waitUntilReady(
        try .kubeconfig(text: kubeconfig), log: "\(folder)/kube-apiserver.log")
      return try await body(kubeconfig)
    }.closureResult
  }

  private static func script(binaries: String, folder: String, ports: [Int]) -> String {
    let client = "http://127.0.0.1:\(ports[0])"
    let etcd = [
      "\(binaries)/etcd", "--data-dir=\(folder)/etcd", "--unsafe-no-fsync",
      "--listen-client-urls=\(client)", "--advertise-client-urls=\(client)",
      "--listen-peer-urls=http://127.0.0.1:\(ports[1])",
    ]
    let server = [
      "\(binaries)/kube-apiserver", "--etcd-servers=\(client)", "--secure-port=\(ports[2])",
      "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
      "--cert-dir=\(folder)/certificates", "--token-auth-file=\(folder)/tokens.csv",
      "--authorization-mode=RBAC", "--allow-privileged",
      "--service-cluster-ip-range=10.96.0.0/16",
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-account-key-file=\(folder)/service-accounts.pub",
      "--service-account-signing-key-file=\(folder)/service-accounts.key",
    ]
    func quoted(_ words: [String]) -> String { words.map { "'\($0)'" }.joined(separator: " ") }
    return """
      \(quoted(etcd)) >'\(folder)/etcd.log' 2>&1 </dev/null &
      etcd=$!
      \(quoted(server)) >'\(folder)/kube-apiserver.log' 2>&1 </dev/null &
      server=$!
      cat >/dev/null
      kill -KILL $server $etcd
      rm -rf '\(folder)'

      """
  }

  private static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  /// Ports of loopback that nobody uses at the moment.
  private static func freePorts(_ count: Int) async throws -> [Int] {
    var channels: [any Channel] = []
    for _ in 0..<count {
      channels.append(
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
          host: "127.0.0.1", port: 0
        ).get())
    }
    let ports = channels.compactMap { $0.localAddress?.port }
    for channel in channels { try await channel.close() }
    return ports
  }

  private static func waitUntilReady(
    _ configuration: ClientConfiguration, log: String
  ) async throws {
    let client = APIClient(configuration: configuration)
    // There is nothing to await before the first connection succeeds.
    let isReady = try await TimeSource.system.limit(.seconds(60)) {
      while (try? await client.timeout(.seconds(2)).text("/readyz")) == nil {
        try await Task.sleep(for: .milliseconds(200))
      }
      return true
    }
    guard isReady == nil else { return }
    let text = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
    let tail = text.split(separator: "\n").suffix(20).joined(separator: "\n")
    throw ControlPlaneError(description: "kube-apiserver was not ready within 60 s\n\(tail)")
  }
}
