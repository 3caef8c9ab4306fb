import CoreMetrics
import IPAllocation
import Metrics
import Synchronization

/// The metrics of the controller, under upstream's names.
struct ControllerMetrics: Sendable {
  private static let prefix = "metallb_allocator"

  /// Reconciles started.
  let updates: Counter
  /// Reconciles that failed.
  let updateErrors: Counter
  private let isLoaded: Gauge
  private let isStale: Gauge
  private let factory: any MetricsFactory
  private let pools = PoolGauges()

  init(factory: any MetricsFactory) {
    self.factory = factory
    updates = Counter(label: "metallb_k8s_client_updates_total", factory: factory)
    updateErrors = Counter(label: "metallb_k8s_client_update_errors_total", factory: factory)
    isLoaded = Gauge(label: "metallb_k8s_client_config_loaded_bool", factory: factory)
    isStale = Gauge(label: "metallb_k8s_client_config_stale_bool", factory: factory)
    isLoaded.record(0)
    isStale.record(0)
  }

  /// A configuration is in force; `isStale` says that some object is not taken as it stands.
  func configured(isStale: Bool) {
    isLoaded.record(1)
    self.isStale.record(isStale ? 1 : 0)
  }

  /// Replaces the series of all pools: those of pools that are gone vanish.
  func record(_ counters: [String: PoolCounters]) {
    pools.update(counters, factory: factory)
  }

  /// The gauges of every pool, made when the pool first appears.
  private final class PoolGauges: Sendable {
    private struct Gauges {
      var total: Gauge
      var totalIPv4: Gauge
      var totalIPv6: Gauge
      var inUse: Gauge
      var inUseIPv4: Gauge
      var inUseIPv6: Gauge

      init(pool: String, factory: any MetricsFactory) {
        func gauge(_ name: String) -> Gauge {
          Gauge(label: "\(prefix)_\(name)", dimensions: [("pool", pool)], factory: factory)
        }
        total = gauge("addresses_total")
        totalIPv4 = gauge("ipv4_addresses_total")
        totalIPv6 = gauge("ipv6_addresses_total")
        inUse = gauge("addresses_in_use_total")
        inUseIPv4 = gauge("ipv4_addresses_in_use_total")
        inUseIPv6 = gauge("ipv6_addresses_in_use_total")
      }

      func record(_ counters: PoolCounters) {
        let (ipv4, ipv6) = (counters.ipv4, counters.ipv6)
        total.record(Double(ipv4.capacity) + Double(ipv6.capacity))
        totalIPv4.record(ipv4.capacity)
        totalIPv6.record(ipv6.capacity)
        inUse.record(Double(ipv4.assigned) + Double(ipv6.assigned))
        inUseIPv4.record(ipv4.assigned)
        inUseIPv6.record(ipv6.assigned)
      }

      func destroy() {
        for gauge in [total, totalIPv4, totalIPv6, inUse, inUseIPv4, inUseIPv6] { gauge.destroy() }
      }
    }

    private let gauges = Mutex<[String: Gauges]>([:])

    func update(_ counters: [String: PoolCounters], factory: any MetricsFactory) {
      gauges.withLock { gauges in
        for (pool, existing) in gauges where counters[pool] == nil {
          existing.destroy()
          gauges[pool] = nil
        }
        for (pool, counters) in counters {
          let existing = gauges[pool] ?? Gauges(pool: pool, factory: factory)
          existing.record(counters)
          gauges[pool] = existing
        }
      }
    }
  }
}
