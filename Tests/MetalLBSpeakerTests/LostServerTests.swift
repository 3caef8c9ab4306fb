import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Layer2
import Logging
import NetworkAddresses
import Testing

@testable import MetalLBSpeaker

@Suite(.timeLimit(.minutes(2))) struct LostServerTests {
  @Test func `Holds what it announces while the API server is away, and catches up afterwards`()
    async throws
  {
    try await Scene.with(nodes: 1) { scene in
      let server = scene.cluster.configuration.server
      // An external cluster's certificate need not name loopback.
      guard server.hasPrefix("https://127.0.0.1:"), let port = Int(server.split(separator: ":")[2])
      else { return }
      let relay = try await Relay(to: port)
      var configuration = scene.cluster.configuration
      configuration.server = "https://127.0.0.1:\(relay.port)"
      let log = WatchFailures()
      let logger = Logger(label: "speaker") { _ in log }
      try await withThrowingTaskGroup(of: Void.self) { links in
        links.addTask { try await relay.run() }
        try await scene.withSpeaker(
          on: scene.nodes[0], client: KubernetesClient(configuration: configuration), logger: logger
        ) { speaker in
          try await speaker.isAnnouncing([scene.address])
          links.cancelAll()
          await log.waitForFailure(of: "services")
          await log.waitForFailure(of: "nodes")
          #expect(speaker.announcer.current.announced == [scene.address: .all])
          #expect(speaker.announcer.current.withdrawals.isEmpty)

          // What happens meanwhile is found out later.
          try await scene.client.delete(Service.self, "web", namespace: scene.namespace)
          let again = try await Relay(port: relay.port, to: port)
          try await withThrowingTaskGroup(of: Void.self) { links in
            links.addTask { try await again.run() }
            try await speaker.isAnnouncing([])
            links.cancelAll()
          }
        }
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
