import Testing

@testable import WebhookServer

struct InjectionPaceTests {
  let start = ContinuousClock.now

  @Test func `A few repairs come at once, a fight gets slower and slower`() {
    var pace = InjectionPace()
    var now = start
    for _ in 0..<5 {
      #expect(pace.delay(at: now) == .zero)
      pace.repaired(at: now)
    }
    var delays: [Duration] = []
    for _ in 0..<8 {
      let delay = pace.delay(at: now)
      delays.append(delay)
      now = now.advanced(by: delay)
      #expect(pace.delay(at: now) == .zero)
      pace.repaired(at: now)
    }
    #expect(delays == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    now = now.advanced(by: .seconds(300))
    pace.repaired(at: now)
    #expect(pace.delay(at: now) == .zero)
  }
}
