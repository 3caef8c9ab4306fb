import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import Synchronization
import Testing

/// The speaker's command line and environment, as upstream's manifests write them (spec/speaker 1.1), and its process.
@Suite(.timeLimit(.minutes(3))) struct SpeakerCommandTests {
  private static let missing = "--kubeconfig=/nonexistent/kubeconfig"
  private static let node = ["METALLB_NODE_NAME": "node-1"]

  struct Start: Sendable, CustomTestStringConvertible {
    var arguments: [String] = []
    var variables: [String: String] = [:]
    var testDescription: String {
      (variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + arguments)
        .joined(separator: " ")
    }

    static func flag(_ arguments: String...) -> Start { Start(arguments: arguments) }
    static func variable(_ name: String, _ value: String) -> Start {
      Start(variables: [name: value])
    }
  }

  private static let understood: [Start] = [
    .flag("--port=7472"), .flag("--port=0"), .flag("--namespace=metallb-system"),
    .flag("--pod-name=speaker-1"), .flag("--host=192.0.2.1"), .flag("--config=config"),
    .flag("--log-level=all"), .flag("--log-level=none"), .flag("--health-probe-port=17472"),
    .flag("--pprof-bind-address=127.0.0.1:6060"), .flag("--lb-class=example.com/metallb"),
    .flag("--ignore-exclude-lb"), .flag("--ignore-exclude-lb=true"),
    .flag("--ignore-exclude-lb=false"), .flag("--ml-bindaddr=192.0.2.1"),
    .flag("--ml-bindaddr=2001:db8::1", "--ml-bindport=7947"), .variable("METALLB_ML_BIND_PORT", ""),
    .flag("--ml-labels=app=metallb,component=speaker"),
    .flag("--ml-secret-key-path=/etc/ml_secret_key"), .flag("--ml-wan-config"),
    .flag("--ml-wan-config=false"), .flag("--bgp-debounce-timeout=500"),
    .flag("--frrk8s-namespace=frr-k8s-system"), .flag("--tls-min-version=VersionTLS12"),
    .flag("--tls-curve-preferences=29,23"), .flag("--metrics-cert-dir=/metrics-certs"),
    .variable("METALLB_NAMESPACE", "metallb-system"), .variable("METALLB_POD_NAME", "speaker-1"),
    .variable("METALLB_HOST", "192.0.2.1"), .variable("METALLB_ML_BIND_ADDR", "192.0.2.1"),
    .variable("METALLB_ML_BIND_PORT", "7947"), .variable("METALLB_ML_LABELS", "component=speaker"),
    .variable("METALLB_ML_SECRET_KEY_PATH", "/etc/ml_secret_key"),
    .variable("METALLB_ML_SECRET_KEY", "secret"),
    .variable("METALLB_BGP_DEBOUNCE_TIMEOUT", "500"),
    .variable("FRRK8S_NAMESPACE", "frr-k8s-system"), .variable("METALLB_BGP_TYPE", "native"),
    .variable("METALLB_BGP_TYPE", "frr"), .variable("METALLB_BGP_TYPE", "frr-k8s"),
    Start(
      arguments: ["--frrk8s-secret-passthrough", "--frrk8s-namespace=frr-k8s-system"],
      variables: ["METALLB_BGP_TYPE": "frr-k8s"]),
    Start(
      arguments: ["--ml-bindaddr=192.0.2.1"], variables: ["METALLB_ML_BIND_ADDR": "the flag wins"]),
  ]

  @Test(arguments: understood)
  func `Every flag and variable is taken`(start: Start) async throws {
    let outcome = try await Program.run(
      as: "speaker", start.arguments + [Self.missing],
      variables: start.variables.merging(Self.node) { $1 })
    #expect(outcome.exitCode == 1)
    #expect(outcome.error.contains("/nonexistent/kubeconfig"), "\(outcome)")
  }

  @Test func `The node may also be named by a flag`() async throws {
    let outcome = try await Program.run(as: "speaker", ["--node-name=node-1", Self.missing])
    #expect(outcome.error.contains("/nonexistent/kubeconfig"), "\(outcome)")
  }

  private static let refused: [(start: Start, word: String)] = [
    (.flag("--ml-bindaddr=node-1"), "--ml-bindaddr (node-1)"),
    (.flag("--ml-bindaddr=192.0.2.1", "--ml-bindport=0"), "--ml-bindport (0)"),
    (.flag("--ml-bindaddr=192.0.2.1", "--ml-bindport=x"), "--ml-bindport (x)"),
    (
      Start(
        arguments: ["--ml-bindaddr=192.0.2.1"], variables: ["METALLB_ML_BIND_PORT": "65536"]),
      "--ml-bindport (65536)"
    ),
    (.variable("METALLB_ML_BIND_ADDR", "192.0.2.300"), "--ml-bindaddr (192.0.2.300)"),
    (.variable("METALLB_BGP_TYPE", "bird"), "METALLB_BGP_TYPE (bird)"),
    (.flag("--bgp-debounce-timeout=0"), "--bgp-debounce-timeout (0)"),
    (.variable("METALLB_BGP_DEBOUNCE_TIMEOUT", "3s"), "--bgp-debounce-timeout (3s)"),
    (.flag("--frrk8s-secret-passthrough"), "--frrk8s-secret-passthrough"),
    (
      Start(
        arguments: ["--frrk8s-secret-passthrough"], variables: ["METALLB_BGP_TYPE": "frr-k8s"]),
      "--frrk8s-namespace"
    ),
    (.flag("--log-level=loud"), "loud"), (.flag("--port=70000"), "--port"),
    (.flag("--health-probe-port=0"), "--health-probe-port"),
    (.flag("--tls-min-version=VersionTLS9"), "VersionTLS9"),
    (.flag("--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "TLS"),
    (.flag("--unknown=1"), "--unknown"),
  ]

  @Test(arguments: refused)
  func `A value that means nothing ends the process with 1`(
    start: Start, word: String
  ) async throws {
    let outcome = try await Program.run(
      as: "speaker", start.arguments + [Self.missing],
      variables: start.variables.merging(Self.node) { $1 })
    #expect(outcome.exitCode == 1)
    #expect(outcome.error.contains(word), "\(outcome)")
    #expect(!outcome.error.contains("/nonexistent/kubeconfig"), "\(outcome)")
  }

  @Test func `Without a node name it ends with 1`() async throws {
    let outcome = try await Program.run(as: "speaker", [Self.missing])
    #expect(outcome.exitCode == 1)
    #expect(outcome.error.contains("METALLB_NODE_NAME"), "\(outcome)")
  }

  @Test(arguments: ["controller", "manager"])
  func `So do the other processes when their command line is at fault`(name: String) async throws {
    let outcome = try await Program.run(as: name, ["--unknown=1"])
    #expect(outcome.exitCode == 1)
    #expect(outcome.error.contains("--unknown"))
    #expect(try await Program.run(["convert", "--unknown=1"]).exitCode == 64)
  }

  // MARK: The process

  /// Runs a speaker that handles no Service of anybody.
  private func withSpeaker(
    _ arguments: [String], _ body: @escaping @Sendable (RunningProgram) async throws -> Void
  ) async throws -> RunningProgram.End {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "metallb-speaker-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    return try await withTestCluster { cluster in
      for crd in CustomResourceDefinitions.yaml { try await cluster.installCRDs(yaml: crd.text) }
      try Data(cluster.kubeconfig.utf8).write(to: file)
      return try await RunningProgram.run(
        [
          "speaker", "--port=0", "--lb-class=example.com/nobody",
          "--namespace=\(cluster.namespace)", "--kubeconfig=\(file.path)",
        ] + arguments, variables: Self.node, body)
    }
  }

  private static let isRoot = geteuid() == 0

  @Test(.enabled(if: isRoot, "needs root to open packet sockets"))
  func `Its log is JSON, and names what has no effect once`() async throws {
    let lines = Mutex<[JSONValue]>([])
    let port = try FreePort.next()
    let end = try await withSpeaker(
      ["--health-probe-port=\(port)", "--pprof-bind-address=:6060", "--log-level=debug"]
    ) { program in
      for await line in program.lines {
        let event = try JSONValue(parsing: line)
        lines.withLock { $0.append(event) }
        if event["msg"] == "configuration in force" { break }
      }
    }
    #expect(end.exitCode == 0)
    let all = lines.withLock { $0 }
    for line in all {
      for key in ["ts", "level", "caller", "msg"] {
        #expect(line[key]?.stringValue?.isEmpty == false, "\(key): \(line)")
      }
      #expect(["debug", "info", "warn", "error"].contains(line["level"]?.stringValue), "\(line)")
    }
    let profiling = all.filter { $0["msg"]?.stringValue?.contains("pprof") == true }
    #expect(profiling.map { $0["level"] } == ["warn"])
    #expect(profiling.first?["address"] == ":6060")
  }

  @Test(.enabled(if: isRoot, "needs root to open packet sockets"))
  func `Its probes answer on the loopback address alone`() async throws {
    let port = try FreePort.next()
    let end = try await withSpeaker(["--health-probe-port=\(port)"]) { program in
      try await program.waitForLine("configuration in force")
      #expect(try FreePort.listeners(on: port) == ["0100007F"])
    }
    #expect(end.exitCode == 0)
  }
}

/// TCP ports of this host.
enum FreePort {
  struct Failure: Error { var code: Int32 }

  /// One that was free a moment ago.
  static func next() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
      }
    }
    guard result == 0 else { throw Failure(code: errno) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// The addresses on which somebody listens on a port, as `/proc/net/tcp` and `tcp6` write them.
  static func listeners(on port: Int) throws -> [String] {
    let suffix = ":" + String(format: "%04X", port)
    return try ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { file in
      try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap { line in
        let fields = line.split(separator: " ")
        // State 0A: listening.
        guard fields.count > 3, fields[3] == "0A", fields[1].hasSuffix(suffix) else { return nil }
        return String(fields[1].dropLast(suffix.count))
      }
    }
  }
}
