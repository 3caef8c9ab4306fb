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
    /// Which of its entries in the queues is valid.
    var ticket: UInt64
  }

  private struct Entry {
    var target: Target
    var ticket: UInt64
    var due: ContinuousClock.Instant
  }

  private let timing: Timing
  private var bursts: [Target: Burst] = [:]
  /// Every round puts the next one a fixed time after now, so each queue is in order of time.
  private var firsts = EntryQueue()
  private var repetitions = EntryQueue()
  private var lastTicket: UInt64 = 0
  /// When the pace would be exactly kept; in the future by as much as it was exceeded.
  private var paceTime: ContinuousClock.Instant?

  package init(timing: Timing = Timing()) {
    self.timing = timing
  }

  /// Begins a burst, or begins it anew.
  package mutating func start(_ target: Target, now: ContinuousClock.Instant) {
    guard timing.rounds > 0 else { return }
    lastTicket += 1
    bursts[target] = Burst(roundsLeft: timing.rounds, ticket: lastTicket)
    firsts.append(Entry(target: target, ticket: lastTicket, due: now))
  }

  /// Ends a burst; nothing more is sent for the target.
  package mutating func stop(_ target: Target) {
    bursts[target] = nil
  }

  package func isBursting(_ target: Target) -> Bool {
    bursts[target] != nil
  }

  /// The targets that have a round now, in order, at most as many as the pace allows. To be called until it returns
  /// none, and again at ``nextRound(now:)``.
  package mutating func takeRounds(now: ContinuousClock.Instant) -> [Target] {
    var rounds: [Target] = []
    while paceAllows(at: now), let entry = nextEntry(now: now) {
      rounds.append(entry.target)
      paceTime = max(paceTime ?? now, now) + timing.paceInterval
      guard var burst = bursts[entry.target] else { continue }
      burst.roundsLeft -= 1
      if burst.roundsLeft == 0 {
        bursts[entry.target] = nil
      } else {
        bursts[entry.target] = burst
        repetitions.append(
          Entry(target: entry.target, ticket: entry.ticket, due: now + timing.period))
      }
    }
    return rounds
  }

  /// When there is something to do; nil when no burst is going on.
  package mutating func nextRound(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    dropStaleEntries()
    guard let due = [firsts.first?.due, repetitions.first?.due].compactMap({ $0 }).min() else {
      return nil
    }
    return max(due, paceOpens ?? due)
  }

  /// When the pace allows another round: as long as it is less than a whole burst ahead of time.
  private var paceOpens: ContinuousClock.Instant? {
    paceTime.map { $0 - timing.paceInterval * (timing.paceBurst - 1) }
  }

  private func paceAllows(at now: ContinuousClock.Instant) -> Bool {
    paceOpens.map { $0 <= now } ?? true
  }

  private mutating func nextEntry(now: ContinuousClock.Instant) -> Entry? {
    dropStaleEntries()
    if let first = firsts.first, first.due <= now { return firsts.popFirst() }
    if let first = repetitions.first, first.due <= now { return repetitions.popFirst() }
    return nil
  }

  /// Entries whose burst has ended or begun anew are left behind and removed when they come up.
  private mutating func dropStaleEntries() {
    while let first = firsts.first, bursts[first.target]?.ticket != first.ticket {
      _ = firsts.popFirst()
    }
    while let first = repetitions.first, bursts[first.target]?.ticket != first.ticket {
      _ = repetitions.popFirst()
    }
  }

  /// First in, first out, in constant time.
  private struct EntryQueue {
    private var entries: [Entry] = []
    private var head = 0

    var first: Entry? { head < entries.count ? entries[head] : nil }

    mutating func append(_ entry: Entry) {
      entries.append(entry)
    }

    mutating func popFirst() -> Entry? {
      guard let entry = first else { return nil }
      head += 1
      if head * 2 >= entries.count {
        entries.removeFirst(head)
        head = 0
      }
      return entry
    }
  }
}
