import Layer2
import SeededRandomness
import Testing

@Suite struct GratuitousScheduleTests {
  private let start = ContinuousClock.now

  /// Moves the clock from one wanted wake-up to the next and notes what was sent when, in milliseconds.
  private func run(
    _ schedule: inout GratuitousSchedule<Int>, from begin: Duration = .zero,
    until end: Duration = .seconds(3600)
  ) -> [(milliseconds: Double, target: Int)] {
    var sent: [(Double, Int)] = []
    var now = start + begin
    while true {
      while case let rounds = schedule.takeRounds(now: now), !rounds.isEmpty {
        sent += rounds.map { ((now - start) / .milliseconds(1), $0) }
      }
      guard let next = schedule.nextRound(now: now), next <= start + end else { return sent }
      #expect(next > now)
      now = next
    }
  }

  @Test func `A burst has rounds at 0, 1100, 2200, 3300 and 4400 ms`() {
    var schedule = GratuitousSchedule<Int>()
    #expect(schedule.nextRound(now: start) == nil)
    schedule.start(1, now: start)
    #expect(schedule.isBursting(1))
    #expect(schedule.nextRound(now: start) == start)
    let sent = run(&schedule)
    #expect(sent.map(\.milliseconds) == [0, 1100, 2200, 3300, 4400])
    #expect(!schedule.isBursting(1))
    #expect(schedule.nextRound(now: start) == nil)
  }

  @Test func `Nothing is sent before its time`() {
    var schedule = GratuitousSchedule<Int>()
    schedule.start(1, now: start)
    #expect(schedule.takeRounds(now: start) == [1])
    #expect(schedule.takeRounds(now: start) == [])
    #expect(schedule.takeRounds(now: start + .nanoseconds(1_099_999_999)) == [])
    #expect(schedule.takeRounds(now: start + .milliseconds(1100)) == [1])
  }

  @Test func `Two bursts keep their own time`() {
    var schedule = GratuitousSchedule<Int>()
    schedule.start(1, now: start)
    var sent = run(&schedule, until: .milliseconds(500))
    schedule.start(2, now: start + .milliseconds(500))
    sent += run(&schedule, from: .milliseconds(500))
    #expect(sent.filter { $0.target == 1 }.map(\.milliseconds) == [0, 1100, 2200, 3300, 4400])
    #expect(sent.filter { $0.target == 2 }.map(\.milliseconds) == [500, 1600, 2700, 3800, 4900])
  }

  @Test func `A stopped burst sends nothing more`() {
    var schedule = GratuitousSchedule<Int>()
    schedule.start(1, now: start)
    _ = run(&schedule, until: .milliseconds(1200))
    schedule.stop(1)
    #expect(schedule.nextRound(now: start) == nil)
    #expect(run(&schedule, from: .milliseconds(2200)).isEmpty)
  }

  @Test func `A burst that begins anew has all its rounds again, and only those`() {
    var schedule = GratuitousSchedule<Int>()
    schedule.start(1, now: start)
    _ = run(&schedule, until: .milliseconds(2000))
    schedule.start(1, now: start + .milliseconds(2000))
    let sent = run(&schedule, from: .milliseconds(2000))
    #expect(sent.map(\.milliseconds) == [2000, 3100, 4200, 5300, 6400])
  }

  @Test func `A schedule that was not asked for a minute does not catch up`() {
    var schedule = GratuitousSchedule<Int>()
    schedule.start(1, now: start)
    _ = run(&schedule, until: .zero)
    let sent = run(&schedule, from: .seconds(60))
    #expect(sent.map(\.milliseconds) == [60_000, 61_100, 62_200, 63_300])
  }

