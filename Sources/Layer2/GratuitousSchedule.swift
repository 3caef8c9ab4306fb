/// When to tell the network unasked who owns an address.
///
/// Each target gets a burst: a round at once and further rounds one period apart. All targets together keep a pace, so
/// that taking over thousands of addresses does not flood switches; first rounds go before repetitions, as they are
/// what clients wait for. Pure: time comes in.
package struct GratuitousSchedule<Target: Hashable & Sendable>: Sendable {
  package struct Timing: Hashable, Sendable {
    /// Between two rounds of one target.
    package var period: Duration = .milliseconds(1100)
    /// With the period, upstream's burst: 0, 1.1, 2.2, 3.3 and 4.4 s.
    package var rounds = 5
    /// Rounds of all targets that may follow each other without a pause.
    package var paceBurst = 64
    /// Between rounds once the burst is used up.
    package var paceInterval: Duration = .microseconds(200)

    package init() {}
  }

  private struct Burst {
    var roundsLeft: Int
    /// Between rounds after the burst; nil ends with it.
    var refreshInterval: Duration?
    /// Which of its entries in the queues is valid.
    var ticket: UInt64
  }

  private struct Entry {
    var target: Target
    var ticket: UInt64
  }

  private let timing: Timing
  private var bursts: [Target: Burst] = [:]
  private var firsts = DueQueue<Entry>()
  private var repetitions = DueQueue<Entry>()
  private var refreshments = DueQueue<Entry>()
  private var lastTicket: UInt64 = 0
  private var pace: Pace

  package init(timing: Timing = Timing()) {
    self.timing = timing
    pace = Pace(burst: timing.paceBurst, interval: timing.paceInterval)
  }

  /// Begins a burst, or begins it anew.
  ///
  /// - Parameter refreshInterval: how often a round follows after the burst until the target is stopped, for networks
  ///   whose members forget or ignore what they are told once; nil for none.
  package mutating func start(
    _ target: Target, refreshInterval: Duration? = nil, now: ContinuousClock.Instant
  ) {
    guard timing.rounds > 0 else { return }
    lastTicket += 1
    bursts[target] = Burst(
      roundsLeft: timing.rounds, refreshInterval: refreshInterval, ticket: lastTicket)
    firsts.insert(Entry(target: target, ticket: lastTicket), due: now)
  }

  /// Changes how often a round follows after the burst, without beginning one; the next comes an interval from now.
  ///
  /// - Parameter interval: nil ends with the burst.
  package mutating func setRefreshInterval(
    _ interval: Duration?, of target: Target, now: ContinuousClock.Instant
  ) {
    guard timing.rounds > 0 else { return }
    if isBursting(target) {
      bursts[target]?.refreshInterval = interval
    } else if let interval {
      lastTicket += 1
      bursts[target] = Burst(roundsLeft: 0, refreshInterval: interval, ticket: lastTicket)
      refreshments.insert(Entry(target: target, ticket: lastTicket), due: now + interval)
    } else {
      stop(target)
    }
  }

  /// Ends a burst; nothing more is sent for the target.
  package mutating func stop(_ target: Target) {
    bursts[target] = nil
  }

  /// Whether the rounds that follow each other quickly are not over.
  package func isBursting(_ target: Target) -> Bool {
    bursts[target].map { $0.roundsLeft > 0 } ?? false
  }

  /// The targets that have a round now, in order, at most as many as the pace allows. To be called until it returns
  /// none, and again at ``nextRound(now:)``.
  package mutating func takeRounds(now: ContinuousClock.Instant) -> [Target] {
    var rounds: [Target] = []
    while pace.allows(at: now), let entry = nextEntry(now: now) {
      rounds.append(entry.target)
      pace.spend(at: now)
      scheduleNext(after: entry, now: now)
    }
    return rounds
  }

  private mutating func scheduleNext(after entry: Entry, now: ContinuousClock.Instant) {
    guard var burst = bursts[entry.target] else { return }
    burst.roundsLeft = max(0, burst.roundsLeft - 1)
    bursts[entry.target] = burst
    if burst.roundsLeft > 0 {
      repetitions.insert(entry, due: now + timing.period)
    } else if let interval = burst.refreshInterval {
      refreshments.insert(entry, due: now + interval)
    } else {
      bursts[entry.target] = nil
    }
  }

  /// When there is something to do; nil when no burst is going on.
  package mutating func nextRound(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    dropStaleEntries()
    let times = [firsts.first?.due, repetitions.first?.due, refreshments.first?.due]
    guard let due = times.compactMap({ $0 }).min() else { return nil }
    return max(due, pace.opens ?? due)
  }

  private mutating func nextEntry(now: ContinuousClock.Instant) -> Entry? {
    dropStaleEntries()
    if let first = firsts.first, first.due <= now { return firsts.popFirst() }
    if let first = repetitions.first, first.due <= now { return repetitions.popFirst() }
    if let first = refreshments.first, first.due <= now { return refreshments.popFirst() }
    return nil
  }

  /// Entries whose burst has ended or begun anew are left behind and removed when they come up.
  private mutating func dropStaleEntries() {
    while let first = firsts.first, isStale(first.element) { firsts.popFirst() }
    while let first = repetitions.first, isStale(first.element) { repetitions.popFirst() }
    while let first = refreshments.first, isStale(first.element) { refreshments.popFirst() }
  }

  private func isStale(_ entry: Entry) -> Bool {
    bursts[entry.target]?.ticket != entry.ticket
  }
}
