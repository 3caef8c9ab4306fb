import ClusterConfiguration
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import LegacyConfiguration
import Logging
import ManualTime
import MetalLBAPI
import PrometheusMetrics
import Synchronization
import Testing

@testable import MetalLBController

/// What the controller says about its configuration, and when.
@Suite struct ConfigurationReconcilerTests {
  /// Counts the errors that are logged.
  private final class ErrorCount: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func increment() { count.add(1, ordering: .relaxed) }
  }

  private struct CountingHandler: LogHandler {
    let errors: ErrorCount
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.error

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { errors.increment() }
  }

  private let errors = ErrorCount()
  private let clock = ManualClock()
  private let legacy = SharedMap()

  private final class SharedMap: Sendable {
    private let map = Mutex<ConfigMap?>(nil)
    var value: ConfigMap? { map.withLock { $0 } }
    func set(_ value: ConfigMap?) { map.withLock { $0 = value } }
  }

  private func makeReconciler() -> ConfigurationReconciler {
    let time = TimeSource(clock: clock)
    let client = APIClient(configuration: ClientConfiguration(server: "http://127.0.0.1:1"))
    let logger = Logger(label: "test") { [errors] _ in CountingHandler(errors: errors) }
    return ConfigurationReconciler(
      sources: { [legacy] in ConfigurationSources(legacy: legacy.value) },
      recorder: EventRecorder(client: client, component: "test", time: time, logger: logger),
      metrics: ControllerMetrics(factory: PrometheusRegistry()), time: time, logger: logger,
      apply: { _ in }, report: { _ in })
  }

  private static let rendered = ConfigMap(
    metadata: ObjectMeta(
      name: "config", namespace: "metallb-system",
      labels: [LegacyDocument.renderedByLabel: LegacyDocument.renderedByOperator]),
    data: [
      "config": "address-pools: [{name: a, protocol: layer2, addresses: [192.0.2.0/28]}]"
    ])

  @Test func `A ConfigMap that goes with its installation, or comes back, is no error`() {
    legacy.set(Self.rendered)
    let reconciler = makeReconciler()
    #expect(reconciler.reconcile() == .done)
    legacy.set(nil)
    #expect(reconciler.reconcile() == .requeue(after: .seconds(10)))
    #expect(errors.value == 0)
    // Nothing depends on its being told: the pool stays.
    #expect(reconciler.current?.configuration.pools.map(\.name) == ["a"])
    legacy.set(Self.rendered)
    clock.advance(by: .seconds(1))
    #expect(reconciler.reconcile() == .done)
    clock.advance(by: .seconds(60))
    #expect(reconciler.reconcile() == .done)
    #expect(errors.value == 0)
  }

  @Test func `A ConfigMap that stays away is an error, once`() {
    legacy.set(Self.rendered)
    let reconciler = makeReconciler()
    _ = reconciler.reconcile()
    legacy.set(nil)
    _ = reconciler.reconcile()
    clock.advance(by: .seconds(10))
    #expect(reconciler.reconcile() == .done)
    #expect(errors.value == 1)
    clock.advance(by: .seconds(60))
    _ = reconciler.reconcile()
    #expect(errors.value == 1)
  }

  @Test func `What is wrong to stay is told at once`() {
    var map = Self.rendered
    map.data = ["config": "address-pools: [{name: a, protocol: layer2, addresses: [x]}]"]
    legacy.set(map)
    #expect(makeReconciler().reconcile() == .done)
    #expect(errors.value == 1)
  }
}
