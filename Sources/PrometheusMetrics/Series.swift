import CoreMetrics
import Synchronization

/// Where a series stands in the registry.
struct SeriesKey: Hashable, Sendable {
  let name: String
  let labels: LabelSet
}

/// One or more lines of the page.
protocol RenderedSeries: AnyObject, Sendable {
  var key: SeriesKey { get }
  func render(name: String, labels: LabelSet, into page: inout String)
}

/// One number: a counter or a gauge.
final class NumberSeries: RenderedSeries {
  let key: SeriesKey
  /// The bit pattern of a `Double`, which is what Prometheus stores.
  private let bits = Atomic<UInt64>(0)

  init(key: SeriesKey) {
    self.key = key
  }

  func render(name: String, labels: LabelSet, into page: inout String) {
    let value = Double(bitPattern: bits.load(ordering: .relaxed))
    page += "\(name)\(labels) \(numberText(value))\n"
  }

  private func add(_ amount: Double) {
    var current = bits.load(ordering: .relaxed)
    while true {
      let desired = (Double(bitPattern: current) + amount).bitPattern
      let (exchanged, original) = bits.compareExchange(
        expected: current, desired: desired, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }

  private func store(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }
}

extension NumberSeries: CounterHandler, FloatingPointCounterHandler {
  // A counter never falls: amounts below zero, and NaN, are dropped.
  func increment(by amount: Int64) { if amount > 0 { add(Double(amount)) } }
  func reset() { store(0) }
}

extension NumberSeries: MeterHandler, RecorderHandler {
  /// Shared by floating-point counters and meters; both only grow through it.
  func increment(by amount: Double) { if amount > 0 { add(amount) } }
  func decrement(by amount: Double) { if amount > 0 { add(-amount) } }
  func set(_ value: Int64) { store(Double(value)) }
  func set(_ value: Double) { store(value) }
  func record(_ value: Int64) { store(Double(value)) }
  func record(_ value: Double) { store(value) }
}

/// A histogram with fixed upper bounds.
final class HistogramSeries: RenderedSeries {
  private struct State {
    /// How many observations fell in each bucket alone; the last one has no upper bound.
    var counts: [UInt64]
    var sum = 0.0
  }

  let key: SeriesKey
  private let bounds: [Double]
  private let state: Mutex<State>

  init(key: SeriesKey, bounds: [Double]) {
    self.key = key
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func render(name: String, labels: LabelSet, into page: inout String) {
    let state = state.withLock { $0 }
    var total: UInt64 = 0
    for (bound, count) in zip(bounds + [.infinity], state.counts) {
      total += count
      page += "\(name)_bucket\(labels.adding("le", numberText(bound))) \(total)\n"
    }
    page += "\(name)_sum\(labels) \(numberText(state.sum))\n"
    page += "\(name)_count\(labels) \(total)\n"
  }
}

extension HistogramSeries: RecorderHandler, TimerHandler {
  func record(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[bucket] += 1
      state.sum += value
    }
  }

  func record(_ value: Int64) { record(Double(value)) }

  /// Seconds on the page, as Prometheus' naming rules ask for.
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
