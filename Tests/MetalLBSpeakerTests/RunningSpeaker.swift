import KubernetesClient
import Logging
import NetworkAddresses
import PrometheusMetrics
import ServiceLifecycle
import Synchronization

@testable import MetalLBSpeaker

/// A speaker that runs beside a test.
struct RunningSpeaker<Announcer: AddressAnnouncing> {
  let node: String
  let announcer: Announcer
  let registry: PrometheusRegistry
  let checks: ReadyChecks
}

extension RunningSpeaker<RecordedAnnouncer> {
  /// Returns once exactly these addresses are announced.
  func isAnnouncing(_ addresses: [IPAddress]) async throws {
    try await announcer.eventually { Set($0.announced.keys) == Set(addresses) }
  }
}

/// Collects the checks that were told to hold.
final class ReadyChecks: Sendable {
  private let told = Mutex<[MetalLBSpeakerService.Check]>([])
  private let stream: AsyncStream<MetalLBSpeakerService.Check>
  private let continuation: AsyncStream<MetalLBSpeakerService.Check>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  var all: [MetalLBSpeakerService.Check] { told.withLock { $0 } }

  func tell(_ check: MetalLBSpeakerService.Check) {
    told.withLock { $0.append(check) }
    continuation.yield(check)
  }

  /// Returns once the check holds. For one caller.
  func wait(for check: MetalLBSpeakerService.Check) async {
    for await told in stream where told == check { return }
  }
}

extension Scene {
  func options(node: String) -> SpeakerOptions {
    var options = SpeakerOptions(namespace: namespace, nodeName: node)
    options.speakerLabels = "component=speaker"
    options.podName = "speaker-\(node)"
    options.loadBalancerClass = loadBalancerClass
    return options
  }

  /// Runs the speaker of a Node beside `body`, then stops it gracefully.
  func withSpeaker(
    on node: String, client: APIClient? = nil, logger: Logger = Logger(label: "speaker"),
    change: (inout SpeakerOptions) -> Void = { _ in },
    _ body: (RunningSpeaker<RecordedAnnouncer>) async throws -> Void
  ) async throws {
    try await withSpeaker(
      on: node, announcer: RecordedAnnouncer(), client: client, logger: logger, change: change, body
    )
  }

  /// The same with an announcer of the test's own.
  func withSpeaker<Announcer: AddressAnnouncing>(
    on node: String, announcer: Announcer, client: APIClient? = nil,
    logger: Logger = Logger(label: "speaker"), change: (inout SpeakerOptions) -> Void = { _ in },
    _ body: (RunningSpeaker<Announcer>) async throws -> Void
  ) async throws {
    var options = options(node: node)
    change(&options)
    let registry = PrometheusRegistry.described()
    let checks = ReadyChecks()
    let service = MetalLBSpeakerService(
      options: options, client: client ?? self.client, metrics: registry, announcer: announcer,
      logger: logger, onReady: { checks.tell($0) })
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: [service], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body(
        RunningSpeaker(node: node, announcer: announcer, registry: registry, checks: checks))
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }
}
