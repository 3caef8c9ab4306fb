/// Retry delays that grow from `initial` by `factor` up to `cap`, each shortened by a random part so that clients
/// which failed together do not come back together.
///
/// The policy holds no state: the caller counts its failures and passes the randomness in.
package struct Backoff: Sendable, Hashable {
  /// The delay after the first failure, before jitter.
  package var initial: Duration
  /// How much longer each delay is than the one before; values below 1 count as 1.
  package var factor: Double
  /// No delay is longer than this.
  package var cap: Duration
  /// The largest share of a delay that jitter takes away, 0…1.
  package var jitter: Double

  package init(initial: Duration, factor: Double = 2, cap: Duration, jitter: Double = 0.1) {
    self.initial = initial
    self.factor = factor
    self.cap = cap
    self.jitter = jitter
  }

  /// How long to wait after this many failures in a row: zero after none.
  package func delay(
    afterFailures failures: Int, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    guard failures > 0 else { return .zero }
    let share = min(max(jitter, 0), 1)
    let full = fullDelay(afterFailures: failures)
    guard share > 0 else { return full }
    // The product goes through `Double`, whose rounding must not exceed the cap.
    return min(full, full * Double.random(in: (1 - share)...1, using: &generator))
  }

  /// The delay without jitter.
  private func fullDelay(afterFailures failures: Int) -> Duration {
    guard initial > .zero else { return .zero }
    guard factor > 1 else { return min(initial, cap) }
    var delay = initial
    for _ in 1..<failures {
      // Stop before the product leaves what a duration can hold.
      guard delay < cap, delay < cap / factor else { return cap }
      delay = delay * factor
    }
    return min(delay, cap)
  }
}
