import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Layer2
import Logging
import NetworkAddresses
import Testing

@testable import MetalLBSpeaker

@Suite(.timeLimit(.minutes(2))) struct LostServerTests {
  @Test(
    .enabled(
      if: (processEnvironment()["METALLB_TEST_KUBECONFIG"] ?? "").isEmpty,
      "an external cluster's certificate need not name loopback"))
  func `Holds what it announces while the API server is away, and catches up afterwards`()
    async throws
  {
    try await Scene.with(nodes: 1) { scene in
      let server = scene.cluster.configuration.server
      try #require(server.hasPrefix("https://127.0.0.1:"))
      let serverPort = try #require(Int(server.split(separator: ":")[2]))
      let relay = try await Relay(to: serverPort)
      var configuration = scene.cluster.configuration
      configuration.server = "https://127.0.0.1:\(relay.port)"
      let log = WatchFailures()
      let logger = Logger(label: "speaker") { _ in log }
      try await scene.withSpeaker(
        on: scene.nodes[0], client: APIClient(configuration: configuration), logger: logger
      ) { speaker in
        try await speaker.isAnnouncing([scene.address])
        let port = relay.port
        await relay.cut()
        await log.waitForFailure(of: "services")
        await log.waitForFailure(of: "nodes")
        #expect(speaker.announcer.current.announced == [scene.address: .all])
        #expect(speaker.announcer.current.withdrawals.isEmpty)

        // What happens meanwhile is found out later.
        try await scene.client.delete(Service.self, "web", namespace: scene.namespace)
        let again = try await Relay(port: port, to: serverPort)
        try await speaker.isAnnouncing([])
        await again.cut()
      }
    }
  }
}

/// Tells which watches failed.
private struct WatchFailures: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.debug
  private let failures: AsyncStream<String>
  private let continuation: AsyncStream<String>.Continuation

  init() { (failures, continuation) = AsyncStream.makeStream() }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    if event.message == "watch failed", let kind = metadata["kind"] {
      continuation.yield("\(kind)")
    }
  }

  /// For one caller at a time.
  func waitForFailure(of kind: String) async {
    for await failed in failures where failed.hasPrefix(kind) { return }
  }
}
