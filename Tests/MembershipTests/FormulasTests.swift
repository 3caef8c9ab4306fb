import Testing

@testable import Membership

struct FormulasTests {
  @Test(arguments: [
    (0, 0), (1, 3), (9, 3), (10, 6), (99, 6), (100, 9), (999, 9), (1000, 12),
  ])
  func `News is sent as often as its reach needs`(memberCount: Int, expected: Int) {
    #expect(retransmitLimit(multiplier: 3, memberCount: memberCount) == expected)
  }

  @Test(arguments: [
    (0, 1), (1, 1), (32, 1), (33, 2), (64, 2), (65, 3), (128, 3), (129, 4), (10_000, 10),
  ])
  func `Tables are exchanged less often in large clusters`(memberCount: Int, factor: Int) {
    #expect(pushPullInterval(.seconds(30), memberCount: memberCount) == .seconds(30) * factor)
  }

  @Test(arguments: [
    (0, 1000), (1, 1000), (5, 1000), (10, 1000), (11, 1041), (50, 1698), (100, 2000), (500, 2698),
    (1000, 3000), (10_000, 4000),
  ])
  func `A suspicion lasts longer in large clusters`(memberCount: Int, milliseconds: Int) {
    for multiplier in [1, 4, 6] {
      #expect(
        suspicionTimeout(
          multiplier: multiplier, memberCount: memberCount, probeInterval: .seconds(1))
          == .milliseconds(milliseconds * multiplier))
    }
  }

  @Test(arguments: [
    // multiplier 4, as in a local network
    (4, 2, 0), (4, 3, 0), (4, 4, 2), (4, 100, 2),
    // 6, as in a wide one
    (6, 5, 0), (6, 6, 4),
    (3, 2, 0), (3, 3, 1), (2, 100, 0), (1, 100, 0), (0, 1, 0),
  ])
  func `Confirmations are expected where there are others to give them`(
    multiplier: Int, memberCount: Int, expected: Int
  ) {
    #expect(
      expectedConfirmations(suspicionMultiplier: multiplier, memberCount: memberCount) == expected)
  }

  @Test(arguments: [
    (0, 3, 0, 2, 30, 30_000), (1, 3, 2, 2, 30, 14_000), (2, 3, 3, 2, 30, 4_810),
    (3, 3, 4, 2, 30, -2_000), (4, 3, 5, 2, 30, -3_000), (5, 3, 10, 2, 30, -8_000),
    // the local network's: after one confirmation of two
    (0, 2, 0, 4, 24, 24_000), (1, 2, 0, 4, 24, 11_381), (2, 2, 0, 4, 24, 4_000),
    (1, 2, 0, 8, 48, 22_762),
  ])
  func `Each confirmation makes a suspicion shorter`(
    confirmations: Int, expected: Int, elapsed: Int, minimum: Int, maximum: Int, remaining: Int
  ) {
    #expect(
      remainingSuspicionTime(
        confirmations: confirmations, expected: expected, elapsed: .seconds(elapsed),
        minimum: .seconds(minimum), maximum: .seconds(maximum)) == .milliseconds(remaining))
  }

  @Test(arguments: [
    (1, 0), (2, 0.6931471805599453), (3, 1.0986122886681098), (10, 2.302585092994046),
    (0.5, -0.6931471805599453), (1e6, 13.815510557964274), (1.4142135623730951, 0.3465735902799727),
    (1e-300, -690.7755278982137),
  ])
  func `Logarithms are right to the last digits`(x: Double, expected: Double) {
    #expect(abs(naturalLogarithm(x) - expected) <= 4e-16 * max(1, abs(expected)))
  }

  // MARK: Suspicion

  private let now = ContinuousClock.now

  private func suspicion(expecting count: Int) -> Suspicion {
    Suspicion(
      by: "a", expectedConfirmations: count, minimum: .seconds(4), maximum: .seconds(24), now: now)
  }

  @Test func `Without others a suspicion lasts its minimum`() {
    var suspicion = suspicion(expecting: 0)
    #expect(suspicion.deadline == now + .seconds(4))
    #expect(suspicion.confirm(by: "b") == false)
    #expect(suspicion.deadline == now + .seconds(4))
  }

  @Test func `The accuser and those who said so before do not count again`() {
    var suspicion = suspicion(expecting: 2)
    #expect(suspicion.deadline == now + .seconds(24))
    #expect(suspicion.confirm(by: "a") == false)
    #expect(suspicion.confirm(by: "b") == true)
    #expect(suspicion.deadline == now + .milliseconds(11_381))
    #expect(suspicion.confirm(by: "b") == false)
    #expect(suspicion.confirm(by: "c") == true)
    #expect(suspicion.deadline == now + .seconds(4))
    // enough
    #expect(suspicion.confirm(by: "d") == false)
  }

  @Test func `A suspicion that begins anew keeps who shares it`() {
    var suspicion = suspicion(expecting: 2)
    _ = suspicion.confirm(by: "b")
    suspicion.restart(now: now + .seconds(100))
    #expect(suspicion.deadline == now + .seconds(100) + .milliseconds(11_381))
  }

  @Test func `The health score stays in its range`() {
    var awareness = Awareness(maxMultiplier: 8)
    awareness.apply(-1)
    #expect(awareness.score == 0)
    #expect(awareness.scale(.seconds(1)) == .seconds(1))
    awareness.apply(3)
    #expect(awareness.scale(.seconds(1)) == .seconds(4))
    awareness.apply(100)
    #expect(awareness.score == 7)
    awareness.apply(-1)
    #expect(awareness.score == 6)
    var off = Awareness(maxMultiplier: 0)
    off.apply(1)
    #expect(off.score == 0)
  }
}
