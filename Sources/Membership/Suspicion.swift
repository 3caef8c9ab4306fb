/// A suspicion that somebody is dead, and who shares it (Lifeguard: the more do, the shorter it lasts).
struct Suspicion: Hashable, Sendable {
  private let expected: Int
  private let minimum: Duration
  private let maximum: Duration
  private var start: ContinuousClock.Instant
  private var accusers: Set<String>

  /// The first accuser does not count as a confirmation.
  init(
    by accuser: String, expectedConfirmations: Int, minimum: Duration, maximum: Duration,
    now: ContinuousClock.Instant
  ) {
    expected = expectedConfirmations
    self.minimum = minimum
    self.maximum = expectedConfirmations > 0 ? maximum : minimum
    start = now
    accusers = [accuser]
  }

  private var confirmations: Int { accusers.count - 1 }

  /// When the member counts as dead.
  var deadline: ContinuousClock.Instant {
    guard expected > 0 else { return start + minimum }
    return start
      + remainingSuspicionTime(
        confirmations: confirmations, expected: expected, elapsed: .zero, minimum: minimum,
        maximum: maximum)
  }

  /// Returns whether that is news: enough others, or this one, may have said so before.
  mutating func confirm(by accuser: String) -> Bool {
    guard confirmations < expected else { return false }
    return accusers.insert(accuser).inserted
  }

  /// Begins anew, with those who share it.
  mutating func restart(now: ContinuousClock.Instant) {
    start = now
  }
}
