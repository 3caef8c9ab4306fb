package import CoreMetrics
import Synchronization

/// Holds every series of the process and renders them as Prometheus text.
///
/// A registry is the `MetricsFactory` that shells are given. Names and labels appear exactly as given (no suffix is
/// added); characters that the format forbids in names become `_`. Counters, meters and non-aggregating recorders are
/// single numbers, aggregating recorders and timers are histograms, timers in seconds. Asking twice for one series
/// gives the same handler; destroying a handler removes its series from the page at once.
package final class PrometheusRegistry: Sendable {
  enum Kind: String {
    case counter
    case gauge
    case histogram
  }

  private struct Family {
    var kind: Kind?
    var help: String?
    var buckets: [Double]?
    var series: [LabelSet: any RenderedSeries] = [:]
  }

  private let families = Mutex<[String: Family]>([:])

  package init() {}

  /// The upper bounds that histograms have unless ``describe(_:help:buckets:)`` names others: from 1 ms to 10 s.
  package static let defaultBuckets = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  /// Sets the HELP text of a metric and, for a histogram, its upper bounds. Call it before the first series is made.
  package func describe(_ name: String, help: String, buckets: [Double]? = nil) {
    let name = sanitized(name, allowingColons: true)
    families.withLock { families in
      families[name, default: Family()].help = help
      families[name, default: Family()].buckets = buckets.map { Array(Set($0)).sorted() }
    }
  }

  /// The page in the text exposition format 0.0.4: metrics by name, series by labels.
  package func render() -> String {
    var page = ""
    let snapshot = families.withLock { $0 }
    for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
      guard let kind = family.kind, !family.series.isEmpty else { continue }
      if let help = family.help {
        page += "# HELP \(name) \(escaped(help, quotes: false))\n"
      }
      page += "# TYPE \(name) \(kind.rawValue)\n"
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        series.render(name: name, labels: labels, into: &page)
      }
    }
    return page
  }

  /// What `Content-Type` to send with ``render()``.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The series of that name and labels, made on first use.
  ///
  /// A name has one kind. Where a second kind is asked for, the series works but stays off the page: two TYPE lines
  /// for one name would make the whole page unreadable.
  private func series<Series: RenderedSeries>(
    _ label: String, _ dimensions: [(String, String)], kind: Kind,
    make: (SeriesKey, _ buckets: [Double]) -> Series
  ) -> Series {
    let key = SeriesKey(name: sanitized(label, allowingColons: true), labels: LabelSet(dimensions))
    return families.withLock { families in
      // No copy of the family is held, or adding a series would copy all others.
      let knownKind = families[key.name]?.kind
      let buckets = families[key.name]?.buckets ?? Self.defaultBuckets
      guard knownKind == nil || knownKind == kind else { return make(key, buckets) }
      if let existing = families[key.name]?.series[key.labels] as? Series { return existing }
      let series = make(key, buckets)
      families[key.name, default: Family()].kind = kind
      families[key.name, default: Family()].series[key.labels] = series
      return series
    }
  }

  private func remove(_ handler: AnyObject) {
    guard let series = handler as? any RenderedSeries else { return }
    families.withLock { families in
      guard families[series.key.name]?.series[series.key.labels] === series else { return }
      families[series.key.name]?.series[series.key.labels] = nil
    }
  }
}

extension PrometheusRegistry: MetricsFactory {
  package func makeCounter(
    label: String, dimensions: [(String, String)]
  ) -> any CounterHandler {
    series(label, dimensions, kind: .counter) { key, _ in NumberSeries(key: key) }
  }

  package func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, dimensions, kind: .counter) { key, _ in NumberSeries(key: key) }
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, kind: .gauge) { key, _ in NumberSeries(key: key) }
  }

  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate {
      series(label, dimensions, kind: .histogram, make: HistogramSeries.init)
    } else {
      series(label, dimensions, kind: .gauge) { key, _ in NumberSeries(key: key) }
    }
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions, kind: .histogram, make: HistogramSeries.init)
  }

  package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
    remove(handler)
  }
  package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
