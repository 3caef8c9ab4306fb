import CoreMetrics
import Metrics

/// The metrics of the operator.
struct OperatorMetrics: Sendable {
  private let factory: any MetricsFactory
  private let isLeader: Gauge

  init(factory: any MetricsFactory) {
    self.factory = factory
    isLeader = Gauge(label: "metallb_operator_leader_bool", factory: factory)
    isLeader.record(0)
  }

  /// From now on this process acts, until it ends.
  func leads() { isLeader.record(1) }

  /// - Parameter succeeded: whether the reconcile came to its end.
  func reconciled(_ key: OperatorKey, succeeded: Bool) {
    let dimensions = [("what", key.metricLabel), ("result", succeeded ? "success" : "error")]
    Counter(
      label: "metallb_operator_reconciles_total", dimensions: dimensions, factory: factory
    ).increment()
  }
}

extension OperatorKey {
  /// From a closed list.
  fileprivate var metricLabel: String {
    switch self {
    case .installation: "installation"
    case .addressPools: "addresspools"
    case .refusal: "refusal"
    }
  }
}
