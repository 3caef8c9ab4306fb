import CoreMetrics
import Synchronization

/// Metrics that keep one thing: when the operator came to the end of a reconcile of its MetalLB object.
final class ReconcileCounter: MetricsFactory {
  private let state = Mutex(State())

  private struct State {
    var count = 0
    var last = ContinuousClock.now
    var waiting: [(seen: Int, CheckedContinuation<ContinuousClock.Instant, Never>)] = []
  }

  var count: Int { state.withLock { $0.count } }

  /// Returns when there have been more than `seen`, with the time of the last one.
  @discardableResult
  func wait(beyond seen: Int) async -> ContinuousClock.Instant {
    await withCheckedContinuation { continuation in
      let last = state.withLock { state -> ContinuousClock.Instant? in
        if state.count > seen { return state.last }
        state.waiting.append((seen, continuation))
        return nil
      }
      if let last { continuation.resume(returning: last) }
    }
  }

  private func increment() {
    let now = ContinuousClock.now
    let due = state.withLock { state in
      state.count += 1
      state.last = now
      defer { state.waiting.removeAll { $0.seen < state.count } }
      return state.waiting.filter { $0.seen < state.count }
    }
    for (_, continuation) in due { continuation.resume(returning: now) }
  }

  private final class Handler: CounterHandler {
    private let increase: @Sendable () -> Void

    init(increase: @escaping @Sendable () -> Void) { self.increase = increase }

    func increment(by amount: Int64) { increase() }
    func reset() {}
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    let isAwaited =
      label == "metallb_operator_reconciles_total"
      && dimensions.contains { $0 == ("what", "installation") }
    guard isAwaited else { return Self.nowhere.makeCounter(label: label, dimensions: dimensions) }
    return Handler(increase: { [self] in increment() })
  }

  private static let nowhere = NOOPMetricsHandler.instance

  func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    Self.nowhere.makeRecorder(label: label, dimensions: dimensions, aggregate: aggregate)
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    Self.nowhere.makeTimer(label: label, dimensions: dimensions)
  }

  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}
