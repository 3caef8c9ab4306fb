/// How fast frames may follow each other: so many without a pause, and one an interval afterwards. What switches can
/// take without dropping any.
struct Pace: Sendable {
  private let burst: Int
  private let interval: Duration
  /// When the pace would be exactly kept; in the future by as much as it was exceeded.
  private var time: ContinuousClock.Instant?

  init(burst: Int, interval: Duration) {
    self.burst = max(1, burst)
    self.interval = interval
  }

  /// When another one may go, as long as that is less than a whole burst ahead of time; nil before the first.
  var opens: ContinuousClock.Instant? {
    time.map { $0 - interval * (burst - 1) }
  }

  func allows(at now: ContinuousClock.Instant) -> Bool {
    opens.map { $0 <= now } ?? true
  }

  mutating func spend(at now: ContinuousClock.Instant) {
    time = max(time ?? now, now) + interval
  }
}
