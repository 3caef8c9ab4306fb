import ClusterConfiguration
import ControllerRuntime
import IPAllocation
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import Synchronization

/// Keeps counters of addresses in the status of every IPAddressPool and in the metrics. Level-triggered: whatever
/// happened, the present numbers are compared and written, at most once in half a second.
final class PoolStatusReconciler: Sendable {
  /// When the numbers are compared next. Told of every single allocation, so the queue hears only of the first one.
  final class Agenda: Sendable {
    private static let delay = Duration.milliseconds(500)

    let queue: WorkQueue<SingleKey>
    private let key = SingleKey("pool status")
    private let isScheduled = Atomic(false)

    init(time: TimeSource) { queue = WorkQueue(time: time) }

    func schedule() {
      guard !isScheduled.load(ordering: .relaxed),
        !isScheduled.exchange(true, ordering: .acquiringAndReleasing)
      else { return }
      queue.add(key, after: Self.delay)
    }

    /// Changes from now on need another round.
    fileprivate func begin() { isScheduled.store(false, ordering: .sequentiallyConsistent) }
  }

  private let agenda: Agenda
  private let pools: Store<IPAddressPool>
  private let client: APIClient
  private let metrics: ControllerMetrics
  private let logger: Logger
  private let configuration: @Sendable () -> ValidatedConfiguration?
  private let counters: @Sendable ([String]) -> [String: PoolCounters]
  private let isForbidden = Mutex(false)

  init(
    agenda: Agenda, pools: Store<IPAddressPool>, client: APIClient,
    metrics: ControllerMetrics, logger: Logger,
    configuration: @escaping @Sendable () -> ValidatedConfiguration?,
    counters: @escaping @Sendable ([String]) -> [String: PoolCounters]
  ) {
    self.agenda = agenda
    self.pools = pools
    self.client = client
    self.metrics = metrics
    self.logger = logger
    self.configuration = configuration
    self.counters = counters
  }

  func reconcile() async throws -> ReconcileResult {
    agenda.begin()
    guard let configuration = configuration() else { return .done }
    let counters = counters(configuration.pools.map(\.name))
    metrics.record(counters)
    var failure: (any Error)?
    for pool in configuration.pools where pool.source.reference.kind == IPAddressPool.resource.kind
    {
      guard let counters = counters[pool.name] else { continue }
      do {
        try await write(counters, to: pool)
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return .done
  }

  private func write(_ counters: PoolCounters, to pool: ConfiguredPool) async throws {
    let name = NamespacedName(
      namespace: pool.source.reference.namespace ?? "", name: pool.name)
    let status = IPAddressPool.Status(counters)
    guard var object = pools[name], object.status != status, !isForbidden.withLock({ $0 }) else {
      return
    }
    object.status = status
    do {
      _ = try await client.updateStatus(object)
    } catch let error as KubernetesError where error.isNotFound {
      return  // deleted meanwhile
    } catch let error as KubernetesError where error.isConflict {
      // The store is about to show the version that was faster.
      agenda.schedule()
    } catch let error as KubernetesError where error.isForbidden {
      isForbidden.withLock { $0 = true }
      logger.warning(
        "pool status cannot be written; the counters are only in the metrics",
        metadata: ["error": "\(error)"])
    }
  }
}

extension IPAddressPool.Status {
  init(_ counters: PoolCounters) {
    self.init(
      assignedIPv4: counters.ipv4.assigned, assignedIPv6: counters.ipv6.assigned,
      availableIPv4: counters.ipv4.available, availableIPv6: counters.ipv6.available)
  }
}
