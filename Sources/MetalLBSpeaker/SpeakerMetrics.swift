import CoreMetrics
import KubernetesAPI
import Metrics
import NetworkAddresses
import Synchronization

/// The metrics of the speaker, under upstream's names.
final class SpeakerMetrics: Sendable {
  private struct Series: Hashable {
    var service: NamespacedName
    var address: IPAddress
  }

  /// Reconciles: of Services, of the configuration, of the cluster.
  let updates: Counter
  /// Those of the configuration that did not take all objects.
  private let updateErrors: Counter
  private let isLoaded: Gauge
  private let isStale: Gauge
  private let factory: any MetricsFactory
  private let node: String
  private let announced = Mutex<[Series: Gauge]>([:])

  init(factory: any MetricsFactory, node: String) {
    self.factory = factory
    self.node = node
    updates = Counter(label: "metallb_k8s_client_updates_total", factory: factory)
    isLoaded = Gauge(label: "metallb_k8s_client_config_loaded_bool", factory: factory)
    isStale = Gauge(label: "metallb_k8s_client_config_stale_bool", factory: factory)
    updateErrors = Counter(label: "metallb_k8s_client_update_errors_total", factory: factory)
    // The counters are part of the page from the start.
    updates.increment(by: 0)
    updateErrors.increment(by: 0)
    isLoaded.record(0)
    isStale.record(0)
  }

  /// A configuration is in force; `isStale` says that some object is not taken as it stands.
  func configured(isStale: Bool) {
    isLoaded.record(1)
    self.isStale.record(isStale ? 1 : 0)
    if isStale { updateErrors.increment() }
  }

  /// Counts claims by another host to an address of ours: of a node, or of something else.
  func countConflict(_ address: IPAddress, isNode: Bool) {
    Counter(
      label: "metallb_layer2_conflicts_total",
      dimensions: [("ip", "\(address)"), ("claimant", isNode ? "node" : "other")], factory: factory
    ).increment()
  }

  /// Replaces the series of a Service.
  func announce(_ service: NamespacedName, from old: [IPAddress], to new: [IPAddress]) {
    announced.withLock { gauges in
      for address in old where !new.contains(address) {
        gauges.removeValue(forKey: Series(service: service, address: address))?.destroy()
      }
      for address in new where !old.contains(address) {
        let gauge = Gauge(
          label: "metallb_speaker_announced",
          dimensions: [
            ("service", "\(service)"), ("protocol", "layer2"), ("node", node),
            ("ip", "\(address)"),
          ], factory: factory)
        gauge.record(1)
        gauges[Series(service: service, address: address)] = gauge
      }
    }
  }
}
