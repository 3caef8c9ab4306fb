import Backoff
import SeededRandomness
import Testing

@Suite struct BackoffTests {
  @Test func `Doubles from the initial delay up to the cap`() {
    var generator = SeededGenerator(seed: 1)
    let backoff = Backoff(initial: .milliseconds(5), cap: .seconds(1), jitter: 0)
    let delays = (0...10).map { backoff.delay(afterFailures: $0, using: &generator) }
    #expect(
      delays
        == [0, 5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000].map { Duration.milliseconds($0) })
  }

  @Test(arguments: [1, 10, 1_000, Int.max])
  func `Stays at the cap for any number of failures`(failures: Int) {
    var generator = SeededGenerator(seed: 1)
    for factor in [0, 0.5, 1, 1.5, 10, .infinity] {
      let backoff = Backoff(initial: .seconds(2), factor: factor, cap: .seconds(30), jitter: 0)
      let delay = backoff.delay(afterFailures: failures, using: &generator)
      #expect(delay >= .seconds(2) && delay <= .seconds(30))
    }
    let huge = Backoff(
      initial: .seconds(1), factor: 1e9, cap: .seconds(Int64.max / 2), jitter: 0)
    #expect(huge.delay(afterFailures: failures, using: &generator) <= huge.cap)
  }

  @Test func `Jitter only shortens, by at most its share, and differs between calls`() {
    var generator = SeededGenerator(seed: 7)
    let backoff = Backoff(initial: .seconds(1), cap: .seconds(60), jitter: 0.25)
    let delays = (0..<1_000).map { _ in backoff.delay(afterFailures: 4, using: &generator) }
    #expect(delays.allSatisfy { $0 > .seconds(5.999) && $0 <= .seconds(8) })
    #expect(Set(delays).count > 900)
    var again = SeededGenerator(seed: 7)
    #expect(backoff.delay(afterFailures: 4, using: &again) == delays.first)
  }

  @Test func `A cap below the initial delay wins`() {
    var generator = SeededGenerator(seed: 1)
    let backoff = Backoff(initial: .seconds(9), cap: .seconds(3), jitter: 0)
    #expect(backoff.delay(afterFailures: 1, using: &generator) == .seconds(3))
    #expect(backoff.delay(afterFailures: 5, using: &generator) == .seconds(3))
  }
}