  @Test func `Many bursts keep a pace, with first rounds before repetitions`() {
    var timing = GratuitousSchedule<Int>.Timing()
    timing.paceBurst = 10
    timing.paceInterval = .milliseconds(10)
    var schedule = GratuitousSchedule<Int>(timing: timing)
    for target in 0..<200 { schedule.start(target, now: start) }
    let sent = run(&schedule)
    #expect(sent.count == 1000)
    // Ten at once, then one every 10 ms.
    #expect(sent.prefix(12).map(\.milliseconds) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 20])
    #expect(sent.prefix(200).map(\.target) == Array(0..<200))
    for window in 0..<sent.count - 11 {
      #expect(sent[window + 11].milliseconds - sent[window].milliseconds >= 10)
    }
    for target in 0..<200 {
      let times = sent.filter { $0.target == target }.map(\.milliseconds)
      #expect(times.count == 5)
      #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 1100 })
    }
  }

  @Test func `Ten thousand addresses are all told once within two seconds`() {
    var schedule = GratuitousSchedule<Int>()
    for target in 0..<10_000 { schedule.start(target, now: start) }
    let sent = run(&schedule)
    #expect(sent.count == 50_000)
    #expect(Set(sent.prefix(10_000).map(\.target)).count == 10_000)
    #expect(sent[9_999].milliseconds < 2_000)
  }

  @Test func `Random starts and stops leave each target its rounds`() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<50 {
      var schedule = GratuitousSchedule<Int>()
      var expected: [Int: Int] = [:]
      var sent: [Int: Int] = [:]
      var now = Duration.zero
      for _ in 0..<100 {
        let target = Int.random(in: 0..<8, using: &generator)
        if Bool.random(using: &generator) {
          schedule.start(target, now: start + now)
          sent[target] = 0
          expected[target] = 5
        } else {
          schedule.stop(target)
          sent[target] = 0
          expected[target] = 0
        }
        now += .milliseconds(Int.random(in: 0...900, using: &generator))
        for round in schedule.takeRounds(now: start + now) { sent[round, default: 0] += 1 }
      }
      for round in run(&schedule, from: now) { sent[round.target, default: 0] += 1 }
      #expect(sent == expected)
    }
  }

  @Test func `A target that is refreshed is told again and again until it is stopped`() {
    var schedule = GratuitousSchedule<Int>()
    schedule.start(1, refreshInterval: .seconds(60), now: start)
    schedule.start(2, refreshInterval: .seconds(30), now: start)
    let sent = run(&schedule, until: .seconds(130))
    #expect(
      sent.filter { $0.target == 1 }.map(\.milliseconds)
        == [0, 1100, 2200, 3300, 4400, 64_400, 124_400])
    #expect(
      sent.filter { $0.target == 2 }.map(\.milliseconds)
        == [0, 1100, 2200, 3300, 4400, 34_400, 64_400, 94_400, 124_400])
    #expect(!schedule.isBursting(1))
    schedule.stop(1)
    schedule.stop(2)
    #expect(schedule.nextRound(now: start) == nil)
  }

  @Test func `Another interval counts at once and begins no burst`() {
    var schedule = GratuitousSchedule<Int>()
    schedule.start(1, refreshInterval: .seconds(60), now: start)
    schedule.start(2, now: start)
    schedule.start(3, refreshInterval: .seconds(60), now: start)
    #expect(run(&schedule, until: .seconds(10)).count == 15)
    for target in 1...2 {
      schedule.setRefreshInterval(.seconds(20), of: target, now: start + .seconds(10))
    }
    schedule.setRefreshInterval(nil, of: 3, now: start + .seconds(10))
    let sent = run(&schedule, from: .seconds(10), until: .seconds(71))
    for target in 1...2 {
      #expect(sent.filter { $0.target == target }.map(\.milliseconds) == [30_000, 50_000, 70_000])
    }
    #expect(sent.allSatisfy { $0.target != 3 })
    // In the middle of a burst, which goes on.
    schedule.start(3, now: start + .seconds(80))
    #expect(schedule.takeRounds(now: start + .seconds(80)).contains(3))
    schedule.setRefreshInterval(.seconds(20), of: 3, now: start + .seconds(81))
    #expect(
      run(&schedule, from: .seconds(80), until: .seconds(110)).filter { $0.target == 3 }
        .map(\.milliseconds) == [81_100, 82_200, 83_300, 84_400, 104_400])
  }
}
